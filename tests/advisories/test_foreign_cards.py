"""Attacks on foreign cards: each as it was published, or as anybody could think of it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from cbor2 import CBORTag, dumps
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from credentials.algorithms import es256, ps256
from credentials.base64url import to_base64url
from credentials.errors import CredentialError, KeyRejected, Malformed, TooLarge, WrongSignature
from credentials.foreign.envelope import ForeignEnvelope, verify
from credentials.foreign.facts import ForeignFacts
from credentials.formats import eu_dcc
from credentials.profile.lists import EvidenceResult
from credentials.wire.strict_json import parse_json
from tests.dcc import (
    KID,
    RECOVERY,
    RSA_KEY,
    TEST,
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
from tests.samples import ISSUER_KEY, STRANGER_KEY

SOUND = card_text()
PAYLOAD = dumps(claims(certificate(v=[VACCINATION])))


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
"""Of P-256: of its points, and of its coordinates."""
Sign = Callable[[bytes], bytes]


def pss(salt: int) -> Sign:
    """PS256 with a salt of so many bytes."""
    sha256 = hashes.SHA256()
    return lambda message: RSA_KEY.sign(message, padding.PSS(padding.MGF1(sha256), salt), sha256)


def facts_by_rsa(sign: Sign) -> ForeignFacts:
    parts = sign1(PAYLOAD, {1: ps256.COSE_NUMBER, 4: KID}, sign=sign)
    return eu_dcc.read(verify(eu_dcc.unwrap(text_of_parts(parts)), (rsa_key(),)))


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


@pytest.mark.parametrize("number", [0, 5, 6, 7, -1, -8, -35, -36, -47, -257, -65535, None, "ES256", b"\xf6", [], True])
def test_the_card_does_not_choose_its_algorithm(number: object) -> None:
    """None, HMAC, EdDSA, ES384, ES256K, RS256 and RS1 where the key is for ES256 (RFC 9053; CVE-2015-9235 in COSE)."""
    for protected, unprotected in (({1: number, 4: KID}, {}), ({4: KID}, {1: number}), ({1: number, 4: KID}, {1: -7})):
        with pytest.raises(CredentialError):
            facts(eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, protected, unprotected))))


@pytest.mark.parametrize(
    ("r", "s"), [(0, 0), (0, 1), (1, 0), (ORDER, ORDER), (ORDER, 1), (1, ORDER), (2**256 - 1, 2**256 - 1)]
)
def test_psychic_signatures(r: int, s: int) -> None:
    """r and s of zero held for everybody in Java (CVE-2022-21449), and their order is zero by another name."""
    forged = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    with pytest.raises(WrongSignature):
        facts(eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, sign=lambda message: forged))))


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 63), slice(1, 64), slice(0, 32)])
def test_signatures_of_another_length(cut: slice) -> None:
    """Empty, 63 and 65 bytes, DER: none crashes, none is padded (dcc-qa #159)."""
    raw = sign1(PAYLOAD)[3]
    for signature in (raw[cut], raw + b"\0", b"\0" + raw, encode_dss_signature(1, 1)):
        with pytest.raises(WrongSignature):
            facts(eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, sign=lambda message, made=signature: made))))  # type: ignore[misc]


def test_a_critical_header_is_not_passed_over() -> None:
    """What must be understood, and is not, ends it, in either header (RFC 9052 section 3.1)."""
    for protected, unprotected in (
        ({1: -7, 4: KID, 2: [99]}, {}),
        ({1: -7, 4: KID}, {2: [4]}),
        ({1: -7, 4: KID, 2: []}, {}),
    ):
        with pytest.raises(Malformed):
            eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, protected, unprotected)))


def test_an_empty_header_is_not_two_headers() -> None:
    """h'' and h'a0' mean the same and are signed apart (RFC 9052 section 3): the very bytes count."""
    unprotected = {1: -7, 4: KID}
    for head, other in ((b"", b"\xa0"), (b"\xa0", b"")):
        parts = sign1(PAYLOAD, head, unprotected)
        assert facts(eu_dcc.unwrap(text_of_parts(parts))).issuer == "AT"
        with pytest.raises(WrongSignature):
            facts(eu_dcc.unwrap(text_of_parts([other, *parts[1:]])))


