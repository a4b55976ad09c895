"""The bit array of a status list: one bit for each index, the first in the lowest bit of the first byte.

Source: draft-ietf-oauth-status-list-21 section 4.1. Reading the bits from the other end shows other people's
status (learner-credential-wallet #335), so the draft's own example stands in the tests.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import compress

from credentials.errors import StatusReferenceInvalid
from credentials.profile.limits import STATUS_LIST_SIZE


def to_bits(indices: Iterable[int], size: int = STATUS_LIST_SIZE) -> bytes:
    """The array of ``size`` bits (a multiple of 8) in which those of ``indices`` are set.

    Raises StatusReferenceInvalid for an index outside it.
    """
    bits = bytearray(size // 8)
    for index in indices:
        if not 0 <= index < size:
            raise StatusReferenceInvalid("index outside the list")
        bits[index >> 3] |= 1 << (index & 7)
    return bytes(bits)


def from_bits(bits: bytes) -> array[int]:
    """The indices of the set bits, ascending. Any bytes are an array; the caller bounds their length."""
    digits = f"{int.from_bytes(bits, 'little'):b}"[::-1].encode()
    return array("I", compress(range(len(digits)), digits.translate(_TRUTH)))


_TRUTH = bytes(code == ord("1") for code in range(256))
