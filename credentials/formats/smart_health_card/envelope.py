"""The compact JWS of a card (RFC 7515), taken apart. Nothing is inflated before its signature holds.

Of the header only ``alg``, ``kid`` and ``zip`` are looked at: a key that a header brings along, or an address to fetch
one from, is nobody's (CVE-2018-0114).
"""

from __future__ import annotations

from functools import lru_cache

from credentials.algorithms.table import FOR_FOREIGN
from credentials.base64url import from_base64url
from credentials.errors import Malformed, TooLarge
from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats.smart_health_card.limits import (
    KID_BYTES,
    MAX_CARD_CHARACTERS,
    MAX_HEADER_CHARACTERS,
    NAME,
)
from credentials.wire.strict_json import parse_json

_SEGMENTS = 3
_HEADERS_KEPT = 256
_UNKNOWN = "unknown"


def open_card(compact: str, leniences: tuple[str, ...] = (), in_parts: bool = False) -> ForeignEnvelope:
    """Take a card's JWS apart, without believing it. Raises TooLarge, Malformed."""
    if len(compact) > MAX_CARD_CHARACTERS:
        raise TooLarge(f"more than {MAX_CARD_CHARACTERS} characters")
    segments = compact.split(".", _SEGMENTS)
    if len(segments) != _SEGMENTS:
        raise Malformed("not a compact JWS")
    header, payload, signature = segments
    kid, algorithm = _header(header)
    return ForeignEnvelope(
        format=NAME,
        kid=kid,
        algorithm=algorithm,
        payload=from_base64url(payload),
        signature=from_base64url(signature),
        signed_bytes=f"{header}.{payload}".encode(),
        leniences=leniences,
        in_parts=in_parts,
    )


# All cards of one key have the same header, letter for letter. What raises is not kept.
@lru_cache(_HEADERS_KEPT)
def _header(segment: str) -> tuple[bytes, str]:
    """The kid, and the algorithm that the header claims."""
    if len(segment) > MAX_HEADER_CHARACTERS:
        raise TooLarge(f"header of more than {MAX_HEADER_CHARACTERS} characters")
    header = parse_json(from_base64url(segment))
    if type(header) is not dict or "crit" in header:
        raise Malformed("JWS header is no object, or has a critical extension")
    kid, algorithm = header.get("kid"), header.get("alg")
    if type(kid) is not str or type(algorithm) is not str:
        raise Malformed("JWS header without kid or alg")
    if header.get("zip") != "DEF":
        raise Malformed("content is not deflated")
    thumbprint = from_base64url(kid)
    if len(thumbprint) != KID_BYTES:
        raise Malformed("kid is no thumbprint of a key")
    return thumbprint, algorithm if algorithm in FOR_FOREIGN else _UNKNOWN
