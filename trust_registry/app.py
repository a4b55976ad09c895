"""Wires the registry's service."""

from __future__ import annotations

from functools import partial

import structlog
from flask import Flask

from service_kit.cache.metrics import watch_cache
from service_kit.cache.store import make_cache
from service_kit.clock import Clock
from service_kit.http.front.front import add_front
from service_kit.http.limits import Limits
from service_kit.http.web import add_probe, is_ready, make_app, metrics_of
from service_kit.metrics import HouseCollector, StateCollector
from service_kit.process.upkeep import Upkeep
from service_kit.storage.database import require_schema
from service_kit.storage.used_assertions import UsedAssertions
from trust_registry import metrics
from trust_registry.config import RegistrySettings
from trust_registry.http.front import front
from trust_registry.http.mirror_views import blueprint as mirror
from trust_registry.http.views import blueprint
from trust_registry.metadata.file_names import TRUST
from trust_registry.mirror.stocktaking import take_stock
from trust_registry.mirror.turns import Turns
from trust_registry.opening import open_files, open_publication
from trust_registry.publishing.publication import Publication
from trust_registry.repository.in_force import in_force
from trust_registry.root.founding import require_online
from trust_registry.service import EXTENSION, RegistryService
from trust_registry.storage import tables
from trust_registry.storage.sql import MIGRATIONS, VERSION_TABLE

LOOK_SECONDS = 60.0
"""How often a worker looks whether the timestamp is due, and the mirror whole."""
_log = structlog.get_logger("mirror")


def create_app(settings: RegistrySettings, clock: Clock | None = None) -> Flask:
    """The registry as a WSGI application: ``/v1/…`` and ``/mirror/…``, to be mounted under ``/registry``.

    Begins to sign the timestamp anew by itself in a thread of its own, unless that is switched off. Completes what an
    earlier process began to write to the mirror, removes what it left half-written, and takes stock of members' files.
    Raises SettingInvalid, KeyRejected, StorageUnavailable, StoreBehind, MetadataRejected or SelfCheckFailed when the
    registry cannot be opened.
    """
    clock = clock or settings.clock()
    publication, storage = open_publication(settings)
    files = open_files(settings)
    files.tidy()
    mend(publication, clock.now(), deep=True)
    app = make_app(
        "registry", blueprint, mirror, trusted_proxies=settings.trusted_proxies, caller_header=settings.caller_header
    )
    cache = make_cache(settings.redis_url, clock)
    watch_cache(cache, app.name, metrics_of(app).registry)
    service = RegistryService(
        turns=Turns(Limits("registry", cache, clock)),
        settings=settings,
        publication=publication,
        files=files,
        used_assertions=UsedAssertions(storage.engine, tables.used_assertion),
        cache=cache,
        clock=clock,
        upkeep=Upkeep("timestamp", lambda: _look_after(publication, settings, clock), seconds=LOOK_SECONDS),
    )
    # What an earlier process may not have come to.
    service.announce(TRUST)
    app.extensions[EXTENSION] = service
    for probe in (
        partial(require_schema, storage.engine, MIGRATIONS, VERSION_TABLE),
        partial(require_online, settings.data_dir),
        service.probe,
    ):
        add_probe(app, probe)
    add_front(app, front(settings), partial(is_ready, app))
    metrics_of(app).registry.register(StateCollector(service.overview, metrics.collect))
    metrics_of(app).registry.register(HouseCollector(settings.data_dir, service.upkeep))
    if settings.timestamp_seconds:
        service.upkeep.start()
    return app


def _look_after(publication: Publication, settings: RegistrySettings, clock: Clock) -> None:
    publication.retime_when_due(clock.now(), settings.timestamp_seconds)
    mend(publication, clock.now())
    publication.record.publish(clock.now())


def mend(publication: Publication, now: int, *, deep: bool = False) -> None:
    """Put right what is missing or damaged on the mirror, and log what only a member can bring again.

    ``deep``: see :func:`trust_registry.mirror.stocktaking.take_stock`. Raises StoreBehind, StorageUnavailable,
    StorageFull.
    """
    publication.release_when_damaged()
    if deep:
        publication.record.mend()
    with publication.storage.reading() as records:
        trust = in_force(records).trust
    for each in take_stock(publication.storage, publication.mirror, trust, now, deep=deep):
        _log.warning("damaged", member=each.member, file=each.name, detail=each.detail, advice=each.advice)
