"""What a gate pays for new lists: a trust list's proof in the public record, the list itself at its largest, and a list
of foreign keys.

In processor time, each figure against bare verifications beside it, the median of some rounds.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from credentials.algorithms import es256
from credentials.algorithms.es256 import verify
from credentials.foreign.document import document_of, read_foreign_keys, sign_foreign_keys
from credentials.foreign.facts import CardKind
from credentials.foreign.keys import ForeignKey
from credentials.keys import jwk_of
from credentials.log.checkpoint import Checkpoint
from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, WITNESS, NoteSigner, signer
from credentials.log.note import Note, sign_text
from credentials.log.proof import LogProof
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.profile.members import MEMBERS
from credentials.wire.strict_json import json_bytes
from service_kit.fetch import Fetcher
from tests.benchmarks.feed import Figure
from tests.unit.trust_registry.published import Province, Published
from trust_registry.client.record.checking import prove_list
from trust_registry.client.record.keeper import RecordKeeper
from trust_registry.client.trust.pins import NOTHING_SEEN
from trust_registry.client.trust.repository import MirrorFiles, verify_repository
from trust_registry.client.trust.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata.log_keys import LogKey
from trust_registry.metadata.witness_policy import read_witness_policy

NOW = 1_795_000_000
KEYS = 3_000
"""Of all members together; 80 of them."""
COSIGNATURES = 5
LEAVES = 100_000
ROUNDS, VERIFICATIONS = 7, 100
ISSUERS, FOREIGN_KEYS = 651, 961
PROOF_BUDGET, LOAD_BUDGET, NOTHING_BUDGET, FOREIGN_BUDGET = 12.0, 1_200.0, 0.1, 300.0
"""Bare ES256 verifications."""


def figures() -> list[Figure]:
    """The proof of a new list, a round without news, and a nation's list."""
    province = Province("CN-41", 410_000, NOW)
    signature = province.signer("status").sign(b"bare")

    def bare() -> None:
        for _ in range(VERIFICATIONS):
            verify(province.signer("status").public_key, signature, b"bare")

    def in_units(call: Callable[[], object], calls: int) -> float:
        return median(_seconds(call, calls) / (_seconds(bare, 1) / VERIFICATIONS) for _ in range(ROUNDS))

    trust, load = a_nations_list()
    with tempfile.TemporaryDirectory() as folder:
        keeper = RecordKeeper(Path(folder), "", Fetcher())
        keeper.load(trust, NOW)
        nothing = in_units(lambda: keeper.refresh(trust, NOW), 1_000)
    return [
        Figure(
            f"a list of {ISSUERS} foreign issuers and {FOREIGN_KEYS} keys, beyond its signature",
            in_units(a_list_of_foreign_keys(), 1) - 1,
            "V",
            FOREIGN_BUDGET,
        ),
        Figure(
            f"proof of a new list, {COSIGNATURES} cosignatures, {LEAVES:,} leaves",
            in_units(a_proof(), 20),
            "V",
            PROOF_BUDGET,
        ),
        Figure("a round without a new list", nothing, "V", NOTHING_BUDGET),
        Figure(
            f"{len(MEMBERS)} members with {KEYS:,} keys, beyond their signatures",
            in_units(load, 1) - len(MEMBERS),
            "V",
            LOAD_BUDGET,
        ),
    ]


def a_proof() -> Callable[[], object]:
    """What checks the proof of a list as a gate does that has just got it."""
    log = signer("tongxing/registry/0123456789abcdef", LOG, new_private_key())
    witnesses = [
        signer(f"tongxing/CN-{number}/witness", WITNESS, new_private_key()) for number in range(11, 11 + COSIGNATURES)
    ]
    leaf = json_bytes(
        {"at": NOW, "content": {"trust_list": "5f" * 32}, "kind": "list-published", "number": LEAVES // 3}
    )
    content = proof_of(leaf, log, witnesses).content
    lines = [f"witness W{number} {each.key.vkey}\n" for number, each in enumerate(witnesses)]
    every = " ".join(f"W{number}" for number in range(COSIGNATURES))
    text = f"log {log.key.vkey}\n{''.join(lines)}group G all {every}\nquorum G\n"
    counting = [LogKey("CN-11", each.key, None, NOW - 60, NOW + 60) for each in witnesses]
    return lambda: prove_list(content, "5f" * 32, read_witness_policy(text), lambda _wanted: counting)


def proof_of(leaf: bytes, log: NoteSigner, witnesses: list[NoteSigner]) -> LogProof:
    """The leaf at a third of the log, cosigned by all of them."""
    leaves = [leaf_hash(leaf if number == LEAVES // 3 else b"%d" % number) for number in range(LEAVES)]
    node = nodes_of(leaves)
    text = Checkpoint(log.key.name, LEAVES, root_of(node, LEAVES)).text
    lines = [sign_text(text, log), *(sign_text(text, each, NOW) for each in witnesses)]
    hashes = tuple(prove_inclusion(node, LEAVES // 3, LEAVES))
    return LogProof(LEAVES // 3, hashes, Note(text, tuple(lines)), leaf)


def a_list_of_foreign_keys() -> Callable[[], object]:
    """What verifies and loads a list of as many issuers and keys as the VCI directory has."""
    signer = Province("CN-44", 440_000, NOW).signer("rules")
    keys = [
        ForeignKey(
            "smart-health-card", f"https://{number % ISSUERS}.health.example.org/cards", number.to_bytes(32), "ES256",
            jwk_of(es256.new_private_key().public_key()), frozenset(CardKind), 0, NOW,
        )
        for number in range(FOREIGN_KEYS)
    ]  # fmt: skip
    compact = sign_foreign_keys(document_of("CN-44", 1, NOW, keys), signer)
    return lambda: read_foreign_keys(compact, signer.public_key, "CN-44")


def a_nations_list() -> tuple[TrustSnapshot, Callable[[], TrustSnapshot]]:
    """All members with so many keys, loaded once, and what loads them: from a mirror's bytes to what a gate trusts."""
    published = Published(NOW)
    published.provinces = [Province(member.id, member.code * 10_000, NOW) for member in MEMBERS.values()]
    for number in range(KEYS - sum(len(province.keys) for province in published.provinces)):
        published.provinces[number % len(MEMBERS)].add_key("credential")
    for province in published.provinces:
        province.next_statement()
    published.publish()

    def load() -> TrustSnapshot:
        repository = verify_repository(MirrorFiles(published.files.get), published.trusted_root)
        return build_snapshot(repository, NOTHING_SEEN, NOW)[0]

    trust = load()
    assert (len(trust.members), len(trust.keys), trust.reported) == (len(MEMBERS), KEYS, ())
    return trust, load


def _seconds(call: Callable[[], object], calls: int) -> float:
    """Of the processor, for one call; without the collector, as everywhere here."""
    gc.disable()
    try:
        begun = time.process_time()
        for _ in range(calls):
            call()
        return (time.process_time() - begun) / calls
    finally:
        gc.enable()
