"""What is read of a SMART Health Card: its facts, each lenience by name, and everything else refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.errors import AlgorithmMismatch, CredentialError, Malformed, TooLarge, WrongSignature
from credentials.foreign.envelope import as_of, verify
from credentials.foreign.facts import CardKind, ForeignFacts
from credentials.foreign.keys import ForeignKey
from credentials.formats import smart_health_card
from credentials.formats.smart_health_card.leniences import CardLenience
from credentials.profile.limits import MAX_CARD_TEXT_CHARACTERS
from credentials.profile.lists import EvidenceKind, EvidenceResult
from tests.samples import ISSUED_AT, STRANGER_KEY
from tests.shc import (
    DOSE,
    ISSUER,
    KID,
    LIPIDS,
    PATIENT,
    SECOND_DOSE,
    TEST,
    card_jws,
    claims,
    deflated,
    jws_of,
    key,
    numeric,
    signature_by,
    symbols,
)

_JANUARY = 1_609_459_200
"""2021-01-01T00:00:00Z."""


def facts(text: str, *keys: ForeignKey) -> ForeignFacts:
    return smart_health_card.read(verify(smart_health_card.unwrap(text), keys or (key(),)))


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def test_two_doses() -> None:
    """The facts in the terms of native evidence, and nobody's name in a printed form."""
    found = facts(numeric(card_jws(rid="MKyCxh7p6uQ")))
    assert (found.format, found.kind, found.issuer) == ("smart-health-card", CardKind.VACCINATION, ISSUER)
    assert (found.issued_at, found.expires_at, found.revocation) == (ISSUED_AT, None, "MKyCxh7p6uQ")
    assert (found.name, found.birth_date, found.leniences) == ("Anyperson John B.", "1951-01-20", ())
    first, second = found.evidence
    assert (first.kind, first.result, first.dose, first.doses) == (
        EvidenceKind.VACCINATION, EvidenceResult.INCONCLUSIVE, 1, 2,
    )  # fmt: skip
    assert (second.result, second.dose, second.sampled_at) == (EvidenceResult.COMPLETED, 2, _JANUARY + 28 * 86_400)
    assert (second.product, second.source, second.country) == ("cvx:207", "ABC General Hospital", None)
    assert "Anyperson" not in repr(found)
    assert "MKyCxh7p6uQ" not in repr(found)


def test_the_text_of_a_symbol_and_the_jws_itself_are_one_card() -> None:
    """Files and e-mails carry the JWS, paper the digits."""
    jws = card_jws()
    assert facts(jws) == facts(numeric(jws)) == facts(f"\n {numeric(jws)}\t\n")


