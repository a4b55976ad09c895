"""Compact JWS (RFC 7515) for signed JSON objects: province statements, proofs, rule sets.

PyJWT's JWS layer does the encoding and the signature; around it stand the checks that it leaves to its caller: one
exact ``typ`` for each kind of object (RFC 8725 section 3.11), the algorithm from the key and never from the header,
canonical base64url, bounded JSON without duplicate names, floats out of range or NaN.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any, NamedTuple

from jwt import PyJWTError
from jwt.algorithms import ECAlgorithm
from jwt.api_jws import PyJWS

from credentials.algorithms import ALGORITHMS, es256
from credentials.errors import AlgorithmMismatch, Malformed, TooLarge, WrongSignature
from credentials.limits import MAX_JSON_DEPTH, MAX_JWS_CHARACTERS
from credentials.signing import Signer

_SEGMENTS = 3
# Possessive, and content with a text that never ends: a backtracking pattern took quadratic time on "\"\"\"…
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_MAX_HEADER_CHARACTERS = 16_384


class _SignerAlgorithm(ECAlgorithm):
    """Lets PyJWT sign with any :class:`~credentials.signing.Signer`, be its key in a file or a security module."""

    def prepare_key(self, key: Any) -> Any:
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        return bytes(key.sign(msg))


def _writer() -> PyJWS:
    jws = PyJWS(algorithms=[])
    jws.register_algorithm(es256.NAME, _SignerAlgorithm(ECAlgorithm.SHA256))
    return jws


_WRITER = _writer()
_READER = PyJWS(algorithms=list(ALGORITHMS))


# With ``json.dumps`` it would be a new encoder each time.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class JwsEnvelope(NamedTuple):
    """A compact JWS whose signature nobody has checked. ``header`` is parsed, ``payload`` is not."""

    compact: str
    header: dict[str, Any]
    kid: str
    payload: bytes


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
    header_bytes, payload, _ = (from_base64url(segment) for segment in segments)
    header = parse_json(header_bytes)
    if not isinstance(header, dict) or not isinstance(header.get("kid"), str) or "crit" in header:
        raise Malformed("JWS header without kid, or with a critical extension")
    return JwsEnvelope(compact, header, header["kid"], payload)


def verify(envelope: JwsEnvelope, public_key: es256.PublicKey, typ: str) -> dict[str, Any]:
    """The payload as a JSON object, once the signature holds.

    Raises Malformed for another ``typ`` or a payload that is no JSON object, AlgorithmMismatch when the header names
    another algorithm than the key's, WrongSignature when the signature does not hold.
    """
    if envelope.header.get("typ") != typ:
        raise Malformed(f"typ is not {typ}")
    if envelope.header.get("alg") != es256.NAME:
        raise AlgorithmMismatch("the header names another algorithm than the key's")
    try:
        _READER.decode(envelope.compact, public_key, algorithms=[es256.NAME])
    except (PyJWTError, ValueError, TypeError) as error:
        raise WrongSignature from error
    payload = parse_json(envelope.payload)
    if not isinstance(payload, dict):
        raise Malformed("payload is not a JSON object")
    return payload


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8 with sorted names: the same value gives the same bytes."""
    return _encode(value).encode()


def parse_json(data: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate names, no NaN, no lone surrogate, at most 64 levels. Raises Malformed."""
    if _nests_too_deeply(data):
        raise Malformed("JSON nested too deeply")
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
        )
        if b"\\u" in data:
            json_bytes(value)  # Half a surrogate pair can be read but never written (RFC 8259 section 8.2).
        return value
    except (ValueError, RecursionError) as error:
        raise Malformed("not strict JSON") from error


def _nests_too_deeply(data: bytes) -> bool:
    """Whether the brackets nest above the limit, counted before parsing so that ``[[[[…`` costs no stack.

    Texts are taken out first; a text that never ends takes the rest with it and fails in the parser.
    """
    depth = 0
    for bracket in _TEXT.sub(b"", data).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_JSON_DEPTH:
            return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("duplicate name in JSON")
    return result


def _refuse_constant(name: str) -> Any:
    raise Malformed(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Malformed("number out of range in JSON")
    return number


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
