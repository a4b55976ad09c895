"""An ID token (OpenID Connect Core 1.0 section 2): who signed in, said by the identity provider. Pure.

The checks of section 3.1.3.7, in the order in which they stand in :func:`verify`:

1. a compact JWS whose header names our one algorithm and no critical extension (RFC 8725 sections 3.1, 3.2)
2. signed by a key that the provider publishes for signatures by this algorithm
3. its payload is strict JSON with claims of the right types
4. ``iss`` is the provider, to the character
5. ``aud`` is us and nobody besides; ``azp``, where there is one, as well
6. ``nonce`` is the one that this browser's sign-in sent
7. not expired, made lately, and not in a time to come
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, NamedTuple

from jwt import PyJWK, PyJWTError, get_unverified_header
from jwt.api_jws import PyJWS

from credentials.algorithms.table import FOR_IDENTITY_PROVIDERS
from credentials.errors import Malformed, SignInUnproven
from credentials.keys import is_for_verifying
from credentials.wire.strict_json import parse_json

ALGORITHMS = FOR_IDENTITY_PROVIDERS
"""One of them is agreed on with the provider."""
MAX_CHARACTERS = 16_384
MAX_KEYS = 32
MAX_AGE_SECONDS = 600
"""Between the making of a token and its use: it comes at once, in answer to our own request."""
MAX_PROVIDER_AHEAD_SECONDS = 60
"""How far the provider's clock may be ahead of ours."""


class ExpectedToken(NamedTuple):
    """What a token must say. ``algorithm``: one of ALGORITHMS."""

    issuer: str
    client_id: str
    algorithm: str
    nonce: str


def key_id(token: str) -> str | None:
    """The id of the key that a token names, believed in nothing. Raises SignInUnproven for what is no token."""
    if len(token) > MAX_CHARACTERS:
        raise SignInUnproven(f"ID token of more than {MAX_CHARACTERS} characters")
    try:
        kid = get_unverified_header(token).get("kid")
    except (PyJWTError, ValueError, RecursionError) as error:
        raise SignInUnproven("ID token is no JWS") from error
    return kid if isinstance(kid, str) else None


def keys_for(kid: str | None, published: object, algorithm: str) -> list[Any]:
    """Of a provider's JWK Set (parsed JSON), the keys named ``kid`` that may sign by ``algorithm``.

    A token without a kid is taken where the set has one such key only (section 10.1). Anything that is no such key is
    left out.
    """
    listed = published.get("keys") if isinstance(published, dict) else None
    jwks = [jwk for jwk in listed if isinstance(jwk, dict)] if isinstance(listed, list) else []
    found = [key for key in (_key(jwk, kid, algorithm) for jwk in jwks[:MAX_KEYS]) if key is not None]
    return found if kid is not None or len(found) == 1 else []


def verify(token: str, keys: Sequence[Any], expected: ExpectedToken, at: int) -> dict[str, Any]:
    """The claims of a token that one of ``keys`` signed, at ``at`` (seconds UTC). Raises SignInUnproven."""
    # 1-3
    claims = _signed(token, keys, expected.algorithm)
    # 4
    if claims.get("iss") != expected.issuer:
        raise SignInUnproven("ID token of another issuer")
    # 5
    if claims.get("aud") not in (expected.client_id, [expected.client_id]):
        raise SignInUnproven("ID token for somebody else")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise SignInUnproven("ID token requested by somebody else")
    # 6
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise SignInUnproven("ID token of another sign-in")
    # 7
    _require_time(claims, at)
    return claims


def _key(jwk: dict[str, Any], kid: str | None, algorithm: str) -> Any:
    """The key, unless it is another one, or not for signatures by this algorithm."""
    if kid is not None and jwk.get("kid") != kid:
        return None
    # "d": a private key that got there by mistake verifies nothing, and must not be kept.
    if "d" in jwk or not is_for_verifying(jwk, algorithm):
        return None
    try:
        return PyJWK(jwk, algorithm).key
    except (PyJWTError, ValueError, TypeError, AttributeError):
        return None


def _signed(token: str, keys: Sequence[Any], algorithm: str) -> dict[str, Any]:
    for key in keys:
        payload = _payload(token, key, algorithm)
        if payload is None:
            continue
        try:
            claims = parse_json(payload)
        except Malformed as error:
            raise SignInUnproven("ID token is not strict JSON") from error
        if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
            raise SignInUnproven("ID token without a subject")
        return claims
    raise SignInUnproven(f"ID token is not signed by a published key with {algorithm}")


def _payload(token: str, key: Any, algorithm: str) -> bytes | None:
    """What the key signed by this algorithm, or None."""
    try:
        reader = PyJWS(algorithms=[algorithm], options={"enforce_minimum_key_length": True})
        decoded = reader.decode_complete(token, key, algorithms=[algorithm])
    except (PyJWTError, ValueError, TypeError):
        return None
    return None if "crit" in decoded["header"] else bytes(decoded["payload"])


def _require_time(claims: dict[str, Any], at: int) -> None:
    # PyJWT's own checks take floats and texts of digits (see tests of the times of assertions).
    expires_at, made_at, from_when = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if type(expires_at) is not int or type(made_at) is not int or type(from_when) is not int:
        raise SignInUnproven("ID token without whole times")
    if at >= expires_at:
        raise SignInUnproven("ID token expired, or our clock is ahead")
    if made_at > at + MAX_PROVIDER_AHEAD_SECONDS or from_when > at + MAX_PROVIDER_AHEAD_SECONDS:
        raise SignInUnproven("ID token of a time to come: the provider's clock is ahead, or ours behind")
    if made_at < at - MAX_AGE_SECONDS:
        raise SignInUnproven("ID token made too long ago, or our clock is ahead")
