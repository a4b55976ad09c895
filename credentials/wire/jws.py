"""Compact JWS (RFC 7515) for signed JSON objects: province statements, proofs, rule sets.

PyJWT's JWS layer writes them. What is read is taken apart here: one exact ``typ`` for each kind of object (RFC 8725
section 3.11), the algorithm from the key and never from the header, canonical base64url, strict JSON
(:mod:`credentials.wire.strict_json`), and the signature by the native algorithm over the very characters that came.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

from credentials.algorithms.table import NATIVE, PublicKey
from credentials.base64url import from_base64url
from credentials.errors import AlgorithmMismatch, Malformed, TooLarge, WrongSignature
from credentials.profile.limits import MAX_JWS_CHARACTERS
from credentials.signing import Signer
from credentials.wire.strict_json import json_bytes, parse_json

_SEGMENTS = 3
_MAX_HEADER_CHARACTERS = 16_384


class _SignerAlgorithm(ECAlgorithm):
    """Lets PyJWT sign with any :class:`~credentials.signing.Signer`, be its key in a file or a security module."""

    def prepare_key(self, key: Any) -> Any:
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        return bytes(key.sign(msg))


def _writer() -> PyJWS:
    jws = PyJWS(algorithms=[])
    jws.register_algorithm(NATIVE.NAME, _SignerAlgorithm(ECAlgorithm.SHA256))
    return jws


_WRITER = _writer()


class JwsEnvelope(NamedTuple):
    """A compact JWS whose signature nobody has checked. ``header`` is parsed, ``payload`` is not."""

    compact: str
    header: dict[str, Any]
    kid: str
    payload: bytes
    signature: bytes


def sign(payload: dict[str, Any], signer: Signer, typ: str, **header: Any) -> str:
    """Sign ``payload`` as compact JSON with sorted names. The kid in the header is the signer's, in hex."""
    body = json_bytes(payload)
    headers = {"typ": typ, "kid": signer.kid.hex(), **header}
    return _WRITER.encode(body, signer, algorithm=signer.algorithm, headers=headers)  # type: ignore[arg-type]


def read(compact: str, limit: int = MAX_JWS_CHARACTERS) -> JwsEnvelope:
    """Take a compact JWS apart, without believing it. Raises TooLarge above ``limit`` characters, or Malformed."""
    if len(compact) > limit:
        raise TooLarge(f"more than {limit} characters")
    segments = compact.split(".")
    if len(segments) != _SEGMENTS or len(segments[0]) > _MAX_HEADER_CHARACTERS:
        raise Malformed("not a compact JWS")
    header_bytes, payload, signature = (from_base64url(segment) for segment in segments)
    header = parse_json(header_bytes)
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str) or "crit" in header:
        raise Malformed("JWS header without kid, or with a critical extension")
    return JwsEnvelope(compact, header, header["kid"], payload, signature)


def verify(envelope: JwsEnvelope, public_key: PublicKey, typ: str) -> dict[str, Any]:
    """The payload as a JSON object, once the signature holds.

    Raises what :func:`check` raises, and Malformed for a payload that is no JSON object.
    """
    check(envelope, public_key, typ)
    payload = parse_json(envelope.payload)
    if not isinstance(payload, dict):
        raise Malformed("payload is not a JSON object")
    return payload


def check(envelope: JwsEnvelope, public_key: PublicKey, typ: str) -> None:
    """Return when the signature holds.

    Raises Malformed for another ``typ``, AlgorithmMismatch when the header names another algorithm than the key's,
    WrongSignature when the signature does not hold.
    """
    if envelope.header.get("typ") != typ:
        raise Malformed(f"typ is not {typ}")
    if envelope.header.get("alg") != NATIVE.NAME:
        raise AlgorithmMismatch("the header names another algorithm than the key's")
    if envelope.header.get("b64") is False:
        # What is signed would not be what is read (RFC 7797 section 6).
        raise WrongSignature
    NATIVE.verify(public_key, envelope.signature, envelope.compact.rpartition(".")[0].encode())
