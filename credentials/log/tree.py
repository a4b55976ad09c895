"""The Merkle tree of a log (RFC 6962 section 2.1, RFC 9162 section 2.1): hashes, proofs made and proofs checked.

A proof is made from a :data:`Node`, which knows the hash of each whole subtree; where the hashes come from (a list, a
database, tiles of a mirror) is the caller's business. A proof is checked from the hashes alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from credentials.errors import Malformed, RecordProofFailed

HASH_BYTES = 32
MAX_LOG_ENTRY_BYTES = 65_535
"""Of one leaf as it is published: its length has two bytes (C2SP tlog-tiles)."""
MAX_TREE_SIZE = 2**63 - 1
"""Leaves of a log: what tlog-witness and Go's readers count to."""
MAX_PROOF_HASHES = 63
"""Of one inclusion or consistency proof: one a level."""

Node = Callable[[int, int], bytes]
"""``node(level, index)``: the hash over the leaves from index x 2^level on, 2^level of them, all within the tree."""

EMPTY_ROOT: Final = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry. Its prefix keeps leaves apart from inner nodes (second-preimage attack)."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(node: Node, size: int) -> bytes:
    """The root of the first ``size`` leaves."""
    return _over(node, 0, size) if size else EMPTY_ROOT


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """The hashes of a tree of which all leaf hashes are at hand."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def prove_inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """The hashes from the leaf's sibling up to the root's child (RFC 9162 section 2.1.3.1).

    Raises Malformed when ``index`` is not below ``size``.
    """
    if not 0 <= index < size:
        raise Malformed(f"no leaf {index} in a tree of {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_over(node, middle, end))
            end = middle
        else:
            proof.append(_over(node, start, middle))
            start = middle
    return proof[::-1]


def prove_consistency(node: Node, old: int, size: int) -> list[bytes]:
    """The hashes that show that the first ``old`` leaves are still there (RFC 9162 section 2.1.4.1).

    Empty for ``old`` 0 and for two trees of one size. Raises Malformed when ``old`` is above ``size``.
    """
    if not 0 <= old <= size:
        raise Malformed(f"no tree of {old} leaves before one of {size}")
    if old in (0, size):
        return []
    start, end, proof, whole = 0, size, [], True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_over(node, middle, end))
            end = middle
        else:
            proof.append(_over(node, start, middle))
            start, whole = middle, False
    return ([] if whole else [_over(node, start, end)]) + proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return when the leaf of this hash stands at ``index`` in the tree of this root (RFC 9162 section 2.1.3.2).

    Raises RecordProofFailed.
    """
    _check_lengths(proof)
    if not 0 <= index < size:
        raise RecordProofFailed(f"no leaf {index} in a tree of {size}")
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise RecordProofFailed("inclusion: a hash too many")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last or found != root:
        raise RecordProofFailed("inclusion: the proof does not lead to the root")


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return when the tree of ``size`` begins with the tree of ``old`` leaves (RFC 9162 section 2.1.4.2).

    Every tree begins with the empty one; the proof is empty then, and for two trees of one size. Raises
    RecordProofFailed.
    """
    _check_lengths(proof)
    if not 0 <= old <= size:
        raise RecordProofFailed(f"no tree of {old} leaves before one of {size}")
    if old in (0, size):
        if proof or old_root != (root if old else EMPTY_ROOT) or (not size and root != EMPTY_ROOT):
            raise RecordProofFailed("consistency: another root, or a proof where none belongs")
        return
    if not proof:
        raise RecordProofFailed("consistency: no proof")
    # A whole subtree is its own beginning, and is not repeated in the proof.
    is_whole = old & (old - 1) == 0
    if _both_roots(old, size, [old_root, *proof] if is_whole else proof) != (old_root, root):
        raise RecordProofFailed("consistency: the proof does not lead to both roots")


def _both_roots(old: int, size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    then = now = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise RecordProofFailed("consistency: a hash too many")
        if position & 1 or position == last:
            then, now = node_hash(each, then), node_hash(each, now)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            now = node_hash(now, each)
        position, last = position >> 1, last >> 1
    if last:
        raise RecordProofFailed("consistency: a hash too few")
    return then, now


def _check_lengths(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF_HASHES or any(len(each) != HASH_BYTES for each in proof):
        raise RecordProofFailed(f"more than {MAX_PROOF_HASHES} hashes, or one that has not {HASH_BYTES} bytes")


def _split(size: int) -> int:
    """The largest power of two below ``size``, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _over(node: Node, start: int, end: int) -> bytes:
    """The hash over the leaves from ``start`` to ``end``, at least one; ``start`` is where a whole subtree begins."""
    level = (end - start).bit_length() - 1
    whole = node(level, start >> level)
    middle = start + (1 << level)
    return whole if middle == end else node_hash(whole, _over(node, middle, end))
