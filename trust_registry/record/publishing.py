"""A log on the mirror (公开日志), for anybody to read and check (C2SP tlog-tiles): the registry's, and each province's.

::

    log/checkpoint              how many leaves, their root, the log's signature, and those of witnesses
    log/tile/0/000 …            hashes
    log/tile/entries/000 …      the leaves

Leaves are written with the deeds that they tell of; about once a minute a round here publishes what is new: tiles
first, then the signed checkpoint into the database, then the witnesses, then the checkpoint's file. A stop at any
moment leaves the old checkpoint or the new one with all its tiles, and the next round goes on. The same leaf has the
same number and the same tile each time, so several processes may do a round at once. Where the files are is behind
:class:`LogPlace`: the registry's own folder, or for a province its part of the registry's mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from credentials.errors import Conflict, CredentialError, MetadataRejected, RecordForked, StoreBehind
from credentials.log.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from credentials.log.keys import NoteKey, NoteSigner, time_of
from credentials.log.note import Note, SignatureLine, check, read_note, with_signatures
from credentials.log.tiles import (
    MAX_TILE_LEVEL,
    TILE_WIDTH,
    ReadTile,
    Tile,
    bundle_of,
    entries_in,
    nodes_from,
    root_of_tile,
    tile_at,
    tiles_between,
)
from credentials.log.tree import EMPTY_ROOT, leaf_hash, prove_consistency, prove_inclusion, root_of
from service_kit.storage.ports import CheckpointRecord, LeafRecord, LogRecords, LogStorage, read_entry
from trust_registry.metadata.list_proof import LOG_CHECKPOINT, LOG_FOLDER
from trust_registry.mirror.ports import FileStore

FOLDER, CHECKPOINT = LOG_FOLDER, LOG_CHECKPOINT

ProveFrom = Callable[[int], Sequence[bytes]]
"""The consistency proof from an earlier size to the checkpoint's."""
Witnesses = Callable[[Note, Checkpoint, ProveFrom], Sequence[SignatureLine]]
"""Asks witnesses for their cosignatures on a checkpoint, and gives those that came in time. Raises nothing for a
witness that is slow, dead or wrong."""


def nobody(_note: Note, _checkpoint: Checkpoint, _prove: ProveFrom) -> Sequence[SignatureLine]:
    """No witness is asked: what is published is the log's word alone."""
    return ()


class ProvedLeaf(NamedTuple):
    """A leaf, and the hashes that lead from it to the root of a checkpoint."""

    leaf: LeafRecord
    hashes: list[bytes]


class PublishedCheckpoint(NamedTuple):
    """The checkpoint in force, and the note with everybody's signatures."""

    checkpoint: Checkpoint
    note: Note


class LogState(NamedTuple):
    """How the log stands: its name and key, leaves there are and leaves published, since when, cosigned by whom
    (names as they stand below the checkpoint)."""

    origin: str
    vkey: str
    leaves: int
    published: int
    signed_at: int
    cosigned_by: list[str]


class LogPlace(Protocol):
    """Where a log's files are. Paths are relative to the log: ``checkpoint``, ``tile/0/000``. Raises
    StorageUnavailable, StorageFull, and what the way to it raises."""

    recover: str
    """What to type when it has more than the database."""

    def read(self, path: str) -> bytes | None:
        """A file, or None where there is none."""
        ...

    def put_tiles(self, tiles: Iterable[Tile], read: ReadTile) -> None:
        """Bring tiles, before the database says that they are published."""
        ...

    def release(self, storage: LogStorage) -> None:
        """Bring the checkpoint that the database holds, never an older one over a newer."""
        ...


