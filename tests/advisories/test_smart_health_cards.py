"""Attacks on SMART Health Cards and on JOSE: each as it was published, or as anybody could think of it."""

from __future__ import annotations

import base64
import hmac
import json
import zlib
from typing import Any

import pytest

from credentials.base64url import from_base64url, to_base64url
from credentials.errors import AlgorithmMismatch, CannotTell, CredentialError, Malformed, TooLarge, WrongSignature
from credentials.foreign.envelope import verify
from credentials.foreign.facts import ForeignFacts
from credentials.foreign.keys import ForeignKey
from credentials.formats import eu_dcc, smart_health_card
from tests.dcc import card_text, rsa_key, sign1, text_of_parts
from tests.dcc import key as dcc_key
from tests.samples import ISSUED_AT, ISSUER_KEY, STRANGER_KEY
from tests.shc import (
    DOSE,
    ISSUER,
    JWK,
    KID,
    PATIENT,
    card_jws,
    claims,
    deflated,
    jws_of,
    key,
    signature_by,
    symbols,
)

SOUND = card_jws()
CONTENT = deflated(json.dumps(claims(PATIENT, DOSE)).encode())
HEADER = {"zip": "DEF", "alg": "ES256", "kid": to_base64url(KID)}
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of P-256."""


def facts(text: str, *keys: ForeignKey) -> ForeignFacts:
    return smart_health_card.read(verify(smart_health_card.unwrap(text), keys or (key(),)))


def with_signature(signature: bytes) -> str:
    return f"{SOUND.rpartition('.')[0]}.{to_base64url(signature)}"


def test_every_flipped_bit_is_refused_or_shows_the_same_facts() -> None:
    """What a signature does not cover must not say anything: header, payload and signature, bit by bit."""
    sound = facts(SOUND)
    pieces = [from_base64url(piece) for piece in SOUND.split(".")]
    for number, piece in enumerate(pieces):
        for at in range(8 * len(piece)):
            flipped = bytearray(piece)
            flipped[at // 8] ^= 1 << at % 8
            changed = [*map(to_base64url, pieces)]
            changed[number] = to_base64url(bytes(flipped))
            try:
                found = facts(".".join(changed))
            except CredentialError:
                continue
            assert found == sound, (number, at)


def test_every_flipped_bit_of_the_text_is_refused_or_shows_the_same_facts() -> None:
    """The same for the letters in which it is written."""
    sound = facts(SOUND)
    for at in range(8 * len(SOUND)):
        flipped = bytearray(SOUND.encode())
        flipped[at // 8] ^= 1 << at % 8
        try:
            found = facts(flipped.decode("latin-1"))
        except CredentialError:
            continue
        assert found == sound, at


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", "HS256", "RS256", "ES256K", "ES384", "PS256"])
def test_the_token_does_not_choose_its_algorithm(algorithm: str) -> None:
    """alg none and a public key as the secret of an HMAC (CVE-2015-9235, CVE-2016-10555, CVE-2022-23540)."""
    secret = json.dumps(JWK).encode()
    unsigned = jws_of(CONTENT, HEADER | {"alg": algorithm}, sign=lambda message: b"")
    by_secret = jws_of(
        CONTENT, HEADER | {"alg": algorithm}, sign=lambda message: hmac.digest(secret, message, "sha256")
    )
    for text in (unsigned, by_secret):
        with pytest.raises(AlgorithmMismatch):
            facts(text)


@pytest.mark.parametrize(
    "brought",
    [
        {"jwk": JWK},
        {"jku": "https://attacker.example/jwks.json"},
        {"x5u": "https://attacker.example/certificate.pem"},
        {"x5c": [base64.b64encode(b"certificate").decode()]},
    ],
)
def test_a_key_that_a_header_brings_along_is_nobody_s(brought: dict[str, Any]) -> None:
    """A verifier that took the key from the token believed everybody (CVE-2018-0114); one that fetched it, too."""
    with pytest.raises(WrongSignature):
        facts(jws_of(CONTENT, HEADER | brought, sign=signature_by(STRANGER_KEY)))


@pytest.mark.parametrize("crit", [["b64"], ["exp"], [], "b64", None])
def test_a_critical_extension_is_not_passed_over(crit: object) -> None:
    """A header that must be understood, and is not, ends it (RFC 7515 section 4.1.11; CVE-2025-59420)."""
    with pytest.raises(Malformed):
        facts(jws_of(CONTENT, HEADER | {"crit": crit, "b64": False}))


@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),
        bytes(32) + b"\1" * 32,
        b"\1" * 32 + bytes(32),
        N.to_bytes(32, "big") * 2,
        b"",
        bytes(63),
        bytes(65),
        b"\x30\x06\x02\x01\x01\x02\x01\x01",
        b"\xff" * 64,
    ],
)
def test_psychic_signatures(signature: bytes) -> None:
    """r and s of zero held for everybody in Java (CVE-2022-21449); a wrong length crashed one (dcc-qa #159)."""
    with pytest.raises(WrongSignature):
        facts(with_signature(signature))
    with pytest.raises(WrongSignature):
        parts = sign1(b"", sign=lambda message: signature)
        verify(eu_dcc.unwrap(text_of_parts(parts)), (dcc_key(),))


def test_a_signature_in_der_is_none() -> None:
    """One card must not have two spellings (CVE-2020-13822 of elliptic; dev-tools' own bad examples)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    message = SOUND.rpartition(".")[0].encode()
    with pytest.raises(WrongSignature):
        facts(with_signature(ISSUER_KEY.sign(message, ec.ECDSA(hashes.SHA256()))))


def test_the_other_signature_of_the_same_card_shows_the_same_facts() -> None:
    """(r, n-s) holds as well: no hash of a token is an identity, and none is used as one."""
    signature = from_base64url(SOUND.rpartition(".")[2])
    other = N - int.from_bytes(signature[32:], "big")
    assert facts(with_signature(signature[:32] + other.to_bytes(32, "big"))) == facts(SOUND)


@pytest.mark.parametrize("content", [bytes(40_000_000), b"[" * 10_000_000, b'{"a":' * 1_000_000, b'"' * 5_000_000])
def test_bombs(content: bytes) -> None:
    """A kilobyte inflates to megabytes (CVE-2024-28180 of go-jose, CVE-2024-33664 of python-jose).

    A stranger's does not even inflate: nothing is before its signature holds.
    """
    with pytest.raises(WrongSignature):
        facts(jws_of(deflated(content)[:9000], sign=signature_by(STRANGER_KEY)))
    with pytest.raises((TooLarge, Malformed)):
        facts(jws_of(deflated(content)[:9000]))


def test_deep_and_doubled_json() -> None:
    """Recursion, and names that two readers read otherwise (CVE-2017-12635: duplicate names in a role)."""
    for content in (b"[" * 60_000, b'{"a":' * 10_000, b'{"iss":"a","iss":"b"}', b'{"nbf":1e999}', b'{"nbf":NaN}'):
        with pytest.raises(Malformed):
            facts(jws_of(deflated(content)))


def test_numbers_of_4300_digits() -> None:
    """They stop Python's printing (CVE-2020-10735); a time of 2^53 or more is none (dev-tools #48: milliseconds)."""
    for number in ("9" * 4301, "9" * 300, "1622577719512", "-1", "1e400"):
        text = json.dumps(claims(PATIENT, DOSE)).replace('"nbf": 1790000400', f'"nbf": {number}')
        assert number in text
        with pytest.raises(Malformed):
            facts(jws_of(deflated(text.encode())))


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "", "\0", "A" * 2000])
def test_a_kid_names_a_key_and_nothing_else(kid: str) -> None:
    """It was a path and a query elsewhere (CVE-2018-0114's kin): here it is 32 bytes or nothing."""
    with pytest.raises((Malformed, TooLarge)):
        facts(jws_of(CONTENT, HEADER | {"kid": kid}))


