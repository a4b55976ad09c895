"""Attacks on foreign cards: each as it was published, or as anybody could think of it."""

from __future__ import annotations

import pytest
from cbor2 import dumps

from credentials.algorithms import es256
from credentials.errors import CredentialError, Malformed, TooLarge
from credentials.foreign.envelope import ForeignEnvelope, verify
from credentials.foreign.facts import ForeignFacts
from credentials.formats import eu_dcc
from credentials.wire.strict_json import parse_json
from tests.dcc import (
    KID,
    VACCINATION,
    card_text,
    certificate,
    claims,
    key,
    rsa_key,
    sign1,
    text_of_bytes,
    text_of_parts,
)
from tests.samples import STRANGER_KEY

SOUND = card_text()
PAYLOAD = dumps(claims(certificate(v=[VACCINATION])))


def facts(envelope: ForeignEnvelope) -> ForeignFacts:
    return eu_dcc.read(verify(envelope, (key(),)))


def test_every_flipped_bit_is_refused_or_shows_the_same_facts() -> None:
    """What a signature does not cover must not say anything."""
    parts = sign1(PAYLOAD)
    data = dumps(parts)
    sound = facts(eu_dcc.unwrap(text_of_bytes(data)))
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        try:
            found = facts(eu_dcc.unwrap(text_of_bytes(bytes(flipped))))
        except CredentialError:
            continue
        assert found == sound, at


def test_every_changed_character_is_refused_or_shows_the_same_facts() -> None:
    """The same for what a pen can do to a printed text."""
    sound = facts(eu_dcc.unwrap(SOUND))
    for at in range(4, len(SOUND)):
        changed = SOUND[:at] + ("0" if SOUND[at] != "0" else "1") + SOUND[at + 1 :]
        try:
            assert facts(eu_dcc.unwrap(changed)) == sound, at
        except CredentialError:
            continue


def test_a_key_that_is_carried_in_a_header_is_nobody_s() -> None:
    """A verifier that took the key from the card believed everybody (CVE-2018-0114, of JOSE)."""
    own = {1: -7, 4: KID, 33: b"certificate", -1: {1: 2}}
    parts = sign1(PAYLOAD, own, sign=lambda message: bytes(64))
    with pytest.raises(CredentialError):
        facts(eu_dcc.unwrap(text_of_parts(parts)))


def test_an_rsa_key_is_no_secret_of_an_hmac() -> None:
    """Algorithm confusion (CVE-2015-9235): the key says what it is for, and HMAC is in no table."""
    for number in (5, 4, -37, 0):
        envelope = eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, {1: number, 4: KID})))
        with pytest.raises(CredentialError):
            verify(envelope, (rsa_key(),))


def test_a_stranger_with_the_right_kid() -> None:
    """A kid is no secret: it names a key and proves nothing."""
    parts = sign1(PAYLOAD, sign=lambda message: es256.sign(STRANGER_KEY, message))
    with pytest.raises(CredentialError):
        facts(eu_dcc.unwrap(text_of_parts(parts)))


def test_bombs() -> None:
    """4,096 characters inflate to megabytes; arrays nest as deeply as there are bytes."""
    for data in (bytes(2_000_000), b"\x81" * 16_000, b"\xd2" * 16_000, b"\x5b" + b"\xff" * 8, b"\x9f" * 9000):
        with pytest.raises((Malformed, TooLarge)):
            eu_dcc.unwrap(text_of_bytes(data))


def test_numbers_of_4300_digits() -> None:
    """They stop Python's printing (CVE-2020-10735); in a card they are out of bounds, and in a list no number."""
    for huge in (10**4300, -(10**4300)):
        with pytest.raises(CredentialError):
            facts(eu_dcc.unwrap(card_text(exp=huge)))
        with pytest.raises(CredentialError):
            eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, {1: huge, 4: KID})))
    with pytest.raises(Malformed):
        parse_json(b"[" + b"9" * 4301 + b"]")


def test_one_issuers_key_under_anothers_name() -> None:
    """What a card claims to be from is compared with whose key it is, in the judge; facts say both (hcert-spec #52)."""
    found = eu_dcc.read(verify(eu_dcc.unwrap(card_text(iss="DE")), (key("AT"),)))
    assert (found.issuer, found.claimed_issuer) == ("AT", "DE")


def test_a_certificate_identifier_is_printed_nowhere() -> None:
    """It names one person's card for ever."""
    found = facts(eu_dcc.unwrap(SOUND))
    assert "URN" not in repr(found) + repr(found.evidence)
    assert "URN" in found.evidence[0].identifier
