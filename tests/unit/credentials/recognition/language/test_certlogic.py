"""The language: what it means, what is refused at load, what ends as open."""

from __future__ import annotations

import timeit
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from credentials.errors import RuleOpen, RuleSetInvalid
from credentials.profile.limits import MAX_JSON_INTEGER
from credentials.recognition.language.certlogic import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_PATH_CHARACTERS,
    MAX_TIME_AMOUNT,
    RuleState,
    compile_rule,
    evaluate,
)
from credentials.recognition.language.instants import DAY, DateTime, Instant
from credentials.recognition.language.operators import MAX_REDUCED_ITEMS

X: dict[str, Any] = {"var": "x"}
Y: dict[str, Any] = {"var": "y"}


def value_of(logic: Any, **data: Any) -> Any:
    return compile_rule(logic)(data)


def moment(operand: Any) -> dict[str, Any]:
    return {"plusTime": [operand, 0, "day"]}


@pytest.mark.parametrize(
    ("logic", "state"),
    [
        (True, RuleState.PASS),
        (False, RuleState.FAIL),
        (1, RuleState.OPEN),
        ("true", RuleState.OPEN),
        (X, RuleState.OPEN),
        ([], RuleState.OPEN),
        ({"in": ["a", X]}, RuleState.OPEN),
    ],
)
def test_three_values(logic: Any, state: RuleState) -> None:
    """Only true passes and only false refuses: a null or an error taken for either decides without a rule."""
    assert evaluate(compile_rule(logic), {}) is state


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", {"a": [{"b": 1}], "0": "zero", "s": "text"}),
        ("a.0.b", 1),
        ("a.1.b", None),
        ("a.b", None),
        ("a.00.b", 1),
        ("a.-1", None),
        ("0", "zero"),
        ("s.0", None),
        ("s.x", None),
        ("a.0.b.c", None),
        ("nothing.at.all", None),
        ("a.99999999999999999999", None),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    """A path that leads nowhere is null, and never a character of a text or an attribute of an object."""
    data = {"a": [{"b": 1}], "0": "zero", "s": "text"}
    assert compile_rule({"var": path})(data) == expected


@pytest.mark.parametrize(
    ("value", "truthy"),
    [
        (True, True),
        (1, True),
        (-1, True),
        ("0", True),
        ([0], True),
        ({"a": None}, True),
        (Instant(7), True),
        (datetime(1970, 1, 1, tzinfo=UTC), True),
        (False, False),
        (None, False),
        (0, False),
        ("", False),
        ([], False),
        ({}, False),
    ],
)
def test_truth(value: Any, truthy: bool) -> None:
    """Truth differs between languages; the browser must see the same. A date in the data is a text, so true."""
    assert value_of({"!": [X]}, x=value) is not truthy
    assert value_of({"if": [X, "yes", "no"]}, x=value) == ("yes" if truthy else "no")
    assert value_of({"and": [X, "last"]}, x=value) == ("last" if truthy else value)


@pytest.mark.parametrize("logic", [{"!": [X]}, {"if": [X, 1, 2]}, {"and": [True, X]}])
@pytest.mark.parametrize("value", [0.5, DateTime(7), object(), b"bytes"])
def test_neither_true_nor_false(logic: Any, value: Any) -> None:
    """Values that evaluators see differently may not decide anything."""
    with pytest.raises(RuleOpen):
        value_of(logic, x=value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (1, 1, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, None, True),
        (None, False, False),
        ([], "a", False),
        ({}, [], False),
    ],
)
def test_equality_and_membership(left: Any, right: Any, same: bool) -> None:
    """Equality without conversion: in Python true equals 1, in a rule it does not."""
    assert value_of({"===": [X, Y]}, x=left, y=right) is same
    assert value_of({"in": [X, [Y]]}, x=left, y=right) is same
    assert value_of({"in": [X, Y]}, x=left, y=["other", right]) is same


