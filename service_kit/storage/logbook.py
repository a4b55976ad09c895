"""A logbook (日志簿): leaves that are added, numbered without a gap, and never changed.

A leaf is written in the transaction of the deed that it tells of, so neither is there without the other. Each service
that keeps a logbook has it in two tables of its own (:func:`logbook_tables`); its migration makes them, and puts the
one row into the counter: ``id`` 1, ``size`` 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from credentials.wire.strict_json import json_bytes

MAX_KIND_CHARACTERS = 32


class LeafRecord(NamedTuple):
    """One leaf. ``number``: from 0; ``at``: seconds UTC; ``content``: canonical JSON, the very text that was written:
    sorted names, no spaces."""

    number: int
    kind: str
    at: int
    content: str


class Logbook(Protocol):
    """A logbook within one transaction, for good: nothing of it may be lost, and a leaf counts only if the transaction
    ends well. Any number of threads and processes may append, each in its own; they do so one after another.

    Who can write to the tables can add leaves and take away the last ones: a number given twice shows only to somebody
    who has read the first. Raises StorageUnavailable, StorageFull.
    """

    def append(self, kind: str, at: int, content: Mapping[str, Any]) -> int:
        """Add a leaf, of at most 32 characters of ``kind`` and what JSON can say; its number: 0, 1, 2, …"""
        ...

    def read(self, since: int, most: int) -> list[LeafRecord]:
        """Leaves from this number on, in order, at most so many."""
        ...


class LogbookTables(NamedTuple):
    """How many leaves there are, in one row, and the leaves."""

    counter: Table
    leaf: Table


def logbook_tables(metadata: MetaData, prefix: str) -> LogbookTables:
    """The tables of one logbook: ``<prefix>_counter`` and ``<prefix>_leaf``."""
    counter = Table(
        f"{prefix}_counter",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", BigInteger, nullable=False),
        CheckConstraint("id = 1", name=f"{prefix}_counter_single"),
    )
    leaf = Table(
        f"{prefix}_leaf",
        metadata,
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("kind", String(MAX_KIND_CHARACTERS), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("content", Text, nullable=False),
    )
    return LogbookTables(counter, leaf)


class SqlLogbook:
    """The :class:`Logbook` of these tables, in the transaction of ``connection``."""

    def __init__(self, connection: Connection, tables: LogbookTables) -> None:
        self._connection, self._tables = connection, tables

    def append(self, kind: str, at: int, content: Mapping[str, Any]) -> int:
        """Add a leaf and return its number."""
        # The row stays locked until the commit: whoever comes next waits, and gets the number back if it is given up.
        size = self._tables.counter.c.size
        counted = update(self._tables.counter).values(size=size + 1).returning(size)
        number = int(self._connection.execute(counted).scalar_one()) - 1
        leaf = {"number": number, "kind": kind, "at": at, "content": json_bytes(content).decode()}
        self._connection.execute(insert(self._tables.leaf).values(leaf))
        return number

    def read(self, since: int, most: int) -> list[LeafRecord]:
        """Leaves from this number on, in order."""
        number = self._tables.leaf.c.number
        query = select(self._tables.leaf).where(number >= since).order_by(number).limit(most)
        return [LeafRecord(**row._asdict()) for row in self._connection.execute(query)]
