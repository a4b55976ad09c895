"""What runs over many lines write: the file of codes, appended and synced batch by batch by one run at a time, and the
list of lines of which nothing came."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from credentials.errors import Conflict, InvalidRequest, TongxingError
from credentials.wire.strict_json import json_bytes
from issuer.bulk.line_keys import LineKeys, line_keys
from service_kit.durable import make_folder, storage_error, write_atomic

_BEGINNING = b'{"expires_at":'
"""Of every line: the first name in the alphabet. A file that begins otherwise is somebody else's and is not touched."""


class BulkOutput:
    """``keys``: of the whole lines that the file has.

    Durable when :meth:`append` returns; may be lost, for the database gives the same codes again while they live.
    """

    def __init__(self, file: FileIO, keys: LineKeys) -> None:
        self._file, self.keys = file, keys

    def append(self, lines: Iterable[tuple[str, bytes]]) -> int:
        """Append lines whose key is new to the file, and sync; how many. Raises StorageFull, StorageUnavailable."""
        offered = dict(lines)
        known = self.keys.among(offered)
        new = {key: line for key, line in offered.items() if key not in known}
        content = b"".join(new.values())
        try:
            # A disk that fills up takes a part without saying so.
            while content:
                content = content[self._file.write(content) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise storage_error(error) from error
        self.keys.add(new)
        return len(new)


@contextmanager
def open_output(path: Path) -> Iterator[BulkOutput]:
    """The output at ``path``, made when missing; only its owner can read it. A half last line is cut off.

    Raises Conflict while another run writes it, InvalidRequest when it is a file of another kind, StorageFull,
    StorageUnavailable.
    """
    with _opened(path) as file, line_keys() as keys:
        try:
            keys.add(_recovered(file))
        except (InvalidRequest, Conflict) as error:
            raise type(error)(f"{path}: {error.detail}") from error
        except OSError as error:
            raise storage_error(error, path) from error
        yield BulkOutput(file, keys)


def _opened(path: Path) -> FileIO:
    try:
        make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        # Unbuffered: what could not be written now must not be written by a later close.
        return os.fdopen(descriptor, "rb+", buffering=0)
    except OSError as error:
        raise storage_error(error, path) from error


def _recovered(file: FileIO) -> Iterator[str]:
    """The keys of its whole lines; after the last of them, what stands behind is cut off."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise InvalidRequest("the output is a pipe or device, where nothing could be found again")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Conflict("another run is writing this output") from error
    whole = 0
    with os.fdopen(os.dup(file.fileno()), "rb") as lines:
        for line in lines:
            if not line.startswith(_BEGINNING[: len(line)]):
                raise InvalidRequest("holds something else than a run's output; name another file")
            if not line.endswith(b"\n"):
                break
            yield _key(line)
            whole += len(line)
    file.truncate(whole)


def _key(line: bytes) -> str:
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError) as error:
        raise InvalidRequest("the output is a file of another kind, or damaged") from error


def rejected_file(beside: Path) -> Path:
    """Where the bad lines of a run are listed that writes, or reads, the file ``beside``."""
    return beside.with_name(beside.name + ".rejected.ndjson")


@contextmanager
def listing_rejected(path: Path) -> Iterator[BinaryIO]:
    """Bad lines go to a file as they are found, so that a run over millions holds none of them. Raises StorageFull,
    StorageUnavailable."""
    write_atomic(path, b"", mode=0o600)
    try:
        with path.open("ab") as file:
            yield file
    except OSError as error:
        # Also of the last lines, which are written when the file is closed.
        raise storage_error(error, path) from error


class Rejected(NamedTuple):
    """A line that could not be used, by its number. Nothing of its content is repeated."""

    number: int
    code: str
    detail: str

    @classmethod
    def of(cls, number: int, error: TongxingError) -> Self:
        """A line of which nothing came, for this error."""
        return cls(number, error.code, error.detail)

    @property
    def content(self) -> bytes:
        """As it is listed: a line of NDJSON."""
        return json_bytes(self._asdict()) + b"\n"
