"""Wires the issuer's service."""

from __future__ import annotations

from flask import Flask

from issuer.config import IssuerSettings
from issuer.metrics import IssuerMetrics, collect
from issuer.service import EXTENSION, open_service
from issuer.views import blueprint
from service_kit.clock import Clock
from service_kit.metrics import StateCollector
from service_kit.web import add_probe, make_app, metrics_of

MAX_BODY_BYTES = 16_384


def create_app(settings: IssuerSettings, clock: Clock | None = None) -> Flask:
    """The issuer as a WSGI application: ``/v1/…``, to be mounted under ``/issuer``.

    Begins to publish the status by itself in a thread of its own, unless that is switched off.

    Raises SettingInvalid, KeyRejected, StorageUnavailable or SchemaOutdated when it cannot be opened.
    """
    app = make_app("issuer", blueprint, max_body_bytes=MAX_BODY_BYTES)
    registry = metrics_of(app).registry
    counted = IssuerMetrics(registry)
    office = open_service(settings, clock, counted)
    registry.register(StateCollector(office.overview, collect))
    app.extensions[EXTENSION] = office
    add_probe(app, office.probe)
    if settings.publish_seconds:
        office.upkeep.start()
    return app
