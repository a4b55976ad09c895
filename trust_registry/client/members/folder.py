"""What a gate keeps of one member's files on its disk, below one folder, by the names that they have on the mirror.

Each file is there whole or not at all. It is no source of trust: what is read at start is verified again. Losing it
costs one round of fetches and, until then, ``status-missing``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from credentials.errors import StorageUnavailable, Unreadable
from credentials.wire.strict_json import json_bytes
from service_kit.durable import read_if_there, write_atomic
from trust_registry.metadata import fields

MAX_RECORD_BYTES = 4096


class MemberFolder:
    """The files below ``folder``. Raises StorageUnavailable or StorageFull for what the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """The file, or None."""
        return read_if_there(self._folder / name)

    def write(self, name: str, data: bytes) -> None:
        """Replace the file."""
        write_atomic(self._folder / name, data)

    def names(self, folder: str) -> list[str]:
        """What lies in ``segments`` or ``rules``, in no order."""
        return [f"{folder}/{path.name}" for path in (self._folder / folder).glob("[!.]*")]

    def remove(self, names: Iterable[str]) -> None:
        """Drop files that nobody needs any more; one that cannot be dropped does no harm."""
        for name in names:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise StorageUnavailable(f"{name} cannot be removed") from error

    def read_record(self, name: str) -> tuple[str | None, int]:
        """The ETag of what was fetched, and when it was last known to be the newest; (None, 0) when that is lost."""
        try:
            data = self.read(name)
            record: dict[str, Any] = fields.read_object(data, MAX_RECORD_BYTES) if data else {}
        except (Unreadable, StorageUnavailable):
            return None, 0
        etag, synced_at = record.get("etag"), record.get("synced_at")
        return etag if isinstance(etag, str) else None, synced_at if type(synced_at) is int else 0

    def write_record(self, name: str, etag: str | None, synced_at: int) -> None:
        """Written after the file it speaks of, so that a crash between the two costs one fetch."""
        self.write(name, json_bytes({"etag": etag, "synced_at": synced_at}))
