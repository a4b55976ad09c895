"""The feed in figures: bytes, memory, look-up, and with ``--feed`` how long news takes with real processes.

The national set: 34 members with one living code for each inhabitant, 1.41 billion (census of 2020), shared out by
population, a thousandth withdrawn. That is what the gates of a whole country hold at once; on 31.5 million codes, a
member of middle size, the entropy bound is the yardstick.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from credentials.keys import kid_of, new_private_key
from credentials.model import StatusReference
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.signing import PemSigner
from credentials.status import gaps, segment, snapshot
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from tests.benchmarks import refresh
from tests.benchmarks.measuring import Row, measure
from tests.benchmarks.rows import steps
from tests.unit.credentials.status.chained import status_key

MEMBER, NOW, DAY = "CN-44", 1_795_000_000, 24 * 3600
SHARE = 0.001
"""Of the codes that are withdrawn."""
MIDDLE = 31_500_000
"""Codes of a member of middle size."""
POPULATION = (
    126.01, 101.53, 99.37, 84.75, 83.67, 74.61, 66.44, 64.57, 61.03, 57.75, 50.13, 47.21, 45.19, 42.59, 41.54, 39.53,
    38.56, 34.92, 32.05, 31.85, 25.85, 25.02, 24.87, 24.05, 23.56, 21.89, 13.87, 10.08, 7.47, 7.20, 5.92, 3.65, 0.68,
    2.0,
)  # fmt: skip
"""Millions, of 34 members from Guangdong to Macao and XPCC (census of 2020; Taiwan, Hong Kong, Macao by their own)."""
TRIES, DENIALS = 20, 10
LOOK_UP_ROUNDS, LOOK_UPS = 40, 256
REPORT = Path("docs") / "measurements" / "feed.md"
_KEY = new_private_key()
_SIGNER = PemSigner(_KEY, kid_of(MEMBER, _KEY.public_key()))


class Figure(NamedTuple):
    """One measured number with its budget (None: reported only): at most so much, or at least where it says so."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.budget is None or (self.value >= self.budget if self.is_least else self.value <= self.budget)


def sizes() -> list[Figure]:
    """Bytes and memory."""
    middle = _snapshot(MIDDLE)
    entropy = MIDDLE * -(SHARE * math.log2(SHARE) + (1 - SHARE) * math.log2(1 - SHARE)) / 8
    sealed = len(snapshot.seal(middle, _SIGNER))
    figures = [
        Figure("snapshot of 31.5 M codes, 0.1 % withdrawn", sealed, "bytes"),
        Figure("the same by the entropy bound", sealed / entropy, "times", 1.15),
    ]
    for changes in (1_000, 10_000):
        figures.append(
            Figure(f"a segment of {changes:,} changes", _segment_bytes(changes) / changes, "bytes each", 2.6)
        )
    figures.append(Figure("a heartbeat", len(segment.seal(_segment({}), _SIGNER)), "bytes"))
    return [*figures, *_national(), _look_up()]


def _look_up() -> Figure:
    bare = next(row for row in steps() if row.name == "V")
    middle, chance = _snapshot(MIDDLE), random.Random(7)
    numbers, size = len(middle.lists), STATUS_LIST_SIZE
    references = [StatusReference(chance.randrange(numbers), chance.randrange(size)) for _ in range(LOOK_UPS)]
    # Many in one call: the cost of calling is not what is asked for.
    many = Row("look-ups", lambda _: list(map(middle.is_withdrawn, references)))
    _, looked_up = measure([bare, many], LOOK_UP_ROUNDS)
    return Figure("look-up among 31.5 M codes", looked_up.ratio / LOOK_UPS, "V", 0.01)


def report(figures: list[Figure], withdrawals: list[float], denials: list[float]) -> str:
    """``docs/measurements/feed.md``."""
    lines = [f"| {each.name} | {_number(each.value)} {each.unit} | {_budget(each)} |" for each in figures]
    tries = ", ".join(f"{seconds:.0f}" for seconds in withdrawals)
    denied = ", ".join(f"{seconds:.0f}" for seconds in denials)
    return f"""# The feed, measured

`make bench ARGS=--feed` writes this page. Real processes on one machine over the loopback: a registry, an issuer with
60-second segments, a gate that polls every 30 s; each try is begun at a random moment and ends when the gate refuses
the code. Bytes are of signed files; memory is that of the objects that a gate holds.

| figure | measured | at most |
| --- | --- | --- |
{chr(10).join(lines)}

Seconds from `withdraw` to refusal, {len(withdrawals)} tries: {tries}.

Seconds from `deny` to refusal, {len(denials)} tries: {denied}.

The national set is 34 members with a living code for each inhabitant, 1.41 billion, shared out by population, one in a
thousand withdrawn.
"""