@pytest.mark.parametrize(
    "spelling", [SOUND + "=", SOUND.replace("-", "+"), SOUND.replace("_", "/"), SOUND + ".", SOUND + "\0"]
)
def test_one_spelling_of_a_card(spelling: str) -> None:
    """Padding, the other alphabet and a fourth segment: what two readers would read otherwise is refused."""
    if spelling != SOUND:
        with pytest.raises(CredentialError):
            facts(spelling)


def test_a_card_of_one_format_under_the_other_s_prefix() -> None:
    """What one reader has verified is not handed to the other: keys are listed for a format."""
    with pytest.raises(CredentialError):
        eu_dcc.unwrap("HC1:" + SOUND)
    with pytest.raises(CredentialError):
        smart_health_card.unwrap("shc:/" + card_text())
    assert rsa_key().format != key().format


@pytest.mark.parametrize("counts", ["2/1", "1/0", "0/2", "3/2", "1/17", "01/2", "1/02", "-1/2", "1/2/3"])
def test_symbols_that_count_wrong(counts: str) -> None:
    """The second of one, the third of two, none of none: nothing is set aside for what a symbol says of itself."""
    first, second = symbols(SOUND, 2)
    for text in (first.replace("1/2", counts), f"{first.replace('1/2', counts)}\n{second}"):
        with pytest.raises((CredentialError, CannotTell)):
            facts(text)


