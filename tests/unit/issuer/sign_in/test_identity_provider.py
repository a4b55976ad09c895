"""The client of the identity provider, against a provider that lies, stumbles or is away."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from credentials.base64url import to_base64url
from credentials.errors import SignInDeclined, SignInUnavailable, SignInUnproven, TongxingError
from credentials.keys import new_private_key
from issuer.sign_in.identity_provider import (
    KEYS_AGAIN_SECONDS,
    KEYS_SECONDS,
    MAX_ANSWER_BYTES,
    MAX_CODE_CHARACTERS,
    METADATA_SECONDS,
    Attempt,
    IdentityProvider,
)
from service_kit.fetch import READ_SECONDS, Fetcher
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import NOW, NUMBER
from tests.unit.issuer.providing import CALLBACK, CLIENT, SECRET, WANTED, Provider, asked, provider

ATTEMPT = Attempt("s" * 43, "n" * 43, "v" * 43)


class Client:
    """Our side. ``finish``: what the provider says of whoever comes back with ``answer``."""

    def __init__(self, provider: Provider, **changes: Any) -> None:
        self.clock = FixedClock(NOW)
        self.provider = provider
        self.client = IdentityProvider(provider.registration(**changes), Fetcher(5), self.clock)

    def finish(self, wanted: frozenset[str] = WANTED, **changes: Any) -> dict[str, Any]:
        answer = {"code": "c", "iss": self.provider.url, **changes}
        return self.client.claims({name: text for name, text in answer.items() if text is not None}, ATTEMPT, wanted)

    def refused(self, kind: type[TongxingError], **changes: Any) -> str:
        with pytest.raises(kind) as error:
            self.finish(**changes)
        return error.value.detail


@pytest.fixture
def lying() -> Iterator[Provider]:
    with provider() as lying:
        lying.redeems(lying.token(ATTEMPT.nonce))
        yield lying


def test_what_the_provider_is_asked(lying: Provider) -> None:
    """Code flow, our one redirect, and the verifier as its hash alone."""
    lying.describes(authorization_endpoint=f"{lying.url}/authorize?tenant=henan")
    sent = asked(Client(lying).client.address(ATTEMPT, "zh-HK"))
    assert sent == {
        "tenant": "henan",
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": ATTEMPT.state,
        "nonce": ATTEMPT.nonce,
        "code_challenge": to_base64url(hashlib.sha256(ATTEMPT.verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "prompt": "login",
        "ui_locales": "zh-HK",
    }


def test_an_honest_answer(lying: Provider) -> None:
    """The code is redeemed with verifier and redirect, under our secret in the form of RFC 6749 section 2.3.1."""
    claims = Client(lying).finish()
    assert (claims["name"], claims["document_number"]) == ("王小明", NUMBER)
    (request,) = lying.requests("/token")
    head, body = request.split("\r\n\r\n")
    assert dict(parse_qsl(body)) == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": CALLBACK,
        "code_verifier": ATTEMPT.verifier,
    }
    both = base64.b64decode(head.split("Authorization: Basic ")[1].split("\r\n")[0]).decode()
    assert [unquote_plus(part) for part in both.split(":")] == [CLIENT, SECRET]


def test_a_key_instead_of_a_secret(lying: Provider) -> None:
    """private_key_jwt: an assertion for this provider, by our key, good once and for a minute."""
    key = new_private_key()
    Client(lying, secret=None, key=key).finish()
    head, body = lying.requests("/token")[0].split("\r\n\r\n")
    fields = dict(parse_qsl(body))
    assert "Authorization" not in head
    assert fields["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(fields["client_assertion"], key.public_key(), ["ES256"], options, audience=lying.url)
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == (CLIENT, CLIENT, 60)


def test_the_secret_is_in_nothing_that_is_printed(lying: Provider) -> None:
    """What is printed ends in a log one day."""
    assert SECRET not in repr(lying.registration())


@pytest.mark.parametrize("iss", ["https://evil.example", None, ""])
def test_an_answer_of_another_provider(lying: Provider, iss: str | None) -> None:
    """Mix-up (RFC 9207): its code must not be redeemed here. One that promised to name itself must do so."""
    assert "another identity provider" in Client(lying).refused(SignInUnproven, iss=iss)
    assert "another identity provider" in Client(lying).refused(SignInUnproven, iss=iss, error="access_denied")
    assert lying.requests("/token") == []


def test_a_provider_that_does_not_name_itself(lying: Provider) -> None:
    """Older ones do not know RFC 9207; named wrongly it still counts as another."""
    lying.describes(authorization_response_iss_parameter_supported=None)
    assert Client(lying).finish(iss=None)["sub"] == "wang"
    Client(lying).refused(SignInUnproven, iss="https://evil.example")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        ("access_denied", SignInDeclined, "access_denied"),
        ("login_required", SignInDeclined, "login_required"),
        ("server_error", SignInUnavailable, "provider says server_error"),
        ("invalid_scope", SignInUnavailable, "provider says invalid_scope"),
        ("11010519491231002X", SignInUnavailable, "provider says ?"),
        ("<script>", SignInUnavailable, "provider says ?"),
        ("", SignInUnavailable, "provider says ?"),
    ],
)
def test_errors_in_the_answer(lying: Provider, error: str, kind: type[TongxingError], said: str) -> None:
    """A no is told from a fault; anybody may write the word, so it is only repeated where it is one."""
    assert Client(lying).refused(kind, error=error) == said
    assert lying.requests("/token") == []


@pytest.mark.parametrize("code", [None, "", "x" * (MAX_CODE_CHARACTERS + 1)])
def test_no_code(lying: Provider, code: str | None) -> None:
    """Nothing is asked of the provider for it."""
    Client(lying).refused(SignInUnproven, code=code)
    assert lying.requests("/token") == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("400 Bad Request", {"error": "invalid_grant"}, SignInDeclined),
        ("401 Unauthorized", {"error": "invalid_client"}, SignInUnavailable),
        ("400 Bad Request", {"error": ["invalid_grant"]}, SignInUnavailable),
        ("400 Bad Request", [], SignInUnavailable),
        ("500 Internal Server Error", {}, SignInUnavailable),
        ("302 Found\nLocation: https://evil.example/token", {}, SignInUnavailable),
        ("200 OK", [], SignInUnavailable),
        ("200 OK", {}, SignInUnproven),
        ("200 OK", {"id_token": 7}, SignInUnproven),
        ("200 OK", {"id_token": ""}, SignInUnproven),
    ],
)
def test_what_the_token_endpoint_may_answer(lying: Provider, status: str, body: Any, kind: type[TongxingError]) -> None:
    """A used, old or foreign code is the person's matter, a client that it does not know the operator's."""
    lying.says("/token", body, status)
    Client(lying).refused(kind)


def test_a_token_endpoint_that_is_down_or_talks_nonsense(lying: Provider) -> None:
    """Garbage, too much, compressed, broken off, or nobody there: each ends at once, as unavailable."""
    for head, body in [
        ("200 OK", b"<html>"),
        ("200 OK", b'{"id_token": NaN}'),
        ("200 OK", b"[" * 5000),
        ("200 OK", b" " * (MAX_ANSWER_BYTES + 1)),
        ("200 OK\nContent-Encoding: gzip", b"\x1f\x8b"),
        ("200 OK\nContent-Length: 100", b"{"),
    ]:
        lying.server.answer("/token", head, body)
        Client(lying).refused(SignInUnavailable)
    lying.describes(token_endpoint="http://127.0.0.1:1/token")
    Client(lying).refused(SignInUnavailable)


def test_a_token_endpoint_that_never_answers(lying: Provider) -> None:
    """Somebody waits, and so does a worker's thread: one slow provider must not hold up all."""
    lying.server.answers["/token"] = []
    lying.server.held.add("/token")
    ours = Client(lying)
    ours.client = IdentityProvider(lying.registration(), Fetcher(0.3), ours.clock)
    began = time.monotonic()
    ours.refused(SignInUnavailable)
    assert time.monotonic() - began < READ_SECONDS


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)//https://id.example"},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": ["https://id.example/authorize"]},
        {"authorization_endpoint": "//evil.example"},
    ],
)
def test_discovery_that_leads_astray(lying: Provider, changes: dict[str, Any]) -> None:
    """The browser goes where this document says: to a place by https, of the provider that we asked."""
    lying.describes(**changes)
    with pytest.raises(SignInUnavailable):
        Client(lying).client.address(ATTEMPT)


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_endpoints_that_are_not_safe(lying: Provider, name: str) -> None:
    """Our secret and the code go to one of them, and the keys come from the other."""
    lying.describes(**{name: "http://id.example/"})
    assert name in Client(lying).refused(SignInUnavailable)


