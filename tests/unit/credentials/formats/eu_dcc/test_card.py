"""What is read of an EU card: its facts, each lenience by name, and everything else refused."""

from __future__ import annotations

from typing import Any

import pytest
from cbor2 import CBORTag, dumps

from credentials.errors import AlgorithmMismatch, CredentialError, Malformed, NotACredential, TooLarge, WrongSignature
from credentials.foreign.envelope import verify
from credentials.foreign.facts import CardKind, ForeignFacts
from credentials.foreign.keys import ForeignKey
from credentials.formats import eu_dcc
from credentials.formats.eu_dcc.leniences import Lenience
from credentials.profile.lists import EvidenceKind, EvidenceResult
from tests.dcc import (
    COVID,
    KID,
    NAME,
    RECOVERY,
    TEST,
    VACCINATION,
    card_text,
    certificate,
    claims,
    key,
    ps256_signature,
    rsa_key,
    sign1,
    text_of_bytes,
    text_of_parts,
)
from tests.samples import ISSUED_AT

PAYLOAD = dumps(claims(certificate(v=[VACCINATION])))
_DAY = 1_645_142_400
"""2022-02-18T00:00:00Z."""


def facts(text: str, *keys: ForeignKey) -> ForeignFacts:
    return eu_dcc.read(verify(eu_dcc.unwrap(text), keys or (key(),)))


def test_a_vaccination() -> None:
    """The facts in the terms of native evidence; the identifier stays out of every printed form."""
    found = facts(card_text())
    assert (found.kind, found.issuer, found.claimed_issuer) == (CardKind.VACCINATION, "AT", "AT")
    assert (found.issued_at, found.expires_at) == (ISSUED_AT, ISSUED_AT + 86_400)
    assert (found.name, found.birth_date, found.leniences) == ("Musterfrau-Gößinger Gabriele", "1998-02-26", ())
    (piece,) = found.evidence
    assert (piece.kind, piece.result, piece.sampled_at) == (EvidenceKind.VACCINATION, EvidenceResult.COMPLETED, _DAY)
    assert (piece.product, piece.dose, piece.doses, piece.country) == ("EU/1/20/1528", 2, 2, "AT")
    assert "URN:UVCI" not in repr(found)
    assert "Gabriele" not in repr(found)


def test_a_series_that_is_not_complete_is_no_completed_vaccination() -> None:
    """One dose of two passed for the whole where the counts were not compared."""
    (piece,) = facts(card_text(certificate(v=[VACCINATION | {"dn": 1}]))).evidence
    assert piece.result is EvidenceResult.INCONCLUSIVE
    (booster,) = facts(card_text(certificate(v=[VACCINATION | {"dn": 3, "sd": 2}]))).evidence
    assert booster.result is EvidenceResult.COMPLETED


@pytest.mark.parametrize(
    ("changed", "kind", "result"),
    [
        ({}, EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE),
        ({"tt": "LP217198-3", "ma": "1232"}, EvidenceKind.ANTIGEN, EvidenceResult.NEGATIVE),
        ({"tr": "260373001"}, EvidenceKind.NUCLEIC_ACID, EvidenceResult.POSITIVE),
        ({"tt": "LP0"}, None, EvidenceResult.NEGATIVE),
        ({"tr": "NEGATIVO"}, EvidenceKind.NUCLEIC_ACID, None),
    ],
)
def test_a_test(changed: dict[str, Any], kind: EvidenceKind | None, result: EvidenceResult | None) -> None:
    """A code that no list has is never guessed: a rule cannot be about it."""
    (piece,) = facts(card_text(certificate(t=[TEST | changed]))).evidence
    assert (piece.kind, piece.result, piece.sampled_at) == (kind, result, 1_668_947_696)
    assert piece.product == changed.get("ma", "qPCR")
    assert piece.is_known is (kind is not None and result is not None)


def test_a_recovery() -> None:
    """Counted from the first positive test; its own dates are facts."""
    (piece,) = facts(card_text(certificate(r=[RECOVERY]))).evidence
    assert (piece.kind, piece.result) == (EvidenceKind.RECOVERY, EvidenceResult.COMPLETED)
    assert (piece.valid_from, piece.valid_until) == ("2022-09-04", "2023-02-20")