@pytest.mark.parametrize(
    ("left", "right"),
    [([], []), ({}, {}), (Instant(0), "1970-01-01"), ("x", DateTime(0)), (1.0, 1), (Instant(0), Instant(0))],
)
def test_equality_that_is_open(left: Any, right: Any) -> None:
    """A date compared with a colour, and what evaluators answer differently."""
    with pytest.raises(RuleOpen):
        value_of({"===": [X, Y]}, x=left, y=right)


def test_equality_with_a_literal() -> None:
    """The short cut for literals must answer as the long way does."""
    assert value_of({"===": [X, "green"]}, x="green") is True
    assert value_of({"===": [X, "green"]}, x="red") is False
    assert value_of({"===": [X, "green"]}, x=None) is False
    assert value_of({"===": ["green", X]}, x="green") is True
    with pytest.raises(RuleOpen):
        value_of({"===": [X, "green"]}, x=Instant(0))


@pytest.mark.parametrize(
    ("items", "value", "found"),
    [
        (["a", "b"], "b", True),
        (["a", "b"], 1, False),
        (["a", "b"], None, False),
        ([1, 2], 2, True),
        ([1, 2], True, False),
        ([1, "a", True], True, True),
        ([1, "a"], "a", True),
        ([], "a", False),
    ],
)
def test_membership_of_literals(items: list[Any], value: Any, found: bool) -> None:
    """The look-up in a set must answer as the long way does, with true and 1 apart."""
    assert value_of({"in": [X, items]}, x=value) is found
    assert value_of({"in": [X, Y]}, x=value, y=items) is found


def test_membership_of_a_text_in_a_text() -> None:
    """JsonLogic finds substrings, CertLogic does not: "4" is in "440100", and nobody meant that."""
    with pytest.raises(RuleOpen):
        value_of({"in": [X, Y]}, x="4", y="440100")


def test_the_right_side_is_only_looked_at_when_needed() -> None:
    """``and`` and ``if`` protect what stands behind them; otherwise no rule could ask whether a fact is there."""
    bad = {"in": ["a", X]}
    assert value_of({"and": [False, bad]}) is False
    assert value_of({"if": [True, "yes", bad]}) == "yes"
    assert value_of({"if": [False, bad, "no"]}) == "no"


@pytest.mark.parametrize(
    ("name", "expected"), [("<", [1, 0, 0]), (">", [0, 0, 1]), ("<=", [1, 1, 0]), (">=", [0, 1, 1])]
)
def test_comparing_integers(name: str, expected: list[int]) -> None:
    """Below, equal, above: a bound off by one turns a day's arrivals away."""
    results = [value_of({name: [X, 5]}, x=value) for value in (4, 5, 6)]
    assert results == [bool(one) for one in expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("before", [1, 0, 0]), ("after", [0, 0, 1]), ("not-after", [1, 1, 0]), ("not-before", [0, 1, 1])],
)
def test_comparing_moments(name: str, expected: list[int]) -> None:
    """The same for moments, to the millisecond."""
    logic = {name: [moment(X), moment(Y)]}
    results = [value_of(logic, x=Instant(value), y=Instant(5)) for value in (4, 5, 6)]
    assert results == [bool(one) for one in expected]


@pytest.mark.parametrize(("middle", "between"), [(0, False), (1, True), (3, True), (4, False)])
def test_between(middle: int, between: bool) -> None:
    """The form with three operands is how windows are written."""
    assert value_of({"<=": [1, X, 3]}, x=middle) is between
    logic = {"not-after": [moment("1970-01-02"), moment(X), moment("1970-01-04")]}
    assert value_of(logic, x=Instant(middle * DAY)) is between


@pytest.mark.parametrize("value", ["5", True, None, 5.0, Instant(5), DateTime(5), []])
def test_comparing_what_is_no_integer(value: Any) -> None:
    """A moment or a colour compared with a number decides nothing."""
    with pytest.raises(RuleOpen):
        value_of({"<": [X, 7]}, x=value)
    with pytest.raises(RuleOpen):
        value_of({"<": [1, 7, X]}, x=value)
    with pytest.raises(RuleOpen):
        value_of({"+": [X, 7]}, x=value)