def test_documents_are_kept_for_a_while(lying: Provider) -> None:
    """Neither three requests for each resident, nor yesterday's keys for ever."""
    ours = Client(lying)
    for _ in range(3):
        ours.finish()
    assert (len(lying.requests("/.well-known/openid-configuration")), len(lying.requests("/keys"))) == (1, 1)
    ours.clock.time += KEYS_SECONDS
    ours.finish()
    assert (len(lying.requests("/.well-known/openid-configuration")), len(lying.requests("/keys"))) == (1, 2)
    ours.clock.time = NOW + METADATA_SECONDS
    lying.redeems(lying.token(ATTEMPT.nonce, iat=ours.clock.time, exp=ours.clock.time + 9))
    ours.finish()
    assert len(lying.requests("/.well-known/openid-configuration")) == 2


def test_a_clock_set_back_keeps_nothing_alive(lying: Provider) -> None:
    """Documents of a time to come would be kept until then."""
    ours = Client(lying)
    ours.client.address(ATTEMPT)
    ours.clock.time -= 86_400
    ours.client.address(ATTEMPT)
    assert len(lying.requests("/.well-known/openid-configuration")) == 2


def test_the_provider_changes_its_keys(lying: Provider) -> None:
    """A token by a new key has the keys fetched anew; a flood of unknown keys does not, more than now and then."""
    ours = Client(lying)
    ours.finish()
    lying.kid, lying.key = "second", rsa.generate_private_key(public_exponent=65537, key_size=2048)
    lying.publishes(lying.jwk())
    lying.redeems(lying.token(ATTEMPT.nonce))
    assert "not signed" in ours.refused(SignInUnproven)
    ours.clock.time += KEYS_AGAIN_SECONDS
    assert ours.finish()["sub"] == "wang"
    assert len(lying.requests("/keys")) == 2
    lying.kid = "third"
    lying.redeems(lying.token(ATTEMPT.nonce))
    for _ in range(3):
        ours.refused(SignInUnproven)
    assert len(lying.requests("/keys")) == 2


