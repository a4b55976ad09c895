"""Rules of an issuer decide as they say, in their order, and never by a slip."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.decisions.rules.document import (
    BUILT_IN,
    MAX_ENTRY_HOURS,
    STATUS_RULES_TYPE,
    parse_status_rules,
    read_status_rules,
    sign_status_rules,
)
from credentials.decisions.rules.status_rules import StatusRules
from credentials.decisions.rules.template import built_in, template
from credentials.decisions.rules.vocabulary import decision_input
from credentials.errors import IssuerMismatch, Malformed, RuleSetInvalid, WrongSignature
from credentials.keys import kid_of, new_private_key
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult, may_leave
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from credentials.recognition.authoring.template import template as gate_rules
from credentials.recognition.document import sign_rule_set
from credentials.signing import PemSigner
from credentials.wire import jws

AT = 1_795_000_000
DAY = 24 * 3600
KEY = new_private_key()
SIGNER = PemSigner(KEY, kid_of("CN-41", KEY.public_key()))
RULES = parse_status_rules(built_in("CN-41"))
KINDS, RESULTS = list(FactKind), list(FactResult)


def fact(kind: FactKind, result: FactResult, age: int, region: int = 410_102) -> Fact:
    return Fact(kind, result, AT - age, region)


def changed(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The template with these entries before its own."""
    document = template("CN-41") | changes
    return document | {"entries": [*entries, *document["entries"]]}


def entry(when: Any, **changes: Any) -> dict[str, Any]:
    text = {"zh-CN": "密接", "zh-HK": "密切接觸", "en": "contact"}
    told = {"id": "mine", "when": when, "status": "yellow", "reason": "close-contact", "hours": 24, "text": text}
    return told | changes


def decided(rules: StatusRules, *facts: Fact) -> tuple[Status, str, bool]:
    ruling = rules.decide(facts, AT)
    return ruling.entry.status, ruling.entry.id, ruling.is_open


_GOOD_FOR = {EvidenceKind.NUCLEIC_ACID: 7 * DAY, EvidenceKind.ANTIGEN: 2 * DAY}


def as_the_code_decided(evidence: list[Fact]) -> tuple[Status, Reason]:
    """A frozen copy of the function that decided before rules became data. It must never be changed."""
    tests = [piece for piece in evidence if int(piece.kind) in _GOOD_FOR]

    def is_(piece: Fact, result: EvidenceResult, seconds: int) -> bool:
        return int(piece.result) == int(result) and AT - piece.sampled_at <= seconds

    def good_for(piece: Fact) -> int:
        return _GOOD_FOR[EvidenceKind(piece.kind)]

    if any(is_(piece, EvidenceResult.POSITIVE, 10 * DAY) for piece in tests):
        return Status.RED, Reason.TEST_POSITIVE
    if any(is_(piece, EvidenceResult.INCONCLUSIVE, good_for(piece)) for piece in tests):
        return Status.PENDING, Reason.REVIEW_OPEN
    if any(is_(piece, EvidenceResult.NEGATIVE, good_for(piece)) for piece in tests):
        return Status.GREEN, Reason.TEST_RECENT
    return Status.GREEN, Reason.NO_FINDING


_EDGES = st.sampled_from([0, 2 * DAY, 7 * DAY, 10 * DAY]).flatmap(lambda age: st.integers(age - 600, age + 600))
_AGES = st.one_of(_EDGES, st.integers(-600, 400 * DAY))
_FACTS = st.builds(fact, st.sampled_from(KINDS), st.sampled_from(RESULTS), _AGES)


@given(st.lists(_FACTS, max_size=8))
def test_the_built_in_rules_decide_as_the_code_did(facts: list[Fact]) -> None:
    """Nobody may change colour because rules became data."""
    ruling = RULES.decide(facts, AT)
    assert not ruling.is_open
    assert (ruling.entry.status, ruling.entry.reason) == as_the_code_decided(facts)


@given(st.lists(_FACTS, max_size=200))
def test_order_of_reporting_decides_nothing(facts: list[Fact]) -> None:
    """A late report and an early one of the same facts come to the same status."""
    assert RULES.decide(facts, AT) == RULES.decide(facts[::-1], AT)


def test_the_first_true_entry_decides_and_the_order_is_the_authors() -> None:
    """Two entries that are both true: the one above."""
    contact = entry({"if": [{"var": "payload.latest.contact"}, True, False]})
    rules = parse_status_rules(changed(contact))
    seen = fact(FactKind.CONTACT, FactResult.REPORTED, DAY)
    assert decided(rules, seen, fact(FactKind.ANTIGEN, FactResult.POSITIVE, 60)) == (Status.YELLOW, "mine", False)
    assert decided(rules) == (Status.GREEN, "no-finding", False)


def test_an_open_entry_stops_those_behind_it_and_not_those_before_it() -> None:
    """It may be the one that would have decided; what stands above it decided already."""
    slip = entry({"<": [{"var": "payload.latest.stay.age"}, 60]})
    document = changed(slip)
    assert decided(parse_status_rules(document)) == (Status.YELLOW, "mine", True)
    document["entries"].insert(0, document["entries"].pop(1))
    rules = parse_status_rules(document)
    assert decided(rules, fact(FactKind.ANTIGEN, FactResult.POSITIVE, 60)) == (Status.RED, "test-positive", False)
    assert decided(rules) == (Status.YELLOW, "mine", True)
    assert decided(rules, fact(FactKind.STAY, FactResult.REPORTED, 61)) == (Status.GREEN, "no-finding", False)


