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
from credentials.recognition.language.certlogic import compile_rule
from credentials.recognition.language.instants import MILLISECONDS, DateTime, Instant
from credentials.recognition.language.operators import is_truthy
from credentials.recognition.language.vocabulary import OF_GATES, fill_in
from credentials.recognition.words import AuthorText, literal_in_words, moment_in_words

MAX_SHOWN_ITEMS = 6
"""Of a list of values; of a longer one the number is told."""
_RESULTS = {result.label: FACT_RESULT_LABELS[result] for result in FactResult}
_LATEST = re.compile(rf"payload\.latest\.([a-z-]+)(?:\.({'|'.join(_RESULTS)}))?(?:\.(\w+))?")
_OPERATIONS = {
    "if": AuthorText("如果", "if"),
    "and": AuthorText("须同时满足", "all of"),
    "!": AuthorText("不得", "not"),
    "===": AuthorText("等于", "equals"),
    "in": AuthorText("属于", "is one of"),
    "<": AuthorText("小于", "less than"),
    ">": AuthorText("大于", "greater than"),
    "<=": AuthorText("不大于", "at most"),
    ">=": AuthorText("不小于", "at least"),
    "before": AuthorText("早于", "before"),
    "after": AuthorText("晚于", "after"),
    "not-after": AuthorText("不晚于", "not after"),
    "not-before": AuthorText("不早于", "not before"),
    "+": AuthorText("相加", "sum of"),
    "reduce": AuthorText("逐项累计", "accumulated over"),
    "dccDateOfBirth": AuthorText("出生日期", "date of birth"),
    "extractFromUVCI": AuthorText("证书编号的一段", "part of a certificate's identifier"),
}
_NAMES = {
    "external.validationClock": AuthorText("核验时刻", "the moment of the check"),
    "payload.status": AuthorText("状态", "the status"),
    "payload.reason": AuthorText("赋码原因", "the issuer's reason"),
    "payload.form": AuthorText("形式", "the form"),
    "payload.issuedAt": AuthorText("签发时间", "the time of issue"),
    "payload.evidence": AuthorText("全部佐证", "all evidence"),
    "payload.timeline": AuthorText("全部事实", "all that is known"),
    "accumulator": AuthorText("累计值", "the value so far"),
    "current": AuthorText("当前一项", "the item"),
}
_FIELDS = {
    "kind": AuthorText("的种类", ": kind"),
    "result": AuthorText("的结果", ": result"),
    "sampledAt": AuthorText("的采样时间", ": when sampled"),
    "region": AuthorText("的采样地区", ": where sampled"),
    "age": AuthorText("距采样的秒数", ": seconds since sampling"),
}
_UNITS = {
    "hour": AuthorText("小时", "hours"),
    "day": AuthorText("天", "days"),
    "month": AuthorText("个月", "months"),
    "year": AuthorText("年", "years"),
}
_ROLES = {
    "if": (AuthorText("若", "if"), AuthorText("则", "then"), AuthorText("否则", "else")),
    "reduce": (AuthorText("对", "over"), AuthorText("每项", "each"), AuthorText("从", "from")),
}
_NO_ROLE = AuthorText("", "")


class ExplainedPart(NamedTuple):
    """One part of a rule: how deep it stands, its words, and what it came to; None where nothing was evaluated."""

    depth: int
    text: AuthorText
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

    def lines(self, logic: Any, filled: Any, depth: int, looked_at: bool, role: AuthorText) -> Iterator[ExplainedPart]:
        shown = self._come_to(filled)[1] if looked_at and type(filled) is dict else None
        said = _say(logic, filled)
        text = AuthorText(f"{role.zh} {said.zh}".strip(), f"{role.en} {said.en}".strip())
        yield ExplainedPart(depth, text, shown)
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


def _say(logic: Any, filled: Any) -> AuthorText:
    if type(logic) is not dict:
        shown = show_value(logic)
        return AuthorText(shown, shown)
    ((name, operands),) = logic.items()
    if name == "var":
        return _name(operands, filled)
    if name == "plusTime":
        _, amount, unit = filled[name]
        return _shifted(amount, unit, "" if amount == operands[1] else operands[1]["var"].rsplit(".", 1)[1])
    return _OPERATIONS[name]


def _name(path: str, filled: Any) -> AuthorText:
    if type(filled) is not dict:
        name, shown = path.rsplit(".", 1)[1], show_value(filled)
        return AuthorText(f"参数 {name} = {shown}", f"parameter {name} = {shown}")
    match = _LATEST.fullmatch(path)
    if match is None:
        return _NAMES.get(path, AuthorText(path, path))
    kind, result = FACT_LABELS[FactKind.from_label(match[1])], _RESULTS.get(match[2] or "")
    zh, en = ("", "") if result is None else (result.of("zh-CN"), f"{result.of('en')} ")
    field = _FIELDS.get(match[3] or "", _NO_ROLE)
    return AuthorText(f"最近一次{kind.of('zh-CN')}{zh}{field.zh}", f"the latest {en}{kind.of('en')}{field.en}")


_OPEN = object()


def show_value(value: Any) -> str:
    """A value of a rule, as an author reads it; moments in Beijing time."""
    if isinstance(value, DateTime | Instant):
        return moment_in_words(value // MILLISECONDS)
    if type(value) is list and len(value) > MAX_SHOWN_ITEMS:
        return f"[{len(value)} 项 items]"
    if type(value) is list:
        return f"[{', '.join(map(show_value, value))}]"
    if type(value) is dict:
        return "{" + ", ".join(f"{name}: {show_value(item)}" for name, item in value.items()) + "}"
    return "null" if value is None else literal_in_words(value)


def _shifted(amount: int, unit: str, parameter: str) -> AuthorText:
    if amount == 0:
        return AuthorText("这一时刻", "the moment of")
    words = _UNITS[unit]
    zh, en = ("之后", "after") if amount > 0 else ("之前", "before")
    named = f" ({parameter})" if parameter else ""
    return AuthorText(f"{abs(amount)} {words.zh}{zh}{named}", f"{abs(amount)} {words.en} {en}{named}")