def test_another_disease_is_nothing_that_rules_are_about() -> None:
    """A yellow-fever card must not pass as one of COVID-19."""
    (piece,) = facts(card_text(certificate(v=[VACCINATION | {"tg": "16541001"}]))).evidence
    assert not piece.is_known
    assert piece.disease != COVID


def test_a_card_by_ps256() -> None:
    """The second algorithm that issuers use."""
    parts = sign1(PAYLOAD, {1: -37, 4: KID}, sign=ps256_signature)
    assert facts(text_of_parts(parts), rsa_key()).issuer == "CH"


def test_several_keys_of_one_kid_are_tried_and_the_algorithm_is_the_keys() -> None:
    """Kids are eight bytes of a hash and have collided (verifier-app #35)."""
    parts = text_of_parts(sign1(PAYLOAD, {1: -37, 4: KID}, sign=ps256_signature))
    assert facts(parts, key(), rsa_key()).issuer == "CH"
    with pytest.raises(AlgorithmMismatch):
        facts(parts, key())
    with pytest.raises(WrongSignature):
        facts(text_of_parts(sign1(PAYLOAD, {1: -37, 4: KID})), rsa_key())
    broken = ForeignKey(eu_dcc.NAME, "DE", KID, "ES256", {"kty": "EC"}, key().kinds, 0, 1)
    assert facts(card_text(), broken, key()).issuer == "AT"


BARE = dumps(sign1(PAYLOAD))
TAGGED = sign1(PAYLOAD)
LENIENCES = {
    Lenience.TAG_MISSING: text_of_bytes(BARE),
    Lenience.TAG_OF_CWT: text_of_bytes(dumps(CBORTag(61, CBORTag(18, TAGGED)))),
    Lenience.KID_UNPROTECTED: text_of_parts(sign1(PAYLOAD, {1: -7}, {4: KID})),
    Lenience.ALGORITHM_UNPROTECTED: text_of_parts(sign1(PAYLOAD, {4: KID}, {1: -7})),
    Lenience.ISSUED_AT_MISSING: card_text(iat=None),
    Lenience.TIME_AS_FLOAT: card_text(iat=ISSUED_AT + 0.78),
    Lenience.TIME_TAGGED: card_text(certificate(t=[TEST | {"sc": CBORTag(0, TEST["sc"])}])),
    Lenience.TIME_WITHOUT_ZONE: card_text(certificate(t=[TEST | {"sc": "2022-11-20T12:34:56"}])),
    Lenience.DATE_WITH_TIME: card_text(certificate(v=[VACCINATION | {"dt": "2022-02-18T00:00:00"}])),
    Lenience.NUMBER_AS_FLOAT: card_text(certificate(v=[VACCINATION | {"dn": 2.0}])),
    Lenience.EMPTY_GROUP: card_text(certificate(v=[VACCINATION], t=None, r=[])),
    Lenience.SEVERAL_ENTRIES: card_text(certificate(v=[VACCINATION, VACCINATION])),
    Lenience.NAME_NOT_SHOWN: card_text(certificate(v=[VACCINATION], nam=NAME | {"fn": "Muster\u200bfrau"})),
}
"""A card that needs each."""


@pytest.mark.parametrize("lenience", Lenience)
def test_each_lenience_is_named_and_changes_no_fact(lenience: Lenience) -> None:
    """Whoever looks at a card must see what was odd about it; nothing is allowed that has no name."""
    found = facts(LENIENCES[lenience])
    assert found.leniences == (lenience,)
    assert (found.expires_at, found.birth_date) == (ISSUED_AT + 86_400, "1998-02-26")
    assert {piece.sampled_at for piece in found.evidence} <= {_DAY, 1_668_947_696}


