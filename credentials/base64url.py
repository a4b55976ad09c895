"""Base64url without padding (RFC 7515 section 2), in its one canonical spelling."""

from __future__ import annotations

import binascii

from credentials.errors import Malformed

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/==")
"""What stands for itself in plain base64 does not here: it is taken for an end, and does not come out again."""


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return _encoded(data).decode()


def from_base64url(text: str) -> bytes:
    """The bytes of a base64url text. Raises Malformed for padding, ``+/``, or a last character with stray bits."""
    try:
        written = text.encode("ascii")
        # Three thousand keys of a nation's list have two each: what is left over is found by writing it anew.
        raw = binascii.a2b_base64(written.translate(_FROM_URL) + b"==")
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64url") from error
    if _encoded(raw) != written:
        raise Malformed("not canonical base64url")
    return raw


def _encoded(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")
