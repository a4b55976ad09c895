"""Follows one log from the checkpoint seen last to the one of now, and reads what is new.

Nothing is remembered of a checkpoint that does not hold: each look compares with the last that did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

from credentials.errors import Malformed, RecordForked, RecordProofFailed, StoreBehind, Unreadable
from credentials.log.checkpoint import Checkpoint
from credentials.log.keys import NoteKey
from credentials.log.note import Note, check
from credentials.log.tiles import TILE_WIDTH, checked_nodes_from
from credentials.log.tree import Node, check_consistency, leaf_hash, prove_consistency
from trust_registry.client.log_reader import LogReader
from trust_registry.monitor.adding_up import add
from trust_registry.monitor.leaves import UNREADABLE, ReadLeaf, deed_of, read_leaf
from trust_registry.monitor.own_log import OwnLeaves
from trust_registry.monitor.own_records import OwnRecords
from trust_registry.monitor.state import MAX_DEEDS, MAX_KINDS, MAX_STRANGE, OTHER, Watched

MOST_LEAVES = 65_536
"""Read at one look; the next goes on from there."""
OUR_ORIGINS = "tongxing/"
"""How the origins of logs begin that this software writes."""
_PAST_CHARACTERS = 16


class FollowedLog(NamedTuple):
    """A log to be followed: its name, the keys that may have signed it, and where it is read."""

    origin: str
    keys: Sequence[NoteKey]
    reader: LogReader


class Following:
    """One look at a log. ``note``: the checkpoint that it found, once its signature held."""

    def __init__(
        self,
        log: FollowedLog,
        watched: Watched,
        own: OwnRecords | None,
        most: int = MOST_LEAVES,
        own_leaves: OwnLeaves | None = None,
    ) -> None:
        self.note: Note | None = None
        self._log, self._watched, self._own, self._most, self._own_leaves = log, watched, own, most, own_leaves
        self._before = watched.checkpoint(log.origin)

    def look(self) -> Watched:
        """What is remembered of the log from now on, with at most so many leaves more than before.

        Raises FetchFailed and FetchTooLarge where it cannot be fetched whole, StoreBehind where it was rolled back,
        RecordForked for a second history, WrongSignature, Malformed, TooLarge, RecordProofFailed where it is wrong;
        StorageUnavailable and SchemaOutdated of the database that it is compared with.
        """
        checkpoint = self._newest()
        node = checked_nodes_from(self._log.reader.hashes, checkpoint.size, checkpoint.root)
        _check_holds(self._before, checkpoint, node)
        reading = _NewLeaves(self._watched, self._log.origin, self._own, self._own_leaves)
        most = min(checkpoint.size, self._watched.read + self._most)
        for entry, number in _new_entries(self._log.reader, self._watched.read, most, checkpoint, node):
            reading.take(entry, number)
        return replace(reading.watched(), note=self.note)

    def _newest(self) -> Checkpoint:
        log, before = self._log, self._before
        checkpoint, note = log.reader.checkpoint()
        if checkpoint.size < before.size:
            # A cache on the way may keep an old one, which is no fault of the log.
            checkpoint, note = log.reader.checkpoint(past=sha256(note.content).hexdigest()[:_PAST_CHARACTERS])
        if checkpoint.origin != log.origin:
            raise Malformed(f"another log's checkpoint: {checkpoint.origin[:80]}")
        made = check(note, log.keys)
        # The log's own lines alone: they show a second history to anybody.
        ours = {(key.name, key.id) for key in made}
        self.note = Note(note.text, tuple(line for line in note.signatures if (line.name, line.key_id) in ours))
        if checkpoint.size < before.size:
            raise StoreBehind(f"{checkpoint.size} leaves, and {before.size} were signed before")
        if checkpoint.size == before.size and checkpoint.root != before.root:
            raise RecordForked(f"two roots of {before.size} leaves")
        return checkpoint


def _check_holds(before: Checkpoint, checkpoint: Checkpoint, node: Node) -> None:
    proof = prove_consistency(node, before.size, checkpoint.size)
    try:
        check_consistency(before.size, before.root, checkpoint.size, checkpoint.root, proof)
    except RecordProofFailed as error:
        # The tiles lead to the new checkpoint, so it is the log itself that has another past.
        raise RecordForked(
            f"{checkpoint.size} leaves that do not begin with the {before.size} signed before"
        ) from error


def _new_entries(
    reader: LogReader, old: int, size: int, checkpoint: Checkpoint, node: Node
) -> Iterator[tuple[bytes, int]]:
    for tile in range(old // TILE_WIDTH, -(-size // TILE_WIDTH) if old < size else 0):
        for number, entry in enumerate(reader.entries(tile, checkpoint.size), tile * TILE_WIDTH):
            if leaf_hash(entry) != node(0, number):
                raise RecordProofFailed(f"leaf {number}: another entry than the checkpoint's")
            if old <= number < size:
                yield entry, number


class _NewLeaves:
    """What is remembered of a log, while its leaves are read one after another."""

    def __init__(
        self, watched: Watched, origin: str, own: OwnRecords | None, own_leaves: OwnLeaves | None = None
    ) -> None:
        self._watched, self._is_ours, self._own = watched, origin.startswith(OUR_ORIGINS), own
        self._own_leaves, self._sums = own_leaves, watched.sums
        self._kinds, self._strange, self._deeds = Counter(watched.kinds), dict(watched.strange), set(watched.deeds)
        self._read = watched.read

    def take(self, entry: bytes, number: int) -> None:
        self._read = number + 1
        told = self._own_leaves.fault_of(entry, number) if self._own_leaves else None
        if told:
            self._note(number, "not-ours", told)
        try:
            leaf = read_leaf(entry, number)
        except Unreadable as error:
            self._count(UNREADABLE)
            if self._is_ours:
                self._note(number, "leaf-strange", error.detail)
            return
        self._count(leaf.kind)
        self._add_up(leaf)
        told = self._own.fault_of(leaf) if self._own else None
        if told:
            self._note(number, "not-ours", told)
        deed = deed_of(leaf)
        if deed and len(self._deeds) < MAX_DEEDS:
            self._deeds.add(deed)

    def watched(self) -> Watched:
        return replace(
            self._watched,
            read=self._read,
            kinds=self._kinds,
            strange=self._strange,
            deeds=frozenset(self._deeds),
            sums=self._sums,
        )

    def _add_up(self, leaf: ReadLeaf) -> None:
        if not self._is_ours:
            return
        self._sums, told = add(self._sums, leaf)
        if told:
            self._note(leaf.number, "counters-wrong", told)

    def _count(self, kind: str) -> None:
        self._kinds[kind if kind in self._kinds or len(self._kinds) < MAX_KINDS else OTHER] += 1

    def _note(self, number: int, word: str, detail: str) -> None:
        if len(self._strange) < MAX_STRANGE:
            self._strange[f"leaf {number}"] = (word, detail)
