"""A rule as a tree of plain words, and, for one code, what each part of it came to.

Every part is evaluated by itself with the evaluator of the gates, so the explanation cannot say otherwise than they.
What a gate would not have looked at (behind a false part of ``and``, in the other branch of ``if``) is not evaluated
here either; the step of a ``reduce`` has no value of its own, for it has one for each item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from credentials.errors import RuleOpen
from credentials.profile.facts import FACT_LABELS, FACT_RESULT_LABELS, FactKind, FactResult
from credentials.profile.words import NO_WORDS, Label, each, joined, label
from credentials.recognition.language.certlogic import compile_rule
from credentials.recognition.language.instants import MILLISECONDS, DateTime, Instant
from credentials.recognition.language.operators import is_truthy
from credentials.recognition.language.vocabulary import OF_GATES, fill_in
from credentials.recognition.words import literal_in_words, moment_in_words

MAX_SHOWN_ITEMS = 6
"""Of a list of values; of a longer one the number is told."""
_RESULTS = {result.label: FACT_RESULT_LABELS[result] for result in FactResult}
_LATEST = re.compile(rf"payload\.latest\.([a-z-]+)(?:\.({'|'.join(_RESULTS)}))?(?:\.(\w+))?")
_OPERATIONS = {
    "if": label("explain.if"),
    "and": label("explain.all-of"),
    "!": label("explain.not"),
    "===": label("explain.equals"),
    "in": label("explain.is-one-of"),
    "<": label("explain.less-than"),
    ">": label("explain.greater-than"),
    "<=": label("explain.at-most"),
    ">=": label("explain.at-least"),
    "before": label("explain.before"),
    "after": label("explain.after"),
    "not-after": label("explain.not-after"),
    "not-before": label("explain.not-before"),
    "+": label("explain.sum-of"),
    "reduce": label("explain.accumulated-over"),
    "dccDateOfBirth": label("explain.date-of-birth"),
    "extractFromUVCI": label("explain.part-of-a-certificates-identifier"),
}
_NAMES = {
    "external.validationClock": label("explain.the-moment-of-the-check"),
    "payload.status": label("explain.the-status"),
    "payload.reason": label("explain.the-issuers-reason"),
    "payload.form": label("explain.the-form"),
    "payload.issuedAt": label("explain.the-time-of-issue"),
    "payload.evidence": label("explain.all-evidence"),
    "payload.timeline": label("explain.all-that-is-known"),
    "accumulator": label("explain.the-value-so-far"),
    "current": label("explain.the-item"),
}
_FIELDS = {
    "kind": label("explain.kind"),
    "result": label("explain.result"),
    "sampledAt": label("explain.when-sampled"),
    "region": label("explain.where-sampled"),
    "age": label("explain.seconds-since-sampling"),
}
_UNITS = {
    "hour": label("explain.hours"),
    "day": label("explain.days"),
    "month": label("explain.months"),
    "year": label("explain.years"),
}
_ROLES = {
    "if": (label("explain.if-2"), label("explain.then"), label("explain.else")),
    "reduce": (label("explain.over"), label("explain.each"), label("explain.from")),
}
_NO_ROLE = NO_WORDS
_CARD_IDENTIFIER, _HIDDEN = "ci", "…"
"""What a card calls its identifier, which names one person for ever, and what is printed in its place."""


class ExplainedPart(NamedTuple):
    """One part of a rule: how deep it stands, its words, and what it came to; None where nothing was evaluated."""

    depth: int
    text: Label
    value: str | None


def explain(
    logic: Any, known: Mapping[str, Any], data: dict[str, Any] | None = None, names: re.Pattern[str] = OF_GATES
) -> list[ExplainedPart]:
    """The parts of a valid rule, outermost first. ``known``: its parameters and value sets by full name
    (:func:`~credentials.recognition.document.constants`). ``data``: what to evaluate it with, None for words
    alone. ``names``: its vocabulary.
    """
    filled = fill_in(logic, known, names=names)
    return list(_Walk(data).lines(logic, filled, 0, data is not None, _NO_ROLE))


class _Walk:
    """Through a rule as it was written and, beside it, as it is evaluated, with constants in place of their names."""

    def __init__(self, data: dict[str, Any] | None) -> None:
        self._data = data

    def lines(self, logic: Any, filled: Any, depth: int, looked_at: bool, role: Label) -> Iterator[ExplainedPart]:
        shown = None
        if looked_at and type(filled) is dict:
            shown = _HIDDEN if _names_a_card(filled) else self._come_to(filled)[1]
        said = _say(logic, filled)
        yield ExplainedPart(depth, joined((role, said), "join.parts"), shown)
        if type(logic) is not dict or "var" in logic:
            return
        ((name, operands),) = logic.items()
        parts, filled_parts = _parts(name, operands), _parts(name, filled[name])
        roles = _ROLES.get(name, (_NO_ROLE,) * len(parts))
        asked = self._asked(name, filled_parts) if looked_at else [False] * len(parts)
        for part, filled_part, is_asked, own_role in zip(parts, filled_parts, asked, roles, strict=False):
            yield from self.lines(part, filled_part, depth + 1, is_asked, own_role)

    def _asked(self, name: str, operands: list[Any]) -> list[bool]:
        """Whether the evaluator looks at each operand, in order."""
        if name == "if":
            guard = self._is_true(operands[0])
            return [True, guard is True, guard is False]
        if name == "and":
            before = accumulate(operands, lambda asked, operand: asked and self._is_true(operand) is True, initial=True)
            return list(before)[: len(operands)]
        return [name != "reduce" or position != 1 for position in range(len(operands))]

    def _is_true(self, filled: Any) -> bool | None:
        """None: it cannot be told."""
        value, _ = self._come_to(filled)
        try:
            return None if value is _OPEN else is_truthy(value)
        except RuleOpen:
            return None

    def _come_to(self, filled: Any) -> tuple[Any, str]:
        try:
            value = compile_rule(filled)(self._data)
        except RuleOpen as error:
            return _OPEN, f"open: {error.detail}"
        return value, show_value(value)


def _parts(name: str, operands: list[Any]) -> list[Any]:
    """The operands that are expressions of their own: amount and unit of ``plusTime`` stand in its words."""
    return operands[:1] if name in ("plusTime", "extractFromUVCI") else operands


def _say(logic: Any, filled: Any) -> Label:
    if type(logic) is not dict:
        shown = show_value(logic)
        return each(lambda language: shown)
    ((name, operands),) = logic.items()
    if name == "var":
        return _name(operands, filled)
    if name == "plusTime":
        _, amount, unit = filled[name]
        return _shifted(amount, unit, "" if amount == operands[1] else operands[1]["var"].rsplit(".", 1)[1])
    return _OPERATIONS[name]


def _name(path: str, filled: Any) -> Label:
    if type(filled) is not dict:
        name, shown = path.rsplit(".", 1)[1], show_value(filled)
        return label("explain.parameter", name=name, shown=shown)
    match = _LATEST.fullmatch(path)
    if match is None:
        return _NAMES.get(path, each(lambda language: path))
    kind, result = FACT_LABELS[FactKind.from_label(match[1])], _RESULTS.get(match[2] or "")
    field = _FIELDS.get(match[3] or "", _NO_ROLE)
    if result is None:
        return label("explain.latest", kind=kind, field=field)
    return label("explain.latest-with-result", kind=kind, result=result, field=field)


def _names_a_card(logic: dict[str, Any]) -> bool:
    """Whether it comes to the identifier of one person's card, or to a part of it."""
    return "extractFromUVCI" in logic or str(logic.get("var")).endswith(f".{_CARD_IDENTIFIER}")


_OPEN = object()


def show_value(value: Any) -> str:
    """A value of a rule, as an author reads it; moments in Beijing time."""
    if isinstance(value, DateTime | Instant):
        return moment_in_words(value // MILLISECONDS)
    if type(value) is list and len(value) > MAX_SHOWN_ITEMS:
        return f"[… {len(value)}]"
    if type(value) is list:
        return f"[{', '.join(map(show_value, value))}]"
    if type(value) is dict:
        items = {name: _HIDDEN if name == _CARD_IDENTIFIER else show_value(item) for name, item in value.items()}
        return "{" + ", ".join(f"{name}: {item}" for name, item in items.items()) + "}"
    return "null" if value is None else literal_in_words(value)


def _shifted(amount: int, unit: str, parameter: str) -> Label:
    if amount == 0:
        return label("explain.the-moment-of")
    named = f" ({parameter})" if parameter else ""
    shift = "explain.later" if amount > 0 else "explain.earlier"
    return label(shift, amount=abs(amount), unit=_UNITS[unit], parameter=named)
