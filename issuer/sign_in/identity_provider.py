"""The province's identity provider (统一身份认证), as OpenID Connect 1.0 speaks with one.

Authorization code flow with PKCE (RFC 7636, S256), state, nonce, and the answering issuer named (RFC 9207), after the
rules of RFC 9700. What the provider answers is bounded in bytes and time, and believed only where it is signed, or came
over a connection of our own making.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from credentials.algorithms.table import PrivateKey
from credentials.base64url import to_base64url
from credentials.errors import (
    FetchFailed,
    FetchTooLarge,
    Malformed,
    SettingInvalid,
    SignInDeclined,
    SignInUnavailable,
    SignInUnproven,
)
from credentials.wire.strict_json import parse_json
from issuer.sign_in import id_token
from service_kit.clock import Clock
from service_kit.fetch import Fetcher, Response, require_safe
from service_kit.http.auth import make_assertion

MAX_ANSWER_BYTES = 65_536
"""Of each of the provider's documents."""
MAX_CODE_CHARACTERS = 4096
METADATA_SECONDS = 3600
"""How long the discovery document is used before it is fetched again."""
KEYS_SECONDS = 300
"""The same for the keys: a key that the provider takes back is believed no longer than that."""
KEYS_AGAIN_SECONDS = 30
"""A token by a key that we do not know has the keys fetched anew, but not more often than this."""
REQUEST_SECONDS = 10
"""Longest request to the provider: somebody is waiting."""
_WELL_KNOWN = "/.well-known/openid-configuration"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NO = frozenset({"access_denied", "login_required", "interaction_required", "consent_required",
                 "account_selection_required"})  # fmt: skip
"""Errors of an authorization answer that are the person's or the provider's no (Core section 3.1.2.6)."""
_WORD = re.compile(r"[a-z_]{1,40}")


class Registration(NamedTuple):
    """What the provider and we have agreed on. Either ``secret`` or ``key`` is there.

    ``algorithm``: by which it signs ID tokens, one of :data:`issuer.sign_in.id_token.ALGORITHMS`.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    scope: str
    algorithm: str
    secret: str | None = None
    key: PrivateKey | None = None

    def __repr__(self) -> str:
        """Without the secret: what is printed ends in a log one day."""
        return f"Registration({self.issuer!r}, {self.client_id!r})"


class Attempt(NamedTuple):
    """What ties the provider's answer to the browser that asked: 43 characters of base64url each."""

    state: str
    nonce: str
    verifier: str


