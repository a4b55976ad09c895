"""What a rule is shown."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import RuleSetInvalid
from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.recognition.language.instants import Instant
from credentials.recognition.language.vocabulary import MAX_JSON_LEVELS, fill_in, rule_input

KNOWN = {"external.parameters.hours": 48, "external.valueSets.regions": [440_300]}


def test_the_whole_input(credential: Any, fact: Any, noon: int) -> None:
    """Rules are written against this, and the browser's judge builds the same."""
    test = fact(EvidenceKind.NUCLEIC_ACID, 5)
    shown = {
        "kind": "nucleic-acid",
        "result": "negative",
        "sampledAt": Instant((noon - 5 * 3600) * 1000),
        "region": 330_100,
    }
    assert rule_input(credential(test), noon) == {
        "payload": {
            "status": "green",
            "reason": "test-recent",
            "form": "phone",
            "issuedAt": Instant((noon - 600) * 1000),
            "evidence": [shown],
            "latest": {"nucleic-acid": shown},
        },
        "external": {"validationClock": Instant(noon * 1000)},
    }


def test_the_issuer_is_not_shown(credential: Any, noon: int) -> None:
    """A rule that could ask who issued the code would be a secret denial without reason or end."""
    assert "CN-33" not in repr(rule_input(credential(), noon))


@pytest.mark.parametrize("swap", [False, True])
def test_the_newest_of_a_kind_counts(credential: Any, fact: Any, noon: int, swap: bool) -> None:
    """Whatever the order on the code: yesterday's negative must not hide this morning's positive."""
    facts = [
        fact(EvidenceKind.NUCLEIC_ACID, 30),
        fact(EvidenceKind.NUCLEIC_ACID, 5, EvidenceResult.POSITIVE),
    ]
    payload = rule_input(credential(*(reversed(facts) if swap else facts)), noon)["payload"]
    assert payload["latest"]["nucleic-acid"]["result"] == "positive"
    assert [shown["result"] for shown in payload["evidence"]] == ["positive", "negative"]


@pytest.mark.parametrize("swap", [False, True])
def test_the_worse_of_two_at_one_time_counts(credential: Any, fact: Any, noon: int, swap: bool) -> None:
    """Times are rounded to ten minutes, so two results can stand at one time."""
    facts = [fact(EvidenceKind.ANTIGEN, 5), fact(EvidenceKind.ANTIGEN, 5, EvidenceResult.POSITIVE)]
    payload = rule_input(credential(*(reversed(facts) if swap else facts)), noon)["payload"]
    assert payload["latest"]["antigen"]["result"] == "positive"


@pytest.mark.parametrize(
    "path",
    [
        "payload.status",
        "payload.reason",
        "payload.form",
        "payload.issuedAt",
        "payload.evidence",
        "payload.evidence.1",
        "payload.evidence.0.region",
        "payload.latest.travel",
        "payload.latest.nucleic-acid.sampledAt",
        "external.validationClock",
    ],
)
def test_names_that_exist(path: str) -> None:
    """Each name of the module's table can be used."""
    assert fill_in({"!": [{"var": path}]}, KNOWN) == {"!": [{"var": path}]}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "payload",
        "payload.issuer",
        "payload.statuss",
        "payload.evidence.2",
        "payload.evidence.0.date",
        "payload.latest",
        "payload.latest.pcr.result",
        "external.parameters",
        "external.parameters.days",
        "external.valueSets.hours",
        "current",
        "data.payload.status",
    ],
)
def test_names_that_do_not_exist(path: str) -> None:
    """At the gate a mistyped name is null, and null turns people away in silence."""
    with pytest.raises(RuleSetInvalid, match="nothing is called"):
        fill_in({"!": [{"var": path}]}, KNOWN)


def test_parameters_and_value_sets_are_filled_in() -> None:
    """So an amount of time, which the language wants as a literal, can be a parameter."""
    logic: dict[str, Any] = {"plusTime": [{"var": "payload.issuedAt"}, {"var": "external.parameters.hours"}, "hour"]}
    assert fill_in(logic, KNOWN) == {"plusTime": [{"var": "payload.issuedAt"}, 48, "hour"]}
    logic = {"in": [440_300, {"var": "external.valueSets.regions"}]}
    assert fill_in(logic, KNOWN) == {"in": [440_300, [440_300]]}


def reduction(step: Any) -> dict[str, Any]:
    return {"reduce": [{"var": "payload.evidence"}, step, 0]}


@pytest.mark.parametrize(
    "step",
    [
        {"var": "accumulator"},
        {"var": "current.result"},
        {"var": "data.external.validationClock"},
        {
            "reduce": [
                {"var": "data.payload.evidence"},
                {"var": "data.data.payload.status"},
                {"var": "current"},
            ]
        },
        {"reduce": [{"var": "current"}, {"var": "data.accumulator"}, {"var": "accumulator"}]},
    ],
)
def test_names_inside_a_reduction(step: Any) -> None:
    """Inside, what stands outside is found below ``data``, once for each level."""
    assert fill_in(reduction(step), KNOWN) == reduction(step)


@pytest.mark.parametrize(
    "path", ["payload.status", "data.payload.statuss", "data.current", "data.data.payload.status", "currents"]
)
def test_wrong_names_inside_a_reduction(path: str) -> None:
    """Forgetting ``data`` is the likeliest mistake of an author."""
    with pytest.raises(RuleSetInvalid):
        fill_in(reduction({"var": path}), KNOWN)


def test_parameters_inside_a_reduction() -> None:
    """A parameter is the same everywhere."""
    for path in ("external.parameters.hours", "data.external.parameters.hours"):
        assert fill_in(reduction({"var": path}), KNOWN) == reduction(48)


@pytest.mark.parametrize("logic", [{"var": 1}, {"var": "payload.form", "!": []}, {"reduce": 1}, None, 1.5])
def test_what_the_compiler_refuses_is_left_to_it(logic: Any) -> None:
    """Nothing malformed is repaired on the way: the compiler sees it as it was."""
    assert fill_in(logic, KNOWN) == logic


def test_depth() -> None:
    """Looking through a rule must not take the stack either."""
    logic: Any = 1
    for _ in range(MAX_JSON_LEVELS):
        logic = [logic]
    with pytest.raises(RuleSetInvalid, match="deep"):
        fill_in(logic, KNOWN)