def main() -> int:
    """Measure everything, print it, write the page; 1 when a budget is missed."""
    from tests.scenarios.feeding import Feed

    figures = sizes()
    with tempfile.TemporaryDirectory(prefix="tongxing-feed-") as folder, Feed(Path(folder), 60, 30) as feed:
        feed.wait_until_known(180)
        measured = feed.measure(TRIES, DENIALS, over=240, patience=300)
    figures += [
        Figure("from withdraw to refusal, median", median(measured.withdrawals), "s", 80),
        Figure("from withdraw to refusal, worst", max(measured.withdrawals), "s"),
        Figure("from deny to refusal, median", median(measured.denials), "s"),
        Figure("from deny to refusal, worst", max(measured.denials), "s", 60),
    ]
    show(figures)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report(figures, measured.withdrawals, measured.denials), "utf-8")
    return 0 if all(each.is_met for each in figures) else 1


def show(figures: list[Figure]) -> None:
    """Print them as the other tables."""
    for each in figures:
        missed = "" if each.is_met else "  MISSED"
        budget = "" if each.budget is None else f"at {'least' if each.is_least else 'most'} {each.budget}"
        print(f"{each.name:52} {_number(each.value):>12} {each.unit:11} {budget}{missed}")
    print()


def _national() -> list[Figure]:
    total, bits, memory = 0, 0, 0
    national = [_snapshot(int(millions * 1_000_000), seed=number) for number, millions in enumerate(POPULATION)]
    whole, news = refresh.sizes(national, _SIGNER)
    for made in national:
        sealed = snapshot.seal(made, _SIGNER)
        total += len(sealed)
        held = snapshot.open(sealed, status_key(_KEY.public_key(), MEMBER))
        bits, memory = bits + held.withdrawn_count, memory + held.memory_bytes()
    return [
        Figure("national set of 34 members: withdrawn codes", bits, "codes"),
        Figure("national set of 34 members: snapshots", total, "bytes"),
        Figure("national set of 34 members: memory at a gate", memory, "bytes"),
        Figure("national set of 34 members: memory a code withdrawn", memory / bits, "bytes", 5.0),
        Figure("a browser's gate: the whole snapshot", whole, "bytes"),
        Figure("a browser's gate: what is new after a minute", news, "bytes"),
        Figure("a browser's gate: a minute by the whole", news / whole, "times", 0.01),
    ]


def _snapshot(codes: int, seed: int = 41) -> StatusSnapshot:
    chance = random.Random(seed)
    lists, left = {}, codes
    for number in range(math.ceil(codes / STATUS_LIST_SIZE)):
        filled = min(left, STATUS_LIST_SIZE)
        left -= filled
        drawn = chance.sample(range(STATUS_LIST_SIZE), round(filled * SHARE))
        lists[number] = StatusList.of(number, NOW + DAY, drawn)
    return StatusSnapshot(MEMBER, 1, NOW, NOW + DAY, lists)


def _segment_bytes(changes: int) -> int:
    chance = random.Random(changes)
    drawn: dict[int, set[int]] = {}
    while sum(map(len, drawn.values())) < changes:
        drawn.setdefault(1_000 + chance.randrange(MIDDLE // STATUS_LIST_SIZE + 1), set()).add(
            chance.randrange(STATUS_LIST_SIZE)
        )
    return len(segment.seal(_segment(drawn), _SIGNER))


def _segment(drawn: dict[int, set[int]]) -> Segment:
    withdrawn = {number: gaps.ascending(indices) for number, indices in drawn.items()}
    return Segment(MEMBER, 100_000, NOW, b"\x01" * 32, {}, withdrawn)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def _budget(figure: Figure) -> str:
    return "" if figure.budget is None else _number(figure.budget)


if __name__ == "__main__":
    sys.exit(main())
