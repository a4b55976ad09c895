"""The rule set that a member starts from.

It says what a host of 2022 said, and closes the holes on which people then fell: a test counts from sampling,
the newest test decides (a positive one after a negative one too), and neither a vaccination nor a clean
journey stands for a test. Each rule answers with true or false for every credential that carries its kind of
evidence; where a fact is missing it must not fall back on anything.
"""

from __future__ import annotations

from typing import Any

from credentials.profile.limits import MIN_TIME_SECONDS
from credentials.profile.lists import KIND_LABELS, EvidenceKind
from credentials.profile.words import Label, label

ANTIGEN_SHARE = 2
"""An antigen test counts for the hours of a nucleic-acid test divided by this."""
VACCINATION_DAYS = 14
"""Days from the last dose until it counts."""
RECOVERY_DAYS = (14, 180)
"""Days from recovery from which and until which it counts."""
QUARANTINE_DAYS = 7
"""Days for which the end of a quarantine counts."""
EXEMPTION_DAYS = 30
"""Days from its grant for which an exemption from testing counts."""

_TEST = label("rules-template.needed.test")
_COMMENT, _OF_TESTS, _OF_VACCINATION, _OF_EXEMPTION, _OF_NOTHING = (
    " ".join(label(f"rules-template.comment.{name}")) for name in ("set", "test", "vaccination", "exemption", "none")
)
"""For whoever edits the set, in every language at once: a comment is one line."""


def template(
    member: str,
    hours: int,
    *,
    sequence: int = 1,
    previous: str | None = None,
    valid_from: int = MIN_TIME_SECONDS,
) -> dict[str, Any]:
    """A document for :func:`~credentials.recognition.document.sign_rule_set`, of rule set 0.

    ``hours``: how long a nucleic-acid test counts from sampling (24, 48, 72). The version is the sequence.
    ``previous``: the digest of the document before, None for the first. ``valid_from``: seconds UTC.
    """
    return {
        "member": member,
        "rule_set": 0,
        "version": sequence,
        "sequence": sequence,
        "previous": previous,
        "valid_from": valid_from,
        "parameters": {"nucleic_acid_hours": hours, "antigen_hours": hours // ANTIGEN_SHARE},
        "value_sets": {"risk_regions": []},
        "accepted_statuses": ["green"],
        "comment": _COMMENT,
        "rules": [
            _test_rule(EvidenceKind.NUCLEIC_ACID, "nucleic_acid_hours"),
            _test_rule(EvidenceKind.ANTIGEN, "antigen_hours"),
            _vaccination_rule(),
            _recovery_rule(),
            _quarantine_rule(),
            _travel_rule(),
            _exemption_rule(),
            _rule("none", False, label("rules-template.text.none"), _TEST, _OF_NOTHING),
        ],
        "denials": [],
    }


def _test_rule(kind: EvidenceKind, parameter: str) -> dict[str, Any]:
    recent = _between(kind.label, 0, {"var": f"external.parameters.{parameter}"}, "hour")
    test, hours = KIND_LABELS[kind], f"{{{parameter}}}"
    text = label("rules-template.text.tested", test=test, hours=hours)
    needed = label("rules-template.needed.tested", test=test, hours=hours)
    return _rule(kind.label, {"and": [_result_is(kind.label, "negative"), recent]}, text, needed, _OF_TESTS)


def _vaccination_rule() -> dict[str, Any]:
    complete = {"plusTime": [_fact("vaccination", "sampledAt"), VACCINATION_DAYS, "day"]}
    done = {"and": [_result_is("vaccination", "completed"), {"not-after": [complete, _NOW]}, _TESTED]}
    text = label("rules-template.text.vaccination", days=VACCINATION_DAYS)
    return _rule("vaccination", done, text, _TEST, _OF_VACCINATION)


def _recovery_rule() -> dict[str, Any]:
    first, last = RECOVERY_DAYS
    recovered = {"and": [_result_is("recovery", "completed"), _between("recovery", first, last, "day")]}
    text = label("rules-template.text.recovery", first=first, last=last)
    return _rule("recovery", recovered, text, label("rules-template.needed.recovery", test=_TEST))


def _quarantine_rule() -> dict[str, Any]:
    released = {"and": [_result_is("quarantine", "completed"), _between("quarantine", 0, QUARANTINE_DAYS, "day")]}
    text = label("rules-template.text.quarantine", days=QUARANTINE_DAYS)
    return _rule("quarantine", released, text, label("rules-template.needed.quarantine", test=_TEST))


def _travel_rule() -> dict[str, Any]:
    risky = {"in": [_fact("travel", "region"), {"var": "external.valueSets.risk_regions"}]}
    clean = {"and": [_result_is("travel", "negative"), {"!": [risky]}, _TESTED]}
    text = label("rules-template.text.travel")
    return _rule("travel", clean, text, label("rules-template.needed.travel", test=_TEST))


def _exemption_rule() -> dict[str, Any]:
    exempt = {"and": [_result_is("exemption", "completed"), _between("exemption", 0, EXEMPTION_DAYS, "day")]}
    text = label("rules-template.text.exemption", days=EXEMPTION_DAYS)
    return _rule("exemption", exempt, text, label("rules-template.needed.exemption", test=_TEST), _OF_EXEMPTION)


def _rule(kind: str, logic: Any, text: Label, needed: Label, comment: str = "") -> dict[str, Any]:
    return ({"comment": comment} if comment else {}) | {
        "id": kind if kind != "none" else "no-evidence",
        "kinds": [kind],
        "logic": logic,
        "text": text.by_language(),
        "needed": needed.by_language(),
    }


def _fact(kind: str, field: str) -> dict[str, Any]:
    return {"var": f"payload.latest.{kind}.{field}"}


def _result_is(kind: str, result: str) -> dict[str, Any]:
    return {"===": [_fact(kind, "result"), result]}


def _between(kind: str, first: int, last: Any, unit: str) -> dict[str, Any]:
    """The check lies from ``first`` to ``last`` units after sampling, both ends included."""
    sampled = _fact(kind, "sampledAt")
    return {"not-after": [{"plusTime": [sampled, first, unit]}, _NOW, {"plusTime": [sampled, last, unit]}]}


_NOW: dict[str, Any] = {"plusTime": [{"var": "external.validationClock"}, 0, "hour"]}
_TESTED: dict[str, Any] = {
    "if": [
        {"var": "payload.latest.nucleic-acid"},
        True,
        {"if": [{"var": "payload.latest.antigen"}, True, False]},
    ]
}
"""There is a test on the same code; whether it is good enough, its own rule says."""