def test_the_transliterated_name_stands_in_for_one_that_nobody_could_read() -> None:
    """What a guard reads must be what is there: direction marks and blanks are nobody's name."""
    assert facts(LENIENCES[Lenience.NAME_NOT_SHOWN]).name == "MUSTERFRAU GOESSINGER GABRIELE"
    assert facts(card_text(certificate(v=[VACCINATION], nam={"fnt": "DOE"}))).name == "DOE"


@pytest.mark.parametrize("born", ["1998", "1998-02", ""])
def test_a_date_of_birth_may_be_known_in_part(born: str) -> None:
    """Civil registers of many countries have a year alone."""
    assert facts(card_text(certificate(v=[VACCINATION], dob=born))).birth_date == born
    with_time = facts(card_text(certificate(v=[VACCINATION], dob="1998-02-26T00:00:00")))
    assert (with_time.birth_date, with_time.leniences) == ("1998-02-26", (Lenience.DATE_WITH_TIME,))


def test_a_protected_kid_counts_before_any_other() -> None:
    """Else whoever passes a card on could choose the key (vacdec #1)."""
    assert eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, None, {4: b"foo"}))).kid == KID
    assert eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, {1: -7, 4: b"foo"}, {4: KID}))).kid == b"foo"


def test_indefinite_lengths_are_read() -> None:
    """RFC 8949 allows them, and whole countries write them."""
    payload = b"\xbf" + dumps(claims(certificate(v=[VACCINATION])))[1:] + b"\xff"
    assert facts(text_of_parts(sign1(payload))).leniences == ()


@pytest.mark.parametrize(
    ("sampled", "seconds"),
    [
        ("2022-11-20T13:34:56+01:00", 1_668_947_696),
        ("2022-11-20T13:34:56+0100", 1_668_947_696),
        ("2022-11-20T07:04:56-05:30", 1_668_947_696),
        ("2022-11-20T13:34:56.999+01", 1_668_947_696),
    ],
)
def test_moments_in_every_spelling_of_a_zone(sampled: str, seconds: int) -> None:
    """Hours decide whether a test still counts."""
    (piece,) = facts(card_text(certificate(t=[TEST | {"sc": sampled}]))).evidence
    assert piece.sampled_at == seconds


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {label: value for label, value in entry.items() if label != name}


BAD_CARDS = {
    "no kind": certificate(),
    "two kinds": certificate(v=[VACCINATION], t=[TEST]),
    "entries are no list": certificate(v=VACCINATION),
    "an entry is no map": certificate(v=["x"]),
    "too many entries": certificate(v=[VACCINATION] * 9),
    "no name": certificate(v=[VACCINATION], nam={}),
    "name is no map": certificate(v=[VACCINATION], nam="x"),
    "only hidden names": certificate(v=[VACCINATION], nam={"fn": "\u200b", "fnt": "\u200b"}),
    "name too long": certificate(v=[VACCINATION], nam={"fn": "x" * 300}),
    "name is a number": certificate(v=[VACCINATION], nam={"fn": 7}),
    "born in words": certificate(v=[VACCINATION], dob="long ago"),
    "born a number": certificate(v=[VACCINATION], dob=1998),
    "no such day": certificate(v=[VACCINATION | {"dt": "2022-02-30"}]),
    "no date": certificate(v=[VACCINATION | {"dt": "yesterday"}]),
    "date is missing": certificate(v=[without(VACCINATION, "dt")]),
    "dose is missing": certificate(v=[without(VACCINATION, "dn")]),
    "dose is a half": certificate(v=[VACCINATION | {"dn": 1.5}]),
    "dose is true": certificate(v=[VACCINATION | {"dn": True}]),
    "a hundred doses": certificate(v=[VACCINATION | {"dn": 100}]),
    "product is missing": certificate(v=[without(VACCINATION, "mp")]),
    "identifier is missing": certificate(v=[without(VACCINATION, "ci")]),
    "no moment": certificate(t=[TEST | {"sc": "2022-11-20"}]),
    "no such moment": certificate(t=[TEST | {"sc": "2022-11-20T25:00:00Z"}]),
    "no such day of a moment": certificate(t=[TEST | {"sc": "2022-02-30T12:00:00Z"}]),
    "no such zone": certificate(t=[TEST | {"sc": "2022-11-20T12:00:00+25:00"}]),
    "recovery without end": certificate(r=[without(RECOVERY, "du")]),
    "keys are true": certificate(v=[VACCINATION]) | {True: 1},
    "no map": "x",
}


