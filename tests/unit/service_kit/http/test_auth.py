"""Assertions of machine clients: one test for each way to get in without the right."""

from __future__ import annotations

import json
import threading
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from credentials.errors import NotAuthenticated
from service_kit.http.auth import (
    MAX_ASSERTION_CHARACTERS,
    MAX_CLIENT_AHEAD_SECONDS,
    MAX_LIFETIME_SECONDS,
    authenticate,
    authorization,
    long_expired,
)
from tests.doubles.request_ids import RememberedJtis

NOW = 1_800_000_000
ISSUER = "https://henan.example/issuer"
KEY = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {"iss": "desk-1", "sub": "desk-1", "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "j1"}


@pytest.fixture
def used() -> RememberedJtis:
    return RememberedJtis()


def enter(header: str | None, used: RememberedJtis, now: int = NOW) -> str:
    return authenticate(header, {"desk-1": KEY.public_key()}.get, ISSUER, now, used)


def bearer(claims: Any, key: Any = KEY, algorithm: str = "ES256", headers: dict[str, Any] | None = None) -> str:
    token = jwt.api_jws.encode(json.dumps(claims).encode(), key, algorithm, headers)
    return f"Bearer {token}"


def test_a_client_is_known_by_its_key(used: RememberedJtis) -> None:
    """What the client makes is what the server takes."""
    header = authorization(KEY, "desk-1", ISSUER, NOW)["Authorization"]
    assert enter(header, used, NOW + MAX_LIFETIME_SECONDS - 1) == "desk-1"


def test_an_assertion_works_once(used: RememberedJtis) -> None:
    """Whoever reads one in a log or on a wire must not be able to use it."""
    assert enter(bearer(CLAIMS), used) == "desk-1"
    with pytest.raises(NotAuthenticated, match="used before"):
        enter(bearer(CLAIMS), used)


def test_an_assertion_works_once_for_many_threads(used: RememberedJtis) -> None:
    """A race must not let two in."""
    entered: list[str] = []

    def try_to_enter() -> None:
        try:
            entered.append(enter(bearer(CLAIMS), used))
        except NotAuthenticated:
            return

    threads = [threading.Thread(target=try_to_enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entered == ["desk-1"]


def test_what_is_refused_uses_nothing_up(used: RememberedJtis) -> None:
    """Else anyone could use up the jti of another's assertion before it arrives."""
    with pytest.raises(NotAuthenticated):
        enter(bearer(CLAIMS, ec.generate_private_key(ec.SECP256R1())), used)
    with pytest.raises(NotAuthenticated):
        enter(bearer({**CLAIMS, "sub": "desk-2"}), used)
    assert used.used == {}


@pytest.mark.parametrize(
    ("issued_at", "lifetime", "ok"),
    [
        (NOW, 60, True),
        (NOW, 61, False),
        (NOW, 0, False),
        (NOW, -1, False),
        (NOW - 59, 60, True),
        (NOW - 60, 60, False),
        (NOW + MAX_CLIENT_AHEAD_SECONDS, 60, True),
        (NOW + MAX_CLIENT_AHEAD_SECONDS + 1, 60, False),
        (-(10**30), 10**30 + NOW + 5, False),
    ],
)
def test_its_time_is_short(used: RememberedJtis, issued_at: int, lifetime: int, ok: bool) -> None:
    """An assertion good for a year is a password; now == exp is expired."""
    header = bearer({**CLAIMS, "iat": issued_at, "exp": issued_at + lifetime})
    if ok:
        assert enter(header, used) == "desk-1"
    else:
        with pytest.raises(NotAuthenticated):
            enter(header, used)


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("value", [None, True, 1.5, float(NOW), "", [ISSUER], {}])
def test_each_claim_has_one_type(used: RememberedJtis, name: str, value: object) -> None:
    """PyJWT takes floats and texts of digits for times, and a list for an audience."""
    with pytest.raises(NotAuthenticated):
        enter(bearer({**CLAIMS, name: value}), used)


@pytest.mark.parametrize("name", ["iat", "exp"])
def test_a_time_is_no_text(used: RememberedJtis, name: str) -> None:
    """PyJWT takes a text of digits for a time."""
    with pytest.raises(NotAuthenticated):
        enter(bearer({**CLAIMS, name: str(CLAIMS[name])}), used)


@pytest.mark.parametrize("name", CLAIMS)
def test_no_claim_may_be_missing(used: RememberedJtis, name: str) -> None:
    """No exp would be for ever, no jti for any number of times."""
    with pytest.raises(NotAuthenticated):
        enter(bearer({other: value for other, value in CLAIMS.items() if other != name}), used)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://guangdong.example/issuer"},
        {"aud": ISSUER + "/"},
        {"sub": "desk-2"},
        {"iss": "desk-2", "sub": "desk-2"},
        {"iss": "x" * 65},
        {"jti": "x" * 65},
        {"iat": NOW, "nbf": NOW + 9999, "sub": "desk-3"},
    ],
)
def test_it_is_for_one_server_and_by_one_client(used: RememberedJtis, changes: dict[str, object]) -> None:
    """A province's server must not be able to use at another's what was sent to it."""
    with pytest.raises(NotAuthenticated):
        enter(bearer({**CLAIMS, **changes}), used)


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "bEaReR ", "Bearer  ", "bearer     "])
def test_the_scheme_in_any_case(used: RememberedJtis, scheme: str) -> None:
    """RFC 9110 section 11.1: libraries write it in small letters, and one space or more may follow."""
    assert enter(scheme + bearer(CLAIMS).removeprefix("Bearer "), used) == "desk-1"


