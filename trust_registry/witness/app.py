"""Wires a witness's service."""

from __future__ import annotations

from functools import partial

from flask import Flask

from service_kit.cache.store import make_cache
from service_kit.clock import Clock
from service_kit.http.front.front import add_front
from service_kit.http.limits import Limits
from service_kit.http.web import add_probe, is_ready, make_app, metrics_of
from service_kit.metrics import HouseCollector
from service_kit.storage.database import require_schema
from trust_registry.witness.config import DATABASE_NAME, WitnessSettings
from trust_registry.witness.front import front
from trust_registry.witness.service import EXTENSION, WitnessService
from trust_registry.witness.storage.sql import MIGRATIONS, VERSION_TABLE, open_seen
from trust_registry.witness.views import blueprint


def create_app(settings: WitnessSettings, clock: Clock | None = None) -> Flask:
    """The witness as a WSGI application: ``/add-checkpoint``, to be mounted under ``/witness``.

    Begins to keep up with the trust list in a thread of its own. Raises SettingInvalid, KeyRejected,
    StorageUnavailable when it cannot be opened.
    """
    clock = clock or settings.clock()
    seen = open_seen(settings.database(DATABASE_NAME))
    app = make_app("witness", blueprint, trusted_proxies=settings.trusted_proxies, caller_header=settings.caller_header)
    service = WitnessService(settings, seen, Limits("witness", make_cache(settings.redis_url, clock), clock), clock)
    app.extensions[EXTENSION] = service
    add_probe(app, partial(require_schema, seen.engine, MIGRATIONS, VERSION_TABLE))
    add_front(app, front(settings), partial(is_ready, app))
    metrics_of(app).registry.register(HouseCollector(settings.data_dir, service.upkeep))
    service.upkeep.start()
    return app