@pytest.mark.parametrize("name", BAD_CARDS)
def test_what_no_lenience_allows_is_malformed(name: str) -> None:
    """Though its issuer has signed it: a fact is there, and of its type, or there is no card."""
    with pytest.raises(Malformed):
        facts(card_text(BAD_CARDS[name]))


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None},
        {"exp": "1790000400"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": -1},
        {"exp": 2**32},
        {"exp": CBORTag(1, "x")},
        {"exp": 10**4300},
        {"iss": 7},
        {"iss": "A" * 300},
    ],
)
def test_claims_that_no_lenience_allows(changed: dict[str, Any]) -> None:
    """An end that cannot be counted is no end."""
    with pytest.raises(Malformed):
        facts(card_text(**changed))


def test_a_tagged_end_and_no_issuer() -> None:
    """Both are in use."""
    found = facts(card_text(exp=CBORTag(1, ISSUED_AT + 86_400), iss=None))
    assert (found.claimed_issuer, found.leniences) == (None, (Lenience.TIME_TAGGED,))


def test_payloads_that_are_no_claims() -> None:
    """The signature holds, the content is something else."""
    for payload in (b"", b"\x01", dumps([1]), dumps({1: "AT"}), dumps({-260: 7}), PAYLOAD + b"\0", bytes(20_000)):
        with pytest.raises((Malformed, TooLarge)):
            facts(text_of_parts(sign1(payload)))


@pytest.mark.parametrize(
    "parts",
    [
        7,
        [],
        [b"", {}, b""],
        [{}, {}, PAYLOAD, bytes(64)],
        [b"", [], PAYLOAD, bytes(64)],
        [b"\x01", {}, PAYLOAD, bytes(64)],
        sign1(PAYLOAD, {1: -7}),
        sign1(PAYLOAD, {1: -7, 4: ""}),
        sign1(PAYLOAD, {1: -7, 4: b""}),
        sign1(PAYLOAD, {1: -7, 4: bytes(33)}),
        sign1(PAYLOAD, {1: -7, 2: [9], 4: KID, 9: 1}),
        sign1(PAYLOAD, {True: -7, 4: KID}),
        sign1(PAYLOAD, bytes(1100)),
    ],
)
def test_what_is_no_cose_sign1(parts: Any) -> None:
    """Ended before any cryptography."""
    with pytest.raises((Malformed, TooLarge)):
        eu_dcc.unwrap(text_of_parts(parts))


@pytest.mark.parametrize("number", [-35, -257, True, "ES256", None, -8])
def test_an_algorithm_that_is_none_of_ours(number: Any) -> None:
    """The key is pinned to one; "none" and the rest are nobody's."""
    header = {4: KID} | ({} if number is None else {1: number})
    with pytest.raises(AlgorithmMismatch):
        verify(eu_dcc.unwrap(text_of_parts(sign1(PAYLOAD, header))), (key(), rsa_key()))


@pytest.mark.parametrize("text", ["", "HC2:" + card_text()[4:], card_text()[4:], "hc1:" + card_text()[4:]])
def test_another_prefix_is_no_card(text: str) -> None:
    """HC2 may mean anything."""
    with pytest.raises(NotACredential):
        eu_dcc.unwrap(text)


def test_what_is_around_a_card_is_taken_off() -> None:
    """Scanners and clipboards add the same to every code."""
    assert facts(f"\ufeff]Q1{card_text()}\r\n") == facts(card_text())


@pytest.mark.parametrize("text", [card_text()[:-9], card_text() * 2, "HC1:" + "0" * 300, text_of_bytes(bytes(50_000))])
def test_cut_doubled_and_blown_up(text: str) -> None:
    """890 bytes inflate to 900 kB: the bound holds while inflating."""
    with pytest.raises(CredentialError):
        eu_dcc.unwrap(text)
