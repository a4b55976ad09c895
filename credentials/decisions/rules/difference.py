"""What another version of status rules changes, and for whom: tried on made-up people, as for rules of gates.

Both versions decide about the same made-up timelines: nothing known, then each kind and result that there is, alone and
beside a negative test of an hour ago, from now to 400 days back. Every stretch of ages on which they differ is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from credentials.decisions.rules.status_rules import Ruling, StatusRules
from credentials.profile.facts import FACT_LABELS, FACT_RESULT_LABELS, RESULTS_OF, Fact, FactKind, FactResult
from credentials.profile.lists import STATUS_LABELS, Status
from credentials.profile.words import Label, label
from credentials.recognition.authoring.difference import (
    AGES,
    LOOSER,
    OTHER,
    STRICTER,
    RuleChange,
    changes_of_head,
    changes_of_rules,
    told,
)

_AT = 1_800_000_000
_HOUR = 3600
_REGION = 110_000
_FRESH = Fact(FactKind.NUCLEIC_ACID, FactResult.NEGATIVE, _AT - _HOUR, _REGION)
_GRAVITY = (Status.GREEN, Status.PENDING, Status.YELLOW, Status.RED)


def status_changes(old: dict[str, Any], new: dict[str, Any]) -> list[RuleChange]:
    """What two documents (that ``parse_status_rules`` takes) say differently, apart from what their logic means."""
    order = [[entry["id"] for entry in document["entries"]] for document in (old, new)]
    kept = [[name for name in each if name in order[0] and name in order[1]] for each in order]
    found = [*changes_of_head(old, new), *changes_of_rules(old, new, "entries")]
    if kept[0] != kept[1]:
        found.append(RuleChange(OTHER, label("rules-diff.other-order")))
    return found


def status_tried(old: StatusRules, new: StatusRules) -> list[RuleChange]:
    """Of whom the two decide otherwise."""
    return [change for facts, words in _made_up() for change in _stretches(old, new, facts, words)]


def _made_up() -> Iterator[tuple[list[tuple[Fact, ...]], Label]]:
    yield [()], label("rules-diff.nothing-known")
    for kind, results in RESULTS_OF.items():
        for result in results:
            said, came = FACT_LABELS[kind], FACT_RESULT_LABELS[result]
            single = [Fact(kind, result, _AT - age * _HOUR, _REGION) for age in AGES]
            words = label("rules-diff.evidence", kind=said, result=came)
            yield [(fact,) for fact in single], words
            if kind is not FactKind.NUCLEIC_ACID:
                yield [(fact, _FRESH) for fact in single], label("rules-diff.beside-a-test", evidence=words)


def _stretches(
    old: StatusRules, new: StatusRules, trials: list[tuple[Fact, ...]], words: Label
) -> Iterator[RuleChange]:
    answers = [(_answer(old.decide(facts, _AT)), _answer(new.decide(facts, _AT))) for facts in trials]
    for (before, after), numbers in groupby(range(len(answers)), key=lambda number: answers[number]):
        if before is not after:
            ages = [AGES[number] for number in numbers]
            text = told(words, ages if len(ages) < len(trials) else [], _words(before), _words(after))
            yield RuleChange(_direction(before, after), text)


def _answer(ruling: Ruling) -> Status | None:
    """None: it is open."""
    return None if ruling.is_open else ruling.entry.status


def _words(status: Status | None) -> Label:
    return label("rules-diff.is-open") if status is None else STATUS_LABELS[status]


def _direction(before: Status | None, after: Status | None) -> str:
    if before is None or after is None:
        return OTHER
    return STRICTER if _GRAVITY.index(after) > _GRAVITY.index(before) else LOOSER
