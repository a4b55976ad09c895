"""People for demonstrations and tests: valid document numbers, names of every difficult kind, tests of different age.

Nobody is real: the names are put together from lists, the numbers from a seed. The same seed gives the same people.

    python -m demonstration.residents 1000 > residents.csv
"""

from __future__ import annotations

import csv
import io
import random
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

SEED = 20200217
"""Henan's health code began on 17 February 2020."""
COLUMNS = (
    "key", "name", "document_kind", "document_number", "form",
    "evidence_kind", "evidence_result", "sampled_at", "region",
)  # fmt: skip

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_COMPOUND = ("欧阳", "司马", "诸葛", "上官", "皇甫", "尉迟")
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建华文玉兰红志国春梅"
_DIFFICULT = (
    "买买提·吐尔逊", "阿依古丽·艾合买提江", "迪丽热巴·迪力木拉提", "𠮷田𠀋", "㛃", "Nguyễn Thị Ánh", "Jean-Luc O’Neill",
    "王", "娜仁托娅", "Müller", "古丽", "䶮之介", "Maria",
)  # fmt: skip
_REGIONS = (410102, 410105, 410203, 410302, 411002, 411302, 411402, 411502, 411602, 411702)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_HOUR = 3600


class Resident(NamedTuple):
    """One row of the file: what the columns say. ``sampled_at`` in seconds UTC; evidence may be empty."""

    key: str
    name: str
    document_kind: str
    document_number: str
    form: str
    evidence_kind: str
    evidence_result: str
    sampled_at: str
    region: str


def residents(count: int, at: int, seed: int = SEED) -> Iterator[Resident]:
    """``count`` people who ask for a paper code at ``at`` (seconds UTC); their tests are up to a week old."""
    source = random.Random(seed)
    for number in range(count):
        kind, document = _document(source)
        evidence_kind, result, sampled_at = _evidence(source, at)
        region = str(source.choice(_REGIONS)) if evidence_kind else ""
        yield Resident(
            f"resident-{number:06d}", _name(source), kind, document, "paper", evidence_kind, result, sampled_at, region
        )


def to_csv(people: Iterator[Resident]) -> str:
    """The people as CSV with a header line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(people)
    return text.getvalue()


def resident_id(region: int, birth: str, sequence: int) -> str:
    """A resident number of GB 11643: six digits of region, ``YYYYMMDD``, three of sequence, the check character."""
    body = f"{region:06d}{birth}{sequence:03d}"
    return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def _name(source: random.Random) -> str:
    draw = source.random()
    if draw < 0.04:
        return source.choice(_DIFFICULT)
    surname = source.choice(_COMPOUND) if draw < 0.07 else source.choice(_SURNAMES)
    return surname + "".join(source.choice(_GIVEN) for _ in range(source.choice((1, 2, 2, 2))))


def _document(source: random.Random) -> tuple[str, str]:
    birth = f"{source.randint(1935, 2019)}{source.randint(1, 12):02d}{source.randint(1, 28):02d}"
    draw, digits = source.random(), f"{source.randint(0, 99_999_999):08d}"
    if draw < 0.02:
        return "hk-macao-permit", source.choice("HM") + digits + "01"
    if draw < 0.03:
        return "taiwan-permit", digits
    if draw < 0.04:
        return "passport", f"KOR-M{digits}"
    region = source.choice((810000, 820000, 830000)) if draw < 0.05 else source.choice(_REGIONS)
    return "resident-id", resident_id(region, birth, source.randint(1, 999))


def _evidence(source: random.Random, at: int) -> tuple[str, str, str]:
    draw = source.random()
    if draw < 0.05:
        return "", "", ""
    age = source.randint(1, 24 * 7) * _HOUR
    if draw < 0.15:
        return "vaccination", "completed", str(at - 20 * age)
    result = "positive" if draw < 0.17 else "inconclusive" if draw < 0.18 else "negative"
    return ("antigen" if draw < 0.3 else "nucleic-acid"), result, str(at - age)


if __name__ == "__main__":
    sys.stdout.write(to_csv(residents(int(sys.argv[1]), int(time.time()))))
