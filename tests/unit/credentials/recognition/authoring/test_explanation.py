"""A rule in words: every part of it, and what each came to for one code."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import RuleOpen
from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.recognition.authoring.explanation import MAX_SHOWN_ITEMS, ExplainedPart, explain, show_value
from credentials.recognition.authoring.template import template
from credentials.recognition.language.certlogic import compile_rule
from credentials.recognition.language.instants import DateTime
from credentials.recognition.language.vocabulary import fill_in, rule_input
from credentials.recognition.reading import constants

DOCUMENT = template("CN-44", 48)
KNOWN = constants(DOCUMENT["parameters"], DOCUMENT["value_sets"] | {"many": list(range(50)), "few": [1, 2]})
LOGIC = {rule["id"]: rule["logic"] for rule in DOCUMENT["rules"]}
RESULT: dict[str, Any] = {"var": "payload.latest.nucleic-acid.result"}


def told(lines: list[ExplainedPart]) -> list[str]:
    return [
        f"{'  ' * line.depth}{line.text.of('zh-CN')}" + ("" if line.value is None else f" = {line.value}")
        for line in lines
    ]


def test_a_rule_for_a_code(credential: Any, fact: Any, noon: int) -> None:
    """Whoever is asked "why was she refused" reads which part was false, by which times."""
    data = rule_input(credential(fact(EvidenceKind.NUCLEIC_ACID, 60)), noon)
    assert told(explain(LOGIC["nucleic-acid"], KNOWN, data)) == [
        "须同时满足 = false",
        "  等于 = true",
        "    最近一次核酸检测的结果 = negative",
        "    negative",
        "  不晚于 = false",
        "    这一时刻 = 2022-11-18 00:00:00+08:00",
        "      最近一次核酸检测的采样时间 = 2022-11-18 00:00:00+08:00",
        "    这一时刻 = 2022-11-20 12:00:00+08:00",
        "      核验时刻 = 2022-11-20 12:00:00+08:00",
        "    48 小时之后 (nucleic_acid_hours) = 2022-11-20 00:00:00+08:00",
        "      最近一次核酸检测的采样时间 = 2022-11-18 00:00:00+08:00",
    ]


def test_what_the_gate_does_not_look_at_has_no_value(credential: Any, fact: Any, noon: int) -> None:
    """A value beside a part that did not count would send the reader the wrong way."""
    data = rule_input(credential(fact(EvidenceKind.NUCLEIC_ACID, 1, EvidenceResult.POSITIVE)), noon)
    lines = told(explain(LOGIC["nucleic-acid"], KNOWN, data))
    assert lines[:3] == ["须同时满足 = false", "  等于 = false", "    最近一次核酸检测的结果 = positive"]
    assert not any("=" in line for line in lines[4:])
    branches = told(explain({"if": [{"===": [RESULT, "positive"]}, RESULT, {"!": [RESULT]}]}, KNOWN, data))
    assert branches == [
        "如果 = positive",
        "  若 等于 = true",
        "    最近一次核酸检测的结果 = positive",
        "    positive",
        "  则 最近一次核酸检测的结果 = positive",
        "  否则 不得",
        "    最近一次核酸检测的结果",
    ]


def test_without_a_code_it_is_words_alone() -> None:
    """An author reads the rules before there is anybody to judge."""
    for logic in LOGIC.values():
        assert all(line.value is None and all(line.text) for line in explain(logic, KNOWN))


def test_an_open_part_says_why(credential: Any, fact: Any, noon: int) -> None:
    """ "Cannot tell" with its reason: which part, and what was wrong with it."""
    data = rule_input(credential(fact(EvidenceKind.NUCLEIC_ACID, 1)), noon)
    logic = {"and": [{"<": [RESULT, 7]}, {"===": [RESULT, "negative"]}]}
    assert told(explain(logic, KNOWN, data)) == [
        "须同时满足 = open: not of type int",
        "  小于 = open: not of type int",
        "    最近一次核酸检测的结果 = negative",
        "    7",
        "  等于",
        "    最近一次核酸检测的结果",
        "    negative",
    ]
    fraction = {"and": [{"plusTime": [{"var": "external.validationClock"}, 1, "day"]}, True]}
    assert told(explain(fraction, KNOWN, data))[0] == "须同时满足 = open: neither truthy nor falsy"


def test_the_step_of_a_reduction_has_no_value_of_its_own(credential: Any, fact: Any, noon: int) -> None:
    """It has one for each item; the whole has one."""
    step = {"+": [{"var": "accumulator"}, {"if": [{"===": [{"var": "current.kind"}, "antigen"]}, 1, 1]}]}
    data = rule_input(credential(fact(EvidenceKind.NUCLEIC_ACID, 1)), noon)
    lines = told(explain({"reduce": [{"var": "payload.evidence"}, step, 0]}, KNOWN, data))
    assert lines[0] == "逐项累计 = 1"
    assert lines[1].startswith("  对 全部佐证 = [{kind: nucleic-acid, result: negative")
    assert lines[2:4] == ["  每项 相加", "    累计值"]
    assert lines[-1] == "  从 0"


@pytest.mark.parametrize(
    ("logic", "zh"),
    [
        ({"in": [1, {"var": "external.valueSets.many"}]}, "参数 many = [… 50]"),
        ({"in": [1, {"var": "external.valueSets.few"}]}, "参数 few = [1, 2]"),
        ({"in": [1, [True, "a"]]}, "[true, a]"),
        ({"plusTime": [RESULT, -3, "month"]}, "3 个月之前"),
        ({"extractFromUVCI": ["a", 1]}, "证书编号的一段"),
        ({"dccDateOfBirth": ["1990"]}, "出生日期"),
        ({"!": [{"var": "payload.latest.travel"}]}, "最近一次行程"),
        ({"!": [{"var": "payload.evidence.0.kind"}]}, "payload.evidence.0.kind"),
    ],
)
def test_words(logic: Any, zh: str) -> None:
    """Every operator, name and constant has words; a list of five thousand regions is told by its number."""
    assert zh in [line.text.of("zh-CN") for line in explain(logic, KNOWN)]


def test_values() -> None:
    """1 is not true, and what no calendar holds is still shown."""
    assert [show_value(value) for value in (1, True, False, None, 0, "x", {"a": None})] == [
        "1", "true", "false", "null", "0", "x", "{a: null}",
    ]  # fmt: skip
    assert show_value(list(range(MAX_SHOWN_ITEMS + 1))) == f"[… {MAX_SHOWN_ITEMS + 1}]"
    assert show_value(DateTime(-(10**15))) == str(-(10**12))


def test_it_says_what_the_gate_says(credential: Any, fact: Any, noon: int) -> None:
    """The first line is the rule itself: explained and judged must not come to different ends."""
    for kind in EvidenceKind:
        for hours in (1, 30, 60, 400):
            data = rule_input(credential(fact(kind, hours), fact(EvidenceKind.ANTIGEN, 3)), noon)
            for logic in LOGIC.values():
                if logic is False:
                    continue
                try:
                    expected = show_value(compile_rule(fill_in(logic, KNOWN))(data))
                except RuleOpen as error:
                    expected = f"open: {error.detail}"
                assert explain(logic, KNOWN, data)[0].value == expected
