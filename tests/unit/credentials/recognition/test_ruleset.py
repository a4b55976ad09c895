"""What a rule set says of a credential."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Status
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.ruleset import RuleSet


def rule(name: str, kinds: list[str], logic: Any) -> dict[str, Any]:
    text = {"zh": f"规则 {name}", "en": f"rule {name}"}
    return {"id": name, "kinds": kinds, "logic": logic, "text": text, "needed": text}


def rule_set(*rules: dict[str, Any], **changes: Any) -> RuleSet:
    return parse_rule_set(template("CN-44", 48) | {"rules": list(rules)} | changes)


NEGATIVE = {"===": [{"var": "payload.evidence.0.result"}, "negative"]}
OPEN = {"<": [{"var": "payload.status"}, 1]}


def test_pass_names_the_set_and_the_rule(credential: Any, fact: Any, noon: int) -> None:
    """The verdict must say which rule of which set decided."""
    result = rule_set(rule("test", ["nucleic-acid"], NEGATIVE), version=7).judge(
        credential(fact(EvidenceKind.NUCLEIC_ACID, 5)), noon
    )
    assert result.to_dict() == {
        "member": "CN-44",
        "rule_set": 0,
        "version": 7,
        "state": "pass",
        "rule": "test",
        "text_zh": "规则 test",
        "text_zh_hk": "规则 test",
        "text_en": "rule test",
        "needed_zh": "规则 test",
        "needed_zh_hk": "规则 test",
        "needed_en": "rule test",
    }


def test_any_failing_rule_fails(credential: Any, fact: Any, noon: int) -> None:
    """A second rule that passes must not buy off the first, nor an open one hide a refusal."""
    rules = rule_set(rule("a", ["antigen"], True), rule("b", ["antigen"], OPEN), rule("c", ["antigen"], False))
    result = rules.judge(credential(fact(EvidenceKind.ANTIGEN, 1)), noon)
    assert (result.state, result.rule and result.rule.id) == (RuleState.FAIL, "c")


def test_an_open_rule_leaves_it_open(credential: Any, fact: Any, noon: int) -> None:
    """What cannot be evaluated is never a pass, whatever passes beside it."""
    rules = rule_set(rule("a", ["antigen"], OPEN), rule("b", ["antigen"], True), rule("c", ["antigen"], OPEN))
    result = rules.judge(credential(fact(EvidenceKind.ANTIGEN, 1)), noon)
    assert (result.state, result.rule and result.rule.id) == (RuleState.OPEN, "a")


def test_every_kind_needs_a_rule(credential: Any, fact: Any, noon: int) -> None:
    """A kind of evidence for which the host has no rule is undetermined (cwa-documentation #678)."""
    both = credential(fact(EvidenceKind.ANTIGEN, 1), fact(EvidenceKind.TRAVEL, 1))
    result = rule_set(rule("a", ["antigen"], True)).judge(both, noon)
    assert (result.state, result.rule, result.detail) == (RuleState.OPEN, None, "no rule for travel")
    assert result.to_dict() == {"member": "CN-44", "rule_set": 0, "version": 1, "state": "open"}


def test_several_kinds_without_a_rule(credential: Any, fact: Any, noon: int) -> None:
    """The first one found is named, and one is enough."""
    both = credential(fact(EvidenceKind.VACCINATION, 1), fact(EvidenceKind.TRAVEL, 1))
    result = rule_set(rule("a", ["antigen"], True)).judge(both, noon)
    assert result.detail == "no rule for vaccination"


def test_no_evidence_needs_a_rule_too(credential: Any, noon: int) -> None:
    """A green code without any fact is a bare colour: without a rule for that it is undetermined."""
    result = rule_set(rule("a", ["antigen"], True)).judge(credential(), noon)
    assert (result.state, result.detail) == (RuleState.OPEN, "no rule for none")
    assert rule_set(rule("a", ["antigen", "none"], True)).judge(credential(), noon).state is RuleState.PASS


def test_one_rule_for_several_kinds(credential: Any, fact: Any, noon: int) -> None:
    """ "Either kind of test" is one rule."""
    rules = rule_set(rule("a", ["nucleic-acid", "antigen"], NEGATIVE))
    both = credential(fact(EvidenceKind.ANTIGEN, 1), fact(EvidenceKind.NUCLEIC_ACID, 2))
    assert rules.judge(both, noon).state is RuleState.PASS
    positive = credential(fact(EvidenceKind.ANTIGEN, 1, EvidenceResult.POSITIVE))
    assert rules.judge(positive, noon).state is RuleState.FAIL


def test_in_force(credential: Any, noon: int) -> None:
    """A tightening counts from its moment, not from the moment it is published."""
    rules = rule_set(rule("a", ["none"], True), valid_from=noon, valid_until=noon + 60)
    assert [rules.in_force(noon + shift) for shift in (-1, 0, 59, 60)] == [False, True, True, False]
    assert rule_set(rule("a", ["none"], True)).in_force(2**32)
    assert rules.judge(credential(), noon).state is RuleState.PASS
    early = rules.judge(credential(), noon - 1)
    assert (early.state, early.rule, early.detail) == (RuleState.OPEN, None, "rule set not in force")


def test_denial(noon: int) -> None:
    """A denial has a reason that people can read and an end after which it is gone."""
    reason = {"zh": "密钥失窃调查中", "en": "A stolen key is being investigated"}
    rules = rule_set(rule("a", ["none"], True), denials=[{"member": "CN-33", "reason": reason, "expires_at": noon}])
    denial = rules.denial_of("CN-33", noon - 1)
    assert denial is not None
    assert denial.reason == (reason["zh"], reason["zh"], reason["en"])
    assert rules.denial_of("CN-33", noon) is None
    assert rules.denial_of("CN-31", noon - 1) is None
    assert rules.denial_of("cn-33", noon - 1) is None


def test_statuses_and_forms() -> None:
    """What the host takes at all; without a list every form is taken, but never every status."""
    rules = rule_set(rule("a", ["none"], True))
    assert rules.accepted_statuses == {Status.GREEN}
    assert rules.accepted_forms == set(Form)
    limited = rule_set(rule("a", ["none"], True), accepted_statuses=["green", "yellow"], accepted_forms=["phone"])
    assert limited.accepted_statuses == {Status.GREEN, Status.YELLOW}
    assert limited.accepted_forms == {Form.PHONE}


@pytest.mark.parametrize("hidden", ["logic", "closure", "function"])
def test_what_is_logged_stays_short(hidden: str, credential: Any, noon: int) -> None:
    """A result in a log line must not drag the whole set along."""
    assert hidden not in repr(rule_set(rule("a", ["none"], True)))