@pytest.mark.parametrize("value", ["green", "2022-01-01", 5, None, Instant(5)])
def test_comparing_what_is_no_moment(value: Any) -> None:
    """A date becomes a moment only by an operator: texts compared as texts would put 9 after 10."""
    with pytest.raises(RuleOpen):
        value_of({"after": [X, moment("2022-01-01")]}, x=value)


def test_moments_from_other_operators() -> None:
    """A moment may come out of an ``if``; it is then checked when the rule runs."""
    logic = {"after": [{"if": [True, moment(X), False]}, moment("2022-01-01")]}
    assert value_of(logic, x="2022-01-02") is True
    assert type(value_of(moment(X), x="2022-01-02")) is DateTime
    assert type(value_of({"dccDateOfBirth": [X]}, x="2022")) is DateTime


@pytest.mark.parametrize(
    ("amount", "unit", "expected"),
    [
        (0, "month", "2022-02-28T00:00:00Z"),
        (25, "hour", "2022-03-01T01:00:00Z"),
        (-1, "day", "2022-02-27"),
        (1, "month", "2022-03-28"),
        (-2, "year", "2020-02-28"),
    ],
)
def test_adding_time(amount: int, unit: str, expected: str) -> None:
    """Hours for tests, days for quarantine, months for vaccination: each unit as the specification has it."""
    assert value_of({"plusTime": [X, amount, unit]}, x="2022-02-28") == value_of(moment(expected))


def test_time_is_added_to_dates_only() -> None:
    """The specification forbids adding to a moment; other evaluators would refuse the rule."""
    with pytest.raises(RuleOpen):
        value_of({"plusTime": [moment(X), 1, "day"]}, x="2022-02-28")
    with pytest.raises(RuleOpen):
        value_of({"dccDateOfBirth": [X]}, x="2022-02-28T00:00:00Z")


def test_sums_stay_within_what_a_browser_can_count() -> None:
    """Beyond 2^53 the browser's judge would get another sum."""
    assert value_of({"+": [X, 1]}, x=MAX_JSON_INTEGER - 1) == MAX_JSON_INTEGER
    with pytest.raises(RuleOpen):
        value_of({"+": [X, 1]}, x=MAX_JSON_INTEGER)


def test_parts_of_an_identifier() -> None:
    """EU rules look into certificate numbers; what is no text is open."""
    logic = {"extractFromUVCI": [X, 1]}
    assert value_of(logic, x="URN:UVCI:01:NL:187/37512422923") == "NL"
    assert value_of(logic, x="01") is None
    assert value_of(logic, x=None) is None
    assert value_of({"extractFromUVCI": [X, -1]}, x="01") is None
    with pytest.raises(RuleOpen):
        value_of(logic, x=7)


