"""The tree and its proofs, against a second reading of RFC 6962."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import Malformed, RecordProofFailed
from credentials.log.tree import (
    EMPTY_ROOT,
    MAX_PROOF_HASHES,
    check_consistency,
    check_inclusion,
    leaf_hash,
    nodes_of,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from tests.unit.credentials.log.logs import NODES, entry, hashes, mth, path, proof

MOST = 300


def root(size: int) -> bytes:
    return root_of(NODES, size)


def test_every_root_of_small_trees_is_that_of_the_specification() -> None:
    """One wrong level, and no other reader could follow the log."""
    leaves = hashes(MOST)
    for size in (*range(70), 127, 128, 129, 255, 256, 257, MOST):
        assert root_of(nodes_of(leaves[:size]), size) == mth(leaves[:size]) == root(size)
    assert root(0) == EMPTY_ROOT
    assert root(1) == leaf_hash(entry(0))


def test_every_proof_of_small_trees_is_that_of_the_specification() -> None:
    """And holds, for each leaf and each earlier size."""
    leaves = hashes(40)
    for size in range(1, 41):
        for number in range(size):
            made = prove_inclusion(NODES, number, size)
            assert made == path(number, leaves[:size])
            check_inclusion(leaves[number], number, size, root(size), made)
        for old in range(size + 1):
            made = prove_consistency(NODES, old, size)
            assert made == (proof(old, leaves[:size]) if old else [])
            check_consistency(old, root(old), size, root(size), made)


@settings(max_examples=300)
@given(st.data())
def test_every_inclusion_proof_holds_and_every_altered_one_fails(data: st.DataObject) -> None:
    """A proof that holds for anything but its own leaf, place, tree and hashes proves nothing."""
    size = data.draw(st.integers(1, MOST))
    number = data.draw(st.integers(0, size - 1))
    made = prove_inclusion(NODES, number, size)
    leaf = leaf_hash(entry(number))
    check_inclusion(leaf, number, size, root(size), made)
    other = data.draw(st.integers(-1, MOST).filter(lambda each: each != number))
    for altered in altered_proofs(data, made):
        refused(check_inclusion, leaf, number, size, root(size), altered)
    refused(check_inclusion, leaf, other, size, root(size), made)
    refused(check_inclusion, leaf_hash(entry(MOST + 1)), number, size, root(size), made)
    refused(check_inclusion, leaf, number, size, root(0), made)


@settings(max_examples=300)
@given(st.data())
def test_every_consistency_proof_holds_and_every_altered_one_fails(data: st.DataObject) -> None:
    """A log that can show an altered past as its own needs no witness."""
    size = data.draw(st.integers(1, MOST))
    old = data.draw(st.integers(1, size))
    made = prove_consistency(NODES, old, size)
    check_consistency(old, root(old), size, root(size), made)
    for altered in altered_proofs(data, made):
        refused(check_consistency, old, root(old), size, root(size), altered)
    other = data.draw(st.integers(-1, MOST).filter(lambda each: each != old))
    refused(check_consistency, other, root(old), size, root(size), made)
    refused(check_consistency, old, b"\5" * 32, size, root(size), made)
    refused(check_consistency, old, root(old), size, b"\5" * 32, made)


def altered_proofs(data: st.DataObject, made: list[bytes]) -> list[list[bytes]]:
    """Longer, shorter, a bit flipped, two exchanged."""
    altered = [[*made, b"\7" * 32], [b"\7" * 32, *made], [*made, b""]]
    if made:
        at = data.draw(st.integers(0, len(made) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(made[at], "big") ^ 1 << bit).to_bytes(32, "big")
        altered += [made[:at] + made[at + 1 :], [*made[:at], flipped, *made[at + 1 :]]]
    if len(made) > 1:
        altered.append(made[::-1])
    return altered


def refused(check: object, *arguments: object) -> None:
    with pytest.raises(RecordProofFailed):
        check(*arguments)  # type: ignore[operator]


@pytest.mark.parametrize(("number", "size"), [(0, 0), (1, 1), (-1, 3)])
def test_no_proof_of_a_leaf_that_is_not_there(number: int, size: int) -> None:
    """A number beyond the end is the caller's mistake and is named."""
    with pytest.raises(Malformed, match="no leaf"):
        prove_inclusion(NODES, number, size)


@pytest.mark.parametrize(("old", "size"), [(2, 1), (-1, 1)])
def test_no_proof_from_a_larger_tree(old: int, size: int) -> None:
    """A log does not shrink."""
    with pytest.raises(Malformed, match="before"):
        prove_consistency(NODES, old, size)


def test_the_empty_tree_is_the_beginning_of_each_and_has_one_root() -> None:
    """A witness that has never seen a log begins from here; a log cannot sign any other empty tree."""
    check_consistency(0, EMPTY_ROOT, 5, root(5), [])
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    refused(check_consistency, 0, EMPTY_ROOT, 0, root(1), [])
    refused(check_consistency, 0, root(1), 5, root(5), [])
    refused(check_consistency, 0, EMPTY_ROOT, 5, root(5), [root(1)])
    refused(check_consistency, 3, root(3), 5, root(5), [])
    refused(check_inclusion, root(1), 0, 1, root(1), [b"\0" * 32] * (MAX_PROOF_HASHES + 1))
    refused(check_consistency, 3, root(3), 300, root(300), prove_consistency(NODES, 3, 300)[:2])
