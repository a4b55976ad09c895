"""Whatever the expression and the data: our own errors, or a value."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import RuleOpen, RuleSetInvalid
from credentials.recognition.language.certlogic import RuleState, compile_rule, evaluate
from credentials.recognition.language.instants import Instant

OPERATORS = [
    "var",
    "if",
    "and",
    "!",
    "===",
    "in",
    "+",
    "<",
    ">",
    "<=",
    ">=",
    "after",
    "before",
    "not-after",
    "not-before",
    "plusTime",
    "reduce",
    "extractFromUVCI",
    "dccDateOfBirth",
    "or",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["", "x", "x.0", "accumulator", "current", "2022", "2022-02-28T01:02:03+08:00", "day", "year"])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
expressions = st.recursive(
    scalars | st.builds(lambda path: {"var": path}, st.sampled_from(["", "x", "y", "x.0", "accumulator", "current"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(OPERATORS), st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=1)
        | st.builds(
            lambda operand, amount, unit: {"plusTime": [operand, amount, unit]},
            inner,
            st.integers(-20_000, 20_000),
            st.sampled_from(["hour", "day", "month", "year"]),
        )
    ),
    max_leaves=20,
)
data = st.fixed_dictionaries(
    {"x": json_values | st.integers(0, 2**42).map(Instant), "y": st.lists(scalars, max_size=5)}
)


@given(expressions, data)
def test_nothing_but_our_own_errors(logic: Any, values: dict[str, Any]) -> None:
    """A foreign exception out of a rule would be a crash at every gate of a province at once."""
    try:
        rule = compile_rule(logic)
    except RuleSetInvalid:
        return
    assert evaluate(rule, values) in RuleState
    try:
        rule(values)
    except RuleOpen as error:
        assert error.detail


@given(json_values)
def test_no_json_breaks_the_compiler(value: Any) -> None:
    """Whatever somebody signs as a rule, loading it ends with a rule or by name."""
    try:
        compile_rule(value)
    except RuleSetInvalid as error:
        assert error.detail


@given(expressions, data)
def test_the_same_rule_says_the_same_twice(logic: Any, values: dict[str, Any]) -> None:
    """A rule holds no state and changes no data: thousands of checks a second share one."""
    try:
        rule = compile_rule(logic)
    except RuleSetInvalid:
        return
    before = repr(values)
    assert evaluate(rule, values) is evaluate(rule, values)
    assert repr(values) == before
