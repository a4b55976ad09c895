"""A registry's log that grows, and a follower that believes nothing: what any reader of the mirror may do."""

from __future__ import annotations

from collections.abc import Callable

from credentials.log.checkpoint import Checkpoint, open_checkpoint
from credentials.log.keys import NoteKey
from credentials.log.tiles import TILE_WIDTH, Tile, entries_in, nodes_from, tiles_between
from credentials.log.tree import EMPTY_ROOT, check_consistency, leaf_hash, prove_consistency, root_of
from service_kit.storage.ports import LogStorage
from trust_registry.record.publishing import CHECKPOINT, FOLDER

Read = Callable[[str], bytes | None]


def append(storage: LogStorage, count: int, at: int = 1_795_000_000) -> None:
    """So many leaves, in one transaction."""
    with storage.writing() as records:
        for number in range(count):
            records.log.append("draft-approved", at, {"draft": f"{number:032x}", "by": "officer"})


class Follower:
    """Reads the whole log at each look, and holds it against what it has seen before."""

    def __init__(self, read: Read, key: NoteKey) -> None:
        self._read, self._key = read, key
        self.seen = Checkpoint(key.name, 0, EMPTY_ROOT)
        self.entries: list[bytes] = []

    def look(self) -> int:
        """The size, once all of it has been checked. Before the first checkpoint there is nothing to see."""
        content = self._read(CHECKPOINT)
        if content is None:
            assert self.seen.size == 0
            return 0
        checkpoint, _ = open_checkpoint(content, [self._key])
        node = nodes_from(self._tile, checkpoint.size)
        assert root_of(node, checkpoint.size) == checkpoint.root
        proof = prove_consistency(node, self.seen.size, checkpoint.size)
        check_consistency(self.seen.size, self.seen.root, checkpoint.size, checkpoint.root, proof)
        self._read_entries(checkpoint)
        self.seen = checkpoint
        return checkpoint.size

    def _read_entries(self, checkpoint: Checkpoint) -> None:
        bundles = (tile for tile in tiles_between(0, checkpoint.size) if tile.level is None)
        entries = [entry for tile in bundles for entry in entries_in(tile, self._tile(tile))]
        node = nodes_from(self._tile, checkpoint.size)
        assert [leaf_hash(entry) for entry in entries] == [node(0, number) for number in range(checkpoint.size)]
        assert entries[: len(self.entries)] == self.entries
        self.entries = entries

    def _tile(self, tile: Tile) -> bytes:
        content = self._read(f"{FOLDER}/{tile.path}")
        if content is None:
            content = self._read(f"{FOLDER}/{tile._replace(width=TILE_WIDTH).path}")
        assert content is not None, tile.path
        return content
