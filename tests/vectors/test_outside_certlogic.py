"""CertLogic against its own conformance suite and against 83 real national rules with their 520 tests."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from credentials.errors import RuleOpen
from credentials.recognition.authoring.amendment import with_card_rules
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.language.certlogic import RuleState, compile_rule, evaluate
from service_kit.inputs import Input
from verifier.rules.published import entries_of, named_value_sets, read_published

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("TONGXING_VECTORS") or REPOSITORY.parent / "shared" / "vectors") / "certlogic"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"NOT CHECKED: no outside vectors at {FOLDER} (set TONGXING_VECTORS)"
)

NOT_AN_ARRAY = (
    "the suite itself skips it ('directive': 'skip'): the specification calls 'in' without an array an error, "
    "so it is open here, where false would turn people away"
)
EXPECTED_DEVIATIONS = {f"ins-with-nulls: null-safety: {number}": NOT_AN_ARRAY for number in range(4)}
"""Assertions that we answer otherwise on purpose, with the reason."""


class Assertion(NamedTuple):
    name: str
    logic: Any
    data: Any
    expected: Any


def suite() -> list[Assertion]:
    assertions = []
    for path in sorted(FOLDER.glob("*.json")):
        for case in json.loads(path.read_text()).get("cases", []):
            for number, entry in enumerate(case["assertions"]):
                name = f"{path.stem}: {case['name']}: {number}"
                logic = entry.get("certLogicExpression", case.get("certLogicExpression"))
                assertions.append(Assertion(name, logic, entry["data"], entry["expected"]))
    return assertions


@cache
def national_rules() -> dict[str, Any]:
    path = FOLDER / "country-rules.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def answer(logic: Any, data: Any) -> Any:
    try:
        return compile_rule(logic)(data)
    except RuleOpen:
        return RuleState.OPEN


def test_the_conformance_suite_is_whole() -> None:
    """A suite of which half is missing passes too: the numbers are part of the test."""
    assert len(suite()) >= 232
    rules = national_rules().values()
    assert (len(rules), sum(len(rule["tests"]) for rule in rules)) >= (83, 520)


@pytest.mark.parametrize("assertion", suite(), ids=lambda assertion: assertion.name)
def test_conformance(assertion: Assertion) -> None:
    """Rules written for any CertLogic evaluator mean the same here."""
    result = answer(assertion.logic, assertion.data)
    if assertion.name in EXPECTED_DEVIATIONS:
        assert result is RuleState.OPEN
    else:
        assert (result, type(result)) == (assertion.expected, type(assertion.expected))


def test_no_deviation_is_left_over() -> None:
    """An exception for something that is no longer in the suite hides the next mistake."""
    assert EXPECTED_DEVIATIONS.keys() <= {assertion.name for assertion in suite()}


@pytest.mark.parametrize("name", national_rules())
def test_national_rules(name: str) -> None:
    """What six countries decided in 2021, decided again: pass and fail, and never open."""
    entry = national_rules()[name]
    rule = compile_rule(entry["rule"]["Logic"])
    for test in entry["tests"]:
        data = {"payload": test["payload"], "external": test["external"]}
        assert evaluate(rule, data) is (RuleState.PASS if test["expected"] else RuleState.FAIL), test.get("name")


def test_national_rules_are_taken_over() -> None:
    """All of them as they were published, with their value sets, into one set; and each says what its country tests."""
    sources = [Input(name, (FOLDER / name).read_bytes()) for name in ("country-rules.json", "valueSets.json")]
    found = read_published(sources, {})
    assert [rule.why for rule in found.rules] == [""] * len(national_rules())
    sets = {name: found.value_sets[name] for name in named_value_sets(found.rules)}
    rules = parse_rule_set(with_card_rules(template("CN-44", 48), entries_of(found.rules), sets)).card_rules
    for rule, entry in zip(rules, national_rules().values(), strict=True):
        assert rule.id == entry["rule"]["Identifier"]
        for test in entry["tests"]:
            data = {"payload": test["payload"], "external": test["external"]}
            assert evaluate(rule.rule, data) is (RuleState.PASS if test["expected"] else RuleState.FAIL), rule.id
