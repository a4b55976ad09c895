"""Base64url without padding (RFC 7515 section 2), in its one canonical spelling."""

from __future__ import annotations

import base64
import binascii

from credentials.errors import Malformed


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of a base64url text. Raises Malformed for padding, ``+/``, or a last character with stray bits."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("not base64url") from error
    if to_base64url(raw) != text:
        raise Malformed("not canonical base64url")
    return raw