def test_a_rule_may_count_over_the_timeline() -> None:
    """Three arrivals are another thing than one."""
    step = {
        "if": [
            {"===": [{"var": "current.kind"}, "arrival"]},
            {"+": [{"var": "accumulator"}, 1]},
            {"var": "accumulator"},
        ]
    }
    often = entry({">": [{"reduce": [{"var": "payload.timeline"}, step, 0]}, 2]})
    rules = parse_status_rules(changed(often))
    arrivals = [fact(FactKind.ARRIVAL, FactResult.REPORTED, age * DAY) for age in range(1, 4)]
    assert decided(rules, *arrivals)[1] == "mine"
    assert decided(rules, *arrivals[:2])[1] == "no-finding"


def test_the_input_is_the_newest_of_each_kind_and_result_and_the_worse_of_two_at_once() -> None:
    """A negative of the same minute does not hide a positive."""
    negative, positive = (
        fact(FactKind.NUCLEIC_ACID, result, 60) for result in (FactResult.NEGATIVE, FactResult.POSITIVE)
    )
    older = fact(FactKind.NUCLEIC_ACID, FactResult.NEGATIVE, 90)
    latest = decision_input([older, negative, positive], AT)["payload"]["latest"]["nucleic-acid"]
    assert (latest["result"], latest["negative"]["age"], latest["positive"]["age"]) == ("positive", 60, 60)


def test_what_never_leaves_the_issuer() -> None:
    """With whom somebody was and how they feel is nobody's business at a gate."""
    inside = {FactKind.ARRIVAL, FactKind.STAY, FactKind.CONTACT, FactKind.SYMPTOMS}
    pairs = [(kind, result) for kind, results in RESULTS_OF.items() for result in results]
    kept = {kind for kind, result in pairs if not may_leave(fact(kind, result, 0))}
    assert kept == inside | {FactKind.QUARANTINE}
    assert may_leave(fact(FactKind.QUARANTINE, FactResult.COMPLETED, 0))


def test_signed_and_read_back() -> None:
    """What the author signed is what decides."""
    compact = sign_status_rules(template("CN-41"), SIGNER)
    rules = read_status_rules(compact, KEY.public_key(), "CN-41")
    assert rules.digest == parse_status_rules(template("CN-41")).digest
    assert rules.reference == (1, 2) and rules.in_force(AT)
    with pytest.raises(IssuerMismatch):
        read_status_rules(compact, KEY.public_key(), "CN-44")
    with pytest.raises(WrongSignature):
        read_status_rules(compact, new_private_key().public_key(), "CN-41")


def test_rules_of_gates_do_not_pass_for_rules_of_an_issuer() -> None:
    """The same key signs both: only the type tells them apart."""
    with pytest.raises(Malformed, match="typ is not"):
        read_status_rules(sign_rule_set(gate_rules("CN-41", 48), SIGNER), KEY.public_key(), "CN-41")


def test_a_slip_in_signed_rules_is_open_where_it_is_reached() -> None:
    """One slip must not take a province its rules: it signs them, and every other entry goes on."""
    document = changed(entry({"unheard-of": []}), entry({"<": [{"var": "payload.name"}, 1]}, id="named"))
    compact = jws.sign(document, SIGNER, STATUS_RULES_TYPE)
    assert decided(read_status_rules(compact, KEY.public_key(), "CN-41")) == (Status.YELLOW, "mine", True)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (built_in("CN-41"), r"version: \[1, 1\] names the rules that are built in"),
        (template("CN-41") | {"rule_set": 0}, "rule_set: 1 to 23"),
        (template("CN-41") | {"entries": template("CN-41")["entries"][:-1]}, "the last one must be true of everybody"),
        (template("CN-41") | {"entries": []}, "entries: not an array of 1 to 64"),
        (changed(entry(True, id="no-finding")), "an id stands twice"),
        (changed(entry(True, id="?")), "entry 1 of the list: bad id"),
        (changed(entry(True, hours=MAX_ENTRY_HOURS + 1)), "entry mine: hours"),
        (changed(entry(True, status="blue")), "entry mine: status: one of green, yellow, red, pending"),
        (changed(entry(True, text={"zh": "一", "en": "one"})), "entry mine: text"),
        (changed(entry({"var": "payload.status"})), "entry mine: nothing is called 'payload.status' there"),
        (changed(entry({"var": "payload.latest.contact.name"})), "nothing is called"),
    ],
)
def test_what_no_issuer_would_take_is_refused_to_its_author(document: dict[str, Any], fault: str) -> None:
    """Before it is signed, by the name of the entry."""
    with pytest.raises(RuleSetInvalid, match=fault):
        sign_status_rules(document, SIGNER)


def test_the_name_of_the_built_in_rules_is_theirs_alone() -> None:
    """One name on codes would stand for two sets of rules."""
    assert RULES.reference == BUILT_IN
    compact = jws.sign(built_in("CN-41"), SIGNER, STATUS_RULES_TYPE)
    with pytest.raises(RuleSetInvalid, match="built in"):
        read_status_rules(compact, KEY.public_key(), "CN-41")


def test_a_text_in_fewer_languages_is_said_in_one_that_is_there() -> None:
    """A document that was signed before a language came is read as ever."""
    rules = parse_status_rules(changed(entry(True, text={"zh-CN": "密接", "en": "contact"})))
    assert [rules.entries[0].text.of(language) for language in ("zh-CN", "zh-HK", "en")] == ["密接", "密接", "contact"]


def test_rules_end_at_their_moment() -> None:
    """From the first second, until before the last."""
    rules = parse_status_rules(template("CN-41", valid_from=AT) | {"valid_until": AT + 60})
    assert [rules.in_force(AT + late) for late in (-1, 0, 59, 60)] == [False, True, True, False]
