"""The province's log as its database has it, for a monitor that holds what is published against it."""

from __future__ import annotations

from collections.abc import Sequence

from issuer.storage.log_storage import SqlLogStorage


class DatabaseLog:
    """A :class:`trust_registry.monitor.own_log.OwnLog`. ``origin``: as the log is published."""

    def __init__(self, origin: str, storage: SqlLogStorage) -> None:
        self.origin, self._storage = origin, storage

    def size(self) -> int:
        """How many leaves there are. Raises StorageUnavailable."""
        with self._storage.reading() as records:
            return records.log.size()

    def entries(self, first: int, most: int) -> Sequence[bytes]:
        """Those from number ``first`` on, as they are hashed and published. Raises StorageUnavailable."""
        with self._storage.reading() as records:
            return [leaf.entry for leaf in records.log.read(first, most)]
