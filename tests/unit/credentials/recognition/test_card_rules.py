"""What rules over a foreign card itself say, and when they are asked."""

from __future__ import annotations

import math
from typing import Any

import pytest
from cbor2 import CBORTag

from credentials.errors import RuleSetInvalid
from credentials.foreign.envelope import VerifiedCard
from credentials.foreign.facts import ForeignFacts
from credentials.formats import eu_dcc
from credentials.recognition.authoring.template import template
from credentials.recognition.card_rules import card_input, version_of
from credentials.recognition.document import parse_rule_set
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.ruleset import RuleResult, RuleSet
from credentials.wire import cbor
from tests.dcc import RECOVERY, TEST, VACCINATION, card_text, certificate, key
from tests.vectors.cast import DAY, NOW

TEXT = {"zh-CN": "规则", "en": "rule"}
VACCINATED = certificate(v=[VACCINATION])


def card_rule(name: str, kind: str, logic: Any, **changed: Any) -> dict[str, Any]:
    fields = {"id": name, "format": "eu-dcc", "kind": kind, "country": "DE", "schema": "1.0.0", "valid_from": NOW - DAY}
    return fields | {"logic": logic, "text": TEXT, "needed": TEXT} | changed


def rule_set(*rules: dict[str, Any], **changed: Any) -> RuleSet:
    return parse_rule_set(template("CN-44", 48) | {"card_rules": list(rules)} | changed)


def facts(dcc: Any = VACCINATED, **changed: Any) -> ForeignFacts:
    return eu_dcc.read(VerifiedCard(eu_dcc.unwrap(card_text(dcc, **changed)).payload, key()))


def said(result: RuleResult) -> tuple[RuleState, str | None]:
    return result.state, result.rule and result.rule.id


def judged(*rules: dict[str, Any], of: ForeignFacts | None = None, at: int = NOW) -> tuple[RuleState, str | None]:
    return said(rule_set(*rules).judge_foreign(of or facts(), at))


def test_rules_for_its_kind_decide_alone() -> None:
    """This place's own rule turns away a vaccination without a test; whoever took over Germany's meant Germany's."""
    assert judged(card_rule("own", "vaccination", True)) == (RuleState.PASS, "own")
    assert said(parse_rule_set(template("CN-44", 48)).judge_foreign(facts(), NOW)) == (RuleState.FAIL, "vaccination")


def test_all_of_them_must_pass() -> None:
    """The first that fails is told; one that is open hides no refusal, and one that passes no open one."""
    passing, open_one = card_rule("a", "vaccination", True), card_rule("b", "vaccination", {"<": ["x", 1]})
    failing = [card_rule(name, "vaccination", False) for name in ("c", "d")]
    assert judged(passing, open_one, *failing) == (RuleState.FAIL, "c")
    assert judged(passing, open_one) == (RuleState.OPEN, "b")


def test_a_general_rule_alone_is_no_rule_for_a_kind() -> None:
    """ "One event" is true of every card: as the only rule it would let everybody in (cwa-documentation #678)."""
    general = card_rule("one-event", "general", True)
    assert judged(general) == (RuleState.FAIL, "vaccination")
    assert judged(general, card_rule("own", "vaccination", True)) == (RuleState.PASS, "one-event")
    assert judged(card_rule("one-event", "general", False), of=facts(certificate(t=[TEST]))) == (
        RuleState.FAIL, "one-event",
    )  # fmt: skip


def test_rules_for_other_kinds_are_not_asked() -> None:
    """A recovery is nothing that a rule for vaccinations knows."""
    rules = card_rule("v", "vaccination", False), card_rule("r", "recovery", True)
    assert judged(*rules, of=facts(certificate(r=[RECOVERY]))) == (RuleState.PASS, "r")


def test_the_first_and_the_last_second() -> None:
    """From valid_from on, and no longer at valid_until; before and after there is no rule in force, which is open."""
    rules = card_rule("own", "vaccination", True, valid_from=NOW, valid_until=NOW + 10)
    assert [judged(rules, at=NOW + second)[0].value for second in (-1, 0, 9, 10)] == ["open", "pass", "pass", "open"]


def test_rules_of_an_issuer_are_about_its_cards_alone() -> None:
    """France withdraws French cards; a rule like that is none by which others are taken."""
    french = card_rule("ir", "vaccination", False, issuers=["FR"])
    austrian = card_rule("ir", "vaccination", False, issuers=["AT"])
    assert judged(french, card_rule("own", "vaccination", True)) == (RuleState.PASS, "own")
    assert judged(austrian, card_rule("own", "vaccination", True)) == (RuleState.FAIL, "ir")
    assert judged(french) == (RuleState.FAIL, "vaccination")


