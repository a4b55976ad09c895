"""Leaves of a province's log: what they say of many, and that one of these many can be proved."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from credentials.decisions import leaves
from credentials.decisions.leaves import Leaf
from credentials.errors import Malformed, RecordProofFailed
from credentials.profile.lists import Status

SEALED = [leaves.sealed(bytes([number]) * 32, b"text") for number in range(5)]
COMMITTED = [leaves.commitment(each) for each in SEALED]
HOUR = 1_795_000_000 - 1_795_000_000 % 3600


def test_what_a_code_carries_and_what_a_leaf_holds_is_made_of_salt_and_text() -> None:
    """Byte for byte as the wire format has it, or nobody else could check it."""
    digest = hashlib.sha256(b"text").digest()
    assert SEALED[1] == b"\1" * 32 + digest
    assert COMMITTED[1] == hashlib.sha256(b"\1" * 32 + digest).digest()
    assert leaves.reference(SEALED[1], b"12345678") == hashlib.sha256(b"\1" * 32 + digest + b"12345678").digest()[:16]


@pytest.mark.parametrize("index", range(5))
def test_each_decision_by_rule_leads_to_the_root(index: int) -> None:
    """And by no other place or path."""
    leaf = leaves.decided_by_rule(Status.RED, HOUR, COMMITTED)
    assert (leaf.content["count"], leaf.content["status"], leaf.content["hour"]) == (5, "red", HOUR)
    path = leaves.path_to_root(COMMITTED, index)
    leaves.require_committed(leaf, SEALED[index], index, path)
    for wrong in ((leaf, SEALED[index - 1], index, path), (leaf, SEALED[index], (index + 1) % 5, path)):
        with pytest.raises(RecordProofFailed):
            leaves.require_committed(*wrong)


def test_a_decision_by_hand_is_the_hash_in_its_leaf() -> None:
    """One text for all whom it is about."""
    leaf = leaves.decided_by_hand(Status.RED, HOUR, 1317, COMMITTED[0])
    assert leaf == Leaf("decided-by-hand", {"status": "red", "hour": HOUR, "count": 1317, "hash": COMMITTED[0].hex()})
    leaves.require_committed(leaf, SEALED[0], 0, [])
    for sealed, index, path in ((SEALED[1], 0, []), (SEALED[0], 1, []), (SEALED[0], 0, [bytes(32)])):
        with pytest.raises(RecordProofFailed):
            leaves.require_committed(leaf, sealed, index, path)
    assert leaves.decided_by_hand(Status.RED, HOUR, 1, COMMITTED[0], unwitnessed=True).content["unwitnessed"]


@pytest.mark.parametrize(
    "leaf",
    [
        leaves.unreplaced(Status.RED, HOUR, COMMITTED),
        leaves.withdrawn(Status.RED, HOUR, COMMITTED),
        leaves.looked_up(HOUR, 1, COMMITTED[0]),
        leaves.laboratory_ended("lab"),
        Leaf("decided-by-rule", {"count": True, "root": "00" * 32}),
        Leaf("decided-by-rule", {"count": 0, "root": "00" * 32}),
        Leaf("decided-by-rule", {"root": "00" * 32}),
        Leaf("decided-by-rule", {"count": 1, "root": "0G" * 32}),
        Leaf("decided-by-rule", {"count": 1, "root": "00" * 31}),
        Leaf("decided-by-hand", {"count": 1, "hash": 7}),
    ],
)
def test_what_counts_no_decisions_proves_none(leaf: Leaf) -> None:
    """A leaf of another kind may hold the very hash."""
    with pytest.raises(Malformed):
        leaves.require_committed(leaf, SEALED[0], 0, [])


@pytest.mark.parametrize(
    ("leaf", "kind", "content"),
    [
        (leaves.rules_published(3, "ab" * 32, HOUR), "rules-published", {"sequence": 3}),
        (leaves.laboratory_added("lab", b"12345678", "CN-44"), "laboratory-added", {"kid": "3132333435363738"}),
        (leaves.laboratory_ended("lab"), "laboratory-ended", {"name": "lab"}),
        (leaves.recovered(7, 9), "recovered", {"behind": 7, "size": 9}),
        (leaves.looked_up(HOUR, 2, COMMITTED[0]), "looked-up", {"count": 2}),
        (leaves.withdrawn(Status.GREEN, HOUR, COMMITTED[:1]), "withdrawn", {"count": 1, "status": "green"}),
    ],
)
def test_every_deed_has_its_leaf(leaf: Leaf, kind: str, content: dict[str, Any]) -> None:
    """Under a name that never changes."""
    assert leaf.kind == kind
    assert content.items() <= leaf.content.items()


def test_kinds_are_short_words() -> None:
    """Leaves of other deeds have kinds of their own."""
    assert leaves.is_kind("staff-key-added")
    assert not any(map(leaves.is_kind, ("", "Kind", "a" * 33, "a_b", "1")))
