"""A logbook (日志簿): leaves that are added, numbered without a gap, and never changed.

A leaf is written in the transaction of the deed that it tells of, so neither is there without the other. Each service
that keeps a logbook has it in tables of its own (:func:`logbook_tables`); its migration makes them, and puts the
one row into the counter: ``id`` 1, ``size`` 0.

What is published of it, and how, is another's business; here stand the hashes over its leaves, and the checkpoint that
was signed last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from credentials.errors import Conflict, SelfCheckFailed
from credentials.log.tree import HASH_BYTES, MAX_LOG_ENTRY_BYTES, leaf_hash
from credentials.wire.strict_json import json_bytes
from service_kit.storage.ports import MAX_KIND_CHARACTERS, CheckpointRecord, LeafRecord


class LogbookTables(NamedTuple):
    """How many leaves there are, in one row; the leaves; hashes of full tiles; the checkpoint, in one row."""

    counter: Table
    leaf: Table
    tile_hash: Table
    checkpoint: Table


def logbook_tables(metadata: MetaData, prefix: str) -> LogbookTables:
    """The tables of one logbook: ``<prefix>_counter``, ``_leaf``, ``_tile_hash`` and ``_checkpoint``."""
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
        # Empty where a program that kept none wrote the leaf.
        Column("hash", LargeBinary(HASH_BYTES)),
    )
    tile_hash = Table(
        f"{prefix}_tile_hash",
        metadata,
        Column("level", Integer, primary_key=True, autoincrement=False),
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("hash", LargeBinary(HASH_BYTES), nullable=False),
    )
    checkpoint = Table(
        f"{prefix}_checkpoint",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", BigInteger, nullable=False),
        Column("note", LargeBinary, nullable=False),
        Column("signed_at", BigInteger, nullable=False),
        CheckConstraint("id = 1", name=f"{prefix}_checkpoint_single"),
    )
    return LogbookTables(counter, leaf, tile_hash, checkpoint)


class SqlLogbook:
    """The :class:`Logbook` and the :class:`LogTree` of these tables, in the transaction of ``connection``."""

    def __init__(self, connection: Connection, tables: LogbookTables) -> None:
        self._connection, self._tables = connection, tables

    def append(self, kind: str, at: int, content: Mapping[str, Any]) -> int:
        """Add a leaf and return its number."""
        # The row stays locked until the commit: whoever comes next waits, and gets the number back if it is given up.
        counted, added = _appending(self._tables)
        number = int(self._connection.execute(counted).scalar_one()) - 1
        leaf = LeafRecord(number, kind, at, json_bytes(content).decode())
        self._connection.execute(added, _hashed(leaf))
        return number

    def lock(self) -> int:
        """The number that the next leaf gets, which nobody else can take from now on."""
        size = self._tables.counter.c.size
        return int(
            self._connection.execute(update(self._tables.counter).values(size=size).returning(size)).scalar_one()
        )

    def read(self, since: int, most: int) -> list[LeafRecord]:
        """Leaves from this number on, in order."""
        number = self._tables.leaf.c.number
        query = select(*self._leaf_columns()).where(number >= since).order_by(number).limit(most)
        return [LeafRecord(*row) for row in self._connection.execute(query)]

    def size(self) -> int:
        """How many leaves there are."""
        return int(self._connection.execute(select(self._tables.counter.c.size)).scalar_one())

    def newest(self, kind: str) -> LeafRecord | None:
        """The last leaf of this kind, or None."""
        row = self._tables.leaf.c
        query = select(*self._leaf_columns()).where(row.kind == kind).order_by(row.number.desc()).limit(1)
        found = self._connection.execute(query).one_or_none()
        return None if found is None else LeafRecord(*found)

    def restore(self, leaves: Sequence[LeafRecord]) -> None:
        """Put back leaves that were lost with a database. Raises Conflict unless they are the next ones in order."""
        size = self._tables.counter.c.size
        locked = update(self._tables.counter).values(size=size + len(leaves)).returning(size)
        first = int(self._connection.execute(locked).scalar_one()) - len(leaves)
        if [leaf.number for leaf in leaves] != list(range(first, first + len(leaves))):
            raise Conflict(f"leaves that do not follow leaf {first - 1}")
        if leaves:
            self._connection.execute(insert(self._tables.leaf), [_hashed(leaf) for leaf in leaves])

    def hashes(self, level: int, first: int, most: int) -> list[bytes]:
        """Hashes of a level of tiles, from ``first`` on. Raises SelfCheckFailed for a leaf that was changed since."""
        if level == 0:
            return self._leaf_hashes(first, most)
        row = self._tables.tile_hash.c
        query = select(row.hash).where(row.level == level, row.number >= first).order_by(row.number).limit(most)
        return list(self._connection.execute(query).scalars())

    def count(self, level: int) -> int:
        """How many hashes of a level above 0 are kept."""
        row = self._tables.tile_hash.c
        last = self._connection.execute(select(func.max(row.number)).where(row.level == level)).scalar_one()
        return 0 if last is None else int(last) + 1

    def keep_hashes(self, level: int, first: int, hashes: Sequence[bytes]) -> None:
        """Keep the next hashes of a level above 0."""
        rows = [{"level": level, "number": number, "hash": each} for number, each in enumerate(hashes, first)]
        if rows:
            self._connection.execute(insert(self._tables.tile_hash), rows)

    def checkpoint(self) -> CheckpointRecord | None:
        """The one that was signed last, or None."""
        row = self._tables.checkpoint.c
        found = self._connection.execute(select(row.size, row.note, row.signed_at)).one_or_none()
        return None if found is None else CheckpointRecord(*found)

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Keep it in the place of the one before."""
        self._connection.execute(delete(self._tables.checkpoint))
        self._connection.execute(insert(self._tables.checkpoint).values(id=1, **record._asdict()))

    def _leaf_hashes(self, first: int, most: int) -> list[bytes]:
        number = self._tables.leaf.c.number
        columns = (*self._leaf_columns(), self._tables.leaf.c.hash)
        query = select(*columns).where(number >= first).order_by(number).limit(most)
        hashes = []
        for *leaf, kept in self._connection.execute(query):
            found = leaf_hash(LeafRecord(*leaf).entry)
            if kept not in (None, found):
                raise SelfCheckFailed(
                    f"leaf {leaf[0]} of the log is another than was written: the database was changed"
                )
            hashes.append(found)
        return hashes

    def _leaf_columns(self) -> tuple[Column[Any], ...]:
        row = self._tables.leaf.c
        return row.number, row.kind, row.at, row.content


@cache
def _appending(tables: LogbookTables) -> tuple[ReturningUpdate[Any], Insert]:
    """What appends a leaf; made once, for it costs more than it takes to run."""
    size = tables.counter.c.size
    return update(tables.counter).values(size=size + 1).returning(size), insert(tables.leaf)


def _hashed(leaf: LeafRecord) -> dict[str, Any]:
    entry = leaf.entry
    if len(entry) > MAX_LOG_ENTRY_BYTES:
        raise SelfCheckFailed(f"a leaf of {len(entry)} bytes; the log's readers take at most {MAX_LOG_ENTRY_BYTES}")
    return {**leaf._asdict(), "hash": leaf_hash(entry)}
