"""Base64url without padding (RFC 7515 section 2), in its one canonical spelling."""

from __future__ import annotations

import binascii

from credentials.errors import Malformed

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
"""What belongs to plain base64 alone becomes what no base64 has."""
_PADDING = (b"", b"", b"==", b"=")
_STRAY = tuple(frozenset(code for at, code in enumerate(_ALPHABET) if at & mask) for mask in (0, 0, 0b1111, 0b11))
"""By the characters after the last whole group: those that hold bits of no byte, with which nothing may end."""


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of a base64url text. Raises Malformed for padding, ``+/``, or a last character with stray bits."""
    rest = len(text) % 4
    try:
        written = text.encode("ascii")
        raw = binascii.a2b_base64(written.translate(_FROM_URL) + _PADDING[rest], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64url") from error
    if rest and written[-1] in _STRAY[rest]:
        raise Malformed("not canonical base64url")
    return raw