def test_a_key_that_was_taken_back(lying: Provider) -> None:
    """A stolen key of the provider's is believed no longer than its documents are kept."""
    ours = Client(lying)
    ours.finish()
    lying.publishes(lying.jwk(kid="other"))
    ours.clock.time += KEYS_SECONDS
    assert "not signed" in ours.refused(SignInUnproven)


def test_what_the_id_token_does_not_say_is_asked_for(lying: Provider) -> None:
    """Most providers give the claims at the userinfo endpoint; what is signed counts before what is not."""
    lying.redeems(lying.token(ATTEMPT.nonce, name="王小明", document_number=None))
    lying.says("/userinfo", {"sub": "wang", "name": "李四", "document_number": NUMBER})
    claims = Client(lying).finish()
    assert (claims["name"], claims["document_number"]) == ("王小明", NUMBER)
    assert "Authorization: Bearer of-tests" in lying.requests("/userinfo")[0]


def test_userinfo_of_somebody_else(lying: Provider) -> None:
    """Core section 5.3.2, a token put in another's place."""
    lying.redeems(lying.token(ATTEMPT.nonce, document_number=None))
    for info in ({"sub": "li", "document_number": NUMBER}, {"document_number": NUMBER}):
        lying.says("/userinfo", info)
        assert "somebody else" in Client(lying).refused(SignInUnproven)
    lying.says("/userinfo", {}, "401 Unauthorized")
    Client(lying).refused(SignInUnavailable)


def test_a_provider_without_userinfo(lying: Provider) -> None:
    """Then what the ID token says is all there is."""
    lying.describes(userinfo_endpoint=None)
    lying.redeems(lying.token(ATTEMPT.nonce, document_number=None))
    assert "document_number" not in Client(lying).finish()


def test_an_id_token_of_another_sign_in(lying: Provider) -> None:
    """A code that was injected leads to a token with another nonce; see test_id_token for all the other ways."""
    lying.redeems(lying.token("m" * 43))
    assert "another sign-in" in Client(lying).refused(SignInUnproven)
