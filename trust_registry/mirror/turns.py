"""Fair turns: what one member has the registry work at is not what another member waits for.

A file whose signature holds is read whole before it is taken, and a member may send the largest there is again and
again. So a member has one turn at a time, one more of its files may wait for that, and the processor time that reading
took is counted, by member and hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from credentials.errors import RateLimited
from service_kit.http.limits import Limit, Limits

WORK = Limit("work-milliseconds", 180_000)
"""Processor time in milliseconds that reading one member's files may take in an hour: a twentieth of a core, and seven
times what a member needs that brings the largest snapshot every ten minutes."""
WAIT_SECONDS = 2.0
"""How long the second of a member's files waits for the first. A thread of the server waits with it."""
RETRY_SECONDS = 5
"""After which a member that sent more than two files at a time is told to come again."""

Turn = Callable[[str], AbstractContextManager[object]]
"""Makes a member's turn; in the block the work is done."""


class Turns:
    """The turns of all members in this process; the count of work is shared where ``limits`` is."""

    def __init__(
        self, limits: Limits, spent: Callable[[], float] = time.thread_time, wait: float = WAIT_SECONDS
    ) -> None:
        self._limits, self._spent, self._wait = limits, spent, wait
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    @contextmanager
    def of(self, member: str) -> Iterator[None]:
        """The turn of ``member``. Raises RateLimited while two of its files are at it, or when its hour is used up."""
        self._limits.count(WORK, member)
        with self._queue(member).turn():
            began = self._spent()
            try:
                yield
            finally:
                # What was begun is finished; it is the next file that is refused.
                with suppress(RateLimited):
                    self._limits.count(WORK, member, by=round((self._spent() - began) * 1000))

    def _queue(self, member: str) -> _Queue:
        with self._lock:
            return self._queues.setdefault(member, _Queue(self._wait))


class _Queue:
    def __init__(self, wait: float) -> None:
        self._wait = wait
        self._places = threading.Semaphore(2)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise RateLimited("two files of this member are being read already", retry_after=RETRY_SECONDS)
        try:
            if not self._turn.acquire(timeout=self._wait):
                raise RateLimited("another file of this member is still being read", retry_after=RETRY_SECONDS)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()
