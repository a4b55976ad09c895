"""A logbook (日志簿): leaves that are added, numbered without a gap, and never changed.

A leaf is written in the transaction of the deed that it tells of, so neither is there without the other. Each service
that keeps a logbook has it in tables of its own (:func:`logbook_tables`); its migration makes them, and puts the
one row into the counter: ``id`` 1, ``size`` 0.

What is published of it, and how, is another's business; here stand the hashes over its leaves, and the checkpoint that
was signed last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, NamedTuple, Protocol

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

from credentials.errors import Conflict, Malformed, SelfCheckFailed
from credentials.log.tree import HASH_BYTES, MAX_LOG_ENTRY_BYTES, leaf_hash
from credentials.wire.strict_json import json_bytes, parse_json

MAX_KIND_CHARACTERS = 32


class LeafRecord(NamedTuple):
    """One leaf. ``number``: from 0; ``at``: seconds UTC; ``content``: canonical JSON, the very text that was written:
    sorted names, no spaces."""

    number: int
    kind: str
    at: int
    content: str

    @property
    def entry(self) -> bytes:
        """The leaf as it is hashed and published: canonical JSON of these four, ``content`` as an object."""
        kind = json_bytes(self.kind)
        return b'{"at":%d,"content":%b,"kind":%b,"number":%d}' % (self.at, self.content.encode(), kind, self.number)


def read_entry(entry: bytes, number: int) -> LeafRecord:
    """A leaf as it was published. Raises Malformed for one that is not of this number."""
    fields = parse_json(entry)
    try:
        leaf = LeafRecord(fields["number"], fields["kind"], fields["at"], json_bytes(fields["content"]).decode())
    except (KeyError, TypeError) as error:
        raise Malformed(f"leaf {number}: no number, kind, at and content") from error
    if leaf.number != number or leaf.entry != entry:
        raise Malformed(f"leaf {number}: another number, or not written in the one way")
    return leaf


class CheckpointRecord(NamedTuple):
    """The checkpoint signed last: leaves, the signed note with what witnesses have added, and when (seconds UTC)."""

    size: int
    note: bytes
    signed_at: int


class Logbook(Protocol):
    """A logbook within one transaction, for good: nothing of it may be lost, and a leaf counts only if the transaction
    ends well. Any number of threads and processes may append, each in its own; they do so one after another.

    Who can write to the tables can add leaves and take away the last ones: a number given twice shows only to somebody
    who has read the first. Raises StorageUnavailable, StorageFull.
    """

    def append(self, kind: str, at: int, content: Mapping[str, Any]) -> int:
        """Add a leaf, of at most 32 characters of ``kind`` and what JSON can say; its number: 0, 1, 2, …

        Raises SelfCheckFailed where it would have more than 65 535 bytes.
        """
        ...

    def lock(self) -> int:
        """The number that the next leaf gets; nobody else appends until the transaction ends."""
        ...

    def read(self, since: int, most: int) -> list[LeafRecord]:
        """Leaves from this number on, in order, at most so many."""
        ...

    def size(self) -> int:
        """How many leaves there are."""
        ...

    def newest(self, kind: str) -> LeafRecord | None:
        """The last leaf of this kind, or None."""
        ...

    def restore(self, leaves: Sequence[LeafRecord]) -> None:
        """Put back leaves that were lost with a database, the next ones in order. Raises Conflict for any others."""
        ...


class LogTree(Protocol):
    """The tree over a logbook's leaves within one transaction. Hashes may be lost, for they follow from the leaves; the
    checkpoint may not: who changes it can have two histories signed. Raises StorageUnavailable, StorageFull."""

    def hashes(self, level: int, first: int, most: int) -> list[bytes]:
        """At most so many hashes of a level of tiles, from number ``first`` on: of leaves at level 0, of full tiles of
        the level below at the others."""
        ...

    def count(self, level: int) -> int:
        """How many hashes of a level above 0 are kept."""
        ...

    def keep_hashes(self, level: int, first: int, hashes: Sequence[bytes]) -> None:
        """Keep the next hashes of a level above 0."""
        ...

    def checkpoint(self) -> CheckpointRecord | None:
        """The one that was signed last, or None."""
        ...

    def keep_checkpoint(self, record: CheckpointRecord) -> None:
        """Keep it in the place of the one before."""
        ...


class LogRecords(Protocol):
    """A logbook and the tree over it, within one transaction."""

    @property
    def log(self) -> Logbook: ...

    @property
    def log_tree(self) -> LogTree: ...


class LogStorage(Protocol):
    """Begins transactions about a log. Raises StorageUnavailable, StorageFull."""

    def reading(self) -> AbstractContextManager[LogRecords]:
        """One that only reads, and sees the log as it stood at one moment."""
        ...

    def writing(self) -> AbstractContextManager[LogRecords]:
        """One that writes; whoever publishes the log does so one after another."""
        ...


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
