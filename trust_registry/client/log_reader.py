"""Reads a log where it is published (C2SP tlog-tiles), and believes nothing of it that does not lead to its root."""

from __future__ import annotations

from http import HTTPStatus

from credentials.errors import FetchFailed, Malformed, RecordProofFailed
from credentials.log.checkpoint import Checkpoint, read_checkpoint
from credentials.log.note import MAX_NOTE_BYTES, Note, read_note
from credentials.log.proof import LogProof
from credentials.log.tiles import MAX_BUNDLE_BYTES, MAX_TILE_BYTES, TILE_WIDTH, Tile, entries_in, nodes_from, tile_at
from credentials.log.tree import check_inclusion, leaf_hash, prove_inclusion
from service_kit.fetch import Fetcher


class LogReader:
    """The log whose ``checkpoint`` lies below ``url``."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url, self._fetcher = url.rstrip("/") + "/", fetcher

    def checkpoint(self, past: str | None = None) -> tuple[Checkpoint, Note]:
        """What the log says now; nobody has checked who signed it. ``past``: got past caches, as ``Fetcher.get`` does.

        Raises FetchFailed, FetchTooLarge, Malformed.
        """
        place = f"{self._url}checkpoint"
        try:
            note = read_note(self._fetcher.get(place, limit=MAX_NOTE_BYTES, past=past).body)
        except FetchFailed as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            raise FetchFailed(
                f"{place}: no log has its checkpoint there; is the address right?", error.status
            ) from error
        return read_checkpoint(note), note

    def hashes(self, tile: Tile) -> bytes:
        """The content of a tile of hashes, or of the full one in its place. Raises FetchFailed, FetchTooLarge."""
        return self._tile(tile, MAX_TILE_BYTES)

    def entries(self, number: int, size: int) -> list[bytes]:
        """The entries in the bundle of this number, of a log of ``size`` leaves, whatever they are.

        Raises FetchFailed, FetchTooLarge, Malformed.
        """
        tile = tile_at(None, number, size)
        return entries_in(tile, self._tile(tile, MAX_BUNDLE_BYTES))

    def prove(self, number: int) -> LogProof:
        """A leaf with its proof, below the checkpoint of now; the leaf is the proof's ``extra``.

        Raises Malformed for a leaf that is not there, RecordProofFailed where the tiles do not lead to the checkpoint,
        FetchFailed, FetchTooLarge.
        """
        checkpoint, note = self.checkpoint()
        if number >= checkpoint.size:
            raise Malformed(f"no leaf {number}: the log has {checkpoint.size}, numbered from 0")
        entry = self.entries(number // TILE_WIDTH, checkpoint.size)[number % TILE_WIDTH]
        node = nodes_from(self.hashes, checkpoint.size)
        hashes = prove_inclusion(node, number, checkpoint.size)
        try:
            check_inclusion(leaf_hash(entry), number, checkpoint.size, checkpoint.root, hashes)
        except RecordProofFailed as error:
            raise RecordProofFailed(f"leaf {number}: the log's tiles do not lead to its checkpoint") from error
        return LogProof(number, tuple(hashes), note, entry)

    def _tile(self, tile: Tile, limit: int) -> bytes:
        try:
            return self._fetcher.get(self._url + tile.path, limit=limit).body
        except FetchFailed as error:
            if tile.width == TILE_WIDTH or error.status != HTTPStatus.NOT_FOUND:
                raise
            # A log may drop a partial tile once the full one is there.
            return self._fetcher.get(self._url + tile._replace(width=TILE_WIDTH).path, limit=limit).body
