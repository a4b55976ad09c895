"""Base45 (RFC 9285) on big integers.

Three characters c, d, e stand for two bytes: c + 45 d + 45² e. Instead of a loop over triples, every triple gets
a 24-bit lane of one big integer, so that the whole text is one multiply-add: about ten times as fast as a loop.
No lane can overflow: 44 + 45 * 44 + 2025 * 44 = 91,124. Encoding divides all lanes at once, by multiplication.
"""

from __future__ import annotations

from functools import lru_cache

from credentials.errors import Malformed

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_INVALID = 255
_DIGITS = bytes(ALPHABET.find(chr(code)) % 256 for code in range(256))
_SYMBOLS = ALPHABET.encode().ljust(256, b"?")

_DECODE_LANE = 3
"""Bytes of a lane when decoding: a triple is at most 91,124."""
_LANE = 5
"""Bytes of a lane when encoding: a 16-bit value times ``_RECIPROCAL`` takes 33 bits, and three digits three bytes."""
_SHIFT = 22
_RECIPROCAL = -(-(1 << _SHIFT) // 45)
"""For every n below 65,536: n * _RECIPROCAL >> _SHIFT == n // 45 (the tests try them all)."""
_MASKS_KEPT = 256
"""More than there are lengths of codes."""


def decode(text: str) -> bytes:
    """The bytes of a Base45 text.

    Raises Malformed for a character outside the alphabet, a length of 3n + 1, and a value above what its bytes
    can hold (RFC 9285 section 6).
    """
    try:
        digits = text.encode("latin-1").translate(_DIGITS)
    except UnicodeEncodeError as error:
        raise Malformed("character outside base45") from error
    if _INVALID in digits:
        raise Malformed("character outside base45")
    missing = -len(digits) % _DECODE_LANE
    if missing > 1:
        raise Malformed("base45 length")
    # Two characters for a last odd byte are a triple whose third digit is 0 and whose first byte is.
    data = _decode_triples(digits + bytes(missing))
    if missing:
        if data[-2]:
            raise Malformed("base45 pair above 255")
        del data[-2]
    return bytes(data)


def encode(data: bytes) -> str:
    """The Base45 text of ``data``: three characters for two bytes, two for a last odd one."""
    pairs = len(data) // 2
    lanes = bytearray(_LANE * pairs)
    lanes[3::_LANE] = data[0 : 2 * pairs : 2]
    lanes[4::_LANE] = data[1::2]
    values, pair = int.from_bytes(lanes, "big"), _pairs_of_bytes(pairs)
    # What a shift drags in from the lane above lies in the upper half of the lane.
    quotients = values * _RECIPROCAL >> _SHIFT & pair
    thirds = quotients * _RECIPROCAL >> _SHIFT & pair
    triples = ((values - 45 * quotients << 8) + quotients - 45 * thirds << 8) + thirds
    digits = bytearray(triples.to_bytes(_LANE * pairs, "big"))
    del digits[::_LANE], digits[:: _LANE - 1]
    if len(data) % 2:
        digits += bytes((data[-1] % 45, data[-1] // 45))
    return digits.translate(_SYMBOLS).decode("ascii")


def _decode_triples(digits: bytes) -> bytearray:
    last = _last_bytes(len(digits) // _DECODE_LANE)
    triples = int.from_bytes(digits, "big")
    values = (triples >> 16 & last) + 45 * ((triples >> 8 & last) + 45 * (triples & last))
    if values & last << 16:
        raise Malformed("base45 triple above 65535")
    data = bytearray(values.to_bytes(len(digits), "big"))
    del data[::_DECODE_LANE]
    return data


@lru_cache(_MASKS_KEPT)
def _last_bytes(lanes: int) -> int:
    """The mask of the last byte of every lane."""
    return int.from_bytes(b"\0\0\xff" * lanes, "big")


@lru_cache(_MASKS_KEPT)
def _pairs_of_bytes(lanes: int) -> int:
    """The mask of the last two bytes of every lane."""
    return int.from_bytes(b"\0\0\0\xff\xff" * lanes, "big")