@pytest.mark.parametrize("context", ["Signature", "CounterSignature", "MAC0", "Encrypt0"])
def test_a_signature_of_another_context(context: str) -> None:
    """What somebody signed as one part of a message is no card (RFC 9052 section 4.4)."""
    head = dumps({1: -7, 4: KID})
    signature = es256.sign(ISSUER_KEY, dumps([context, head, b"", PAYLOAD]))
    with pytest.raises(WrongSignature):
        facts(eu_dcc.unwrap(text_of_parts([head, {}, PAYLOAD, signature])))


@pytest.mark.parametrize("tag", [16, 17, 19, 96, 97, 98, 24, 61, 0, 55799])
def test_another_message_than_a_signed_one(tag: int) -> None:
    """Encrypted, MACed, of several signers, twice tagged: exactly 18, 61(18) or none (hcert-spec #69)."""
    for data in (dumps(CBORTag(tag, sign1(PAYLOAD))), dumps(CBORTag(tag, CBORTag(tag, sign1(PAYLOAD))))):
        with pytest.raises(Malformed):
            eu_dcc.unwrap(text_of_bytes(data))
    for twice in (CBORTag(18, CBORTag(18, sign1(PAYLOAD))), CBORTag(61, CBORTag(61, CBORTag(18, sign1(PAYLOAD))))):
        with pytest.raises(Malformed):
            eu_dcc.unwrap(text_of_bytes(dumps(twice)))


@pytest.mark.parametrize("payload", [None, "", [], {1: 2}, 0])
def test_a_detached_payload(payload: object) -> None:
    """Null where the payload is elsewhere: then nobody knows what was signed (RFC 9052 section 4.1)."""
    head, unprotected, _, signature = sign1(PAYLOAD)
    with pytest.raises(Malformed):
        eu_dcc.unwrap(text_of_parts([head, unprotected, payload, signature]))


def test_duplicate_keys() -> None:
    """Two kids, two claims, two vaccinations: two readers see two cards (RFC 8949 section 5.6)."""
    twice = b"\xa3\x01\x26\x04\x48" + KID + b"\x04\x48" + bytes(8)
    with pytest.raises(Malformed):
        eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, twice)))
    assert PAYLOAD[0] == 0xA4
    for more in (dumps(1) + dumps("DE"), dumps(-260) + dumps({1: {}})):
        with pytest.raises(Malformed):
            facts(eu_dcc.unwrap(text_of_parts(sign1(b"\xa5" + PAYLOAD[1:] + more))))


def test_indefinite_lengths_around_the_signature() -> None:
    """A second way to write the envelope, which no signature covers (RFC 8949 section 3.2)."""
    head, unprotected, payload, signature = sign1(PAYLOAD)
    items = [dumps(head), dumps(unprotected), dumps(payload), dumps(signature)]
    chunked = b"\x5f" + dumps(payload[:9]) + dumps(payload[9:]) + b"\xff"
    for data in (b"\x9f" + b"".join(items) + b"\xff", b"\x84" + items[0] + items[1] + chunked + items[3]):
        with pytest.raises(Malformed):
            eu_dcc.unwrap(text_of_bytes(b"\xd2" + data))


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 222])
def test_a_pss_salt_of_another_length(salt: int) -> None:
    """RFC 8230 section 2: as long as the hash. A reader that takes any salt takes signatures made for another use."""
    assert facts_by_rsa(pss(32)).issuer == "CH"
    with pytest.raises(WrongSignature):
        facts_by_rsa(pss(salt))


def test_other_paddings_and_hashes_of_rsa() -> None:
    """PKCS #1 v1.5 (Bleichenbacher 2006, CVE-2006-4339), SHA-1 and SHA-512 are not PS256."""
    sha1, sha256, sha512 = hashes.SHA1(), hashes.SHA256(), hashes.SHA512()
    ways: list[Sign] = [
        lambda message: RSA_KEY.sign(message, padding.PKCS1v15(), sha256),
        lambda message: RSA_KEY.sign(message, padding.PSS(padding.MGF1(sha1), 32), sha256),
        lambda message: RSA_KEY.sign(message, padding.PSS(padding.MGF1(sha512), 32), sha512),
        lambda message: bytes(256),
        lambda message: (1).to_bytes(256, "big"),
        lambda message: b"\xff" * 256,
        lambda message: pss(32)(message) + b"\0",
    ]
    for sign in ways:
        with pytest.raises(WrongSignature):
            facts_by_rsa(sign)


