"""Counts that guard a secret, on SQLite and on PostgreSQL: exact for all processes together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from issuer.storage.sql import MIGRATIONS, VERSION_TABLE
from issuer.storage.tables import kept_count
from service_kit.storage.database import connect, migrate
from service_kit.storage.kept_counts import KeptCounts
from tests.doubles.clock import FixedClock

NOW = 1_795_000_000
ADDRESS = "203.0.113.30"
Opened = Callable[[], KeptCounts]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    engines: list[Engine] = []
    yield engines
    for engine in engines:
        engine.dispose()


@pytest.fixture
def another(database_url: str, engines: list[Engine], clock: FixedClock) -> Opened:
    """Opens the counts as one more process has them."""

    def opened() -> KeptCounts:
        engines.append(connect(database_url))
        migrate(engines[-1], MIGRATIONS, VERSION_TABLE)
        return KeptCounts(engines[-1], kept_count, b"secret", clock)

    return opened


def test_one_count_for_all_processes(another: Opened) -> None:
    """Up, down, and for each key by itself."""
    first, second = another(), another()
    assert [first.increment("a", 60), second.increment("a", 60, by=3), first.increment("a", 60, by=-1)] == [1, 4, 3]
    assert second.increment("b", 60) == 1


def test_it_ends_and_begins_anew(another: Opened, clock: FixedClock) -> None:
    """So many seconds after it began, however often it grew meanwhile."""
    counts = another()
    counts.increment("a", 60)
    clock.time += 59
    assert counts.increment("a", 60) == 2
    clock.time += 1
    assert counts.increment("a", 60) == 1


def test_of_many_at_once_none_is_lost(another: Opened) -> None:
    """A count that is read and then written misses those in between, which are guesses that nobody counted."""
    stores, seen = [another() for _ in range(4)], []

    def work(counts: KeptCounts) -> None:
        for _ in range(10):
            seen.append(counts.increment("a", 60))

    threads = [threading.Thread(target=work, args=(each,)) for each in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 41))


def test_no_address_stands_in_the_database(another: Opened, engines: list[Engine]) -> None:
    """Who reads a stolen database must not read in it who asked when."""
    another().increment(f"limit:issuer:failed-claim:{ADDRESS}:1", 60)
    with engines[0].connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM issuer_kept_count").all()
    assert len(rows) == 1
    assert ADDRESS not in str(rows)
