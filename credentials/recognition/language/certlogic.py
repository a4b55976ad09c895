"""CertLogic: rules as JSON, compiled once into closures, evaluated many times.

The whole language of the CertLogic specification 1.3.2 (the JsonLogic subset in which the EU wrote its
national rules), with the ``data`` that later evaluators add inside ``reduce``. A rule has no clock, no way
out and no loop but ``reduce``, and what it can cost is known before it runs: depth, size and worst-case work
are bounded here.

What cannot be evaluated with the data at hand raises RuleOpen, and :func:`evaluate` makes ``open`` of it: never a
pass, never a refusal (cwa-documentation #678). An expression that breaks the language is refused to its author
(:func:`compile_rule`). A gate has it signed already and takes it as far as it is sound (:func:`compile_sound_parts`):
a bad branch that is never reached spoils nothing, and one that is reached is open, as to an evaluator that reads a rule
while it runs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from credentials.errors import RuleOpen, RuleSetInvalid
from credentials.profile.limits import MAX_JSON_INTEGER
from credentials.recognition.language import operators
from credentials.recognition.language.instants import CALENDAR_UNITS, FIXED_UNITS, DateTime
from credentials.recognition.language.operators import MAX_REDUCED_ITEMS, Rule

MAX_DEPTH = 24
"""Expressions inside expressions. Twice as many JSON levels, which fits the bound of signed JSON."""
MAX_NODES = 2_000
"""Expressions in a rule; an array of literals counts as one."""
MAX_STEPS = 100_000
"""Evaluations in the worst case, with every ``reduce`` over an array of full length: some 10 ms."""
MAX_PATH_CHARACTERS = 200
MAX_TIME_AMOUNT = 1_000_000
"""Units that ``plusTime`` may add: a century in hours."""

_PATH = re.compile(r"(?:[^.]+(?:\.[^.]+)*)?")
_NUMBER_COMPARISONS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_DATE_COMPARISONS = {
    "before": operator.lt,
    "after": operator.gt,
    "not-after": operator.le,
    "not-before": operator.ge,
}


class RuleState(StrEnum):
    """What a rule says. ``open``: it cannot tell."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"


def evaluate(rule: Rule, data: Any) -> RuleState:
    """True is pass, False is fail; every other value, and every evaluation that ends in an error, is open."""
    try:
        value = rule(data)
    except RuleOpen:
        return RuleState.OPEN
    if value is True:
        return RuleState.PASS
    return RuleState.FAIL if value is False else RuleState.OPEN


def compile_rule(logic: Any) -> Rule:
    """Make a callable of an expression: it takes the data and gives a value or raises RuleOpen.

    Raises RuleSetInvalid when any part of the expression is not CertLogic, or when it passes a bound of this module.
    """
    _check_bounds(logic)
    return _all_of(logic)


def _all_of(logic: Any) -> Rule:
    return _compile(logic, _all_of)


def compile_sound_parts(logic: Any) -> Rule:
    """As :func:`compile_rule`, for a rule that is in force: what is no expression is open where it is reached.

    Reached late is what stands behind the first part of ``if`` and of ``and``, and the step of ``reduce``. A bad part
    anywhere else is open together with the operation around it. Raises RuleSetInvalid when a bound is passed.
    """
    _check_bounds(logic)
    return _sound_parts(logic)


def _sound_parts(logic: Any) -> Rule:
    try:
        return _compile(logic, _sound_parts)
    except RuleSetInvalid as error:
        return operators.unsound(error.detail)


def is_literal(logic: Any) -> bool:
    """A string, a boolean, or an integer that every evaluator can hold."""
    return type(logic) in (str, bool) or (type(logic) is int and abs(logic) <= MAX_JSON_INTEGER)


def _is_literal_array(logic: Any) -> bool:
    return type(logic) is list and all(map(is_literal, logic))


def _check_bounds(logic: Any) -> None:
    """Raises RuleSetInvalid."""
    if _size(logic, 1, MAX_DEPTH) > MAX_NODES:
        raise RuleSetInvalid(f"rule with more than {MAX_NODES} expressions")
    if _size(logic, MAX_REDUCED_ITEMS, MAX_DEPTH) > MAX_STEPS:
        raise RuleSetInvalid(f"rule with more than {MAX_STEPS} steps in the worst case")


def _size(logic: Any, repeat: int, levels: int) -> int:
    """Evaluations of the expression when every ``reduce`` runs ``repeat`` times; what is none counts as one."""
    if is_literal(logic) or _is_literal_array(logic):
        return 1
    if levels == 0:
        raise RuleSetInvalid(f"rule deeper than {MAX_DEPTH} levels")
    if type(logic) is list:
        return 1 + sum(_size(item, repeat, levels - 1) for item in logic)
    try:
        name, operands = _operation(logic)
    except RuleSetInvalid:
        return 1
    sizes = [_size(operand, repeat, levels - 1) for operand in operands]
    if name == "reduce":
        sizes[1:2] = [size * repeat for size in sizes[1:2]]
    return 1 + sum(sizes)


def _operation(logic: Any) -> tuple[str, list[Any]]:
    """Name and operands. Raises RuleSetInvalid for what is no operation, null and fractions among it."""
    if type(logic) is not dict or len(logic) != 1:
        raise RuleSetInvalid("not an expression")
    ((name, operands),) = logic.items()
    if name == "var":
        operands = [operands]
    if type(operands) is not list:
        raise RuleSetInvalid("operands are not an array")
    return name, operands


