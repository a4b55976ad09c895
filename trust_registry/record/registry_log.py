"""The registry's own log on its mirror; beside it the proof of the trust list in force::

log/lists/7.tlog-proof      the leaf of a trust list, and its proof
"""

from __future__ import annotations

from collections.abc import Sequence

from credentials.log.keys import NoteSigner
from credentials.log.tiles import nodes_from
from credentials.log.tree import prove_inclusion
from trust_registry.mirror.ports import FileStore
from trust_registry.record.list_proofs import name_list, release_proof
from trust_registry.record.publishing import LogFolder, LogPublisher, PublishedCheckpoint, Witnesses, nobody, tiles_from
from trust_registry.storage.ports import Records, Storage


class RegistryLog(LogPublisher):
    """Publishes the registry's log among the ``files`` of its mirror, signed by ``signer``."""

    def __init__(self, storage: Storage, files: FileStore, signer: NoteSigner, witnesses: Witnesses = nobody) -> None:
        super().__init__(storage, LogFolder(files), signer, witnesses)
        self._registry, self._files = storage, files

    def publish(self, now: int) -> PublishedCheckpoint:
        """One round, with a leaf for a list in force that has none, and then its proof. Raises what the log's own
        round raises, named there."""
        with self._registry.reading() as records:
            self.require_not_behind(records.log.size())
        name_list(self._registry, now)
        published = super().publish(now)
        size = published.checkpoint.size

        def prove(records: Records, number: int) -> Sequence[bytes]:
            return prove_inclusion(nodes_from(tiles_from(records), size), number, size)

        release_proof(self._registry, self._files, *published, self.signer.key, prove)
        return published
