"""What a logbook (日志簿) holds and promises, without the database below it: most commands only read of leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from credentials.errors import Malformed
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