_Later = Callable[[Any], Rule]
"""Compiles an operand that is not always reached."""
_Compiler = Callable[[list[Any], _Later], Rule]


def _compile(logic: Any, later: _Later) -> Rule:
    if is_literal(logic) or _is_literal_array(logic):
        return operators.constant(logic)
    if type(logic) is list:
        return operators.array(_compile_all(logic, later))
    name, operands = _operation(logic)
    if name in _MOMENTS:
        return operators.date_time(_MOMENTS[name](operands, later))
    compile_operation = _OPERATIONS.get(name)
    if compile_operation is None:
        raise RuleSetInvalid("unknown operator")
    return compile_operation(operands, later)


def _compile_all(operands: list[Any], later: _Later) -> list[Rule]:
    return [_compile(operand, later) for operand in operands]


def _require(condition: bool, detail: str) -> None:
    if not condition:
        raise RuleSetInvalid(detail)


def _exactly(count: int, build: Callable[..., Rule], reached_late: frozenset[int] = frozenset()) -> _Compiler:
    """For operators whose operands are all expressions, ``count`` of them; the numbers of those not always reached."""

    def compile_operation(operands: list[Any], later: _Later) -> Rule:
        _require(len(operands) == count, f"an operator with {count} operands has {len(operands)}")
        compiled = [
            later(operand) if number in reached_late else _compile(operand, later)
            for number, operand in enumerate(operands)
        ]
        return build(*compiled)

    return compile_operation


def _compile_variable(operands: list[Any], later: _Later) -> Rule:
    (path,) = operands
    _require(type(path) is str and len(path) <= MAX_PATH_CHARACTERS, "var: not a path")
    _require(_PATH.fullmatch(path) is not None, "var: not a path")
    return operators.variable(path)


def _compile_conjunction(operands: list[Any], later: _Later) -> Rule:
    _require(len(operands) >= 2, "and: fewer than two operands")
    return operators.conjunction([_compile(operands[0], later), *map(later, operands[1:])])


def _compile_equality(operands: list[Any], later: _Later) -> Rule:
    _require(len(operands) == 2, "===: not two operands")
    left, right = operands
    if type(right) is str:
        return operators.equality_with_text(_compile(left, later), right)
    return operators.equality(_compile(left, later), _compile(right, later))


def _compile_membership(operands: list[Any], later: _Later) -> Rule:
    _require(len(operands) == 2, "in: not two operands")
    value, items = operands
    if _is_literal_array(items):
        return operators.membership_of_constants(_compile(value, later), items)
    return operators.membership(_compile(value, later), _compile(items, later))


def _comparison(holds: Callable[[Any, Any], bool], compile_operand: Callable[[Any, _Later], Rule]) -> _Compiler:
    def compile_operation(operands: list[Any], later: _Later) -> Rule:
        _require(2 <= len(operands) <= 3, "a comparison needs two or three operands")
        return operators.comparison(holds, [compile_operand(operand, later) for operand in operands])

    return compile_operation


def _compile_number(logic: Any, later: _Later) -> Rule:
    compiled = _compile(logic, later)
    return compiled if type(logic) is int else operators.exactly(int, compiled)


def _compile_moment(logic: Any, later: _Later) -> Rule:
    """A rule that gives milliseconds. What is a date-time by its operator needs no check when it runs."""
    name = next(iter(logic), None) if type(logic) is dict else None
    compile_operation = _MOMENTS.get(name)
    if compile_operation is None:
        return operators.exactly(DateTime, _compile(logic, later))
    return compile_operation(_operation(logic)[1], later)


def _compile_plus_time(operands: list[Any], later: _Later) -> Rule:
    _require(len(operands) == 3, "plusTime: not three operands")
    moment, amount, unit = operands
    _require(type(amount) is int and abs(amount) <= MAX_TIME_AMOUNT, "plusTime: amount is no small integer")
    _require(type(unit) is str and unit in FIXED_UNITS | CALENDAR_UNITS, "plusTime: unknown unit")
    rule = operators.plus_time(_compile(moment, later), amount, unit)
    if type(moment) is not str:
        return rule
    try:
        return operators.constant(rule(None))
    except RuleOpen as error:
        raise RuleSetInvalid("plusTime: not a date") from error


def _compile_uvci_part(operands: list[Any], later: _Later) -> Rule:
    _require(len(operands) == 2, "extractFromUVCI: not two operands")
    _require(type(operands[1]) is int and is_literal(operands[1]), "extractFromUVCI: index is no integer")
    return operators.uvci_part(_compile(operands[0], later), operands[1])


_MOMENTS: dict[Any, _Compiler] = {
    "plusTime": _compile_plus_time,
    "dccDateOfBirth": _exactly(1, operators.date_of_birth),
}
_OPERATIONS: dict[str, _Compiler] = {
    "var": _compile_variable,
    "if": _exactly(3, operators.choice, reached_late=frozenset({1, 2})),
    "and": _compile_conjunction,
    "!": _exactly(1, operators.negation),
    "===": _compile_equality,
    "in": _compile_membership,
    "+": _exactly(2, operators.addition),
    "extractFromUVCI": _compile_uvci_part,
    "reduce": _exactly(3, operators.fold, reached_late=frozenset({1})),
}
_OPERATIONS |= {name: _comparison(holds, _compile_number) for name, holds in _NUMBER_COMPARISONS.items()}
_OPERATIONS |= {name: _comparison(holds, _compile_moment) for name, holds in _DATE_COMPARISONS.items()}
