"""The mirror's files in a folder, which any web server can serve as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from credentials.errors import StorageUnavailable
from service_kit.durable import read_if_there

Write = Callable[[Path, bytes], None]
"""Writes a file durably and whole, or not at all, and makes the folders that it needs. Raises StorageUnavailable,
StorageFull."""


class MirrorFolder:
    """The files below ``directory``: a :class:`trust_registry.mirror.ports.FileStore` if ``write`` keeps its word."""

    def __init__(self, directory: Path, write: Write) -> None:
        self.directory = directory
        self._write = write

    def read(self, path: str) -> bytes | None:
        """The file, or None where there is none. Raises StorageUnavailable."""
        return read_if_there(self.directory / path)

    def size_of(self, path: str) -> int | None:
        """How many bytes it has, or None where there is none. Raises StorageUnavailable."""
        try:
            return (self.directory / path).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageUnavailable(f"mirror: {error.strerror}") from error

    def put(self, path: str, content: bytes) -> None:
        """Keep the file. Raises StorageUnavailable, StorageFull."""
        self._write(self.directory / path, content)

    def drop(self, path: str) -> None:
        """Remove the file. Raises StorageUnavailable."""
        try:
            (self.directory / path).unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"mirror: {error.strerror}") from error

    def files_in(self, folder: str) -> Iterator[str]:
        """Names of the files in it and below. What is half-written begins with a point and is left out."""
        top = self.directory / folder
        return (path.relative_to(top).as_posix() for path in top.rglob("[!.]*") if path.is_file())

    def folders_in(self, folder: str) -> Iterator[str]:
        """Names of the folders right below it."""
        return (path.name for path in (self.directory / folder).glob("*") if path.is_dir())