@pytest.mark.parametrize(
    ("bits", "exponent"),
    [(512, 65537), (1024, 65537), (2040, 65537), (4104, 65537), (2048, 1), (2048, 2), (2048, 2**32 + 1)],
)
def test_rsa_keys_that_are_too_short_or_too_dear(bits: int, exponent: int) -> None:
    """A short modulus is factored, e = 1 signs nothing, a long exponent costs a queue its minutes."""
    number = (1 << (bits - 1)) + 1
    named = (("n", number), ("e", exponent))
    texts = {name: to_base64url(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in named}
    with pytest.raises(KeyRejected):
        ps256.key_from_jwk({"kty": "RSA", **texts})


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 1), (2**256 - 1, 1), (PRIME, 1), (0, PRIME), (5, 1)])
def test_points_that_are_on_no_curve(x: int, y: int) -> None:
    """An invalid point gives a private key away where one is used, and means nothing here (CVE-2015-7940)."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": to_base64url(x.to_bytes(32, "big")),
        "y": to_base64url(y.to_bytes(32, "big")),
    }
    with pytest.raises(KeyRejected):
        es256.key_from_jwk(jwk)


def test_a_kid_that_two_countries_have() -> None:
    """Each card is the country's whose key verifies it, in whichever order the two are listed (hcert-spec #52)."""
    stranger = es256.jwk_of(STRANGER_KEY.public_key())
    other = replace(key("DE"), jwk=stranger)
    for keys in ((key("AT"), other), (other, key("AT"))):
        assert eu_dcc.read(verify(eu_dcc.unwrap(SOUND), keys)).issuer == "AT"


@pytest.mark.parametrize(
    "odd", [-1, -1.5, math.nan, math.inf, -math.inf, 2**53, 1e300, "2099-01-01", b"\xff", [], True, 2**64 - 1]
)
def test_odd_times_of_a_card(odd: object) -> None:
    """Negative, endless, none, or of another type: a card must not live for ever by its clock (dgc-testdata #86)."""
    for name in ("exp", "iat"):
        with pytest.raises(Malformed):
            facts(eu_dcc.unwrap(card_text(**{name: odd})))
    with pytest.raises(Malformed):
        facts(eu_dcc.unwrap(card_text(exp=None)))


@pytest.mark.parametrize(
    "odd",
    [
        1998,
        "26.02.1998",
        "1998-2-26",
        "19980226",
        "1998-02-26x",
        "\u0661\u0669\u0669\u0668",
        ["1998"],
        "1998-02-26\n",
        "-998",
    ],
)
def test_odd_dates_of_birth(odd: object) -> None:
    """A guard compares it with the travel document: what is no date, or a part of one, is not shown as one."""
    with pytest.raises(Malformed):
        facts(eu_dcc.unwrap(card_text(certificate(v=[VACCINATION], dob=odd))))


def test_a_card_about_two_things() -> None:
    """A good test beside a vaccination that is none: which of them was it let in by? Neither (schema 1.3.0)."""
    for groups in ({"v": [VACCINATION], "t": [TEST]}, {"t": [TEST], "r": [RECOVERY]}, {"v": [VACCINATION], "t": {}}):
        with pytest.raises(Malformed):
            facts(eu_dcc.unwrap(card_text(certificate(**groups))))
    several = facts(eu_dcc.unwrap(card_text(certificate(t=[TEST, TEST | {"tr": "260373001"}]))))
    assert [piece.result for piece in several.evidence] == [EvidenceResult.NEGATIVE, EvidenceResult.POSITIVE]


def test_a_stream_within_a_stream() -> None:
    """Deflated twice: a reader that goes on inflating can be led on for ever."""
    with pytest.raises(Malformed):
        eu_dcc.unwrap(text_of_bytes(zlib.compress(dumps(CBORTag(18, sign1(PAYLOAD))))))
