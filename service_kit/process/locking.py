"""Locks between processes, as files that nobody else can take.

A lock on a file that others may open for reading is theirs to hold as long as they like: whoever has an account on the
machine could stop a service without a trace. So a lock's file has mode 0600, lies in a folder of the service and never
in one that is published, and no wait for it is without an end.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from credentials.errors import StorageUnavailable
from service_kit.durable import make_folder, storage_error

WAIT_SECONDS = 30.0
"""How long one process waits for another by default: many times what is done under any lock."""
TOLD_SECONDS = 5.0
"""After which the wait is logged."""
_LOOK_SECONDS = 0.02
_OWNER_ONLY = 0o600
_log = structlog.get_logger("locking")


def open_lock(path: Path) -> int:
    """A descriptor of the lock's file, made if it is not there, for its owner alone.

    Raises StorageUnavailable, StorageFull.
    """
    try:
        make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _OWNER_ONLY)
        if os.fstat(descriptor).st_uid == os.geteuid():
            # Files of earlier versions were open to all.
            os.fchmod(descriptor, _OWNER_ONLY)
        return descriptor
    except OSError as error:
        found = storage_error(error)
        raise type(found)(f"{path.name}: the folder cannot be used, {found.detail}") from error


@contextmanager
def locked(path: Path, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """While no other process or thread is within the lock of this file.

    Raises StorageUnavailable, naming the file, when it is held by another for longer than ``seconds``.
    """
    descriptor = open_lock(path)
    try:
        _wait_for(descriptor, path, seconds)
        yield
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Whether the lock is ours now. It is given up when the descriptor is closed, or the process ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for(descriptor: int, path: Path, seconds: float) -> None:
    began, is_told = time.monotonic(), False
    while not try_lock(descriptor):
        waited = time.monotonic() - began
        if waited >= seconds:
            raise StorageUnavailable(
                f"{path.name}: held by another process for {seconds:.0f} s; `fuser {path}` says by which"
            )
        if waited >= TOLD_SECONDS and not is_told:
            is_told = True
            _log.warning("waiting for a lock", lock=path.name)
        time.sleep(_LOOK_SECONDS)
