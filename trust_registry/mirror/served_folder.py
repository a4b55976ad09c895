"""The mirror's files in a folder that the registry itself gives out. What only writes them needs no HTTP."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Response

from service_kit.http import static
from trust_registry.mirror.folder import MirrorFolder


class ServedFolder(MirrorFolder):
    """The files below ``directory`` with their compressed twins, written under ``lock``, which lies outside of it: a
    :class:`trust_registry.mirror.ports.ServedFiles`."""

    def __init__(self, directory: Path, lock: Path) -> None:
        super().__init__(directory, partial(static.publish, lock=lock))
        self._lock = lock

    def serve(self, path: str) -> Response:
        """The file, to the present request. Raises NotFound, RequestedRangeNotSatisfiable."""
        return static.answer(self.directory, path)

    def tidy(self) -> None:
        """Remove what is half-written, mend the twins. Raises StorageFull, StorageUnavailable."""
        static.tidy(self.directory, self._lock)