@pytest.mark.parametrize(
    ("ver", "schema", "state"),
    [
        ("1.3.0", "1.0.0", "pass"), ("1.3.0", "1.3.0", "pass"), ("1.10.0", "1.9.9", "pass"), ("1.2.9", "1.3.0", "open"),
        ("2.0.0", "1.3.0", "open"), ("1.3", "1.0.0", "open"), (None, "1.0.0", "open"), (1, "1.0.0", "open"),
    ],
)  # fmt: skip
def test_a_card_of_another_schema_than_the_rules(ver: Any, schema: str, state: str) -> None:
    """What the rule does not know it cannot judge: older, of another major version, or of none."""
    rules = card_rule("own", "vaccination", True, schema=schema)
    assert judged(rules, of=facts(VACCINATED | {"ver": ver}))[0].value == state


def test_a_rule_without_logic_is_open() -> None:
    """One that could not be taken over, and is not forgotten either."""
    rule = card_rule("own", "vaccination", True)
    del rule["logic"]
    assert judged(rule) == (RuleState.OPEN, "own")


def test_no_card_of_another_format_is_asked() -> None:
    """A rule for EU cards says nothing of others, nor of one whose content nobody kept."""
    rules = rule_set(card_rule("own", "vaccination", True))
    other = facts()._replace(format="smart-health-card", original=None)
    assert said(rules.judge_foreign(other, NOW)) == (RuleState.FAIL, "vaccination")
    assert rules.judge_foreign(facts()._replace(original=None), NOW).state is RuleState.OPEN


def test_what_rules_look_at() -> None:
    """Times as texts and the country whose rule it is, as the reference verifier gives them; the card as it is."""
    (rule,) = rule_set(card_rule("own", "vaccination", True)).card_rules
    card = facts(iat=None)
    assert card_input(rule, cbor.as_json(card.original), card, NOW)["payload"] == VACCINATED
    external = card_input(rule, None, card, NOW)["external"]
    assert math.isnan(external.pop("iat"))
    assert external == {
        "validationClock": "2022-11-21T04:00:00Z",
        "countryCode": "DE",
        "issuerCountryCode": "AT",
        "exp": "2026-09-22T14:20:00Z",
        "region": "",
    }


def test_a_card_as_json() -> None:
    """Dates without their tag, 2.0 as 2; what no reader of JSON has, or not every one, no rule can use."""
    tagged, odd = CBORTag(0, "2022-01-01"), [b"x", 2.5, 2**53, -(2.0**60), math.inf, CBORTag(1, 1.5)]
    value = {"a": [tagged, 2.0, None, True, {"b": -1}], 1: "x", "odd": odd}
    found = cbor.as_json(value)
    assert found["a"] == ["2022-01-01", 2, None, True, {"b": -1}]
    assert [type(item) for item in found["a"][1:2]] == [int]
    assert found.keys() == {"a", "odd"}
    assert all(math.isnan(item) for item in found["odd"])


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "smart-health-card"}, {"format": []}, {"kind": "Vaccination"}, {"kind": {}}, {"country": "de"},
        {"country": 1}, {"issuers": []}, {"issuers": ["Germany"]}, {"schema": "1.3"}, {"schema": 1}, {"valid_from": 0},
        {"valid_until": NOW - DAY}, {"text": "rule"}, {"id": "ä"}, {"extra": 1}, {"logic": {"var": "payload.v.."}},
        {"logic": {"var": "external.parameters.nucleic_acid_hours"}}, {"logic": {"var": "external.kid"}},
        {"logic": {"var": "external.valueSets.nothing"}}, {"logic": {"or": [True, False]}},
    ],
)  # fmt: skip
def test_a_wrong_card_rule_is_named(changes: dict[str, Any]) -> None:
    """Whoever writes or imports one hears of it before anybody signs it."""
    with pytest.raises(RuleSetInvalid, match="card rule"):
        rule_set(card_rule("own", "vaccination", True) | changes)


@pytest.mark.parametrize(
    "rules", [None, [], {}, [card_rule("a", "test", True)] * 2, [card_rule("a", "test", True)] * 257]
)
def test_a_wrong_list_of_card_rules(rules: Any) -> None:
    """None at all, no list, one twice, too many."""
    with pytest.raises(RuleSetInvalid, match="card_rules"):
        parse_rule_set(template("CN-44", 48) | {"card_rules": rules})


def test_value_sets_by_their_published_names() -> None:
    """disease-agent-targeted is no name for a parameter, and one for a value set."""
    inside = {"in": [{"var": "payload.v.0.tg"}, {"var": "external.valueSets.disease-agent-targeted"}]}
    rules = rule_set(
        card_rule("own", "vaccination", inside),
        value_sets={"disease-agent-targeted": ["840539006"], "risk_regions": []},
    )
    assert said(rules.judge_foreign(facts(), NOW)) == (RuleState.PASS, "own")


@pytest.mark.parametrize("text", ["1.3.0\n", "v1.3.0", "1.3.0.1", "12345.0.0", "", None, 130])
def test_no_version(text: Any) -> None:
    """Three numbers and two points."""
    assert version_of(text) == ()
