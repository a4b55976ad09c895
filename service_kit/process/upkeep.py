"""What a service does by itself, again and again: in a thread of its own, so that no timer outside can be forgotten.

A nightly job that failed once blacked out a nation's gates (green-pass-overview #8). So a deed that fails is done again
soon, its failure shows in the logs and in the service's state, and nothing that it raises ends the thread.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import NamedTuple

import structlog

from credentials.errors import TongxingError

JITTER = 0.2
"""Share of the time between runs by which processes spread out, so that they do not all call at once."""
RETRY_SECONDS = 60.0
"""The longest wait after a failure."""
UNEXPECTED = "unexpected"
_log = structlog.get_logger("upkeep")
# A source of its own: processes that were forked would all draw the same from the common one.
_CHANCE = random.SystemRandom()


class LastRun(NamedTuple):
    """How the last run ended: ``failure``: the error's code, empty when it went well; ``failures``: in a row;
    ``runs``: all of them."""

    failure: str = ""
    failures: int = 0
    runs: int = 0


class Upkeep:
    """Runs ``deed`` about every ``seconds`` and never later than that; at once at first."""

    def __init__(self, name: str, deed: Callable[[], object], seconds: float) -> None:
        self.name, self.condition = name, LastRun()
        self._deed, self._seconds = deed, seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in a daemon thread; once."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further run."""
        self._stopped.set()

    def join(self) -> None:
        """Await the end of the run under way, if one was begun."""
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """What the thread does."""
        while not self._stopped.is_set():
            self.run_once()
            wait = min(self._seconds, RETRY_SECONDS) if self.condition.failure else self._seconds
            self._stopped.wait(wait * _CHANCE.uniform(1 - JITTER, 1))

    def run_once(self) -> None:
        """One run; nothing is raised for what goes wrong."""
        before = self.condition
        try:
            self._deed()
        except TongxingError as error:
            _log.warning("failed", work=self.name, code=error.code, detail=error.detail)
            self.condition = LastRun(error.code, before.failures + 1, before.runs + 1)
        except Exception as error:
            # The one broad except of this thread, and its outermost edge: if it died, the service would go stale in
            # silence. The message may hold anything, so only the type is kept.
            _log.error(UNEXPECTED, work=self.name, error=type(error).__name__)
            self.condition = LastRun(UNEXPECTED, before.failures + 1, before.runs + 1)
        else:
            self.condition = LastRun(runs=before.runs + 1)
