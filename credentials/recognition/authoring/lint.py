"""What is wrong with a rule though every gate would take it: comparisons that can only ever come to one end.

A date beside a colour is no error of the language: the rule is open, and everybody is checked by hand. Whoever writes
it should hear of it before it is signed. Names have known types here
(:mod:`credentials.recognition.language.vocabulary`), so most such slips show without any code to try.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from credentials.profile.lists import ClosedList, EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.recognition.language.vocabulary import OF_GATES, fill_in
from credentials.recognition.reading import constants

_DATE, _MOMENT, _TEXT, _NUMBER, _TRUTH = "a date", "a moment", "a text", "a number", "a truth value"
_LITERALS = {str: _TEXT, int: _NUMBER, bool: _TRUTH}
_DATES = re.compile(r"external\.validationClock|payload\.issuedAt|.*\.sampledAt")
Labels = tuple[tuple[re.Pattern[str], type[ClosedList]], ...]
"""Names of a vocabulary that stand for an entry of a closed list."""
_OF_CODES: Labels = (
    (re.compile(r"payload\.status"), Status),
    (re.compile(r"payload\.reason"), Reason),
    (re.compile(r"payload\.form"), Form),
    (re.compile(r".*\.kind"), EvidenceKind),
    (re.compile(r".*\.result"), EvidenceResult),
)
_NUMBERS = re.compile(r".*\.(?:region|age)")
_OF_NUMBERS = frozenset({"<", ">", "<=", ">=", "+"})
_OF_MOMENTS = frozenset({"before", "after", "not-before", "not-after"})
_RESULTS = dict.fromkeys(_OF_MOMENTS | {"<", ">", "<=", ">=", "!", "===", "in"}, _TRUTH) | {
    "plusTime": _MOMENT,
    "dccDateOfBirth": _MOMENT,
    "+": _NUMBER,
    "extractFromUVCI": _TEXT,
}


def complaints(document: dict[str, Any]) -> list[str]:
    """In English, one for each slip; empty for a set that ``parse_rule_set`` takes and that has none."""
    known = constants(document["parameters"], document["value_sets"])
    return [f"rule {rule['id']}: {slip}" for rule in document["rules"] for slip in slips(rule["logic"], known)]


def slips(
    logic: Any, known: Mapping[str, Any], names: re.Pattern[str] = OF_GATES, labels: Labels = _OF_CODES
) -> list[str]:
    """What is wrong with one rule. ``known``: its constants by full name; ``names``, ``labels``: of its vocabulary."""
    return list(_Slips(labels).inside(fill_in(logic, known, names=names)))


class _Slips:
    """Of one rule, with its constants in place of their names."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def inside(self, logic: Any) -> Iterator[str]:
        if type(logic) is list:
            for item in logic:
                yield from self.inside(item)
        if type(logic) is not dict or "var" in logic:
            return
        ((name, operands),) = logic.items()
        yield from self._of_operands(name, operands)
        for operand in operands:
            yield from self.inside(operand)

    def _of_operands(self, name: str, operands: list[Any]) -> Iterator[str]:
        kinds = [self._kind(operand) for operand in operands]
        if name in _OF_NUMBERS:
            yield from (f"{name} takes numbers, not {kind}" for kind in kinds if kind not in (None, _NUMBER))
        elif name in _OF_MOMENTS:
            yield from (
                f"{name} takes what plusTime makes, not {kind}" for kind in kinds if kind not in (None, _MOMENT)
            )
        elif name == "plusTime" and kinds[0] not in (None, _DATE, _TEXT):
            yield f"plusTime takes a date, not {kinds[0]}"
        elif name == "plusTime" and kinds[0] == _TEXT and type(operands[0]) is dict:
            yield "plusTime takes a date, not a text"
        elif name == "===":
            yield from self._compared(operands[0], operands[1])
        elif name == "in" and type(operands[1]) is list:
            for item in operands[1]:
                yield from self._compared(operands[0], item)

    def _compared(self, left: Any, right: Any) -> Iterator[str]:
        kinds = self._kind(left), self._kind(right)
        for kind in (_DATE, _MOMENT):
            if kind in kinds:
                yield f"{kind} is never equal to anything; before and after compare it"
                return
        if None not in kinds and kinds[0] != kinds[1]:
            yield f"{kinds[0]} is never equal to {kinds[1]}"
        for value, other in ((left, right), (right, left)):
            labels = self._labels_of(other)
            if type(value) is str and labels and value not in labels:
                yield f"nothing is called {value[:40]!a} there; there are {', '.join(labels)}"

    def _kind(self, logic: Any) -> str | None:
        """What the expression comes to, where that is always the same."""
        if type(logic) is not dict:
            return _LITERALS.get(type(logic))
        ((name, operands),) = logic.items()
        if name != "var":
            return _RESULTS.get(name)
        if _DATES.fullmatch(operands):
            return _DATE
        if self._labels_of(logic):
            return _TEXT
        return _NUMBER if _NUMBERS.fullmatch(operands) else None

    def _labels_of(self, logic: Any) -> list[str]:
        path = logic.get("var") if type(logic) is dict else None
        if type(path) is not str:
            return []
        return next(
            ([entry.label for entry in entries] for pattern, entries in self._labels if pattern.fullmatch(path)), []
        )
