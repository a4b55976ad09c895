"""What each CertLogic operator does, as a closure over its compiled operands.

A closure takes the data and gives a value, or raises RuleOpen. The values are those of JSON, ``Instant`` and
aware ``datetime`` (dates in the data) and ``DateTime`` (made by a rule). Nothing here looks at the shape of
an expression: that was done once, by :mod:`credentials.recognition.language.certlogic`.

Source: CertLogic specification 1.3.2, "Values" and "Operations".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from operator import getitem
from typing import Any

from credentials.errors import RuleOpen
from credentials.profile.limits import MAX_JSON_INTEGER
from credentials.recognition.language.instants import (
    CALENDAR_UNITS,
    FIXED_UNITS,
    DateTime,
    Instant,
    add_months,
    milliseconds,
    of_partial_date,
)

Rule = Callable[[Any], Any]

MAX_REDUCED_ITEMS = 128
"""Items of an array that ``reduce`` goes through."""

_INDEX = re.compile("[0-9]+")
_SCALARS = frozenset({str, int, bool, type(None)})
_JSON = _SCALARS | {list, dict}
_DATES = frozenset({Instant, datetime})
_UVCI_PREFIX = "URN:UVCI:"
_UVCI_SEPARATOR = re.compile("[/#:]")


def constant(value: Any) -> Rule:
    def run(data: Any) -> Any:
        return value

    return run


def unsound(detail: str) -> Rule:
    """In place of what is no expression: open, when it is reached."""

    def run(data: Any) -> Any:
        raise RuleOpen(detail)

    return run


def array(items: list[Rule]) -> Rule:
    def run(data: Any) -> Any:
        return [item(data) for item in items]

    return run


def variable(path: str) -> Rule:
    """``payload.v.0.dn``: null as soon as something is not there. A number is an index into an array."""
    parts = path.split(".") if path else []
    if any(_INDEX.fullmatch(part) for part in parts):
        return _indexed_variable([(part, int(part) if _INDEX.fullmatch(part) else None) for part in parts])

    def run(data: Any) -> Any:
        try:
            return reduce(getitem, parts, data)
        except (KeyError, TypeError):  # a name can only be looked up in an object
            return None

    return run


def _indexed_variable(steps: list[tuple[str, int | None]]) -> Rule:
    def run(data: Any) -> Any:
        for key, index in steps:
            if type(data) is dict:
                data = data.get(key)
            elif type(data) is list and index is not None and index < len(data):
                data = data[index]
            else:
                return None
        return data

    return run


def is_truthy(value: Any) -> bool:
    """Empty, zero, false and null are falsy. A fraction and a date-time are neither: RuleOpen."""
    kind = type(value)
    if kind in _JSON:
        return bool(value)
    if kind in _DATES:  # it stands for a string that is not empty
        return True
    raise RuleOpen("neither truthy nor falsy")


def negation(operand: Rule) -> Rule:
    def run(data: Any) -> Any:
        return not is_truthy(operand(data))

    return run


def choice(guard: Rule, then: Rule, otherwise: Rule) -> Rule:
    def run(data: Any) -> Any:
        value = guard(data)
        return then(data) if value is True or is_truthy(value) else otherwise(data)

    return run


def conjunction(operands: list[Rule]) -> Rule:
    """The first falsy value, else the last one. What stands behind a falsy value is not looked at."""

    def run(data: Any) -> Any:
        value: Any = True
        for operand in operands:
            value = operand(data)
            if value is not True and not is_truthy(value):
                return value
        return value

    return run


def same(left: Any, right: Any) -> bool:
    """Equal and of one type. RuleOpen for dates (a string to other evaluators) and for two arrays or objects,
    on which evaluators do not agree."""
    kind, other = type(left), type(right)
    if kind not in _JSON or other not in _JSON:
        raise RuleOpen("cannot be compared for equality")
    if kind is not other:
        return False
    if kind not in _SCALARS:
        raise RuleOpen("cannot be compared for equality")
    return bool(left == right)


def equality(left: Rule, right: Rule) -> Rule:
    def run(data: Any) -> Any:
        return same(left(data), right(data))

    return run


def equality_with_text(operand: Rule, text: str) -> Rule:
    """``===`` with a literal string, which is what most rules are made of."""

    def run(data: Any) -> Any:
        value = operand(data)
        return value == text if type(value) is str else same(value, text)

    return run


def is_member(value: Any, items: Any) -> bool:
    if type(items) is not list:
        raise RuleOpen("in: not an array")
    return any(same(value, item) for item in items)


def membership(operand: Rule, items: Rule) -> Rule:
    def run(data: Any) -> Any:
        return is_member(operand(data), items(data))

    return run


def membership_of_constants(operand: Rule, items: list[Any]) -> Rule:
    """``in`` with a literal array, by one look-up however long it is: it counts as one expression."""
    if not items:
        return membership(operand, constant(items))
    kinds = {type(item) for item in items}
    if len(kinds) > 1:
        return _membership_of_several_kinds(operand, items)
    (kind,) = kinds
    known, any_item = frozenset(items), items[0]

    def run(data: Any) -> Any:
        value = operand(data)
        # Of another type than all of them: unequal to one as to all, or not to be compared.
        return value in known if type(value) is kind else same(value, any_item)

    return run


def _membership_of_several_kinds(operand: Rule, items: list[Any]) -> Rule:
    # With their types: 1 and true are one to Python.
    known, any_item = frozenset((type(item), item) for item in items), items[0]

    def run(data: Any) -> Any:
        value = operand(data)
        kind = type(value)
        return (kind, value) in known if kind in _SCALARS else same(value, any_item)

    return run


def exactly(kind: type, operand: Rule) -> Rule:
    """The operand's value, which must be of ``kind`` itself: true is no number, a date no integer."""

    def run(data: Any) -> Any:
        value = operand(data)
        if type(value) is kind:
            return value
        raise RuleOpen(f"not of type {kind.__name__}")

    return run


