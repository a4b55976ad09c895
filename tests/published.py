"""Rules for EU cards in the form in which countries publish them, written for these tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credentials.recognition.authoring.amendment import with_card_rules
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.ruleset import RuleSet
from credentials.wire.strict_json import json_bytes
from service_kit.inputs import Input
from tests.vectors.cast import DAY as DAY_SECONDS
from tests.vectors.cast import NOW
from verifier.rules.published import entries_of, read_published

COVID = "840539006"
DAY = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
VALUE_SET = {
    "valueSetId": "disease-agent-targeted",
    "valueSetDate": "2022-04-27",
    "valueSetValues": {
        COVID: {"display": "COVID-19", "lang": "en", "active": True, "system": "http://snomed.info/sct", "version": "1"}
    },
}


def rule(identifier: str, logic: Any, **changed: Any) -> dict[str, Any]:
    """One rule; its type of card follows from its identifier unless ``changed`` says otherwise."""
    kinds = {"GR": "General", "VR": "Vaccination", "TR": "Test", "RR": "Recovery", "IR": "General"}
    return {
        "Identifier": identifier,
        "Type": "Invalidation" if identifier.startswith("IR") else "Acceptance",
        "Country": identifier[3:5],
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "0.7.5",
        "CertificateType": kinds.get(identifier[:2], "General"),
        "Description": [{"lang": "de", "desc": "Erprobung"}, {"lang": "en", "desc": f"What {identifier} asks."}],
        "ValidFrom": "2021-07-01T00:00:00Z",
        "ValidTo": "2030-06-01T00:00:00Z",
        "AffectedFields": ["v.0"],
        "Logic": logic,
    } | changed


def first(field: str) -> dict[str, Any]:
    return {"var": f"payload.{field}"}


def within(field: str, earliest: int, latest: int, unit: str) -> dict[str, Any]:
    """The check lies from so long to so long after what the field says."""
    since = {"plusTime": [first(field), earliest, unit]}
    return {"if": [first(field), {"not-after": [since, DAY, {"plusTime": [first(field), latest, unit]}]}, True]}


ONE_EVENT = rule(
    "GR-DE-0001",
    {"===": [
        {"reduce": [
            [first("r"), first("t"), first("v")],
            {"+": [{"var": "accumulator"}, {"if": [{"var": "current.0"}, 1, 0]}]},
            0,
        ]},
        1,
    ]},
)  # fmt: skip
DISEASE = rule(
    "VR-DE-0000",
    {"if": [
        first("v.0"),
        {"in": [first("v.0.tg"), {"var": "external.valueSets.disease-agent-targeted"}]},
        True,
    ]},
)  # fmt: skip
COMPLETE = rule("VR-DE-0001", {"if": [first("v.0"), {">=": [first("v.0.dn"), first("v.0.sd")]}, True]})
RECENT_DOSE = rule("VR-DE-0002", within("v.0.dt", 15, 365, "day"))
NEGATIVE = rule("TR-DE-0001", {"if": [first("t.0"), {"===": [first("t.0.tr"), "260415000"]}, True]})
RECENT_TEST = rule(
    "TR-DE-0002",
    {"if": [
        {"===": [first("t.0.tt"), "LP6464-4"]},
        {"before": [DAY, {"plusTime": [first("t.0.sc"), 72, "hour"]}]},
        {"before": [DAY, {"plusTime": [first("t.0.sc"), 48, "hour"]}]},
    ]},
)  # fmt: skip
RECOVERED = rule(
    "RR-DE-0001",
    {"if": [
        first("r.0"),
        {"and": [
            {"not-before": [DAY, {"plusTime": [first("r.0.fr"), 28, "day"]}]},
            {"not-after": [DAY, {"plusTime": [first("r.0.fr"), 6, "month"]}]},
        ]},
        True,
    ]},
)  # fmt: skip
WITHDRAWN = rule(
    "IR-AT-0001",
    {"!": [{"in": [{"extractFromUVCI": [first("v.0.ci"), 1]}, ["CZ", "FR"]]}]},
    CertificateType="Vaccination",
)
ALL = [ONE_EVENT, DISEASE, COMPLETE, RECENT_DOSE, NEGATIVE, RECENT_TEST, RECOVERED, WITHDRAWN]


def as_document(rules: Sequence[Any] = tuple(ALL), member: str = "CN-44", valid_from: int = NOW - DAY_SECONDS) -> Any:
    """The template's set with these rules taken over, as `rules import` makes it."""
    source = Input("rules.json", json_bytes([*rules, VALUE_SET]))
    found = read_published([source], {})
    return with_card_rules(template(member, 48, valid_from=valid_from), entries_of(found.rules), found.value_sets)


def as_rule_set(rules: Sequence[Any] = tuple(ALL)) -> RuleSet:
    """The same, read."""
    return parse_rule_set(as_document(rules))
