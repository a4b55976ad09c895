"""Evidence in words: what a guard reads aloud to somebody who is turned away."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.profile.lists import EvidenceKind, EvidenceResult
from credentials.recognition.words import age_in_words, evidence_in_words, moment_in_words

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("seconds", "zh_cn", "zh_hk", "en"),
    [
        (-1, "时间尚未到", "時間尚未到", "at a time to come"),
        (0, "0 分钟前", "0 分鐘前", "0 min ago"),
        (600, "10 分钟前", "10 分鐘前", "10 min ago"),
        (48 * HOUR, "48 小时前", "48 小時前", "48 h ago"),
        (48 * HOUR + 660, "48 小时 11 分钟前", "48 小時 11 分鐘前", "48 h 11 min ago"),
        (7 * DAY - 1, "167 小时 59 分钟前", "167 小時 59 分鐘前", "167 h 59 min ago"),
        (7 * DAY, "7 天前", "7 天前", "7 d ago"),
        (9 * DAY + 2 * HOUR, "9 天 2 小时前", "9 天 2 小時前", "9 d 2 h ago"),
    ],
)
def test_ages(seconds: int, zh_cn: str, zh_hk: str, en: str) -> None:
    """A limit of 48 hours is missed by minutes: an age told in whole hours would look like a mistake of the gate."""
    assert age_in_words(seconds) == (zh_cn, zh_hk, en)


def test_what_a_code_carries(fact: Any, noon: int) -> None:
    """Each piece with its own age, and a code without any says so."""
    pieces = (fact(EvidenceKind.NUCLEIC_ACID, 60), fact(EvidenceKind.ANTIGEN, 1, EvidenceResult.POSITIVE))
    assert evidence_in_words(pieces, noon) == (
        "核酸检测阴性，60 小时前；抗原检测阳性，1 小时前",
        "核酸檢測陰性，60 小時前；抗原檢測陽性，1 小時前",
        "nucleic-acid test, negative, 60 h ago; antigen test, positive, 1 h ago",
    )
    assert evidence_in_words((), noon)[:2] == ("没有检测等佐证", "沒有檢測等佐證")


def test_a_series_that_is_not_complete(fact: Any, noon: int) -> None:
    """A first dose of two is "inconclusive" to rules; nobody at a gate would read that in the word."""
    first = fact(EvidenceKind.VACCINATION, 48, EvidenceResult.INCONCLUSIVE)
    assert evidence_in_words((first,), noon) == (
        "疫苗接种未完成全程，48 小时前",
        "疫苗接種未完成全程，48 小時前",
        "vaccination, series not complete, 48 h ago",
    )


def test_moments() -> None:
    """The time on the wall in Beijing; what no calendar holds is a number."""
    assert moment_in_words(1_669_003_200) == "2022-11-21 12:00:00+08:00"
    assert moment_in_words(10**15) == "1000000000000000"
