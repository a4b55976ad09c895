"""The province's part of the registry's mirror, as the place where its log is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus

from credentials.errors import CredentialError, FetchFailed
from credentials.log.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from credentials.log.keys import NoteSigner
from credentials.log.note import Note, read_note
from credentials.log.tiles import MAX_BUNDLE_BYTES, ReadTile, Tile, bundle_of, nodes_from
from credentials.log.tree import root_of
from issuer.publishing.publication import MirrorClient
from service_kit.fetch import Fetcher
from service_kit.storage.ports import LogRecords, LogStorage
from trust_registry.mirror.member_log import MAX_GROWTH_BYTES, MAX_GROWTH_LEAVES
from trust_registry.record.publishing import tiles_from

_PAGE = 256
_SPARED_BYTES = 16_384
"""Of a request, for the checkpoint with its cosignatures."""


class MirrorPlace:
    """A :class:`trust_registry.record.publishing.LogPlace` on the registry's mirror.

    The registry makes the tiles from the leaves, so nothing is brought before the checkpoint is. What does not fit into
    one request goes under checkpoints of smaller sizes, which say nothing else than the last one.
    """

    recover = "tongxing issuer recover"

    def __init__(self, mirror: MirrorClient, fetcher: Fetcher, address: str, signer: NoteSigner) -> None:
        self._mirror, self._fetcher, self._base, self._signer = mirror, fetcher, address.rstrip("/"), signer

    def read(self, path: str) -> bytes | None:
        """A file of the log. Raises FetchFailed, FetchTooLarge."""
        try:
            return self._fetcher.get(f"{self._base}/{path}", limit=MAX_BUNDLE_BYTES).body
        except FetchFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def put_tiles(self, tiles: Iterable[Tile], read: ReadTile) -> None:
        """Nothing: they go with the checkpoint."""

    def release(self, storage: LogStorage) -> None:
        """Bring what the mirror lacks. Raises FetchFailed with what it answers."""
        with storage.reading() as records:
            held = records.log_tree.checkpoint()
        there = self.read("checkpoint")
        if held is None or there == held.note:
            return
        note = read_note(held.note)
        size, wanted = _size_of(there), read_checkpoint(note)
        while True:
            with storage.reading() as records:
                entries = list(_fitting(records, size, wanted.size))
                upto = size + len(entries)
                sent = note if upto == wanted.size else self._part(records, upto)
            self._mirror.put(f"log/{size}", bundle_of([sent.content, *entries]))
            size = upto
            if size >= wanted.size:
                return

    def _part(self, records: LogRecords, size: int) -> Note:
        return sign_checkpoint(size, root_of(nodes_from(tiles_from(records), size), size), self._signer)


def _size_of(content: bytes | None) -> int:
    try:
        checkpoint: Checkpoint | None = None if content is None else read_checkpoint(read_note(content))
    except CredentialError:
        checkpoint = None
    return checkpoint.size if checkpoint else 0


def _fitting(records: LogRecords, first: int, end: int) -> Iterator[bytes]:
    """The leaves from ``first`` on, as many as one request holds."""
    left = MAX_GROWTH_BYTES - _SPARED_BYTES
    end = min(end, first + MAX_GROWTH_LEAVES)
    while first < end:
        for leaf in records.log.read(first, min(_PAGE, end - first)):
            left -= len(leaf.entry) + 2
            if left < 0:
                return
            yield leaf.entry
            first += 1