@pytest.mark.parametrize(
    ("doses", "results"),
    [
        ([DOSE], [EvidenceResult.INCONCLUSIVE]),
        ([SECOND_DOSE, DOSE], [EvidenceResult.COMPLETED, EvidenceResult.INCONCLUSIVE]),
        ([DOSE, DOSE], [EvidenceResult.INCONCLUSIVE, EvidenceResult.INCONCLUSIVE]),
        ([DOSE | {"vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "212")}], [EvidenceResult.COMPLETED]),
        ([DOSE | {"status": "not-done"}, SECOND_DOSE], [None, EvidenceResult.INCONCLUSIVE]),
        ([DOSE | {"status": "entered-in-error"}], [None]),
        ([DOSE | {"status": ["completed"]}, SECOND_DOSE | {"status": {}}], [None, None]),
        ([DOSE | {"vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "140")}], [None]),
        ([DOSE | {"vaccineCode": coded("http://example.org", "207")}], [None]),
        ([DOSE | {"vaccineCode": {"text": "a vaccine"}}], [None]),
    ],
)
def test_a_series_is_whole_when_its_doses_are_on_the_card(doses: list[Any], results: list[Any]) -> None:
    """One dose on two cards' lines, one that was not given, and one against something else make no series whole."""
    assert [piece.result for piece in facts(card_jws(PATIENT, *doses)).evidence] == results


@pytest.mark.parametrize(
    ("changed", "kind", "result"),
    [
        ({}, EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE),
        ({"code": coded("http://loinc.org", "94558-4")}, EvidenceKind.ANTIGEN, EvidenceResult.NEGATIVE),
        (
            {"valueCodeableConcept": coded("http://loinc.org", "LA11882-0")},
            EvidenceKind.NUCLEIC_ACID, EvidenceResult.POSITIVE,
        ),
        ({"valueCodeableConcept": coded("http://snomed.info/sct", "1")}, EvidenceKind.NUCLEIC_ACID, None),
        ({"status": "preliminary"}, EvidenceKind.NUCLEIC_ACID, None),
        ({"status": ["final"]}, EvidenceKind.NUCLEIC_ACID, None),
        ({"valueCodeableConcept": None, "valueString": "negative"}, EvidenceKind.NUCLEIC_ACID, None),
        ({"valueCodeableConcept": {"coding": [
            {"system": "http://snomed.info/sct", "code": "260415000"},
            {"system": "http://loinc.org", "code": "LA6576-8"},
        ]}}, EvidenceKind.NUCLEIC_ACID, None),
    ],
)  # fmt: skip
def test_a_test(changed: dict[str, Any], kind: EvidenceKind, result: EvidenceResult | None) -> None:
    """Nothing is guessed: a result that no list has, that is not settled, or that contradicts itself is none."""
    found = facts(card_jws(PATIENT, TEST | changed))
    (piece,) = found.evidence
    assert (found.kind, piece.kind, piece.result, piece.source) == (CardKind.TEST, kind, result, "Laboratory One")
    assert piece.sampled_at == 1_668_947_696
    assert piece.is_known is (result is not None)


def test_what_rules_are_not_about() -> None:
    """A card of blood values has facts that no rule is about; a card of doses and tests is of no one kind."""
    lipids = facts(card_jws(LIPIDS))
    assert (lipids.kind, lipids.evidence, lipids.name) == (CardKind.OTHER, (), "")
    assert lipids.leniences == (CardLenience.PERSON_MISSING,)
    assert facts(card_jws(PATIENT, DOSE, TEST)).kind is CardKind.OTHER


def test_times() -> None:
    """Parts of a second may stand (the examples have them); an end within a second has not come when it begins."""
    found = facts(card_jws(nbf=ISSUED_AT + 0.656, exp=ISSUED_AT + 100.25))
    assert (found.issued_at, found.expires_at) == (ISSUED_AT, ISSUED_AT + 101)


LENIENCES = {
    CardLenience.PART_OF_ONE: symbols(card_jws(), 1)[0],
    CardLenience.PART_REPEATED: "\n".join([*symbols(card_jws(), 2), symbols(card_jws(), 2)[0]]),
    CardLenience.TIME_WITHOUT_ZONE: card_jws(PATIENT, DOSE | {"occurrenceDateTime": "2021-01-01T00:00:00"}),
    CardLenience.DATE_NOT_A_DAY: card_jws(PATIENT, DOSE | {"occurrenceDateTime": "2021-01"}),
    CardLenience.NAME_IN_PIECES: card_jws(PATIENT | {"name": [{"text": "Any\u200bperson John B."}]}, DOSE),
    CardLenience.PERSON_MISSING: card_jws(LIPIDS),
}
"""A card that needs each."""


@pytest.mark.parametrize("lenience", CardLenience)
def test_each_lenience_is_named(lenience: CardLenience) -> None:
    """Whoever looks at a card must see what was odd about it; nothing is allowed that has no name."""
    found = facts(LENIENCES[lenience])
    assert found.leniences == (lenience,)
    assert {piece.sampled_at for piece in found.evidence} <= {_JANUARY, _JANUARY + 28 * 86_400}
    assert found.name in {"Anyperson John B.", ""}


def test_a_month_is_no_day_that_a_rule_could_count_from() -> None:
    """Its beginning would make a test older and a dose earlier than they are."""
    (year,) = facts(card_jws(PATIENT, DOSE | {"occurrenceDateTime": "2021"})).evidence
    assert (year.result, year.sampled_at) == (None, _JANUARY)


@pytest.mark.parametrize(
    "card",
    [
        card_jws(PATIENT, PATIENT, DOSE),
        card_jws(DOSE),
        card_jws(PATIENT | {"name": []}, DOSE),
        card_jws(PATIENT | {"name": [{"family": 7}]}, DOSE),
        card_jws(PATIENT | {"name": [{"text": "\u200b"}]}, DOSE),
        card_jws(PATIENT | {"name": [{"family": "x" * 256}]}, DOSE),
        card_jws(PATIENT | {"birthDate": "20 January 1951"}, DOSE),
        card_jws(PATIENT | {"birthDate": None}, DOSE),
        card_jws(PATIENT, DOSE | {"occurrenceDateTime": None}),
        card_jws(PATIENT, DOSE | {"occurrenceDateTime": "2021-02-30"}),
        card_jws(PATIENT, DOSE | {"occurrenceDateTime": "yesterday, or so"}),
        card_jws(PATIENT, {"status": "completed"}),
        card_jws(*[PATIENT] * 257),
        card_jws(type=["https://smarthealth.cards#covid19"]),
        card_jws(type="https://smarthealth.cards#health-card"),
        card_jws(iss=None),
        card_jws(iss=["https://health.example.org"]),
        card_jws(nbf=None),
        card_jws(nbf=str(ISSUED_AT)),
        card_jws(nbf=ISSUED_AT * 1000),
        card_jws(nbf=-1),
        card_jws(nbf=True),
        card_jws(exp="never"),
        card_jws(rid=7),
        card_jws(rid="r" * 25),
        card_jws(rid=""),
        card_jws(vc=None) and jws_of(deflated(b'{"iss":"x","nbf":1}')),
        jws_of(deflated(b"[]")),
        jws_of(deflated(b"\xef\xbb\xbf" + json.dumps(claims(PATIENT, DOSE)).encode())),
        jws_of(deflated(json.dumps(claims(PATIENT, DOSE)).encode()) + b"\0"),
        jws_of(deflated(json.dumps(claims(PATIENT, DOSE)).encode())[:-9]),
        jws_of(json.dumps(claims(PATIENT, DOSE)).encode()),
    ],
)
def test_a_signed_card_that_is_none(card: str) -> None:
    """Its issuer has signed something that says nothing, or two things: that is told as damage, not as forgery."""
    with pytest.raises(Malformed):
        facts(card)


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"alg": "ES256", "kid": "x"},
        {"zip": "DEF", "alg": "ES256"},
        {"zip": "DEF", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"},
        {"zip": "DEF", "alg": "ES256", "kid": "short"},
        {"zip": "DEF", "alg": "ES256", "kid": "AAAA"},
        {"zip": "DEF", "alg": "ES256", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s="},
        {"zip": "GZ", "alg": "ES256", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"},
        {"zip": "DEF", "alg": "ES256", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", "crit": ["b64"]},
        {"zip": "DEF", "alg": ["ES256"], "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"},
    ],
)  # fmt: skip
def test_a_header_that_is_none(header: Any) -> None:
    """Refused before any signature is looked at."""
    with pytest.raises(Malformed):
        smart_health_card.unwrap(jws_of(b"x", header))


@pytest.mark.parametrize("text", ["eyJ", "eyJ.a", "eyJ.a.b.c", "eyJhIjox.AA.AA", "eyJ" + "健康", "shc:/", "shc:/1/2/"])
def test_a_text_that_is_cut(text: str) -> None:
    """Whatever is missing, it ends by name."""
    with pytest.raises(CredentialError):
        smart_health_card.unwrap(text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (numeric("a.b"), "not a compact JWS"),
        (numeric(card_jws())[:-1], "odd number"),
        (numeric(card_jws())[:-2] + "78", "no character"),
        (numeric(card_jws())[:-2] + "99", "no character"),
        (numeric(card_jws())[:-2] + "02", "no character"),
        (numeric(card_jws())[:-2] + "-1", "than digits"),
        (numeric(card_jws())[:-2] + "٢٣", "than digits"),
        ("shc:/2/1/4567", "symbol 2 of 1"),
        ("shc:/1/17/4567", "symbol 1 of 17"),
        ("shc:/0/2/4567", "than digits"),
        ("shc:/1/2/x", "than digits"),
    ],
)
def test_digits_that_are_none(text: str, detail: str) -> None:
    """Each is told by what is wrong with it, for somebody has to print the card anew."""
    with pytest.raises(Malformed, match=detail):
        smart_health_card.unwrap(text)


def test_symbols_in_any_order() -> None:
    """Nobody says which one a traveller turns up first."""
    jws = card_jws()
    first, second, third = symbols(jws, 3)
    for order in ([first, second, third], [third, first, second], [second, third, first]):
        assert facts("\n".join(order)) == facts(jws)
        assert list(smart_health_card.gathered(order)) == ["\n".join(order)]


def reason(text: str) -> str:
    with pytest.raises(CredentialError) as raised:
        facts(text)
    return raised.value.code


def test_symbols_that_are_missing_or_of_different_cards() -> None:
    """Each has another remedy: show the others, or begin anew."""
    first, second = symbols(card_jws(), 2)
    other, other_second = symbols(card_jws(nbf=ISSUED_AT + 1), 2)
    assert reason(first) == reason(f"{second} {second}") == "parts-missing"
    assert reason(f"{first} {other}") == "parts-mixed"
    assert reason(f"{first} {symbols(card_jws(), 3)[1]}") == "parts-mixed"
    assert reason(f"{first} {card_jws()}") == reason(f"{numeric(card_jws())} {first}") == "parts-mixed"
    assert reason(f"{first} {symbols('a.b', 2)[1]}") == "parts-mixed"
    assert reason(f"{first} {other_second}") in {"wrong-signature", "parts-mixed"}
    assert reason(f"{numeric(card_jws())} {numeric(card_jws(nbf=1))}") == "parts-mixed"


def test_symbols_that_lie_among_each_other() -> None:
    """One call of the command may be given two cards, each in several symbols, and other codes between them."""
    one, two = symbols(card_jws(), 2), symbols(card_jws(nbf=ISSUED_AT + 1), 2)
    sound = [one[1], "TX1:x", f"]Q3{one[0]}", two[0], two[1]]
    assert list(smart_health_card.gathered(sound)) == ["TX1:x", "\n".join([one[1], one[0]]), "\n".join(two)]
    mixed = list(smart_health_card.gathered([one[0], two[0], one[1], two[1]]))
    assert [reason(text) for text in mixed] == ["parts-mixed"]
    assert [reason(text) for text in smart_health_card.gathered([one[0]])] == ["parts-missing"]


def test_bounds() -> None:
    """Each is told before anything is taken apart that is larger."""
    for text in (
        "shc:/" + "4" * MAX_CARD_TEXT_CHARACTERS,
        "shc:/" + "45" * 16_385,
        "eyJ" + "a" * 16_382,
        card_jws() + "a" * 16_384,
    ):
        with pytest.raises(TooLarge):
            smart_health_card.unwrap(text)
    with pytest.raises(TooLarge):
        smart_health_card.unwrap("eyJ" + "a" * 1022 + ".AA.AA")
    with pytest.raises(TooLarge):
        facts(jws_of(deflated(b" " * 70_000)))


def test_a_strangers_signature_and_another_algorithm() -> None:
    """By the key that the kid names, and by its algorithm."""
    content = deflated(json.dumps(claims(PATIENT, DOSE)).encode())
    with pytest.raises(WrongSignature):
        facts(jws_of(content, sign=signature_by(STRANGER_KEY)))
    header = {"zip": "DEF", "alg": "none", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"}
    with pytest.raises(AlgorithmMismatch):
        facts(jws_of(content, header))


def test_a_key_that_two_issuers_share() -> None:
    """46 keys of the public directory are listed for two issuers: whose card it is stands on the card."""
    verified = verify(smart_health_card.unwrap(card_jws()), (key("https://a.example"), key()))
    assert verified.key.issuer == "https://a.example"
    assert as_of(verified, ISSUER, (key("https://a.example"), key())).key.issuer == ISSUER
    assert as_of(verified, "https://b.example", (key(),)).key.issuer == "https://a.example"
    forged = jws_of(deflated(json.dumps(claims(PATIENT, DOSE)).encode()), sign=signature_by(STRANGER_KEY))
    with pytest.raises(WrongSignature):
        verify(smart_health_card.unwrap(forged), (key("https://a.example"), key()))


def test_a_file() -> None:
    """As browsers save it, with one card or several, and what is none."""
    assert smart_health_card.cards_in_file(json.dumps({"verifiableCredential": ["a", "b"]}).encode()) == ["a", "b"]
    for content in (
        b"{}",
        b"[]",
        b'{"verifiableCredential":[]}',
        b'{"verifiableCredential":[7]}',
        b"{",
        b'{"verifiableCredential":"a"}',
    ):
        with pytest.raises(Malformed):
            smart_health_card.cards_in_file(content)
    with pytest.raises(TooLarge):
        smart_health_card.cards_in_file(b" " * 300_000)


def test_performers_and_codings_of_other_types() -> None:
    """What is not needed is passed over when it is odd, and believed only in its own type."""
    dose = DOSE | {"performer": ["x"], "vaccineCode": {"coding": ["x", {"system": 7, "code": "207"}, {"code": "207"}]}}
    (piece,) = facts(card_jws(PATIENT, dose)).evidence
    assert (piece.source, piece.product, piece.is_known) == (None, None, False)
    (other,) = facts(card_jws(PATIENT, DOSE | {"performer": [{"actor": "x"}]})).evidence
    assert other.source is None
    assert key().kid == KID
