"""What may vanish: counts for limits, a memory of shown codes, news of news. In the process, or shared on Redis by URL.

Losing it never loses truth. While Redis is away the cache answers from the process, logs it once and says so
(``is_shared``)::

    in use ──► an answer fails, or comes from a Redis started anew ──► away: every answer from the process, at once
       ▲                                                                 │ a heartbeat beside the requests
       └── settled: SETTLE_SECONDS for the others to do the same ◄── back: hand in what was shown here meanwhile

What this process has seen or been told it remembers itself as well: a code that was shown here during an outage, or
before a Redis without a disk was restarted, is known here afterwards, and from the handing in on everywhere.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol

import structlog

from service_kit.cache.redis_client import connect, failures, run_of
from service_kit.clock import Clock
from service_kit.process.upkeep import Upkeep

MAX_ENTRIES = 100_000
"""Entries of an in-process cache; beyond, the oldest go."""
BEAT_SECONDS = 0.5
"""Between two heartbeats at the most: how soon a loss, a return or an announcement is noticed."""
SETTLE_SECONDS = 5
"""From its return until Redis counts as shared again: by then every process has handed in what it was shown."""
NEWS_SECONDS = 24 * 3600
"""How long an announcement stands."""
_HEARTBEAT, _NEWS = "tongxing:heartbeat", "tongxing:news"
_HANDED_AT_ONCE = 500
Hear = Callable[[frozenset[str]], None]
EVERYTHING = frozenset({"*"})
"""Announced after an outage, in which some topic may have been missed."""
_GONE = object()
"""Redis did not answer."""
_log = structlog.get_logger("cache")


class Cache(Protocol):
    """Safe to call from several threads. Anyone who can write it can at most make a limit or a memory forget."""

    def add(self, key: str, value: str, seconds: int) -> str | None:
        """Keep ``value`` for so long (1 or more) unless something is there; then return that instead."""
        ...  # pragma: no cover

    def increment(self, key: str, seconds: int, by: int = 1) -> int:
        """Count up, from 0; the count ends ``seconds`` (1 or more) after it began."""
        ...  # pragma: no cover

    def announce(self, topic: str) -> None:
        """Say to every process that listens that there is news of ``topic``; lost where there is no shared cache."""
        ...  # pragma: no cover

    @property
    def is_shared(self) -> bool:
        """Whether other processes see the same."""
        ...  # pragma: no cover


class InProcessCache:
    """The embedded default. Holds at most ``max_entries``."""

    is_shared = False

    def __init__(self, clock: Clock, max_entries: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def add(self, key: str, value: str, seconds: int) -> str | None:
        with self._lock:
            held = self._get(key)
            if held is None:
                self._put(key, value, self._clock.now() + seconds)
            return held

    def increment(self, key: str, seconds: int, by: int = 1) -> int:
        with self._lock:
            held = self._get(key)
            expires_at = self._clock.now() + seconds if held is None else self._entries[key][0]
            count = int(held or 0) + by
            self._put(key, str(count), expires_at)
            return count

    def announce(self, topic: str) -> None:
        """Nobody else is there."""

    def replace(self, key: str, value: str, seconds: int) -> None:
        """Keep ``value`` for so long, whatever was there."""
        with self._lock:
            self._put(key, value, self._clock.now() + seconds)

    def alive(self) -> list[tuple[str, str, int]]:
        """Key, value and seconds left of all that is kept."""
        with self._lock:
            now = self._clock.now()
            return [(key, value, end - now) for key, (end, value) in self._entries.items() if end > now]

    def _get(self, key: str) -> str | None:
        expires_at, value = self._entries.get(key, (0, ""))
        return value if expires_at > self._clock.now() else None

    def _put(self, key: str, value: str, expires_at: int) -> None:
        self._entries[key] = (expires_at, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class RedisCache:
    """On Redis (7 or newer, or Valkey); while it is away, in the process.

    Raises SettingInvalid for a URL that is none. Nothing is asked of Redis before the first :meth:`beat`, and what was
    lost comes back by one: :meth:`start` begins a thread that sees to it. ``on_fallback`` is called for each answer
    that came from the process instead, ``on_news`` with the topics announced since the last heartbeat.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._redis, self._failures = connect(url, self._meet), failures()
        self._clock = clock
        self._shown, self._counts = InProcessCache(clock), InProcessCache(clock)
        self._lock = threading.Lock()
        self._in_use: bool | None = None
        """None: never asked yet."""
        self._told: set[str] = set()
        """Why it is away, of what has been logged."""
        self._met = self._joined = ""
        """The run of Redis that answered last, and the one that has been handed what was shown here."""
        self._settled_at = 0
        self._heart = Upkeep("cache", self.beat, BEAT_SECONDS)
        self._announced: dict[str, str] = {}
        self.on_fallback: Callable[[], None] = _uncounted
        self.on_news: Hear = _deaf

    @property
    def is_shared(self) -> bool:
        # A clock set back must not keep us in doubt for long.
        return bool(self._in_use) and not 0 < self._settled_at - self._clock.now() <= SETTLE_SECONDS

    def add(self, key: str, value: str, seconds: int) -> str | None:
        known = self._shown.add(key, value, seconds)
        if known is not None:
            # Only the first of this process asks Redis: of two that did, each could take the other for the first.
            return known
        # Marked, so that a command sent again after a broken connection does not meet itself as somebody else's.
        marked = _marked(value)
        held = self._ask(lambda: self._redis.set(key, marked, ex=seconds, nx=True, get=True))
        if held is _GONE or held is None or held == marked:
            return None
        told = str(held).rpartition("#")[0]
        self._shown.replace(key, told, seconds)
        return told

    def increment(self, key: str, seconds: int, by: int = 1) -> int:
        count = self._ask(lambda: self._counted(key, seconds, by))
        return self._counts.increment(key, seconds, by) if count is _GONE else int(count)

    def announce(self, topic: str) -> None:
        self._ask(lambda: self._put_up(topic))

    def start(self) -> None:
        """Beat in a thread of its own, until :meth:`close`."""
        self._heart.start()

    def beat(self) -> None:
        """See whether Redis is there, and begin or cease to use it. Never raises for what Redis does."""
        try:
            announced = self._pulse()
            if self._in_use and self._met == self._joined:
                self._hear(announced)
            else:
                self._join(announced)
        except self._failures as error:
            self._lose(type(error).__name__)

    def close(self) -> None:
        """Stop, and give back the connections."""
        self._heart.stop()
        self._heart.join()
        self._redis.close()

    def _meet(self, connection: Any) -> None:
        """What redis-py calls for every connection that it makes."""
        self._met = run_of(connection)

    def _ask(self, question: Callable[[], Any]) -> Any:
        if self._in_use:
            try:
                answer = question()
            except self._failures as error:
                self._lose(type(error).__name__)
            else:
                if self._met == self._joined:
                    return answer
                # It may have begun empty, and others may know codes that it does not.
                self._lose("restarted")
        self.on_fallback()
        return _GONE

    def _lose(self, why: str) -> None:
        with self._lock:
            if self._in_use is not False:
                self._in_use, self._told = False, set()
            is_news, self._told = why not in self._told, self._told | {why}
        # Another reason than before is told as well: it may run again, and with another password.
        if is_news:
            _log.warning("shared cache away, answering from the process", setting="TONGXING_REDIS_URL", error=why)

    def _join(self, announced: dict[str, str]) -> None:
        with self._lock:
            returns = self._in_use is not None
            self._settled_at = self._clock.now() + SETTLE_SECONDS if returns else 0
            self._joined, self._in_use, self._announced = self._met, True, announced
        # From here on Redis is told of every showing; those until now are remembered here.
        entries = iter(self._shown.alive())
        while some := list(islice(entries, _HANDED_AT_ONCE)):
            self._hand_in(some)
        if returns:
            _log.warning("shared cache back", setting="TONGXING_REDIS_URL")
            # Some may have been missed.
            self.on_news(EVERYTHING)

    def _pulse(self) -> dict[str, str]:
        with self._redis.pipeline(transaction=False) as pipeline:
            # A write: a replica, or a Redis that is full, would go on answering questions.
            pipeline.set(_HEARTBEAT, "1", ex=60)
            pipeline.hgetall(_NEWS)
            announced: dict[str, str] = pipeline.execute()[1]
        return announced

    def _hear(self, announced: dict[str, str]) -> None:
        topics = frozenset(topic for topic, mark in announced.items() if self._announced.get(topic) != mark)
        self._announced = announced
        if topics:
            self.on_news(topics)

    def _put_up(self, topic: str) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(_NEWS, topic, secrets.token_hex(8))
            pipeline.expire(_NEWS, NEWS_SECONDS)
            pipeline.execute()

    def _hand_in(self, entries: list[tuple[str, str, int]]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for key, value, seconds in entries:
                pipeline.set(key, _marked(value), ex=seconds, nx=True)
            pipeline.execute()

    def _counted(self, key: str, seconds: int, by: int) -> Any:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, by)
            pipeline.expire(key, seconds, nx=True)
            return pipeline.execute()[0]


def make_cache(redis_url: str, clock: Clock) -> Cache:
    """The cache of a service: on Redis where there is a URL, else in the process. Raises SettingInvalid.

    A Redis that is not there is no hindrance; it is logged, and taken into use when it comes.
    """
    if not redis_url:
        return InProcessCache(clock)
    cache = RedisCache(redis_url, clock)
    cache.beat()
    cache.start()
    return cache


def is_there(cache: Cache) -> bool | None:
    """Whether the shared cache is there; None where none is set up."""
    return cache.is_shared if isinstance(cache, RedisCache) else None


def listen(cache: Cache, hear: Hear) -> None:
    """Have ``hear`` called with what any process announces, from a thread of the cache."""
    if isinstance(cache, RedisCache):
        cache.on_news = hear


def _deaf(_topics: frozenset[str]) -> None:
    """Nobody listens."""


def _uncounted() -> None:
    """Nobody counts."""


def _marked(value: str) -> str:
    return f"{value}#{secrets.token_hex(4)}"
