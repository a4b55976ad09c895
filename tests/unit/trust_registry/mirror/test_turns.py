"""Fair turns: one member's work is not what another member waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from credentials.errors import RateLimited
from service_kit.cache.store import InProcessCache
from service_kit.http.limits import Limits
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.founded import NOW
from trust_registry.mirror.turns import WORK, Turns


class Meter:
    """Processor time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def turns(meter: Meter, clock: FixedClock) -> Turns:
    return Turns(Limits("registry", InProcessCache(clock), clock), meter, wait=60)


def test_work_is_counted_by_member_and_hour(turns: Turns, meter: Meter, clock: FixedClock) -> None:
    """Who has used up the hour is told when to come again; the others are not touched."""
    with turns.of("CN-41"):
        meter.seconds += WORK.most / 1000 + 1
    with pytest.raises(RateLimited) as refused, turns.of("CN-41"):
        pass
    assert 0 < refused.value.retry_after <= 3600
    with turns.of("CN-44"):
        pass
    clock.time += 3600
    with turns.of("CN-41"):
        pass


def test_work_that_failed_counts_as_well(turns: Turns, meter: Meter) -> None:
    """A file that takes seconds to read and is refused at its end is the attack."""
    with pytest.raises(ZeroDivisionError), turns.of("CN-41"):
        meter.seconds += WORK.most / 1000 + 1
        raise ZeroDivisionError
    with pytest.raises(RateLimited), turns.of("CN-41"):
        pass


def test_a_second_file_waits_a_third_is_refused(turns: Turns) -> None:
    """A hundred at once would hold every thread of the server; another member has its turn meanwhile."""
    entered, go, done = threading.Event(), threading.Event(), []

    def work(name: str, at_it: Callable[[], object]) -> None:
        with turns.of("CN-41"):
            at_it()
            done.append(name)

    def first_is_at_it() -> None:
        entered.set()
        go.wait(30)

    first = threading.Thread(target=work, args=("first", first_is_at_it))
    first.start()
    assert entered.wait(30)
    second = threading.Thread(target=work, args=("second", lambda: None))
    second.start()
    queue = turns._queue("CN-41")
    while queue._places._value:
        threading.Event().wait(0.01)
    with pytest.raises(RateLimited), turns.of("CN-41"):
        pass
    with turns.of("CN-44"):
        go.set()
    first.join(30)
    second.join(30)
    assert done == ["first", "second"]


def test_nobody_waits_without_an_end(meter: Meter, clock: FixedClock) -> None:
    """A thread of the server waits with each file that waits."""
    turns = Turns(Limits("registry", InProcessCache(clock), clock), meter, wait=0.01)
    with turns.of("CN-41"):
        for _ in range(2):
            with pytest.raises(RateLimited, match="still being read"), turns.of("CN-41"):
                pass
    with turns.of("CN-41"):
        pass
