"""Readiness: probes that answer in bounded time, whatever they ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from credentials.errors import Unavailable

PROBE_SECONDS = 2.0
"""How long ``/readyz`` waits for one probe. A database that was stopped keeps its connections and never answers."""

Probe = Callable[[], None]
"""Raises a TongxingError while a service cannot do its work."""


class Timely:
    """A probe that fails when it does not answer in time.

    While one run is out no other is begun: asking again and again of a database that hangs holds one thread, and not
    all of them. Safe to call from several threads, which then share one answer.
    """

    def __init__(self, probe: Probe, seconds: float | None = None) -> None:
        self._probe, self._seconds = probe, PROBE_SECONDS if seconds is None else seconds
        self._lock = threading.Lock()
        self._running: Future[None] | None = None

    def __call__(self) -> None:
        """Raises what the probe raises; Unavailable when it has not answered in time."""
        with self._lock:
            if self._running is None or self._running.done():
                self._running = self._begin()
            running = self._running
        try:
            running.result(self._seconds)
        except TimeoutError as error:
            raise Unavailable(f"no answer within {self._seconds:g} s") from error

    def _begin(self) -> Future[None]:
        running: Future[None] = Future()
        # A daemon: while it hangs the process must still be able to end.
        threading.Thread(target=self._run, args=(running,), name="probe", daemon=True).start()
        return running

    def _run(self, running: Future[None]) -> None:
        try:
            self._probe()
        except Exception as error:
            # Handed on, whatever it is, to those who wait.
            running.set_exception(error)
        else:
            running.set_result(None)
