"""Worker processes that count together: each into a file of its own, and whoever is scraped adds them up.

``serve`` makes a folder for each start and names it in ``PROMETHEUS_MULTIPROC_DIR``; with another server that starts
several processes, name an empty folder there yourself. One process alone needs none and counts in its memory.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def counting_folder() -> Path | None:
    """Where the workers of this start count, or None where one process counts for itself."""
    folder = os.environ.get(_VARIABLE)
    return Path(folder) if folder else None


@contextmanager
def counting_together(workers: int) -> Iterator[None]:
    """Have ``workers`` processes, to be started in this block, count together. Begin it before they import anything.

    The folder is a fresh one each time, since counts begin at 0 with each start, and is removed at the end.
    """
    if workers == 1 or counting_folder() is not None:
        yield
        return
    with TemporaryDirectory(prefix="tongxing-metrics-") as folder:
        # Whoever clears old files out of temporary folders (systemd-tmpfiles) leaves a locked one alone.
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.environ[_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_VARIABLE]
            os.close(descriptor)


class Slot:
    """The lowest number that no living process of this start has: 0, 1, 2, …

    Called for the number; each process, after a fork too, has its own, and the system gives it back when the process
    ends, however it ends. So a worker that follows a dead one goes on with the dead one's file, and there are never
    more files than workers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = -1
        self._held: int | None = None
        self._number = 0

    def __call__(self) -> int:
        if self._process != os.getpid():
            self._number = self._take()
            self._process = os.getpid()
        return self._number

    def _take(self) -> int:
        if self._held is not None:
            # A fork's share in its parent's lock, which would outlive the parent.
            os.close(self._held)
        number = 0
        while True:
            descriptor = os.open(self._folder / f"{number}.slot", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                number += 1
            else:
                # Kept open: the lock lives as long as the file is.
                self._held = descriptor
                return number