COUNT: dict[str, Any] = {"reduce": [X, {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]}


def test_reduce_sees_what_stands_around_it() -> None:
    """Without ``data`` a step could not compare with the clock."""
    step = {"+": [{"var": "accumulator"}, {"if": [{"===": [{"var": "current"}, {"var": "data.y"}]}, 1, 0]}]}
    assert value_of({"reduce": [X, step, 0]}, x=["a", "b", "a"], y="a") == 2
    assert value_of(COUNT, x=None) == 0


def test_reduce_over_too_much() -> None:
    """The one loop of the language has an end."""
    assert value_of(COUNT, x=[1] * MAX_REDUCED_ITEMS) == MAX_REDUCED_ITEMS
    for items in ([1] * (MAX_REDUCED_ITEMS + 1), "text", {"a": 1}):
        with pytest.raises(RuleOpen):
            value_of(COUNT, x=items)


def test_arrays() -> None:
    """Arrays are evaluated item by item."""
    assert value_of([1, X, [Y, "a"]], x=2, y=3) == [1, 2, [3, "a"]]
    assert value_of(["a", 1, True]) == ["a", 1, True]


@pytest.mark.parametrize(
    "logic",
    [
        None,
        1.0,
        MAX_JSON_INTEGER + 1,
        [None],
        {},
        {"var": "a", "if": []},
        {"or": [True, False]},
        {1: [2]},
        {"and": True},
        {"and": [True]},
        {"if": [True, 1]},
        {"if": [True, 1, 2, 3]},
        {"!": []},
        {"!": [1, 2]},
        {"===": [1]},
        {"in": [1]},
        {"<": [1]},
        {"<": [1, 2, 3, 4]},
        {"+": [1, 2, 3]},
        {"after": [moment("2022")]},
        {"after": [{}, moment("2022")]},
        {"var": 1},
        {"var": ["a"]},
        {"var": None},
        {"var": "a..b"},
        {"var": ".a"},
        {"var": "a."},
        {"var": "a" * (MAX_PATH_CHARACTERS + 1)},
        {"plusTime": [X, 1]},
        {"plusTime": [X, 1.5, "day"]},
        {"plusTime": [X, True, "day"]},
        {"plusTime": [X, X, "day"]},
        {"plusTime": [X, MAX_TIME_AMOUNT + 1, "day"]},
        {"plusTime": [X, 1, "week"]},
        {"plusTime": [X, 1, X]},
        {"plusTime": ["2022-13-01", 1, "day"]},
        {"dccDateOfBirth": []},
        {"extractFromUVCI": [X]},
        {"extractFromUVCI": [X, "1"]},
        {"reduce": [X, 1]},
        {"reduce": X},
    ],
)
def test_what_is_no_rule_is_refused_at_load(logic: Any) -> None:
    """The author must hear of it, not the people at the gate."""
    with pytest.raises(RuleSetInvalid):
        compile_rule(logic)


def nested(levels: int) -> Any:
    logic: Any = X
    for _ in range(levels):
        logic = {"!": [logic]}
    return logic


def test_depth_is_bounded() -> None:
    """A rule that recurses must not take the gate's stack."""
    assert value_of(nested(MAX_DEPTH - 1), x=True) is False
    for levels in (MAX_DEPTH, 5_000):
        with pytest.raises(RuleSetInvalid, match="deeper"):
            compile_rule(nested(levels))


def test_size_is_bounded() -> None:
    """A rule of megabytes must not be compiled; a long list of literals is no long rule."""
    assert value_of({"in": [X, list(range(5_000))]}, x=4_999) is True
    with pytest.raises(RuleSetInvalid, match="expressions"):
        compile_rule({"and": [X] * MAX_NODES})


def test_work_is_bounded_before_it_is_done() -> None:
    """A ``reduce`` in a ``reduce`` in a ``reduce`` would run for minutes on a few hundred bytes."""
    inner = {"reduce": [{"var": "data.x"}, {"var": "accumulator"}, 0]}
    assert value_of({"reduce": [X, inner, 0]}, x=[1, 2]) == 0
    with pytest.raises(RuleSetInvalid, match="steps"):
        compile_rule({"reduce": [X, {"reduce": [X, inner, 0]}, 0]})


@pytest.mark.parametrize("items", [["a", 1, True], ["a", "b"], [1, 2], [True], [False, 0], []])
def test_literal_arrays_are_looked_up_as_they_would_be_walked(items: list[Any]) -> None:
    """One look-up must say what comparing one by one says: true is not 1, and a list is in no literal array."""
    by_look_up = compile_rule({"in": [{"var": "v"}, items]})
    by_walking = compile_rule({"in": [{"var": "v"}, {"var": "l"}]})
    values: tuple[object, ...] = ("a", "z", 1, 0, True, False, None, [], ["a"], {}, 1.5)
    for value in values:
        data = {"v": value, "l": items}
        assert evaluate(by_look_up, data) is evaluate(by_walking, data), value


@pytest.mark.parametrize("value", ["absent", None, 7, []])
def test_a_long_literal_array_costs_no_more_than_a_short_one(value: object) -> None:
    """It counts as one step; walked through, it cost as many as it has items, and 128 times that inside reduce."""
    seconds = []
    for length in (2, 200_000):
        rule = compile_rule({"in": [{"var": "v"}, ["x", 1] * (length // 2)]})
        seconds.append(min(timeit.repeat(partial(evaluate, rule, {"v": value}), number=20, repeat=5)))
    assert seconds[1] < 100 * seconds[0]
