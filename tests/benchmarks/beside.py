"""A gate's checks while one member, who has a status key, has it read the largest segments that there are."""

from __future__ import annotations

import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice

from credentials.profile.limits import MAX_SEGMENT_CHANGES, STATUS_LIST_SIZE
from credentials.status import segment
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from tests.benchmarks import scene
from tests.benchmarks.feed import Figure
from tests.vectors.cast import DAY, NOW
from tests.vectors.knowledge import HENAN
from verifier.judging.policy import PROFILES
from verifier.judging.recipe import judge
from verifier.keeping.freshness import SWITCH_SECONDS

WORST_MILLISECONDS = 5.0
CHECKS = 400
LISTS = 8


def check_beside_a_member() -> list[Figure]:
    """Milliseconds of the slowest of twenty checks, as a gate's process is set up."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with _reading_on():
            slow = _slow_check()
    finally:
        sys.setswitchinterval(before)
    return [Figure("one check of twenty, one member's largest segments", slow, "ms", WORST_MILLISECONDS)]


def _slow_check() -> float:
    known, taken = scene.knowledge(), []
    for text in islice(cycle(scene.lives(known.statuses[HENAN])), CHECKS):
        began = time.perf_counter()
        judge(text, known, NOW, PROFILES["venue"])
        taken.append(time.perf_counter() - began)
    return sorted(taken)[CHECKS * 19 // 20] * 1000


@contextmanager
def _reading_on() -> Iterator[None]:
    read, stopped = _reading(), threading.Event()

    def go() -> None:
        while not stopped.is_set():
            read()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _reading() -> Callable[[], object]:
    """Reading one segment of as many changes as there may be, and merging it into lists that are half full."""
    half = array("I", range(1, STATUS_LIST_SIZE, 2))
    lists = {number: StatusList.of_ascending(number, NOW + DAY, half) for number in range(LISTS)}
    held = StatusSnapshot(HENAN, 1, NOW, NOW + DAY, lists, bytes([1]) * 32)
    new = array("I", range(0, 2 * MAX_SEGMENT_CHANGES // LISTS, 2))
    payload = segment.encode(Segment(HENAN, 2, NOW, held.head, {}, dict.fromkeys(range(LISTS), new)))
    return lambda: segment.apply(held, segment.decode(payload))
