"""A province's own log, held against the database that it is published from.

Whoever has the log's key can publish leaves that the province never wrote, or leave hers out: anybody else sees a log
that is whole. Only the province knows what she wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from trust_registry.monitor.findings import LogFinding
from trust_registry.monitor.state import OUR_DATABASE, Waiting, Watched

PAGE_LEAVES = 256


class OwnLog(Protocol):
    """The leaves as they stand in the issuer's database. Raises StorageUnavailable, SchemaOutdated."""

    origin: str

    def size(self) -> int:
        """How many there are."""
        ...

    def entries(self, first: int, most: int) -> Sequence[bytes]:
        """Those from number ``first`` on, in order, as they are hashed and published."""
        ...


class OwnLeaves:
    """Compares published leaves, one after another, with those of the database."""

    def __init__(self, log: OwnLog) -> None:
        self._log = log
        self._first, self._page, self._is_over = 0, list[bytes](), False

    def fault_of(self, entry: bytes, number: int) -> str | None:
        """What is wrong with a published leaf. Of leaves beyond the database's last :func:`compare` tells."""
        if not self._is_over and not 0 <= number - self._first < len(self._page):
            self._first, self._page = number, list(self._log.entries(number, PAGE_LEAVES))
            self._is_over = not self._page
        if self._is_over or self._page[number - self._first] == entry:
            return None
        return f"leaf {number} is another in the issuer's database"


def compare(log: OwnLog, watched: Watched, now: int, grace_seconds: int) -> tuple[Watched, list[LogFinding]]:
    """What is wrong with the length of the log, as published, and the memory of how long it has stood still. ``now``:
    seconds UTC; ``grace_seconds``: how long a leaf may take to be published."""
    size, published = log.size(), watched.checkpoint(log.origin).size
    before = watched.waiting.get(OUR_DATABASE)
    since = before if before and before.size == published else Waiting(now, published)
    watched = replace(watched, waiting={OUR_DATABASE: since} if size > published else {})
    return watched, list(_findings(log.origin, size, published, now - since.since >= grace_seconds))


def _findings(origin: str, size: int, published: int, is_late: bool) -> Iterator[LogFinding]:
    if size < published:
        told = (
            f"{published} leaves are published, and the issuer's database has {size}: a backup was restored (then"
            " `tongxing issuer recover`), or somebody else signs with this log's key"
        )
        yield LogFinding("not-ours", origin, OUR_DATABASE, told)
    elif size > published and is_late:
        told = f"the issuer's database has {size} leaves, and the log has stood still at {published}"
        yield LogFinding("log-frozen", origin, OUR_DATABASE, told)
