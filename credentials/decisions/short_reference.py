"""A decision reference as it is read aloud (决定编号): eight characters of which the last checks the others.

Seven characters are the first 35 bits of the reference, in the 32 digits and letters that nobody mistakes for others
(Crockford: no I, L, O, U). The eighth makes the polynomial over GF(32) that they are zero at its primitive element, so
that every wrong character and every two that changed places are found. With the person it leads to one decision;
it proves nothing.
"""

from __future__ import annotations

CHARACTERS = 8
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS, _OVER, _FIELD = 5, 32, 0b100101


def short_reference(reference: bytes) -> str:
    """``ABCD EFGH`` of a reference of at least 5 bytes."""
    bits = int.from_bytes(reference[:5], "big") >> 5
    values = [bits >> _BITS * place & _OVER - 1 for place in range(CHARACTERS - 2, -1, -1)]
    text = "".join(ALPHABET[value] for value in [*values, _times(_value(values))])
    return f"{text[:4]} {text[4:]}"


def _value(values: list[int]) -> int:
    """The polynomial at the primitive element."""
    found = 0
    for value in values:
        found = _times(found) ^ value
    return found


def _times(value: int) -> int:
    """Times the primitive element of GF(32), modulo x^5 + x^2 + 1."""
    doubled = value << 1
    return doubled ^ _FIELD if doubled & _OVER else doubled
