"""From a position in a list of 2^20 to the published index, and back.

Positions are handed out one after the other, which keeps the database fast; published as they are, they
would tell any gate who was issued next to whom, and how many codes there are. So the index is a keyed
permutation of the position: a balanced Feistel network on two halves of 10 bits with HMAC-SHA256 inside.
Round by round the left half and the right half in turn, the left one first, takes in (XOR) the round function
of the other.

Luby and Rackoff (1988) prove three rounds against chosen inputs and four when outputs are chosen too, but for
halves of 10 bits only up to some 2^5 pairs; Patarin's five or six rounds reach some 2^10. Whoever collects
codes may see more, up to the whole list, where no proof holds. Hence a margin: ten rounds, as FF1 has (NIST
SP 800-38G), rather than the eight of FF3, which did not last on small domains (Durak and Vaudenay, 2017).

The definition below is fixed for ever by a test vector: another one would set the bits of other people.
"""

from __future__ import annotations

import hmac
from array import array
from functools import lru_cache
from struct import unpack

from credentials.errors import KeyRejected, StatusReferenceInvalid
from credentials.profile.limits import MAX_STATUS_LIST, MIN_INDEX_KEY_BYTES, STATUS_LIST_SIZE

ROUNDS = 10
_LABEL = b"tongxing status index 1"
_HALF_BITS = 10
_HALF = 1 << _HALF_BITS
_MASK = _HALF - 1
_WORDS = 16
"""Round function values of one HMAC: 32 bytes in words of two."""
_TABLES_KEPT = 256
"""Lists whose tables are kept, 20 KiB each; making them again takes a few milliseconds."""


def index_of(position: int, list_id: int, key: bytes) -> int:
    """The index 0..2^20-1 of ``position`` 0..2^20-1 in the list ``list_id`` under ``key`` (16 bytes or more).

    Raises StatusReferenceInvalid for a position or list out of range, KeyRejected for a short key.
    """
    tables = _checked_tables(position, list_id, key)
    left, right = position >> _HALF_BITS, position & _MASK
    for number in range(0, ROUNDS, 2):
        left ^= tables[number][right]
        right ^= tables[number + 1][left]
    return left << _HALF_BITS | right


def position_of(index: int, list_id: int, key: bytes) -> int:
    """The position that :func:`index_of` makes ``index`` of: which code a withdrawal bit is of. Raises as it does."""
    tables = _checked_tables(index, list_id, key)
    left, right = index >> _HALF_BITS, index & _MASK
    for number in range(ROUNDS - 2, -1, -2):
        right ^= tables[number + 1][left]
        left ^= tables[number][right]
    return left << _HALF_BITS | right


@lru_cache(_TABLES_KEPT)
def round_tables(list_id: int, key: bytes) -> tuple[array[int], ...]:
    """The round functions of a list, each as a table from half to half.

    Entry x of round r is the low 10 bits of the big-endian 16-bit word x mod 16 of
    HMAC-SHA256(key, label ‖ list (4 bytes) ‖ r (1 byte) ‖ x div 16 (1 byte)).

    Raises KeyRejected for a short key.
    """
    if len(key) < MIN_INDEX_KEY_BYTES:
        raise KeyRejected(f"index key shorter than {MIN_INDEX_KEY_BYTES} bytes")
    prefix = _LABEL + list_id.to_bytes(4, "big")
    return tuple(_round_table(prefix + bytes([number]), key) for number in range(ROUNDS))


def _round_table(prefix: bytes, key: bytes) -> array[int]:
    blocks = (hmac.digest(key, prefix + bytes([block]), "sha256") for block in range(_HALF // _WORDS))
    return array("H", (word & _MASK for word in unpack(f">{_HALF}H", b"".join(blocks))))


def _checked_tables(value: int, list_id: int, key: bytes) -> tuple[array[int], ...]:
    if not 0 <= value < STATUS_LIST_SIZE:
        raise StatusReferenceInvalid("outside the list")
    if not 0 <= list_id <= MAX_STATUS_LIST:
        raise StatusReferenceInvalid("no such list")
    return round_tables(list_id, key)
