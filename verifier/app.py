"""Wires the verifier's service."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Flask

from service_kit.cache.metrics import watch_cache
from service_kit.cache.store import listen
from service_kit.clock import Clock
from service_kit.http.front.front import add_front
from service_kit.http.pages import add_pages
from service_kit.http.web import add_probe, is_ready, make_app, metrics_of
from service_kit.metrics import HouseCollector
from verifier.config import VerifierSettings
from verifier.http.front import front
from verifier.http.views import blueprint
from verifier.metrics import GateCollector, GateMetrics
from verifier.service import EXTENSION, make_service

GATE_APP = Path(__file__).parent / "gate_app" / "built"
PROOF_APP = Path(__file__).parent / "proof_app" / "built"


def create_app(settings: VerifierSettings, clock: Clock | None = None) -> Flask:
    """The verifier as a WSGI application: ``/v1/…`` and the gate app, to be mounted under ``/verifier``.

    Loads what is stored and begins to keep it fresh in a thread of its own. Raises SettingInvalid.
    """
    app = make_app(
        "verifier", blueprint, trusted_proxies=settings.trusted_proxies, caller_header=settings.caller_header
    )
    registry = metrics_of(app).registry
    service = make_service(settings, clock or settings.clock(), GateMetrics(registry))
    registry.register(GateCollector(service.gate, service.freshness))
    registry.register(HouseCollector(settings.data_dir))
    watch_cache(service.cache, app.name, registry)
    app.extensions[EXTENSION] = service
    add_probe(app, service.probe)
    add_front(app, front(settings, has_gate_app=GATE_APP.exists()), partial(is_ready, app))
    add_pages(app, GATE_APP)
    add_pages(app, PROOF_APP, "/proof/")
    listen(service.cache, service.freshness.call_for)
    service.freshness.start(settings.poll_seconds)
    return app