class LogFolder:
    """The registry's own log among the files of its mirror."""

    recover = "tongxing registry recover --data-dir …"

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        return self._files.read(f"{FOLDER}/{path}")

    def put_tiles(self, tiles: Iterable[Tile], read: ReadTile) -> None:
        for tile in tiles:
            path, content = f"{FOLDER}/{tile.path}", read(tile)
            if self._files.read(path) != content:
                self._files.put(path, content)

    def release(self, storage: LogStorage) -> None:
        with storage.reading() as records:
            if self._is_released(records):
                return
        # Under the lock, or an older checkpoint could be written over a newer one.
        with storage.writing() as records:
            held = records.log_tree.checkpoint()
            if held is not None and not self._is_released(records):
                self._files.put(CHECKPOINT, held.note)

    def _is_released(self, records: LogRecords) -> bool:
        held = records.log_tree.checkpoint()
        return held is None or self._files.read(CHECKPOINT) == held.note


class LogPublisher:
    """Publishes the log of ``storage`` at ``place``, signed by ``signer``; ``witnesses`` are asked each round.
    ``former``: keys by which the log was signed before."""

    def __init__(self, storage: LogStorage, place: LogPlace, signer: NoteSigner, witnesses: Witnesses = nobody) -> None:
        self.storage, self.place, self.signer, self.witnesses = storage, place, signer, witnesses
        self.former: Sequence[NoteKey] = ()

    def publish(self, now: int) -> PublishedCheckpoint:
        """One round: whatever is new is published, and witnesses are asked who have not cosigned.

        Raises StoreBehind where the mirror has leaves that the database has not, RecordForked where the database does
        not hold what was signed before, SelfCheckFailed for a leaf that was changed, StorageUnavailable, StorageFull.
        """
        self.keep_hashes()
        with self.storage.reading() as records:
            size, held = records.log.size(), records.log_tree.checkpoint()
        self.require_not_behind(size)
        if held is None or held.size < size:
            note = self._sign(held, size)
            self._put_tiles(held.size if held else 0, size)
            held = self._keep(CheckpointRecord(size, note.content, now))
        published = self._cosigned(_opened_note(held.note), held.signed_at)
        self.place.release(self.storage)
        return published

    def mend(self) -> None:
        """Write anew what is missing on the mirror, or another than it should be, of all that was published."""
        with self.storage.reading() as records:
            held = records.log_tree.checkpoint()
        if held is not None:
            self._put_tiles(0, held.size)
            self.place.release(self.storage)

    def prove(self, *numbers: int, note: bytes | None = None) -> tuple[list[ProvedLeaf], PublishedCheckpoint] | None:
        """Leaves, the checkpoint in force, or an earlier one of this ``note``, and the inclusion proofs between them;
        None where one is not published."""
        with self.storage.reading() as records:
            held = records.log_tree.checkpoint()
            if held is None:
                return None
            published = _opened_note(held.note if note is None else note)
            leaves = [leaf for number in numbers for leaf in records.log.read(number, 1)]
            size = published.checkpoint.size
            if len(leaves) < len(numbers) or max(numbers) >= size:
                return None
            nodes = nodes_from(tiles_from(records), size)
            return [ProvedLeaf(leaf, prove_inclusion(nodes, leaf.number, size)) for leaf in leaves], published

    def add_cosignatures(self, content: bytes, witnesses: Iterable[NoteKey]) -> PublishedCheckpoint:
        """Take what a witness brings by itself: the note of the checkpoint in force with its cosignature.

        What was brought before, or is older than what is held, changes nothing. Raises TooLarge, Malformed,
        WrongSignature where none of ``witnesses`` signed or a line of one does not hold, Conflict where another
        checkpoint is in force, StorageUnavailable, StorageFull.
        """
        brought = read_note(content)
        made = check(brought, witnesses)
        with self.storage.reading() as records:
            held = records.log_tree.checkpoint()
        if held is None or read_note(held.note).text != brought.text:
            raise Conflict("another checkpoint is in force: fetch mirror/log/checkpoint, and cosign that one")
        published = _opened_note(held.note)
        newer = _newer_lines(published.note, made)
        if newer:
            published = self._with_lines(published, newer, held.signed_at) or published
            self.place.release(self.storage)
        return published

    def state(self, records: LogRecords) -> LogState:
        """How the log stands, for people and for metrics."""
        held, key = records.log_tree.checkpoint(), self.signer.key
        if held is None:
            return LogState(key.name, key.vkey, records.log.size(), 0, 0, [])
        lines = read_note(held.note).signatures
        cosigned = [line.name for line in lines if line.name != key.name]
        return LogState(key.name, key.vkey, records.log.size(), held.size, held.signed_at, cosigned)

    def require_not_behind(self, size: int) -> None:
        """Raise StoreBehind where the mirror has a checkpoint of this log with more than ``size`` leaves."""
        mirrored = self._mirrored()
        if mirrored is not None and mirrored.checkpoint.size > size:
            raise StoreBehind(
                f"the database has {size} leaves of the log and its mirror {mirrored.checkpoint.size}: a backup was "
                f"restored. Nothing is written until `{self.place.recover}` has taken over the rest"
            )

    def take_over(self, records: LogRecords) -> int:
        """Take the leaves that the database lacks from the mirror, checked against its checkpoint; how many.

        Raises RecordForked where the database has other leaves than the mirror, MetadataRejected, naming the file,
        where a tile is missing, or does not lead to the checkpoint.
        """
        mirrored, size = self._mirrored(), records.log.size()
        if mirrored is None or mirrored.checkpoint.size <= size:
            return 0
        # A backup may be of a moment between a leaf and the hashes that are kept over it.
        for level in range(1, MAX_TILE_LEVEL + 1):
            first = records.log_tree.count(level)
            records.log_tree.keep_hashes(level, first, _full_tiles(records, level, first))
        checkpoint = mirrored.checkpoint
        node = nodes_from(self._read_tile, checkpoint.size)
        if root_of(node, checkpoint.size) != checkpoint.root:
            raise MetadataRejected(f"{CHECKPOINT}: the tiles beside it have another root")
        if (root_of(nodes_from(tiles_from(records), size), size) if size else EMPTY_ROOT) != root_of(node, size):
            raise RecordForked(
                f"the first {size} leaves of the database are others than those on the mirror. Where a backup was put "
                f"back and something done with it since, put it back once more, and type `{self.place.recover}` before "
                "anything else; where none was, somebody else signs with this log's key"
            )
        leaves = list(self._leaves_between(size, checkpoint.size))
        if [leaf_hash(leaf.entry) for leaf in leaves] != [node(0, leaf.number) for leaf in leaves]:
            raise MetadataRejected(f"{FOLDER}/tile/entries: other entries than the tiles are made of")
        records.log.restore(leaves)
        records.log_tree.keep_checkpoint(CheckpointRecord(checkpoint.size, mirrored.note.content, leaves[-1].at))
        return len(leaves)

    def keep_hashes(self) -> None:
        """Keep the hash of each tile that has become full: what is computed under no lock is kept under it if nobody
        else was faster."""
        for level in range(1, MAX_TILE_LEVEL + 1):
            with self.storage.reading() as records:
                first = records.log_tree.count(level)
                new = _full_tiles(records, level, first)
            if not new:
                continue
            with self.storage.writing() as records:
                if records.log_tree.count(level) == first:
                    records.log_tree.keep_hashes(level, first, new)

    def _sign(self, held: CheckpointRecord | None, size: int) -> Note:
        with self.storage.reading() as records:
            read = tiles_from(records)
            before = _opened_note(held.note).checkpoint if held else None
            # A database that was put back or edited must not make this key sign a second history.
            if before is not None and root_of(nodes_from(read, before.size), before.size) != before.root:
                raise RecordForked(f"the first {before.size} leaves of the database are not those that were signed")
            return sign_checkpoint(size, root_of(nodes_from(read, size), size), self.signer)

    def _put_tiles(self, old: int, size: int) -> None:
        self.place.put_tiles(tiles_between(old, size), self.read_tile)

    def read_tile(self, tile: Tile) -> bytes:
        """A tile, from the database. Raises SelfCheckFailed for a leaf that was changed."""
        with self.storage.reading() as records:
            return tiles_from(records)(tile)

    def _keep(self, record: CheckpointRecord) -> CheckpointRecord:
        with self.storage.writing() as records:
            held = records.log_tree.checkpoint()
            if held is not None and held.size >= record.size:
                return held
            records.log_tree.keep_checkpoint(record)
        return record

    def _cosigned(self, published: PublishedCheckpoint, signed_at: int) -> PublishedCheckpoint:
        checkpoint = published.checkpoint

        def prove(old: int) -> Sequence[bytes]:
            with self.storage.reading() as records:
                return prove_consistency(nodes_from(tiles_from(records), checkpoint.size), old, checkpoint.size)

        lines = self.witnesses(published.note, checkpoint, prove)
        if not lines:
            return published
        return self._with_lines(published, lines, signed_at) or published

    def _with_lines(
        self, published: PublishedCheckpoint, lines: Sequence[SignatureLine], signed_at: int
    ) -> PublishedCheckpoint | None:
        """The checkpoint with these cosignatures, kept; None where another took its place meanwhile."""
        with self.storage.writing() as records:
            held = records.log_tree.checkpoint()
            if held is None or held.size != published.checkpoint.size:
                return None
            # Another process may have gathered others meanwhile.
            note = with_signatures(read_note(held.note), lines)
            records.log_tree.keep_checkpoint(CheckpointRecord(held.size, note.content, signed_at))
        return PublishedCheckpoint(published.checkpoint, note)

    def _mirrored(self) -> PublishedCheckpoint | None:
        """The checkpoint on the mirror, if it is one that this log has signed."""
        content = self.place.read("checkpoint")
        try:
            return (
                None
                if content is None
                else PublishedCheckpoint(*open_checkpoint(content, [self.signer.key, *self.former]))
            )
        except CredentialError:
            return None

    def _read_tile(self, tile: Tile) -> bytes:
        for each in (tile, tile._replace(width=TILE_WIDTH)):
            content = self.place.read(each.path)
            if content is not None:
                return content
        raise MetadataRejected(f"{FOLDER}/{tile.path}: missing on the mirror")

    def _leaves_between(self, old: int, size: int) -> Iterator[LeafRecord]:
        for number in range(old // TILE_WIDTH, -(-size // TILE_WIDTH)):
            tile = tile_at(None, number, size)
            for place, entry in enumerate(entries_in(tile, self._read_tile(tile)), number * TILE_WIDTH):
                if place >= old:
                    yield read_entry(entry, place)


def _opened_note(content: bytes) -> PublishedCheckpoint:
    # Signed by this log once; its key may have changed since.
    note = read_note(content)
    return PublishedCheckpoint(read_checkpoint(note), note)


def _newer_lines(note: Note, made: Mapping[NoteKey, bytes]) -> list[SignatureLine]:
    """The cosignatures of ``made`` that a note has not, or only an older one of: a replay takes nobody back."""
    held = {(line.name, line.key_id): time_of(line.signature) for line in note.signatures}
    return [
        SignatureLine(key.name, key.id, signature)
        for key, signature in made.items()
        if time_of(signature) > held.get((key.name, key.id), -1)
    ]


def tiles_from(records: LogRecords) -> ReadTile:
    """Tiles from the database."""

    def read(tile: Tile) -> bytes:
        first = tile.number * TILE_WIDTH
        if tile.level is None:
            return bundle_of([leaf.entry for leaf in records.log.read(first, tile.width)])
        return b"".join(records.log_tree.hashes(tile.level, first, tile.width))

    return read


def _full_tiles(records: LogRecords, level: int, first: int) -> list[bytes]:
    """The hashes over the tiles of the level below that are full, from number ``first`` on."""
    new: list[bytes] = []
    while True:
        below = records.log_tree.hashes(level - 1, (first + len(new)) * TILE_WIDTH, TILE_WIDTH)
        if len(below) < TILE_WIDTH:
            return new
        new.append(root_of_tile(b"".join(below)))