def comparison(holds: Callable[[Any, Any], bool], operands: list[Rule]) -> Rule:
    """Two or three operands that are known to give integers, or moments in milliseconds."""
    if len(operands) == 3:
        return _double_comparison(holds, *operands)
    left, right = operands

    def run(data: Any) -> Any:
        return holds(left(data), right(data))

    return run


def _double_comparison(holds: Callable[[Any, Any], bool], left: Rule, middle: Rule, right: Rule) -> Rule:
    def run(data: Any) -> Any:
        one, two, three = left(data), middle(data), right(data)
        return holds(one, two) and holds(two, three)

    return run


def addition(left: Rule, right: Rule) -> Rule:
    def run(data: Any) -> Any:
        one, two = left(data), right(data)
        if type(one) is not int or type(two) is not int:
            raise RuleOpen("+: not an integer")
        if abs(one + two) > MAX_JSON_INTEGER:
            raise RuleOpen("+: sum too large")
        return one + two

    return run


def plus_time(operand: Rule, amount: int, unit: str) -> Rule:
    """Milliseconds; :func:`date_time` makes a value of the language of them."""
    if unit in CALENDAR_UNITS and amount:
        months = amount * CALENDAR_UNITS[unit]
        return lambda data: add_months(milliseconds(operand(data)), months)
    shift = amount * FIXED_UNITS.get(unit, 0)

    def run(data: Any) -> Any:
        value = operand(data)
        return (value if type(value) is Instant else milliseconds(value)) + shift

    return run


def date_of_birth(operand: Rule) -> Rule:
    """Milliseconds, as :func:`plus_time`."""
    return lambda data: of_partial_date(operand(data))


def date_time(moment: Rule) -> Rule:
    return lambda data: DateTime(moment(data))


def uvci_part(operand: Rule, index: int) -> Rule:
    """The part of a certificate identifier between separators, or null."""

    def run(data: Any) -> Any:
        value = operand(data)
        if value is None:
            return None
        if type(value) is not str:
            raise RuleOpen("extractFromUVCI: not a string")
        parts = _UVCI_SEPARATOR.split(value.removeprefix(_UVCI_PREFIX))
        return parts[index] if 0 <= index < len(parts) else None

    return run


def fold(operand: Rule, step: Rule, initial: Rule) -> Rule:
    """``reduce``. The step sees ``accumulator``, ``current`` and, as ``data``, what stood around it."""

    def run(data: Any) -> Any:
        items, value = operand(data), initial(data)
        if items is None:
            return value
        if type(items) is not list:
            raise RuleOpen("reduce: not an array")
        if len(items) > MAX_REDUCED_ITEMS:
            raise RuleOpen("reduce: too many items")
        for item in items:
            value = step({"accumulator": value, "current": item, "data": data})
        return value

    return run
