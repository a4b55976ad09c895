"""Machine clients prove who they are with one signed assertion a request (``private_key_jwt``, RFC 7523 section 2.2).

No shared secret exists that could leak from a configuration or a log; an assertion is for one server, for a minute,
once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, Protocol

import jwt
from jwt.api_jws import PyJWS

from credentials.algorithms.table import NATIVE, PrivateKey, PublicKey
from credentials.errors import Malformed, NotAuthenticated
from credentials.wire.strict_json import parse_json

ALGORITHM = NATIVE.NAME
MAX_ASSERTION_CHARACTERS = 2048
MAX_LIFETIME_SECONDS = 60
MAX_CLIENT_AHEAD_SECONDS = 30
"""How far a client's clock may be ahead of ours."""
MAX_ID_CHARACTERS = 64
"""Of a client's id and of a jti: printable ASCII."""
_SCHEME = "Bearer "
# The scheme in any case, and one space or more (RFC 9110 sections 11.1 and 11.4).
_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9_.-]+)", re.IGNORECASE)
_CLAIMS = {"iss": str, "sub": str, "aud": str, "iat": int, "exp": int, "jti": str}
# For the signature alone: PyJWT's own checks of times accept floats and texts of digits, its reader of JSON takes
# duplicate names. Ours are below.
_READER = PyJWS(algorithms=[ALGORITHM])

KeyLookup = Callable[[str], PublicKey | None]


class JtiStore(Protocol):
    """Remembers used assertions until they expire. Durable at once: a lost jti would let one be used again.

    Safe to call concurrently: of several calls with one jti, one alone returns True. Who can write it can have an
    assertion used twice within its minute, or refused.
    """

    def use(self, client_id: str, jti: str, expires_at: int, forget_before: int) -> bool:
        """Mark as used; False when it was used before. May forget those that expired before that moment."""
        ...  # pragma: no cover


def make_assertion(private_key: PrivateKey, client_id: str, audience: str, now: int) -> str:
    """An assertion by ``client_id`` for the server at base URL ``audience``, good for a minute from ``now``."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + MAX_LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode(claims, private_key, ALGORITHM)


def authorization(private_key: PrivateKey, client_id: str, audience: str, now: int) -> dict[str, str]:
    """The header that carries a fresh assertion."""
    return {"Authorization": _SCHEME + make_assertion(private_key, client_id, audience, now)}


def authenticate(header: str | None, key_of: KeyLookup, audience: str, now: int, used: JtiStore) -> str:
    """The client whose assertion stands in an ``Authorization`` header.

    Raises NotAuthenticated, without saying whether it was the client or its signature that is unknown.
    """
    token = _token(header)
    claims = _claimed(token)
    client_id = str(claims["iss"])
    key = key_of(client_id)
    if key is None or not _is_signed(token, key):
        raise NotAuthenticated("assertion does not verify")
    _require_types(claims)
    if claims["aud"] != audience:
        raise NotAuthenticated("assertion for another server")
    _require_time(claims["iat"], claims["exp"], claims.get("nbf", claims["iat"]), now)
    if claims["sub"] != client_id:
        raise NotAuthenticated("sub is not iss")
    # Last, so that nobody can use up another's jti.
    if not used.use(client_id, claims["jti"], claims["exp"], long_expired(claims["exp"])):
        raise NotAuthenticated("assertion used before")
    return client_id


def long_expired(expires_at: int) -> int:
    """Before when any assertion has expired for every server, if one that expires at ``expires_at`` is good for one.

    By the assertion and not by a clock: of two servers the slower one must not take again what the faster one forgot.
    """
    return expires_at - MAX_LIFETIME_SECONDS - MAX_CLIENT_AHEAD_SECONDS


def _token(header: str | None) -> str:
    if header is None:
        raise NotAuthenticated("no assertion")
    if len(header) > MAX_ASSERTION_CHARACTERS:
        raise NotAuthenticated("assertion too long")
    found = _CREDENTIALS.fullmatch(header)
    if found is None:
        raise NotAuthenticated("no assertion")
    return found[1]


def _claimed(token: str) -> dict[str, Any]:
    """What an assertion says, with the id of somebody as ``iss``; believed once its signature holds."""
    try:
        read = _READER.decode_complete(token, options={"verify_signature": False})
        claims = parse_json(read["payload"])
    except (jwt.PyJWTError, Malformed, ValueError, TypeError, RecursionError) as error:
        raise NotAuthenticated("not an assertion") from error
    if not isinstance(claims, dict) or not _is_id(claims.get("iss")):
        raise NotAuthenticated("iss missing or not an id")
    if "crit" in read["header"]:
        raise NotAuthenticated("an extension that this server does not know (RFC 7515 section 4.1.11)")
    return claims


def _is_signed(token: str, key: PublicKey) -> bool:
    try:
        _READER.decode(token, key, algorithms=[ALGORITHM])
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def _require_types(claims: dict[str, Any]) -> None:
    for name, kind in _CLAIMS.items():
        if type(claims.get(name)) is not kind:
            raise NotAuthenticated(f"{name} missing or of the wrong type")
    if not _is_id(claims["jti"]):
        raise NotAuthenticated("jti is not an id")


def _is_id(value: object) -> bool:
    # JSON can spell halves of characters and NUL, which no database takes: our own fault, to be had by anyone.
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARACTERS and value.isascii() and value.isprintable()


def _require_time(issued_at: int, expires_at: int, from_when: object, now: int) -> None:
    if not issued_at < expires_at <= issued_at + MAX_LIFETIME_SECONDS:
        raise NotAuthenticated("assertion good for too long")
    if type(from_when) is not int:
        raise NotAuthenticated("nbf of the wrong type")
    if max(issued_at, from_when) > now + MAX_CLIENT_AHEAD_SECONDS:
        raise NotAuthenticated("assertion of a time to come: the client's clock is ahead")
    if now >= expires_at:
        raise NotAuthenticated("assertion expired, or the client's clock is behind")
