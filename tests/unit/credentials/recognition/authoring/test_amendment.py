"""The next version of a rule set: gates take it only if it follows the one they have."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from credentials.errors import RuleSetInvalid
from credentials.recognition.authoring.amendment import successor, with_denial, with_parameters, without_denial
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.reading import digest_of

REASON = {"zh": "数据核查中", "en": "Under review"}


@pytest.fixture
def document() -> dict[str, Any]:
    return template("CN-44", 48)


def test_the_successor_names_the_one_before(document: dict[str, Any], noon: int) -> None:
    """Version, sequence and digest: by these a gate tells the next from a forgery or a repetition."""
    untouched = copy.deepcopy(document)
    following = parse_rule_set(successor(document | {"valid_until": noon}, noon))
    assert (following.version, following.sequence, following.valid_from) == (2, 2, noon)
    assert following.previous == digest_of(document | {"valid_until": noon})
    assert following.valid_until is None
    assert document == untouched


def test_a_parameter_is_changed_wherever_it_is_said(document: dict[str, Any], noon: int) -> None:
    """The rule and its words change together: a gate must not ask for 24 hours and say 48."""
    changed = parse_rule_set(with_parameters(document, {"nucleic_acid_hours": 24}))
    assert "24 小时" in changed.rules[0].text.of("zh-CN")
    assert document["parameters"]["nucleic_acid_hours"] == 48


@pytest.mark.parametrize("values", [{"hours": 24}, {"nucleic_acid_hours": "24"}, {"nucleic_acid_hours": True}])
def test_parameters_that_are_none(document: dict[str, Any], values: dict[str, Any]) -> None:
    """A misspelt name would leave the rule as it was, in silence."""
    with pytest.raises(RuleSetInvalid, match="parameters"):
        with_parameters(document, values)


def test_a_set_without_parameters_says_so(document: dict[str, Any]) -> None:
    """The message names what there is, even if that is nothing."""
    with pytest.raises(RuleSetInvalid, match="none"):
        with_parameters(document | {"parameters": {}}, {"x": 1})


def test_a_denial_is_entered_replaced_and_lifted(document: dict[str, Any], noon: int) -> None:
    """One entry a member, with its end: a second one replaces the first."""
    denied = with_denial(with_denial(document, "CN-33", REASON, noon), "CN-33", REASON, noon + 60)
    denied = with_denial(denied, "CN-41", REASON, noon)
    assert {name: entry.expires_at for name, entry in parse_rule_set(denied).denials.items()} == {
        "CN-33": noon + 60,
        "CN-41": noon,
    }
    assert set(parse_rule_set(without_denial(denied, "CN-33")).denials) == {"CN-41"}
