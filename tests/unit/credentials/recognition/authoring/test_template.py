"""The rule set that a member starts from."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set
from credentials.recognition.language.certlogic import RuleState

GUANGDONG = parse_rule_set(template("CN-44", 48))
ZHEJIANG = parse_rule_set(template("CN-33", 72))
K, R = EvidenceKind, EvidenceResult
DAY = 24


def state(rules: Any, credential: Any, noon: int) -> str:
    return str(rules.judge(credential, noon).state)


def test_the_same_code_in_two_provinces(credential: Any, fact: Any, noon: int) -> None:
    """A test of fifty hours: refused where 48 hours are asked, good where 72 are, and both say so."""
    code = credential(fact(K.NUCLEIC_ACID, 50))
    here = GUANGDONG.judge(code, noon)
    assert here.state is RuleState.FAIL
    assert here.to_dict()["needed_zh"] == "48 小时内采样的核酸检测阴性证明"
    assert ZHEJIANG.judge(code, noon).state is RuleState.PASS


@pytest.mark.parametrize(("hours", "expected"), [(-0.1, "fail"), (0, "pass"), (48, "pass"), (48.1, "fail")])
def test_hours_count_from_sampling(credential: Any, fact: Any, noon: int, hours: float, expected: str) -> None:
    """Not from the report nor from the issuing, and not from the future."""
    assert state(GUANGDONG, credential(fact(K.NUCLEIC_ACID, hours)), noon) == expected


@pytest.mark.parametrize(("hours", "expected"), [(24, "pass"), (24.5, "fail")])
def test_an_antigen_test_counts_half(credential: Any, fact: Any, noon: int, hours: float, expected: str) -> None:
    """An antigen test says less."""
    assert state(GUANGDONG, credential(fact(K.ANTIGEN, hours)), noon) == expected


@pytest.mark.parametrize("result", [R.POSITIVE, R.INCONCLUSIVE, R.COMPLETED])
def test_only_a_negative_test_passes(credential: Any, fact: Any, noon: int, result: EvidenceResult) -> None:
    """Every other result of a test fails, also one that makes no sense for a test."""
    assert state(GUANGDONG, credential(fact(K.NUCLEIC_ACID, 5, result)), noon) == "fail"


def test_a_positive_after_a_negative(credential: Any, fact: Any, noon: int) -> None:
    """The newest test decides."""
    code = credential(fact(K.NUCLEIC_ACID, 20), fact(K.NUCLEIC_ACID, 5, R.POSITIVE))
    assert state(GUANGDONG, code, noon) == "fail"
    code = credential(fact(K.NUCLEIC_ACID, 60), fact(K.NUCLEIC_ACID, 5))
    assert state(GUANGDONG, code, noon) == "pass"


@pytest.mark.parametrize(
    ("kind", "result", "good"), [(K.VACCINATION, R.COMPLETED, 20 * DAY), (K.TRAVEL, R.NEGATIVE, 1)]
)
def test_what_does_not_replace_a_test(
    credential: Any, fact: Any, noon: int, kind: EvidenceKind, result: EvidenceResult, good: float
) -> None:
    """Otherwise one dose would open every gate for ever."""
    assert state(GUANGDONG, credential(fact(kind, good, result)), noon) == "fail"
    for test in (K.NUCLEIC_ACID, K.ANTIGEN):
        assert state(GUANGDONG, credential(fact(kind, good, result), fact(test, 5)), noon) == "pass"
    assert state(GUANGDONG, credential(fact(kind, good, result), fact(K.ANTIGEN, 30)), noon) == "fail"


def test_a_fresh_vaccination(credential: Any, fact: Any, noon: int) -> None:
    """A dose of yesterday does not count yet."""
    code = credential(fact(K.VACCINATION, DAY, R.COMPLETED), fact(K.NUCLEIC_ACID, 5))
    assert state(GUANGDONG, code, noon) == "fail"


@pytest.mark.parametrize(("days", "expected"), [(13, "fail"), (14, "pass"), (180, "pass"), (181, "fail")])
def test_recovery(credential: Any, fact: Any, noon: int, days: int, expected: str) -> None:
    """Recovered people test positive for weeks; the rule is a window."""
    assert state(GUANGDONG, credential(fact(K.RECOVERY, days * DAY, R.COMPLETED)), noon) == expected


@pytest.mark.parametrize(("days", "expected"), [(0, "pass"), (7, "pass"), (8, "fail")])
def test_quarantine(credential: Any, fact: Any, noon: int, days: int, expected: str) -> None:
    """Released people must get home."""
    assert state(GUANGDONG, credential(fact(K.QUARANTINE, days * DAY, R.COMPLETED)), noon) == expected
    assert state(GUANGDONG, credential(fact(K.QUARANTINE, days * DAY, R.INCONCLUSIVE)), noon) == "fail"


@pytest.mark.parametrize(("days", "expected"), [(0, "pass"), (30, "pass"), (31, "fail")])
def test_exemption(credential: Any, fact: Any, noon: int, days: int, expected: str) -> None:
    """Who cannot be swabbed must get through a gate, and not for ever by one paper; an unclear one is none."""
    assert state(GUANGDONG, credential(fact(K.EXEMPTION, days * DAY, R.COMPLETED)), noon) == expected
    assert state(GUANGDONG, credential(fact(K.EXEMPTION, days * DAY, R.INCONCLUSIVE)), noon) == "fail"


def test_a_journey_through_a_risk_region(credential: Any, fact: Any, noon: int) -> None:
    """The list of regions is data: it changes by the day, the rule does not."""
    rules = parse_rule_set(template("CN-44", 48) | {"value_sets": {"risk_regions": [650_100]}})
    test = fact(K.NUCLEIC_ACID, 5)
    assert state(rules, credential(fact(K.TRAVEL, 1, region=650_100), test), noon) == "fail"
    assert state(rules, credential(fact(K.TRAVEL, 1, region=330_100), test), noon) == "pass"
    assert state(rules, credential(fact(K.TRAVEL, 1, R.POSITIVE), test), noon) == "fail"


def test_a_bare_colour(credential: Any, noon: int) -> None:
    """Green without any fact is not enough, and the person is told what would be."""
    result = GUANGDONG.judge(credential(), noon)
    assert result.state is RuleState.FAIL
    assert result.to_dict()["needed_en"] == "a negative nucleic-acid test sampled within the last 48 hours"


@pytest.mark.parametrize("kind", list(EvidenceKind))
@pytest.mark.parametrize("result", list(EvidenceResult))
def test_no_rule_of_the_template_is_ever_open(
    credential: Any, fact: Any, noon: int, kind: EvidenceKind, result: EvidenceResult
) -> None:
    """A new member's gates must answer for every credential that can exist."""
    for hours in (-1, 0, 30, 2_000, 20_000):
        assert state(GUANGDONG, credential(fact(kind, hours, result)), noon) in ("pass", "fail")
