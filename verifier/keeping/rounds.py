"""When a gate asks for news, and which of its workers does.

Several workers of one gate share its folder. One is on duty (值班): it alone fetches, about every so many seconds and
when news is called; the others read what it has stored, a moment later. The system takes the duty from a worker that
dies, whatever it dies of, and another has it at its next look. One that hangs keeps the duty, but the others go by
its reports: when none has come for three times as long as one should take, each fetches for itself.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from credentials.errors import StorageFull, StorageUnavailable
from service_kit.cache.store import EVERYTHING
from service_kit.process.locking import open_lock, try_lock
from trust_registry.metadata.file_names import TRUST

JITTER = 0.2
"""Share of the time between rounds by which gates spread out, so that they do not all call at once."""
LOOK_SECONDS = 0.25
"""How often workers off duty look into the folder."""
CALL_SECONDS = 1.0
"""From one called round to the next at least: however many call, the mirror is asked no oftener."""
ECHO_SECONDS = 6.0
"""After which what was called is asked for once more: a cache before the mirror may keep the old file for 5 seconds."""
OVERDUE = 3
"""After so many times the time between rounds without a report, the one on duty is taken for hung."""
REPORT = "report.json"
"""In the gate's folder: written after each round by the one on duty."""
_DUTY = "duty"
_TRUST_SETS = ("trust/trust.zip", "trust/record.json")
_NOT_NEWS = "sync.json"
"""How names of records end that say when a file came: written anew without news."""
_log = structlog.get_logger("freshness")
# A source of its own: processes that were forked would all draw the same from the common one.
_CHANCE = random.SystemRandom()


class Duty:
    """The duty in ``folder``: one worker's at a time, for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def take(self) -> bool:
        """Whether it is ours; taken if it is nobody's. A folder that cannot be written is no reason not to fetch."""
        try:
            if self._held is None:
                self._held = _taken(self._folder / _DUTY)
            return self._held is not None
        except (OSError, StorageUnavailable, StorageFull):
            return True

    def give_up(self) -> None:
        """Leave it to another."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


class Watch:
    """What changes in ``folder``: names of members, TRUST, REPORT."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, set[tuple[str, int, int]]] = {}

    def changes(self) -> frozenset[str]:
        """Whose files are not what they were at the last call."""
        found: dict[str, set[tuple[str, int, int]]] = {}
        for name, path in self._files():
            try:
                stat = path.stat()
            except OSError:
                continue  # written over in this moment
            found.setdefault(name, set()).add((path.name, stat.st_mtime_ns, stat.st_ino))
        before, self._seen = self._seen, found
        return frozenset(name for name in before.keys() | found.keys() if before.get(name) != found.get(name))

    def forget(self, name: str) -> None:
        """Report this one again at the next call: it could not be read."""
        self._seen.pop(name, None)

    def _files(self) -> Iterator[tuple[str, Path]]:
        yield from ((TRUST, self._folder / name) for name in _TRUST_SETS)
        yield REPORT, self._folder / REPORT
        for path in (self._folder / "members").glob("*/**/*.*"):
            # Files half written have names that begin with a dot.
            if not path.name.startswith(".") and not path.name.endswith(_NOT_NEWS):
                yield path.relative_to(self._folder).parts[1], path


class Rounds:
    """``fetch`` makes a round, of these topics alone or of EVERYTHING; ``read`` takes up what another has stored."""

    def __init__(
        self, folder: Path, fetch: Callable[[frozenset[str]], object], read: Callable[[frozenset[str]], object]
    ) -> None:
        self.watch = Watch(folder)
        self._duty, self._fetch, self._read = Duty(folder), fetch, read
        self._called: set[str] = set()
        self._echoes: dict[str, float] = {}
        self._news = threading.Condition()
        self._stopped = False
        self._due = self._free_from = self._overdue_at = 0.0

    def call(self, topics: frozenset[str]) -> None:
        """Have a round of these topics made soon, whenever the last one was."""
        with self._news:
            self._called |= topics
            self._news.notify()

    def run(self, seconds: float) -> None:
        """Make rounds now and then about every ``seconds``, until :meth:`stop`."""
        self._overdue_at = time.monotonic() + OVERDUE * seconds
        while not self._stopped:
            try:
                self._step(seconds)
            except Exception as error:
                # The one broad except of this thread, and its outermost edge: if it died, the gate would go stale in
                # silence. The message may hold anything, so only the type is kept.
                _log.error("unexpected", error=type(error).__name__)
            self._wait()
        self._duty.give_up()

    def stop(self) -> None:
        """Begin no further round."""
        with self._news:
            self._stopped = True
            self._news.notify()

    def _step(self, seconds: float) -> None:
        now = time.monotonic()
        if self._duty.take():
            if topics := self._topics(now, seconds):
                self._fetch(topics)
            return
        # Whoever comes on duty begins at once, and with everything.
        self._due = 0.0
        self._called.clear()
        if changed := self.watch.changes():
            self._overdue_at = now + OVERDUE * seconds
            self._read(changed)
        elif now >= self._overdue_at:
            self._overdue_at = now + OVERDUE * seconds
            _log.warning("no report from the worker on duty", lock=_DUTY)
            self._fetch(EVERYTHING)

    def _topics(self, now: float, seconds: float) -> frozenset[str]:
        """What to ask for now."""
        with self._news:
            echoes = {topic for topic, at in self._echoes.items() if now >= at}
            if now >= self._due:
                self._due = now + seconds * _CHANCE.uniform(1 - JITTER, 1 + JITTER)
                topics = EVERYTHING
            elif now >= self._free_from and (self._called or echoes):
                topics = frozenset(self._called | echoes)
            else:
                return frozenset()
            for topic in echoes:
                del self._echoes[topic]
            self._echoes |= dict.fromkeys(self._called, now + ECHO_SECONDS)
            self._called.clear()
        self._free_from = now + CALL_SECONDS
        return topics

    def _wait(self) -> None:
        """Until there is something to do."""
        with self._news:
            if self._stopped:
                return
            if self._due == 0.0:
                self._news.wait(LOOK_SECONDS)
                return
            called_from = self._free_from if self._called else self._due
            echoed_from = max(self._free_from, min(self._echoes.values(), default=self._due))
            self._news.wait(max(0.0, min(self._due, called_from, echoed_from) - time.monotonic()))


def _taken(path: Path) -> int | None:
    descriptor = open_lock(path)
    try:
        if try_lock(descriptor):
            return descriptor
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
