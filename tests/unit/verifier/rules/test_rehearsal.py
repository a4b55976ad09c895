"""Made-up cases, judged as the gates would judge them."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import InvalidRequest
from credentials.recognition.authoring.made_up import MAX_CASES
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.ruleset import RuleSet
from tests.vectors.cast import DAY, NOW
from verifier.rules.rehearsal import ExpectedVerdict, Rehearsal, came_of, read_cases

HOST = "CN-44"
AT = NOW - NOW % 600
TEST = {"kind": "nucleic-acid", "result": "negative", "hours_ago": 20}
GOOD: dict[str, Any] = {"name": "good", "evidence": [TEST], "expected": {"outcome": "accepted"}}


def rules(**changes: Any) -> RuleSet:
    return parse_rule_set(template(HOST, 48, valid_from=NOW - DAY) | changes)


def came(case: dict[str, Any], rule_set: RuleSet | None = None) -> tuple[str, str | None, str | None]:
    (read,) = read_cases({"cases": [GOOD | case]}, HOST, AT)
    return tuple(came_of(Rehearsal(rule_set or rules()).judge(read)))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, ("accepted", None, None)),
        ({"form": "phone"}, ("accepted", None, None)),
        ({"form": "assisted"}, ("accepted", None, None)),
        ({"evidence": [TEST | {"hours_ago": 48}]}, ("accepted", None, None)),
        ({"evidence": [TEST | {"hours_ago": 48, "minutes_ago": 10}]}, ("refused", "rule-failed", "nucleic-acid")),
        ({"evidence": []}, ("refused", "rule-failed", "no-evidence")),
        ({"status": "yellow"}, ("refused", "status-not-accepted", None)),
        ({"at": "2022-11-21T12:00+08:00"}, ("accepted", None, None)),
        ({"at": AT - 40 * DAY}, ("undetermined", "rules-missing", None)),
    ],
)
def test_cases(case: dict[str, Any], expected: tuple[str, str | None, str | None]) -> None:
    """Every way to the verdict that rules have: status, form, evidence, time."""
    assert came(case) == expected


def test_a_denied_issuer() -> None:
    """A denial is rehearsed like a rule, with the member that it names and with another."""
    denial = {"member": "CN-33", "reason": {"zh": "核查", "en": "Review"}, "expires_at": AT + DAY}
    denying = rules(denials=[denial])
    assert came({"issuer": "CN-33"}, denying)[1] == "recognition-denied"
    assert came({}, denying)[0] == "accepted"


def test_a_region_at_risk() -> None:
    """A journey to where the risk is, beside a good test."""
    risky = rules(value_sets={"risk_regions": [440_305]})
    journey = {"kind": "travel", "result": "negative", "hours_ago": 1, "region": 440_305}
    assert came({"evidence": [TEST, journey]}, risky) == ("refused", "rule-failed", "travel")
    assert came({"evidence": [TEST, journey | {"region": 440_300}]}, risky)[0] == "accepted"


def test_an_expectation_asks_for_what_it_names_and_no_more() -> None:
    """A case that only says "refused" must not break when a better reason is found."""
    (case,) = read_cases({"cases": [GOOD | {"evidence": []}]}, HOST, AT)
    verdict = Rehearsal(rules()).judge(case)
    assert ExpectedVerdict("refused", None, None).is_met(verdict)
    assert ExpectedVerdict("refused", "rule-failed", "no-evidence").is_met(verdict)
    assert not ExpectedVerdict("refused", "expired", None).is_met(verdict)
    assert not ExpectedVerdict("refused", None, "antigen").is_met(verdict)
    assert not ExpectedVerdict("accepted", None, None).is_met(verdict)
    assert str(ExpectedVerdict("refused", "rule-failed", None)) == "refused (rule-failed)"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": "a\nb"},
        {"name": "n" * 101},
        {"expected": None},
        {"expected": {"outcome": "green"}},
        {"expected": {"outcome": ["accepted"]}},
        {"expected": {"outcome": "accepted", "reason": 1}},
        {"expected": {"outcome": "accepted", "colour": "x"}},
        {"evidence": {}},
        {"evidence": [TEST, TEST, TEST]},
        {"evidence": [TEST | {"hours_ago": -1}]},
        {"evidence": [TEST | {"hours_ago": 1.0}]},
        {"evidence": [TEST | {"minutes_ago": 60}]},
        {"evidence": [TEST | {"kind": "pcr"}]},
        {"evidence": [TEST | {"result": None}]},
        {"evidence": [TEST | {"region": 1}]},
        {"evidence": [TEST | {"sampled_at": 1}]},
        {"evidence": ["test"]},
        {"issuer": "cn-41"},
        {"status": "amber"},
        {"form": "card"},
        {"at": "noon"},
        {"at": "2022-11-21T12:00"},
        {"at": 0},
        {"at": True},
        {"person": "王"},
    ],
)
def test_a_wrong_case_is_named(changes: dict[str, Any]) -> None:
    """A case that was misread would prove nothing, and look as if it did."""
    with pytest.raises(InvalidRequest, match="case 2"):
        read_cases({"cases": [GOOD, GOOD | {"name": "second"} | changes]}, HOST, AT)


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"cases": []}, {"cases": GOOD}, {"cases": [GOOD] * (MAX_CASES + 1)}, {"cases": [GOOD, GOOD]},
     {"cases": [GOOD], "at": "x"}, {"cases": [GOOD], "rules": 1}],
)  # fmt: skip
def test_a_wrong_file_is_named(content: object) -> None:
    """An empty file of cases must not pass for a rule set that was tested."""
    with pytest.raises(InvalidRequest):
        read_cases(content, HOST, AT)


@pytest.mark.parametrize(
    "changes",
    [{"card": []}, {"card": {}, "evidence": []}, {"card": {}, "issuer": "CN-41"}, {"card": {}, "form": "paper"}],
)
def test_a_wrong_case_of_a_card_is_named(changes: dict[str, Any]) -> None:
    """A card has no form and no evidence in this house's terms, and a country where a code has a member."""
    case = {"name": "card", "expected": {"outcome": "refused"}}
    with pytest.raises(InvalidRequest, match="case 1"):
        read_cases({"cases": [case | changes]}, HOST, AT)


def test_the_issuer_is_another_member() -> None:
    """A host's rules are for codes from elsewhere."""
    assert [read_cases({"cases": [GOOD]}, host, AT)[0].shown.issuer for host in ("CN-41", "CN-44")] == [
        "CN-33",
        "CN-41",
    ]
