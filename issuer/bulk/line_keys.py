"""Which keys the lines of a file have, kept on the disk: those of a province's residents would fill the memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice

from credentials.errors import StorageFull, StorageUnavailable

_DIGEST_BYTES = 16
"""Of SHA-256: among a thousand million keys two with one digest are not found by chance."""
_AT_ONCE = 500
"""Keys of one statement: SQLite takes 999 values and more."""


class LineKeys:
    """A set of texts, of which only digests are kept."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, keys: Iterable[str]) -> None:
        """Add these. Raises StorageFull, StorageUnavailable."""
        left = iter(keys)
        while some := [(_digest(key),) for key in islice(left, _AT_ONCE)]:
            with _said_plainly():
                self._database.execute("BEGIN")
                self._database.executemany("INSERT OR IGNORE INTO line VALUES (?)", some)
                self._database.execute("COMMIT")

    def among(self, keys: Collection[str]) -> set[str]:
        """Those of ``keys`` that are there. Raises StorageUnavailable."""
        found, left = set[str](), iter(keys)
        while some := {_digest(key): key for key in islice(left, _AT_ONCE)}:
            asked = f"SELECT key FROM line WHERE key IN ({','.join('?' * len(some))})"
            with _said_plainly():
                found |= {some[digest] for (digest,) in self._database.execute(asked, [*some])}
        return found


@contextmanager
def line_keys() -> Iterator[LineKeys]:
    """An empty set, in a file without a name that is gone with the process. Raises StorageFull, StorageUnavailable."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        with _said_plainly():
            # What is lost with the process need be neither synced nor rolled back.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE line (key BLOB PRIMARY KEY) WITHOUT ROWID")
        yield LineKeys(database)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise StorageFull("no space left for temporary files; TMPDIR names another folder for them") from error
        raise StorageUnavailable(f"temporary files: {error.sqlite_errorname}; see TMPDIR") from error


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]
