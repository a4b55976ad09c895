"""A double of what keeps the mirror's files: one that keeps them in memory."""

from __future__ import annotations

from collections.abc import Iterator


class FilesInMemory:
    """A :class:`trust_registry.mirror.ports.FileStore` without a disk. Each method is one step of a dictionary."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def size_of(self, path: str) -> int | None:
        content = self._files.get(path)
        return None if content is None else len(content)

    def put(self, path: str, content: bytes) -> None:
        self._files[path] = content

    def drop(self, path: str) -> None:
        self._files.pop(path, None)

    def files_in(self, folder: str) -> Iterator[str]:
        top = f"{folder}/"
        return (path.removeprefix(top) for path in list(self._files) if path.startswith(top))

    def folders_in(self, folder: str) -> Iterator[str]:
        return iter({name.split("/")[0] for name in self.files_in(folder) if "/" in name})
