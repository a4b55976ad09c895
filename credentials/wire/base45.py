"""Base45 (RFC 9285) on big integers.

Three characters c, d, e stand for two bytes: c + 45 d + 45² e. Instead of a loop over triples, every triple gets
a 24-bit lane of one big integer, so that the whole text is one multiply-add: about ten times as fast as a loop.
No lane can overflow: 44 + 45 * 44 + 2025 * 44 = 91,124. Encoding divides all lanes at once, by multiplication.
"""

from __future__ import annotations

from credentials.errors import Malformed

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_INVALID = 255
_DIGITS = bytes(ALPHABET.find(chr(code)) % 256 for code in range(256))
_SYMBOLS = ALPHABET.encode().ljust(256, b"?")

_DECODE_LANE = 3
"""Bytes of a lane when decoding: a triple is at most 91,124."""
_LANE = 8
"""Bytes of a lane when encoding: a 16-bit value times ``_RECIPROCAL`` takes 33 bits."""
_SHIFT = 22
_RECIPROCAL = -(-(1 << _SHIFT) // 45)
"""For every n below 65,536: n * _RECIPROCAL >> _SHIFT == n // 45 (the tests try them all)."""


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
    full = len(digits) // 3 * 3
    return _decode_triples(digits[:full]) + _decode_rest(digits[full:])


def encode(data: bytes) -> str:
    """The Base45 text of ``data``: three characters for two bytes, two for a last odd one."""
    pairs = len(data) // 2
    lanes = bytearray(_LANE * pairs)
    lanes[1::_LANE] = data[0 : 2 * pairs : 2]
    lanes[0::_LANE] = data[1 : 2 * pairs : 2]
    values = int.from_bytes(lanes, "little")
    quotients = _divided_by_45(values, pairs)
    thirds = _divided_by_45(quotients, pairs)
    digits = bytearray(3 * pairs)
    digits[0::3] = _column(values - 45 * quotients, pairs)
    digits[1::3] = _column(quotients - 45 * thirds, pairs)
    digits[2::3] = _column(thirds, pairs)
    if len(data) % 2:
        digits += bytes((data[-1] % 45, data[-1] // 45))
    return digits.translate(_SYMBOLS).decode("ascii")


def _decode_triples(digits: bytes) -> bytes:
    lanes = len(digits) // 3
    buffer = bytearray(_DECODE_LANE * lanes)
    buffer[0::_DECODE_LANE] = digits[0::3]
    total = int.from_bytes(buffer, "little")
    buffer[0::_DECODE_LANE] = digits[1::3]
    total += 45 * int.from_bytes(buffer, "little")
    buffer[0::_DECODE_LANE] = digits[2::3]
    total += 2025 * int.from_bytes(buffer, "little")
    values = total.to_bytes(_DECODE_LANE * lanes, "little")
    if values[2::_DECODE_LANE].count(0) != lanes:
        raise Malformed("base45 triple above 65535")
    data = bytearray(2 * lanes)
    data[0::2] = values[1::_DECODE_LANE]
    data[1::2] = values[0::_DECODE_LANE]
    return bytes(data)


def _divided_by_45(values: int, lanes: int) -> int:
    quotients = values * _RECIPROCAL >> _SHIFT
    # What the shift drags in from the lane above lies in the upper half of the lane.
    return quotients & int.from_bytes(b"\xff\xff\0\0\0\0\0\0" * lanes, "little")


def _column(values: int, lanes: int) -> bytes:
    return values.to_bytes(_LANE * lanes, "little")[0::_LANE]


def _decode_rest(digits: bytes) -> bytes:
    if not digits:
        return b""
    if len(digits) == 1:
        raise Malformed("base45 length")
    value = digits[0] + 45 * digits[1]
    if value > 255:
        raise Malformed("base45 pair above 255")
    return bytes([value])
