"""How work grows with its input, on a machine that others use as well.

Measured in processor time of this thread, each size several times and the least counted: what others take does not
stand in it. A span of eight and not of two, because the square shows there as 64 and no noise comes near.
"""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable
from typing import TypeVar

from credentials.errors import TongxingError

MOST = 2.5
"""Times the work for twice the input. The square has four."""
SPAN = 8
"""The larger input is so many times the smaller."""
_ROUNDS, _ATTEMPTS = 2, 5
_LEAST_SECONDS = 0.001
_MOST_REPEATS = 2000
_Input = TypeVar("_Input")


def per_doubling(work: Callable[[_Input], object], make: Callable[[int], _Input], largest: int) -> float:
    """How many times the work becomes when the input is doubled, on the way to ``make(largest)``.

    Errors of our own are a way to end the work. Measured again while it is above MOST, at most four times; without
    Python's collector, whose turns come when they come and look at all that the test process holds.
    """
    small, large = make(max(1, largest // SPAN)), make(largest)
    gc.collect()
    gc.disable()
    try:
        return _least(work, small, large)
    finally:
        gc.enable()


def _least(work: Callable[[_Input], object], small: _Input, large: _Input) -> float:
    repeats = _repeats(work, small)
    found = math.inf
    for _ in range(_ATTEMPTS):
        pairs = [(_seconds(work, small, repeats), _seconds(work, large, repeats)) for _ in range(_ROUNDS)]
        ratio = min(each for _, each in pairs) / min(each for each, _ in pairs)
        found = min(found, ratio ** (1 / math.log2(SPAN)))
        if found <= MOST:
            break
    return found


def _repeats(work: Callable[[_Input], object], data: _Input) -> int:
    """So many that the clock's own steps do not count."""
    repeats = 1
    while _seconds(work, data, repeats) < _LEAST_SECONDS and repeats < _MOST_REPEATS:
        repeats *= 2
    return repeats


def _seconds(work: Callable[[_Input], object], data: _Input, repeats: int) -> float:
    began = time.thread_time()
    for _ in range(repeats):
        with contextlib.suppress(TongxingError):
            work(data)
    return time.thread_time() - began
