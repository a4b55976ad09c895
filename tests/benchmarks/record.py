"""The registry's log: a hundred thousand leaves appended and published, on SQLite with its files on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, signer
from service_kit.durable import write_atomic
from tests.benchmarks.feed import Figure
from tests.unit.issuer.office import NOW
from tests.unit.trust_registry.record.logs import append
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.record.publishing import LogFolder, LogPublisher
from trust_registry.storage.sql import open_storage

LEAVES = 100_000
BATCH = 1_000
"""Leaves of one transaction."""


def leaves_a_second() -> list[Figure]:
    """How many are appended, and published in one round; how long the next round takes, and one proof."""
    with tempfile.TemporaryDirectory() as folder:
        storage = open_storage(f"sqlite:///{folder}/registry.sqlite")
        place = LogFolder(MirrorFolder(Path(folder), write_atomic))
        publisher = LogPublisher(storage, place, signer("bench/log", LOG, new_private_key()))
        begun = perf_counter()
        for _ in range(LEAVES // BATCH):
            append(storage, BATCH)
        appended = perf_counter()
        publisher.publish(NOW)
        published = perf_counter()
        append(storage, 1)
        publisher.publish(NOW)
        again = perf_counter()
        assert publisher.prove(LEAVES // 2) is not None
        proved = perf_counter()
        storage.engine.dispose()
    return [
        Figure(f"{LEAVES:,} leaves appended, {BATCH:,} a transaction", LEAVES / (appended - begun), "leaves/s"),
        Figure(f"{LEAVES:,} leaves appended and published", LEAVES / (published - begun), "leaves/s"),
        Figure("one more leaf appended and published", (again - published) * 1000, "ms"),
        Figure("one inclusion proof among them", (proved - again) * 1000, "ms"),
    ]
