"""What a new version means for people: stricter, looser, or neither."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.recognition.authoring.amendment import successor, with_denial, with_parameters, without_denial
from credentials.recognition.authoring.difference import LOOSER, OTHER, STRICTER, RuleChange, changes, tried
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set

OLD = template("CN-44", 48)
DENIED = with_denial(OLD, "CN-33", {"zh": "核查", "en": "Review"}, 1_700_000_000)


def said(found: list[RuleChange]) -> list[tuple[str, str]]:
    return [(change.direction, change.text.of("en")) for change in found]


def both(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return said(tried(parse_rule_set(old), parse_rule_set(new)))


def without(rule: str) -> dict[str, Any]:
    return OLD | {"rules": [each for each in OLD["rules"] if each["id"] != rule]}


@pytest.fixture(scope="module")
def without_recovery() -> list[RuleChange]:
    return tried(parse_rule_set(OLD), parse_rule_set(without("recovery")))


def test_nothing_changed() -> None:
    """The same rules as a next version are no change but its time."""
    following = successor(OLD, 1_700_000_000)
    assert said(changes(OLD, following)) == [(OTHER, "in force from 2023-11-15 06:13:20+08:00")]
    assert both(OLD, following) == []


def test_fewer_hours_are_stricter_for_exactly_those_in_between() -> None:
    """24 instead of 48: whose test is 25 to 48 hours old, and nobody else."""
    tightened = with_parameters(OLD, {"nucleic_acid_hours": 24})
    assert said(changes(OLD, tightened)) == [(OTHER, "parameter nucleic_acid_hours: 48 → 24")]
    assert both(OLD, tightened) == [(STRICTER, "nucleic-acid test, negative, 25 h – 48 h ago: passes → fails")]
    assert both(tightened, OLD) == [(LOOSER, "nucleic-acid test, negative, 25 h – 48 h ago: fails → passes")]


def test_a_rule_that_is_gone_leaves_its_kind_open(without_recovery: list[RuleChange]) -> None:
    """Taking a rule out lets nobody pass: it makes everybody with that evidence be checked by hand."""
    found = said(without_recovery)
    assert (STRICTER, "recovery, completed, 14 d – 180 d ago: passes → is open") in found
    assert {direction for direction, _ in found} == {STRICTER, OTHER}
    assert said(changes(OLD, without("recovery"))) == [(OTHER, "rule recovery: removed")]
    assert said(changes(without("recovery"), OLD)) == [(OTHER, "rule recovery: added")]


def test_no_evidence_and_every_age() -> None:
    """What holds at every age is told without one."""
    free = OLD | {"rules": [rule | {"logic": True} if rule["id"] == "no-evidence" else rule for rule in OLD["rules"]]}
    assert both(OLD, free) == [(LOOSER, "no evidence: fails → passes")]
    assert said(changes(OLD, free)) == [(OTHER, "rule no-evidence: logic changed")]


def test_the_oldest_age_is_open_at_its_end() -> None:
    """What is tried ends after 400 days; the rule does not."""
    recovery = next(rule for rule in OLD["rules"] if rule["id"] == "recovery")
    always = {"===": [{"var": "payload.latest.recovery.result"}, "completed"]}
    changed = OLD | {"rules": [rule | {"logic": always} if rule is recovery else rule for rule in OLD["rules"]]}
    assert (LOOSER, "recovery, completed, 181 d – 400 d+ ago: fails → passes") in both(OLD, changed)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (DENIED, DENIED, []),
        (OLD, DENIED, [(STRICTER, "CN-33 denied until 2023-11-15 06:13:20+08:00")]),
        (DENIED, without_denial(DENIED, "CN-33"), [(LOOSER, "CN-33 denied no longer, or for less long")]),
        (OLD, OLD | {"accepted_statuses": ["green", "yellow"]}, [(LOOSER, "status newly accepted: yellow")]),
        (
            OLD,
            OLD | {"accepted_forms": ["phone", "assisted"]},
            [(STRICTER, "form no longer accepted: paper")],
        ),
        (OLD, OLD | {"member": "CN-33"}, [(OTHER, "of another member")]),
        (OLD | {"valid_until": 1_700_000_000}, OLD, [(OTHER, "in force until —")]),
        (
            OLD,
            OLD | {"value_sets": {"risk_regions": [440305], "x": []}},
            [(OTHER, "value set risk_regions: 1 more, 0 gone")],
        ),
        (OLD | {"value_sets": {"risk_regions": [1]}}, OLD, [(OTHER, "value set risk_regions: 0 more, 1 gone")]),
        (OLD, OLD | {"parameters": OLD["parameters"] | {"x": True}}, [(OTHER, "parameter x: — → true")]),
        (OLD | {"parameters": {"x": 1}}, OLD | {"parameters": {"x": True}}, [(OTHER, "parameter x: 1 → true")]),
        (OLD | {"parameters": {"x": False}}, OLD | {"parameters": {"x": 0}}, [(OTHER, "parameter x: false → 0")]),
    ],
)
def test_lists(old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each list that a set has, both ways: the line nobody looked at is the one that mattered."""
    assert said(changes(old, new)) == expected


def test_both_languages(without_recovery: list[RuleChange]) -> None:
    """Author and approver may read different ones."""
    for change in [*changes(OLD, DENIED), *without_recovery]:
        assert any("一" <= character <= "鿿" for character in change.text.of("zh-CN"))
        assert not any("一" <= character <= "鿿" for character in change.text.of("en"))
