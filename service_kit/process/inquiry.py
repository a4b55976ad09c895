"""Questions that are answered in bounded time, whatever hangs: for readiness and for metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from credentials.errors import Unavailable

PATIENCE_SECONDS = 2.0
"""How long an answer is waited for. A database that was stopped keeps its connections and never answers."""
_Answer = TypeVar("_Answer")


class Inquiry(Generic[_Answer]):
    """A question that fails when it is not answered in time.

    While it is still out it is not asked again: asking again and again of a database that hangs holds one thread, and
    not all of them. Safe to call from several threads, which then share one answer.
    """

    def __init__(self, question: Callable[[], _Answer], seconds: float | None = None) -> None:
        self._question, self._seconds = question, PATIENCE_SECONDS if seconds is None else seconds
        self._lock = threading.Lock()
        self._running: Future[_Answer] | None = None

    def answer(self) -> _Answer:
        """Raises what the question raises; Unavailable when there is no answer in time."""
        with self._lock:
            if self._running is None or self._running.done():
                self._running = self._begin()
            running = self._running
        try:
            return running.result(self._seconds)
        except TimeoutError as error:
            raise Unavailable(f"no answer within {self._seconds:g} s") from error

    def _begin(self) -> Future[_Answer]:
        running: Future[_Answer] = Future()
        # A daemon: a pool's thread would keep the process from ending for as long as the database hangs.
        threading.Thread(target=self._run, args=(running,), name="inquiry", daemon=True).start()
        return running

    def _run(self, running: Future[_Answer]) -> None:
        try:
            running.set_result(self._question())
        except Exception as error:
            # Swallows nothing: handed on, whatever it is, to those who wait.
            running.set_exception(error)
