"""What staff sign with: each part of an assertion is looked at, and none by another key or of another text holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.decisions.signatures import (
    MAX_SIGNATURE_CHARACTERS,
    KeyFileSignature,
    PasskeySignature,
    read_signature,
    sign_text,
    verify_text,
)
from credentials.decisions.staff import APPROVER
from credentials.errors import AlgorithmMismatch, CredentialError, Malformed, TooLarge, WrongSignature
from credentials.signing import PemSigner
from credentials.wire import jws
from tests.dcc import RSA_KEY
from tests.staff import ORIGIN, Person, assertion, decision

TEXT = decision().to_bytes()
OTHER = decision(number=bytes(16)).to_bytes()
PASSKEY = Person("li", "health-commission", APPROVER, origin=ORIGIN)
RSA = Person("wu", "health-commission", APPROVER, origin=ORIGIN, key=RSA_KEY)
FILE = Person("zhao", "health-commission", APPROVER)


@pytest.mark.parametrize("person", [PASSKEY, RSA, FILE], ids=["ES256", "RS256", "file"])
def test_a_signature_holds_over_its_text_alone(person: Person) -> None:
    """As it is kept and shown, read back."""
    signature = read_signature(json.loads(json.dumps(person.sign(TEXT).to_json())))
    verify_text(signature, person.key.signing, TEXT)
    with pytest.raises(WrongSignature, match="another text"):
        verify_text(signature, person.key.signing, OTHER)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"type": "webauthn.create"}, "type"),
        ({"challenge": "AAAA"}, "challenge"),
        ({"origin": "https://code.example.evil"}, "origin"),
        ({"origin": ORIGIN + "/"}, "origin"),
        ({"crossOrigin": True}, "origin"),
        ({"topOrigin": "https://evil.example"}, "origin"),
        ({"rp_id": "example"}, "rpIdHash"),
        ({"flags": 0x04}, "present"),
        ({"flags": 0x01}, "verified"),
    ],
)
def test_an_assertion_of_another_kind_text_or_site_or_of_nobody_is_none(said: dict[str, Any], match: str) -> None:
    """A page of another site, a key that was only touched, an enrolment: all are signatures, none is this one."""
    with pytest.raises(WrongSignature, match=match):
        verify_text(assertion(PASSKEY, TEXT, **said), PASSKEY.key.signing, TEXT)


def test_an_assertion_that_is_broken_is_none() -> None:
    """Cut short, changed, or with client data that is no object."""
    made = assertion(PASSKEY, TEXT)
    for change in (
        {"authenticator_data": made.authenticator_data[:36]},
        {"client_data": b"[]"},
        {"client_data": b"{"},
        {"signature": made.signature + b"\0"},
        {"signature": b"\x30\x84" + made.signature[1:]},
        {"signature": b"\x30\x26\x02\x21" + b"\x01" * 33 + b"\x02\x01\x01"},
        {"authenticator_data": made.authenticator_data[:-1] + b"\x01"},
        {"kid": bytes(8)},
    ):
        with pytest.raises(CredentialError):
            verify_text(made._replace(**change), PASSKEY.key.signing, TEXT)
    stranger = assertion(Person("x", "y", APPROVER, origin=ORIGIN), TEXT)._replace(kid=PASSKEY.key.kid)
    with pytest.raises(WrongSignature):
        verify_text(stranger, PASSKEY.key.signing, TEXT)
    with pytest.raises(WrongSignature):
        verify_text(assertion(RSA, TEXT)._replace(signature=bytes(5)), RSA.key.signing, TEXT)


def test_a_counter_that_says_nothing_is_ignored() -> None:
    """Synced passkeys always say 0; extensions may follow."""
    assert assertion(PASSKEY, TEXT).authenticator_data[-4:] == bytes(4)
    verify_text(assertion(PASSKEY, TEXT, flags=0x1D, androidPackageName="x"), PASSKEY.key.signing, TEXT)


def test_a_key_signs_by_its_own_kind_alone() -> None:
    """Who shows a JWS by a passkey's key has copied the key out of its authenticator."""
    by_file = sign_text(TEXT, PemSigner(PASSKEY.private_key, PASSKEY.key.kid))
    with pytest.raises(AlgorithmMismatch):
        verify_text(by_file, PASSKEY.key.signing, TEXT)
    with pytest.raises(AlgorithmMismatch):
        verify_text(by_file._replace(kid=FILE.key.kid), FILE.key.signing._replace(algorithm="RS256"), TEXT)
    with pytest.raises(AlgorithmMismatch):
        verify_text(assertion(PASSKEY, TEXT)._replace(kid=FILE.key.kid), FILE.key.signing, TEXT)


def test_a_jws_that_says_more_or_is_of_another_kind_is_none() -> None:
    """The payload is the digest and nothing else."""
    signer = PemSigner(FILE.private_key, FILE.key.kid)
    for payload, typ in (({"sha256": "00"}, "tongxing-signed-text+jws"), ({}, "tongxing-evidence+jws")):
        with pytest.raises(CredentialError):
            verify_text(KeyFileSignature(FILE.key.kid, jws.sign(payload, signer, typ)), FILE.key.signing, TEXT)


@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", {}, {"jws": 1}, {"jws": "a.b.c"}, {"kid": "0" * 16}, {"jws": "x", "kid": "0" * 16},
        {**PASSKEY.sign(TEXT).to_json(), "kid": "0" * 15}, {**PASSKEY.sign(TEXT).to_json(), "kid": "G" * 16},
        {**PASSKEY.sign(TEXT).to_json(), "signature": "+/=="},
    ],
)  # fmt: skip
def test_what_is_no_signature_is_not_read(value: object) -> None:
    """It comes from strangers."""
    with pytest.raises(Malformed):
        read_signature(value)


def test_a_signature_without_end_is_not_looked_at() -> None:
    """Bytes come from strangers."""
    with pytest.raises(TooLarge):
        read_signature({"jws": "x" * (MAX_SIGNATURE_CHARACTERS + 1)})
    assert isinstance(PASSKEY.sign(TEXT), PasskeySignature)
