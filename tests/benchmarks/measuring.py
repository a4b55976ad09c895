"""How it is measured: every row in turn, again and again in one run, each round against the bare signature beside it.

Machines change their speed from second to second; a ratio within one round does not care. A row's figure is the median
of its rounds.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

CALLS = 16
"""Calls of one row in a round: distinct inputs, so that nothing is learned by heart."""
INPUTS = 64
Call = Callable[[int], object]


@dataclass(frozen=True)
class Row:
    """What is measured: ``call`` takes the number of an input, 0 to 63. ``budget``: the most it may cost, in units of
    the row named ``unit``; None: reported only."""

    name: str
    call: Call
    budget: float | None = None
    unit: str = "V"


@dataclass(frozen=True)
class Result:
    """``microseconds`` a call, and ``ratio`` to its unit."""

    row: Row
    microseconds: float
    ratio: float

    @property
    def is_met(self) -> bool:
        """Whether it keeps its budget."""
        return self.row.budget is None or self.ratio <= self.row.budget


def measure(
    rows: Iterable[Row], rounds: int, calls: int = CALLS, clock: Callable[[], int] = time.thread_time_ns
) -> list[Result]:
    """All rows, interleaved, ``rounds`` times, each ``calls`` times a round. Each unit named must itself be a row.

    ``clock`` gives nanoseconds, by default of the processor: whoever else wants the core costs no row anything. Rows
    that wait for another process ask for :func:`time.perf_counter_ns`.
    """
    rows = list(rows)
    times: dict[str, list[float]] = {row.name: [] for row in rows}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            start = number * calls % INPUTS
            for row in rows:
                times[row.name].append(_timed(row.call, range(start, start + calls), clock))
    finally:
        gc.enable()
    return [Result(row, median(times[row.name]) / 1000, _ratio(times[row.name], times[row.unit])) for row in rows]


def _timed(call: Call, inputs: range, clock: Callable[[], int]) -> float:
    """Nanoseconds of one call, on the average of these inputs."""
    began = clock()
    for number in inputs:
        call(number)
    return (clock() - began) / len(inputs)


def _ratio(times: list[float], units: list[float]) -> float:
    return median(own / unit for own, unit in zip(times, units, strict=True))
