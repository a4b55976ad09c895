"""Slips that every gate would take and nobody meant."""

from __future__ import annotations

import re
from typing import Any

import pytest

from credentials.recognition.authoring.lint import complaints
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set

TESTED = "payload.latest.nucleic-acid"
SAMPLED: dict[str, Any] = {"var": f"{TESTED}.sampledAt"}
RESULT: dict[str, Any] = {"var": f"{TESTED}.result"}
REGION: dict[str, Any] = {"var": f"{TESTED}.region"}
CLOCK: dict[str, Any] = {"var": "external.validationClock"}
NOW: dict[str, Any] = {"plusTime": [CLOCK, 0, "hour"]}


def with_logic(logic: Any) -> dict[str, Any]:
    document = template("CN-44", 48)
    document["rules"] = [document["rules"][0] | {"logic": logic}]
    parse_rule_set(document)
    return document


def test_the_template_has_none() -> None:
    """Nobody must begin with a set that is complained of."""
    assert complaints(template("CN-44", 48)) == []


@pytest.mark.parametrize(
    ("logic", "said"),
    [
        ({"===": [SAMPLED, {"var": "payload.status"}]}, "a date is never equal"),
        ({"===": ["green", NOW]}, "a moment is never equal"),
        ({"in": [CLOCK, ["green"]]}, "a date is never equal"),
        ({"===": [REGION, "440100"]}, "a number is never equal to a text"),
        ({"in": [RESULT, ["negative", True]]}, "a text is never equal to a truth value"),
        ({"===": [RESULT, "negatve"]}, "nothing is called 'negatve'"),
        ({"===": ["amber", {"var": "payload.status"}]}, "green, yellow, red, pending"),
        ({"in": [{"var": "payload.form"}, ["phone", "card"]]}, "nothing is called 'card'"),
        ({"after": [CLOCK, NOW]}, "after takes what plusTime makes, not a date"),
        ({"before": [NOW, RESULT]}, "not a text"),
        ({"<": [RESULT, 7]}, "< takes numbers, not a text"),
        ({">=": [NOW, 7]}, "not a moment"),
        ({"===": [{"+": [1, {"===": [REGION, 1]}]}, 2]}, r"\+ takes numbers, not a truth value"),
        ({"after": [{"plusTime": [REGION, 1, "day"]}, NOW]}, "plusTime takes a date, not a number"),
        ({"after": [{"plusTime": [RESULT, 1, "day"]}, NOW]}, "plusTime takes a date, not a text"),
        ({"if": [True, {"!": [{"===": [SAMPLED, 1]}]}, False]}, "a date is never equal"),
        ({"===": [{"extractFromUVCI": ["a", 0]}, 1]}, "a text is never equal to a number"),
        ({"===": [[{"<": [RESULT, 7]}], 1]}, "< takes numbers"),
    ],
)
def test_slips_are_named(logic: Any, said: str) -> None:
    """The rule would be open or always the same at every gate: its author must hear of it before it is signed."""
    (complaint, *_) = complaints(with_logic(logic))
    assert complaint.startswith("rule nucleic-acid: ")
    assert re.search(said, complaint)


@pytest.mark.parametrize(
    "logic",
    [
        {"===": [RESULT, "negative"]},
        {"===": [RESULT, {"var": "payload.evidence.0.result"}]},
        {"in": [REGION, {"var": "external.valueSets.risk_regions"}]},
        {"in": [REGION, {"var": "payload.evidence"}]},
        {"after": [{"plusTime": ["2022-11-01", 1, "month"]}, NOW]},
        {"not-after": [{"if": [True, NOW, NOW]}, NOW, {"dccDateOfBirth": ["1990"]}]},
        {"<": [{"reduce": [{"var": "payload.evidence"}, {"+": [{"var": "accumulator"}, 1]}, 0]}, 2]},
        {"if": [{"var": TESTED}, True, False]},
        {"===": [{"var": "payload.evidence.0"}, {"var": "payload.evidence.1"}]},
    ],
)
def test_what_is_sound_is_left_alone(logic: Any) -> None:
    """A complaint about nothing teaches authors to ignore all of them."""
    assert complaints(with_logic(logic)) == []
