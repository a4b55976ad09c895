"""A status list for outsiders: the IETF Token Status List as a signed JWT.

Source: draft-ietf-oauth-status-list-21 sections 4.1, 4.2 and 5.1. Our own gates read the snapshot; this
carries the same bits to whoever speaks the standard, one token for each list.
"""

from __future__ import annotations

import zlib
from array import array
from typing import Any, NamedTuple

from credentials.algorithms.table import PublicKey
from credentials.base64url import from_base64url, to_base64url
from credentials.errors import IssuerMismatch, Malformed
from credentials.profile.limits import (
    MAX_STATUS_LIST_BYTES,
    MAX_STATUS_SUBJECT_CHARACTERS,
    MAX_STATUS_TOKEN_CHARACTERS,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
)
from credentials.signing import Signer
from credentials.status import bits
from credentials.wire import jws
from credentials.wire.inflate import inflate

TYP = "statuslist+jwt"
_BITS_PER_INDEX = 1
_BEST_COMPRESSION = 9
"""Recommended by section 4.1."""


class StatusToken(NamedTuple):
    """What a token says: the list published at the URI ``subject``. Times in seconds UTC, ``ttl`` in seconds.

    ``withdrawn``: the set indices in ascending order.
    """

    subject: str
    issued_at: int
    expires_at: int
    ttl: int
    withdrawn: array[int]


def make_token(token: StatusToken, signer: Signer) -> str:
    """Sign a token over the whole list of 2^20.

    Raises Malformed for what :func:`read_token` would not take, StatusReferenceInvalid for an index outside.
    """
    claims = {
        "sub": token.subject,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "ttl": token.ttl,
        "status_list": {"bits": _BITS_PER_INDEX, "lst": deflate_list(bits.to_bits(token.withdrawn))},
    }
    _check_claims(claims)
    return jws.sign(claims, signer, TYP)


def unwrap_token(compact: str) -> jws.JwsEnvelope:
    """Take a token apart, without believing it, to look up its kid. Raises TooLarge or Malformed."""
    return jws.read(compact, MAX_STATUS_TOKEN_CHARACTERS)


def read_token(envelope: jws.JwsEnvelope, public_key: PublicKey, subject: str) -> StatusToken:
    """Verify and read a token that must be about ``subject``. Whether it is fresh is for the caller to judge.

    Raises WrongSignature, AlgorithmMismatch, IssuerMismatch when it is about another list, TooLarge when the
    list inflates beyond 2^20 bits, Malformed when a claim is missing or odd or an index has not one bit.
    """
    claims = jws.verify(envelope, public_key, TYP)
    status_list = _check_claims(claims)
    if claims["sub"] != subject:
        raise IssuerMismatch("the token of another list")
    withdrawn = bits.from_bits(inflate_list(status_list["lst"]))
    return StatusToken(subject, claims["iat"], claims["exp"], claims["ttl"], withdrawn)


def deflate_list(bit_array: bytes) -> str:
    """``lst``: the bit array through zlib at its best, in base64url without padding."""
    return to_base64url(zlib.compress(bit_array, _BEST_COMPRESSION))


def inflate_list(text: str) -> bytes:
    """The bit array of an ``lst``. Raises Malformed, and TooLarge beyond 2^20 bits."""
    return inflate(from_base64url(text), MAX_STATUS_LIST_BYTES)


def _check_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """The status list within ``claims``, once all types and ranges are right."""
    subject, status_list = claims.get("sub"), claims.get("status_list")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_STATUS_SUBJECT_CHARACTERS:
        raise Malformed("sub")
    for name, least in (("iat", MIN_TIME_SECONDS), ("exp", MIN_TIME_SECONDS), ("ttl", 1)):
        # Floats and numbers in quotes are read by some and not by others.
        if type(claims.get(name)) is not int or not least <= claims[name] <= MAX_TIME_SECONDS:
            raise Malformed(name)
    if claims["exp"] <= claims["iat"]:
        raise Malformed("exp is not after iat")
    if not isinstance(status_list, dict) or not isinstance(status_list.get("lst"), str):
        raise Malformed("status_list")
    if type(status_list.get("bits")) is not int or status_list["bits"] != _BITS_PER_INDEX:
        raise Malformed("bits is not 1")
    return status_list
