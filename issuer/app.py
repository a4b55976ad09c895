"""Wires the issuer's service."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask

from issuer.config import IssuerSettings
from issuer.http.desk.views import blueprint as desk
from issuer.http.evidence_views import blueprint as evidence
from issuer.http.front import front
from issuer.http.sign_in_views import blueprint as sign_in
from issuer.http.views import blueprint
from issuer.http.wallet_views import blueprint as wallet
from issuer.metrics import IssuerMetrics, collect
from issuer.opening import open_service
from issuer.service import EXTENSION
from service_kit.cache.metrics import watch_cache
from service_kit.cache.store import make_cache
from service_kit.clock import Clock
from service_kit.http.front.front import add_front
from service_kit.http.pages import add_pages
from service_kit.http.web import add_probe, is_ready, make_app, metrics_of
from service_kit.metrics import HouseCollector, StateCollector

WALLET = Path(__file__).parent / "wallet" / "built"


def create_app(settings: IssuerSettings, clock: Clock | None = None) -> Flask:
    """The issuer as a WSGI application: ``/v1/…`` and ``/wallet/``, to be mounted under ``/issuer``.

    Begins to publish the status by itself in a thread of its own, unless that is switched off.

    Raises SettingInvalid, KeyRejected, StorageUnavailable or SchemaOutdated when it cannot be opened.
    """
    app = make_app(
        "issuer",
        blueprint,
        evidence,
        wallet,
        sign_in,
        desk,
        trusted_proxies=settings.trusted_proxies,
        caller_header=settings.caller_header,
    )
    clock, registry = clock or settings.clock(), metrics_of(app).registry
    counted = IssuerMetrics(registry)
    office = replace(open_service(settings, clock, counted), cache=make_cache(settings.redis_url, clock))
    registry.register(StateCollector(lambda: (office.overview(), office.findings.at(office.now()).rows), collect))
    registry.register(HouseCollector(settings.data_dir, office.upkeep))
    watch_cache(office.cache, app.name, registry)
    app.extensions[EXTENSION] = office
    add_probe(app, office.probe)
    add_front(app, front(settings, has_wallet=WALLET.exists()), partial(is_ready, app))
    add_pages(app, WALLET, "/wallet/")
    office.look()
    if settings.trust_root is not None or settings.publish_seconds:
        office.looking.start()
    if settings.publish_seconds:
        office.upkeep.start()
    return app