def test_symbols_of_two_cards() -> None:
    """Half of a good card and half of another is signed by nobody, in whichever order they are shown."""
    one, two = symbols(SOUND, 2), symbols(card_jws(nbf=ISSUED_AT + 1), 2)
    for text in (f"{one[0]}\n{two[1]}", f"{two[1]}\n{one[0]}", f"{one[0]}\n{symbols(SOUND, 3)[1]}"):
        with pytest.raises(CredentialError):
            facts(text)
    assert facts(f"{one[1]}\n{one[0]}") == facts(SOUND)


def test_a_stream_within_a_stream() -> None:
    """Deflated twice, or as zlib: a reader that goes on inflating can be led on for ever."""
    for packed in (deflated(CONTENT), zlib.compress(json.dumps(claims(PATIENT, DOSE)).encode()), CONTENT + b"\0"):
        with pytest.raises(Malformed):
            facts(jws_of(packed))


@pytest.mark.parametrize("zip_name", ["GZIP", "def", "", None, ["DEF"], 1])
def test_another_compression(zip_name: object) -> None:
    """A header that says so must not choose a decoder (CVE-2024-28180's neighbour)."""
    with pytest.raises(Malformed):
        facts(jws_of(CONTENT, HEADER | {"zip": zip_name}))


@pytest.mark.parametrize(
    "issuer", ["https://evil.example", "HTTPS://HEALTH.EXAMPLE.ORG/cards", f"{ISSUER}/", ["x", ISSUER]]
)
def test_an_issuer_whose_key_it_is_not(issuer: object) -> None:
    """A listed issuer signs in another's name, in the same name in capitals, or in two names at once."""
    try:
        found = facts(card_jws(iss=issuer))
    except Malformed:
        return
    assert found.issuer == ISSUER
    assert found.claimed_issuer == issuer


@pytest.mark.parametrize("odd", ["1e400", "-1", "1.7e308", "NaN", "Infinity", '"1790000400"', "true", "[1]", "{}"])
@pytest.mark.parametrize("name", ["nbf", "exp"])
def test_odd_times_of_a_card(name: str, odd: str) -> None:
    """Endless, negative, as a text (PyJWT takes one), of another type: a card must not live for ever by its clock."""
    text = json.dumps(claims(PATIENT, DOSE, **{name: 1_790_000_399})).replace("1790000399", odd)
    with pytest.raises(Malformed):
        facts(jws_of(deflated(text.encode())))