class IdentityProvider:
    """One provider. Safe to use from several threads; what it keeps is public, and fetched again by each process."""

    def __init__(self, registration: Registration, fetcher: Fetcher, clock: Clock) -> None:
        self._registration, self._fetcher, self._clock = registration, fetcher, clock
        self._metadata = _Kept(self._fetch_metadata, clock)
        self._keys = _Kept(lambda: self._fetched(self._endpoint("jwks_uri")), clock)

    def address(self, attempt: Attempt, language: str | None = None) -> str:
        """Where the browser goes to sign in. ``language``: in which to ask (RFC 5646). Raises SignInUnavailable."""
        asked = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "scope": self._registration.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": to_base64url(hashlib.sha256(attempt.verifier.encode()).digest()),
            "code_challenge_method": "S256",
            # Who it is, is asked each time: on a borrowed or public computer somebody else's session may be open there,
            # and a code is put on a phone once and not daily.
            "prompt": "login",
        }
        if language:
            asked["ui_locales"] = language
        endpoint = self._endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def claims(self, answer: Mapping[str, str], attempt: Attempt, wanted: frozenset[str]) -> dict[str, Any]:
        """What the provider says of the person whose browser brought ``answer``, the parameters of the redirect.

        The caller has compared the state. ``wanted`` are looked for in the ID token, then at the userinfo endpoint.

        Raises SignInDeclined, SignInUnproven, or SignInUnavailable.
        """
        self._require_sender(answer.get("iss"))
        if "error" in answer:
            raise _refusal(answer["error"], _NO)
        code = answer.get("code", "")
        if not 0 < len(code) <= MAX_CODE_CHARACTERS:
            raise SignInUnproven("no code")
        tokens = self._redeem(code, attempt.verifier)
        claims = self._verified(tokens.get("id_token"), attempt.nonce)
        if wanted <= claims.keys():
            return claims
        return self._userinfo(tokens.get("access_token"), claims["sub"]) | claims

    def _require_sender(self, iss: str | None) -> None:
        """Mix-up: another provider's answer, sent on by it to have us redeem its code here. RFC 9207 section 2.4."""
        promised = self._metadata.get(METADATA_SECONDS).get("authorization_response_iss_parameter_supported") is True
        if iss != self._registration.issuer and (promised or iss is not None):
            raise SignInUnproven("answer of another identity provider")

    def _redeem(self, code: str, verifier: str) -> dict[str, Any]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._registration.redirect_uri,
            "code_verifier": verifier,
            **self._assertion(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **self._basic()}
        body = urlencode(fields).encode()
        answer = self._send("POST", self._endpoint("token_endpoint"), body, headers)
        if answer.status in (400, 401, 403):
            # What a provider calls a code that was used before, is old, or belongs to another verifier.
            raise _refusal(_object(answer.body).get("error"), frozenset({"invalid_grant"}))
        return _content(answer)

    def _assertion(self) -> dict[str, str]:
        ours = self._registration
        if ours.key is None:
            return {}
        # For the issuer as a whole and not for an endpoint, which a wrong metadata document could make somebody else's
        # (draft-ietf-oauth-rfc7523bis).
        assertion = make_assertion(ours.key, ours.client_id, ours.issuer, self._clock.now())
        return {"client_id": ours.client_id, "client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}

    def _basic(self) -> dict[str, str]:
        """RFC 6749 section 2.3.1: both parts form-encoded first."""
        if self._registration.secret is None:
            return {}
        both = f"{quote_plus(self._registration.client_id)}:{quote_plus(self._registration.secret)}"
        return {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}

    def _verified(self, token: object, nonce: str) -> dict[str, Any]:
        if not isinstance(token, str):
            raise SignInUnproven("no ID token")
        ours = self._registration
        kid = id_token.key_id(token)
        keys = id_token.keys_for(kid, self._keys.get(KEYS_SECONDS), ours.algorithm)
        # The provider may have begun to use a new one since.
        keys = keys or id_token.keys_for(kid, self._keys.get(KEYS_AGAIN_SECONDS), ours.algorithm)
        expected = id_token.ExpectedToken(ours.issuer, ours.client_id, ours.algorithm, nonce)
        return id_token.verify(token, keys, expected, self._clock.now())

    def _userinfo(self, access_token: object, subject: str) -> dict[str, Any]:
        """Core section 5.3. It is not signed: what it says counts for the subject of the ID token alone."""
        if not isinstance(access_token, str) or not self._metadata.get(METADATA_SECONDS).get("userinfo_endpoint"):
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        claims = _content(self._send("GET", self._endpoint("userinfo_endpoint"), None, headers))
        if claims.get("sub") != subject:
            raise SignInUnproven("userinfo of somebody else")
        return claims

    def _fetch_metadata(self) -> dict[str, Any]:
        metadata = self._fetched(self._registration.issuer.rstrip("/") + _WELL_KNOWN)
        # Discovery section 4.3: or one provider could pass for another.
        if metadata.get("issuer") != self._registration.issuer:
            raise SignInUnavailable("discovery document of another issuer")
        return metadata

    def _endpoint(self, name: str) -> str:
        endpoint = self._metadata.get(METADATA_SECONDS).get(name)
        if not isinstance(endpoint, str):
            raise SignInUnavailable(f"discovery document without {name}")
        try:
            # The browser is sent to one of them: "javascript:" is an address too.
            require_safe(endpoint)
        except SettingInvalid as error:
            raise SignInUnavailable(f"discovery document: {name} is not safe") from error
        return endpoint

    def _fetched(self, url: str) -> dict[str, Any]:
        return _content(self._send("GET", url, None, {"Accept": "application/json"}))

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Response:
        try:
            return self._fetcher.send(method, url, limit=MAX_ANSWER_BYTES, body=body, headers=headers)
        except (FetchFailed, FetchTooLarge) as error:
            raise SignInUnavailable(str(error)) from error


class _Kept:
    """A document of the provider, fetched when it is first needed and when the one that is held is too old."""

    def __init__(self, fetch: Callable[[], dict[str, Any]], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        # One value, swapped whole: two threads may fetch at once, and neither sees half of it.
        self._held: tuple[int, dict[str, Any]] | None = None

    def get(self, seconds: int) -> dict[str, Any]:
        """The document, at most so old. Raises SignInUnavailable."""
        now, held = self._clock.now(), self._held
        if held is None or not 0 <= now - held[0] < seconds:
            held = self._held = now, self._fetch()
        return held[1]


def _content(answer: Response) -> dict[str, Any]:
    if answer.status != 200:
        raise SignInUnavailable(f"status {answer.status}")
    return _object(answer.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = parse_json(body)
    except Malformed as error:
        raise SignInUnavailable("answer is not strict JSON") from error
    if not isinstance(value, dict):
        raise SignInUnavailable("answer is not a JSON object")
    return value


def _refusal(error: object, declined: frozenset[str]) -> SignInDeclined | SignInUnavailable:
    """What an error code of the provider means for the person; anything but a plain no is for the operator."""
    said = error if isinstance(error, str) and _WORD.fullmatch(error) else "?"
    return SignInDeclined(said) if said in declined else SignInUnavailable(f"provider says {said}")
