"""A province's own log is held against its database, and every province's public counters against its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from credentials.errors import StorageUnavailable
from credentials.wire.strict_json import json_bytes
from tests.doubles.fetcher import FetcherOfFiles
from tests.unit.trust_registry.monitor.logs import NOW, ORIGIN, PLACE, SIGNER, GrowingLog
from trust_registry.client.log_reader import LogReader
from trust_registry.monitor.following import FollowedLog
from trust_registry.monitor.monitor import GRACE_SECONDS, Monitor
from trust_registry.monitor.state import MonitorState, Sums, Watched


class Database:
    """What the issuer wrote; ``asked``: how often its leaves were read."""

    origin = ORIGIN

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.kept, self.asked, self.is_away = list(entries), 0, False

    def size(self) -> int:
        if self.is_away:
            raise StorageUnavailable("the database does not answer")
        return len(self.kept)

    def entries(self, first: int, most: int) -> Sequence[bytes]:
        self.asked += 1
        return self.kept[first : first + most]


class Watch:
    """A monitor with its memory."""

    def __init__(self, database: Database | None = None) -> None:
        self.state, self.monitor = MonitorState(), Monitor(own_log=database)

    def look(self, log: GrowingLog, now: int = NOW) -> list[tuple[str, str]]:
        """Word and subject of all that is found."""
        followed = FollowedLog(ORIGIN, [SIGNER.key], LogReader(f"https://{PLACE}", FetcherOfFiles(log.files())))
        looked = self.monitor.look(self.state, [followed], None, None, now)
        self.state = looked.state
        return [(each.word, each.about) for each in looked.findings]


def test_a_log_that_is_its_databases_own_is_well() -> None:
    """Over the ends of pages, and with nothing new; leaves are read by pages, and each once."""
    log = GrowingLog()
    database = Database([])
    watch = Watch(database)
    for more in (0, 3, 300, 256, 0):
        log.add(more)
        database.kept = list(log.entries)
        assert watch.look(log) == []
    assert database.asked <= 6


def test_a_leaf_that_the_database_never_wrote_is_not_ours() -> None:
    """A thief of the log's key publishes another decision under the province's name; the tree is whole."""
    log = GrowingLog().add(300)
    database = Database(log.entries)
    database.kept[299] = json_bytes({"at": NOW, "content": {"draft": "x"}, "kind": "draft-made", "number": 299})
    assert Watch(database).look(log) == [("not-ours", "leaf 299")]


def test_leaves_beyond_the_databases_last_are_told_once() -> None:
    """The neighbour: they were added behind, or yesterday's backup was put back."""
    log = GrowingLog().add(10)
    database = Database(log.entries)
    watch = Watch(database)
    assert watch.look(log) == []
    assert watch.look(log.add(600)) == [("not-ours", "our database")]
    assert database.asked <= 3
    database.kept = list(log.entries)
    assert watch.look(log) == []


def test_leaves_that_are_not_published_are_told_when_the_log_stands_still() -> None:
    """Somebody keeps back what the province decided; a minute of it is every log's own."""
    log = GrowingLog().add(5)
    database = Database(GrowingLog().add(7).entries)
    watch = Watch(database)
    assert watch.look(log) == []
    assert watch.look(log, NOW + GRACE_SECONDS - 1) == []
    assert watch.look(log, NOW + GRACE_SECONDS) == [("log-frozen", "our database")]
    assert watch.look(log.add(1), NOW + GRACE_SECONDS + 1) == [], "it moves on"


def test_a_database_that_is_away_is_unknown_and_no_alarm() -> None:
    """Of the log nothing is remembered, so that the next look compares it."""
    log = GrowingLog().add(5)
    database = Database(log.entries)
    database.is_away = True
    watch = Watch(database)
    assert watch.look(log) == [("log-unreachable", "our database")]
    database.is_away = False
    assert watch.look(log) == []


def test_what_is_wrong_with_the_whole_log_is_not_acknowledged_away() -> None:
    """It ends when it is well."""
    assert Watched().with_acknowledged(["our database", "leaf 1"]).acknowledged == {"leaf 1"}


def counters(first: int, *totals: tuple[str, str, int]) -> dict[str, Any]:
    return {"from": first, "totals": [list(each) for each in totals], "cells": []}


RED = {"status": "red", "hour": NOW, "root": "00" * 32}


def decided(count: int) -> dict[str, Any]:
    return RED | {"count": count}


def counting_log() -> GrowingLog:
    """Two hours of a province: leaves 0 to 2, and 3 to 5."""
    log = GrowingLog().add(1, "decided-by-rule", **decided(30)).add(1, "decided-by-rule", **decided(12))
    log.add(1, "counted", **counters(0, ("decided-by-rule", "red", 42)))
    log.add(1, "withdrawn", **decided(4)).add(1, "laboratory-ended", name="lab")
    return log.add(1, "counted", **counters(3, ("withdrawn", "red", 4)))


def test_counters_that_are_the_leaves_own_are_well() -> None:
    """Read at once, and leaf by leaf by a monitor whose memory is written down between."""
    log, watch = counting_log(), Watch()
    assert Watch().look(log) == []
    for size in range(len(log.entries) + 1):
        assert watch.look(GrowingLog(log.entries[:size])) == []
        read = Watched.from_json(watch.state.of(ORIGIN).to_json())
        assert read == watch.state.of(ORIGIN)
        watch.state = watch.state.with_log(ORIGIN, read)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("counted", counters(6, ("decided-by-rule", "red", 41))),
        ("counted", counters(6)),
        ("counted", counters(7, ("decided-by-rule", "red", 42))),
        ("counted", counters(0, ("decided-by-rule", "red", 42))),
        ("counted", counters(6, ("decided-by-rule", "green", 42))),
        ("counted", {"from": 6}),
        ("decided-by-rule", RED | {"count": 0}),
        ("decided-by-rule", RED | {"count": 2**53}),
        ("withdrawn", {"status": "blue", "count": 1}),
    ],
    ids=[
        "fewer",
        "none",
        "skips a leaf",
        "begins anew",
        "another colour",
        "no totals",
        "no count",
        "huge",
        "no status",
    ],
)
def test_counters_that_do_not_add_up_are_told_once(kind: str, content: dict[str, Any]) -> None:
    """A province that publishes nicer numbers than it logged; the hours after it add up again."""
    log = counting_log().add(1, "decided-by-rule", **decided(42)).add(1, kind, **content)
    watch = Watch()
    assert watch.look(log) == [("counters-wrong", "leaf 7")]
    log.add(1, "counted", **counters(8)).add(1, "decided-by-rule", **decided(1))
    log.add(1, "counted", **counters(9, ("decided-by-rule", "red", 1)))
    assert watch.look(log) == [("counters-wrong", "leaf 7")]


def test_a_memory_of_an_older_monitor_begins_to_add_up_with_the_next_counters() -> None:
    """It has read leaves that it did not add up: that is no fault of the province."""
    log, watch = counting_log(), Watch()
    watch.look(GrowingLog(log.entries[:1]))
    old = watch.state.of(ORIGIN).to_json()
    del old["sums"]
    watch.state = watch.state.with_log(ORIGIN, Watched.from_json(old))
    assert watch.state.of(ORIGIN).sums == Sums(None)
    assert watch.look(log) == []
    log.add(1, "withdrawn", **decided(2)).add(1, "counted", **counters(6, ("withdrawn", "red", 3)))
    assert watch.look(log) == [("counters-wrong", "leaf 7")]
