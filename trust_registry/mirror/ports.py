"""Where the mirror's files are kept, and what whoever keeps them promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flask import Response


class FileStore(Protocol):
    """Files by their path: relative, with slashes, of letters, digits, points and hyphens, as ``metadata/1.root.json``.

    What :meth:`put` has returned from is there whole, also after a power cut, and every later :meth:`read`, here and in
    other processes, finds it; whoever reads meanwhile sees the old content or the new, never part of either. Nothing
    is promised of two files together: which one is written first is for the caller to say. Any method may be called
    from several threads and processes at once; of two that put one path, one is there in the end, whole.

    All of it may be lost: the repository is written anew from the database, and members bring their files again. Who
    can write here can keep news from gates, or show them nothing, and show the guards of no gate a credential that is
    good: every file but the news, which are a hint, is signed, and gates refuse what is older than what they have seen.

    All methods raise StorageUnavailable; :meth:`put` also StorageFull.
    """

    def read(self, path: str) -> bytes | None:
        """The file, or None where there is none."""
        ...

    def size_of(self, path: str) -> int | None:
        """How many bytes it has, without reading it; None where there is none."""
        ...

    def put(self, path: str, content: bytes) -> None:
        """Keep the file, in the place of one that may be there."""
        ...

    def drop(self, path: str) -> None:
        """Remove the file; nothing where there is none."""
        ...

    def files_in(self, folder: str) -> Iterator[str]:
        """Names of the files in this folder and below, relative to it, in any order. What a store keeps there for
        itself, beside them, may be among them."""
        ...

    def folders_in(self, folder: str) -> Iterator[str]:
        """Names of the folders right below this one, in any order. One without files may be among them, or not."""
        ...


class ServedFiles(FileStore, Protocol):
    """Files that the registry gives out itself, where no other server carries them."""

    def serve(self, path: str) -> Response:
        """The answer to the present GET or HEAD for this path, with ``ETag`` and how long it may be kept.

        Raises NotFound (of werkzeug), also for what is never served; StorageUnavailable.
        """
        ...

    def tidy(self) -> None:
        """Put right what killed writers have left; any number of processes may call it while others write."""
        ...
