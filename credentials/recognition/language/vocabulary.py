"""What a rule can look at, and nothing else.

======================================  =====================================================================
``payload.status|reason|form``          labels, as the issuer signed them
``payload.issuedAt``                    date
``payload.evidence``                    array of ``{kind, result, sampledAt, region}``, newest first
``payload.latest.KIND``                 the newest evidence of that kind, or null
``external.validationClock``            date: the moment of the check
``external.parameters.NAME``            of the rule set, filled in when it is loaded
``external.valueSets.NAME``             likewise
======================================  =====================================================================

Who issued the code is not among it: a rule decides on facts, and denying a member is a thing of its own, with
a reason and an end. Dates count from sampling, never from a report (quicktest-onboarding #60).
Of two results of one kind and one time the worse counts. A name that does not exist is refused to the author; at a gate
that has it signed it is open, and never null, which would turn people away in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from credentials.errors import RuleSetInvalid
from credentials.foreign.facts import ForeignFacts
from credentials.model import Evidence, StatusCredential
from credentials.profile.limits import MAX_EVIDENCE
from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.recognition.language.instants import MILLISECONDS, Instant

MAX_JSON_LEVELS = 64
"""Nesting of a rule's JSON that is looked through; the language itself allows less."""
MAX_SHOWN_CHARACTERS = 60
"""Of a wrong name, in the message to its author."""

_FACT = r"(?:\.(?:kind|result|sampledAt|region))?"
_KINDS = "|".join(kind.label for kind in EvidenceKind)
OF_GATES: Final = re.compile(
    r"payload\.(?:status|reason|form|issuedAt|evidence)|external\.validationClock"
    rf"|payload\.(?:evidence\.[0-{MAX_EVIDENCE - 1}]|latest\.(?:{_KINDS})){_FACT}"
)
"""The names of the table above."""
_OF_A_REDUCTION = re.compile(r"(?:accumulator|current)(?:\..+)?", re.DOTALL)
_GOOD_RESULTS = frozenset({EvidenceResult.NEGATIVE, EvidenceResult.COMPLETED})


class _NotOnCard:
    """In place of what a foreign card does not say: whatever a rule does with it, the rule is open."""


_NOT_ON_CARD = _NotOnCard()
_NO_STATUS = dict.fromkeys(("status", "reason", "form"), _NOT_ON_CARD)


def foreign_rule_input(facts: ForeignFacts, at: int) -> dict[str, Any]:
    """The data for a rule about a foreign card at this moment: the same evidence, with a country in place of a region.

    A card has no status, reason or form. A rule that asks for one is open: null would turn people away in silence.
    """
    pieces = sorted(facts.evidence, key=lambda piece: piece.sampled_at, reverse=True)
    evidence = [
        {
            "kind": piece.kind.label,
            "result": piece.result.label,
            "sampledAt": Instant(piece.sampled_at * MILLISECONDS),
            "region": _NOT_ON_CARD if piece.country is None else piece.country,
        }
        for piece in pieces
        if piece.is_about and piece.kind is not None and piece.result is not None
    ]
    issued = _NOT_ON_CARD if facts.issued_at is None else Instant(facts.issued_at * MILLISECONDS)
    return {
        "payload": {
            **_NO_STATUS,
            "issuedAt": issued,
            "evidence": evidence,
            "latest": {fact["kind"]: fact for fact in reversed(evidence)},
        },
        "external": {"validationClock": Instant(at * MILLISECONDS)},
    }


def rule_input(credential: StatusCredential, at: int) -> dict[str, Any]:
    """The data for a rule about this credential at this moment (seconds UTC)."""
    facts: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    evidence = credential.evidence
    for kind, result, sampled_at, region in sorted(evidence, key=_newest_and_worst) if len(evidence) > 1 else evidence:
        label, sampled = kind.label, Instant(sampled_at * MILLISECONDS)
        fact = {"kind": label, "result": result.label, "sampledAt": sampled, "region": region}
        facts.append(fact)
        latest.setdefault(label, fact)
    return {
        "payload": {
            "status": credential.status.label,
            "reason": credential.reason.label,
            "form": credential.form.label,
            "issuedAt": Instant(credential.issued_at * MILLISECONDS),
            "evidence": facts,
            "latest": latest,
        },
        "external": {"validationClock": Instant(at * MILLISECONDS)},
    }


def _refuse(path: str) -> Any:
    raise RuleSetInvalid(f"nothing is called {path[:MAX_SHOWN_CHARACTERS]!a} there")


def fill_in(
    logic: Any,
    known: Mapping[str, Any],
    levels: int = MAX_JSON_LEVELS,
    inside: int = 0,
    unknown: Callable[[str], Any] = _refuse,
    names: re.Pattern[str] = OF_GATES,
) -> Any:
    """The same rule with the parameters and value sets in place of their names, and every other name checked.

    ``known`` holds them by full name (``external.parameters.hours``). ``inside`` is the number of ``reduce``
    around: what stands outside is found below ``data.``, once for each. ``unknown``: what to put in place of a name
    that nothing has. ``names``: all that there are, of another vocabulary than that of gates. Raises RuleSetInvalid.
    """
    if levels == 0:
        raise RuleSetInvalid("rule nested too deeply")
    if type(logic) is list:
        return [fill_in(item, known, levels - 1, inside, unknown, names) for item in logic]
    if type(logic) is not dict or len(logic) != 1:
        return logic  # whatever it is, the compiler knows
    ((name, operands),) = logic.items()
    if name == "var" and type(operands) is str:
        return _filled_variable(operands, known, inside, unknown, names)
    if name == "reduce" and type(operands) is list:
        deeper = [inside + (position == 1) for position in range(len(operands))]
        pairs = zip(operands, deeper, strict=True)
        return {name: [fill_in(operand, known, levels - 1, around, unknown, names) for operand, around in pairs]}
    return {name: fill_in(operands, known, levels - 1, inside, unknown, names)}


def _filled_variable(
    path: str, known: Mapping[str, Any], inside: int, unknown: Callable[[str], Any], names: re.Pattern[str]
) -> Any:
    name = path
    while inside and name.startswith("data."):
        name, inside = name.removeprefix("data."), inside - 1
    if name in known:
        return known[name]
    if not (_OF_A_REDUCTION if inside else names).fullmatch(name):
        return unknown(path)
    return {"var": path}


def _newest_and_worst(fact: Evidence) -> tuple[int, bool]:
    """The order of evidence: the newest first, and of one time the worse."""
    return -fact.sampled_at, fact.result in _GOOD_RESULTS
