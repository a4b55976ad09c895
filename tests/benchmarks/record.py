"""The registry's log: a hundred thousand leaves appended and published, on SQLite with its files on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, WITNESS, NoteKey, signer
from credentials.log.note import sign_text, with_signatures
from credentials.log.policy import Party, WitnessGroup, WitnessPolicy
from credentials.log.proof import LogProof, check_proof
from credentials.log.tree import leaf_hash
from service_kit.durable import write_atomic
from tests.benchmarks.feed import Figure
from tests.unit.issuer.office import NOW
from tests.unit.trust_registry.record.logs import append
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.record.publishing import LogFolder, LogPublisher, ProvedLeaf, PublishedCheckpoint
from trust_registry.storage.sql import open_storage

LEAVES = 100_000
BATCH = 1_000
"""Leaves of one transaction."""
WITNESSES, TIMES = 5, 200


def leaves_a_second() -> list[Figure]:
    """How many are appended, and published in one round; how long the next round takes, and one proof."""
    with tempfile.TemporaryDirectory() as folder:
        storage = open_storage(f"sqlite:///{folder}/registry.sqlite")
        key = signer("bench/log", LOG, new_private_key())
        publisher = LogPublisher(storage, LogFolder(MirrorFolder(Path(folder), write_atomic)), key)
        begun = perf_counter()
        for _ in range(LEAVES // BATCH):
            append(storage, BATCH)
        appended = perf_counter()
        publisher.publish(NOW)
        published = perf_counter()
        append(storage, 1)
        publisher.publish(NOW)
        again = perf_counter()
        found = publisher.prove(LEAVES // 2)
        proved = perf_counter()
        assert found is not None
        storage.engine.dispose()
    return [
        Figure(f"{LEAVES:,} leaves appended, {BATCH:,} a transaction", LEAVES / (appended - begun), "leaves/s"),
        Figure(f"{LEAVES:,} leaves appended and published", LEAVES / (published - begun), "leaves/s"),
        Figure("one more leaf appended and published", (again - published) * 1000, "ms"),
        Figure("one inclusion proof among them", (proved - again) * 1000, "ms"),
        Figure(f"that proof checked, with {WITNESSES} cosignatures", _verified(found, key.key) * 1000, "ms"),
    ]


def _verified(found: tuple[list[ProvedLeaf], PublishedCheckpoint], log_key: NoteKey) -> float:
    """Seconds for one proof that a policy of five witnesses, of whom all have to have signed, lets count."""
    ((leaf, hashes),), (_, note) = found
    keys = [signer(f"witness-{number}.example", WITNESS, new_private_key()) for number in range(WITNESSES)]
    note = with_signatures(note, [sign_text(note.text, key, NOW) for key in keys])
    witnesses = {key.key.name.encode(): Party(key.key, None) for key in keys}
    group = WitnessGroup(WITNESSES, tuple(witnesses))
    policy = WitnessPolicy((Party(log_key, None),), witnesses, {b"all": group}, b"all")
    proof = LogProof(leaf.number, tuple(hashes), note)
    begun = perf_counter()
    for _ in range(TIMES):
        check_proof(proof, leaf_hash(leaf.entry), policy)
    return (perf_counter() - begun) / TIMES