@pytest.mark.parametrize(
    "before", ["", "Bearer", "Bearer\t", " Bearer ", "Bearer: ", "Bearer Bearer ", "Bearers ", "DPoP "]
)
def test_neighbours_of_the_scheme(used: RememberedJtis, before: str) -> None:
    """No scheme, no space, a tab, another scheme."""
    with pytest.raises(NotAuthenticated, match="no assertion"):
        enter(before + bearer(CLAIMS).removeprefix("Bearer "), used)


@pytest.mark.parametrize("after", [" ", ",", "\n", "=", ", Bearer x"])
def test_an_assertion_with_something_behind_it(used: RememberedJtis, after: str) -> None:
    """Two headers come as one, joined by a comma: which of the two is meant nobody can say."""
    with pytest.raises(NotAuthenticated, match="no assertion"):
        enter(bearer(CLAIMS) + after, used)


ODD: list[Any] = [None, True, False, float(NOW), str(NOW), [NOW], {}, 10**30]


@pytest.mark.parametrize(
    ("from_when", "ok"),
    [
        (0, True),
        (-5, True),
        (NOW, True),
        (NOW + MAX_CLIENT_AHEAD_SECONDS, True),
        (NOW + MAX_CLIENT_AHEAD_SECONDS + 1, False),
        (NOW + 3000, False),
        *[(odd, False) for odd in ODD],
    ],
)
def test_it_is_good_from_when_it_says(used: RememberedJtis, from_when: object, ok: bool) -> None:
    """RFC 7519 section 4.1.5: one made for later must wait; the skew of clocks is the same as for iat."""
    header = bearer({**CLAIMS, "nbf": from_when})
    if ok:
        assert enter(header, used) == "desk-1"
    else:
        with pytest.raises(NotAuthenticated):
            enter(header, used)


@pytest.mark.parametrize("more", [b',"jti":"x"', b',"exp":1', b',"more":NaN', b',"more":"\\ud800"', b',"more":1e999'])
def test_it_is_read_by_the_one_reader_of_json(used: RememberedJtis, more: bytes) -> None:
    """A name that stands twice is read one way here and another way by whoever logs or forwards it."""
    payload = json.dumps(CLAIMS).encode()[:-1] + more + b"}"
    with pytest.raises(NotAuthenticated, match="not an assertion"):
        enter(f"Bearer {jwt.api_jws.encode(payload, KEY, 'ES256')}", used)


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "名", "a\nb"])
@pytest.mark.parametrize("name", ["iss", "jti"])
def test_ids_are_printable_ascii(used: RememberedJtis, name: str, odd: str) -> None:
    """JSON can spell half a character, which no database takes: anyone could make the server fail."""

    def never_asked(client_id: str) -> ec.EllipticCurvePublicKey:
        assert client_id == "desk-1"
        return KEY.public_key()

    with pytest.raises(NotAuthenticated):
        authenticate(bearer({**CLAIMS, name: odd}), never_asked, ISSUER, NOW, used)
    assert used.used == {}


def test_an_unknown_client_is_told_what_a_wrong_key_is_told(used: RememberedJtis) -> None:
    """Else one could find out who the clients are."""
    with pytest.raises(NotAuthenticated) as unknown:
        enter(bearer({**CLAIMS, "iss": "desk-9", "sub": "desk-9"}), used)
    with pytest.raises(NotAuthenticated) as wrong:
        enter(bearer(CLAIMS, ec.generate_private_key(ec.SECP256R1())), used)
    assert str(unknown.value) == str(wrong.value)


def test_the_algorithm_is_ours(used: RememberedJtis) -> None:
    """None, HS256 with the public key as secret, another curve."""
    point = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for header in (
        bearer(CLAIMS, None, "none"),
        bearer(CLAIMS, point, "HS256"),
        bearer(CLAIMS, ec.generate_private_key(ec.SECP384R1()), "ES384"),
    ):
        with pytest.raises(NotAuthenticated):
            enter(header, used)
    with pytest.raises(NotAuthenticated):
        other_curve = ec.generate_private_key(ec.SECP384R1()).public_key()
        authenticate(bearer(CLAIMS), lambda _: other_curve, ISSUER, NOW, used)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic ZGVzazE6aHVzaA==",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer ✓.✓.✓",
        "Bearer " + "a" * MAX_ASSERTION_CHARACTERS,
        bearer([1]),
        bearer(1),
        bearer(CLAIMS)[:-8],
        bearer(CLAIMS, headers={"crit": ["b64"], "b64": False}),
    ],
)
def test_garbage_is_refused_in_our_words(used: RememberedJtis, header: str | None) -> None:
    """No foreign exception leaves, whatever stands in the header."""
    with pytest.raises(NotAuthenticated):
        enter(header, used)


def test_deep_nesting_is_refused(used: RememberedJtis) -> None:
    """Within the length of an assertion JSON can still nest deeper than the reader's stack."""
    token = jwt.api_jws.encode(b"[" * 1400, KEY, "ES256")
    with pytest.raises(NotAuthenticated):
        enter(f"Bearer {token}", used)


def test_what_is_forgotten_was_good_for_nobody_any_more(used: RememberedJtis) -> None:
    """Where the newest assertion is accepted at its earliest, the newest that is forgotten for it has expired."""
    newest = NOW + 60 + MAX_CLIENT_AHEAD_SECONDS
    assert enter(bearer({**CLAIMS, "iat": newest - MAX_LIFETIME_SECONDS, "exp": newest}), used) == "desk-1"
    forgotten = long_expired(newest) - 1
    with pytest.raises(NotAuthenticated, match="expired"):
        enter(bearer({**CLAIMS, "jti": "j2", "iat": forgotten - 1, "exp": forgotten}), used)
