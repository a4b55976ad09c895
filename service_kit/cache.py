"""What may vanish: rate limits, a memory of shown codes. In the process, or shared on Redis by URL.

Losing it never loses truth. While Redis is gone the cache answers from the process, logs it and says so
(``is_shared``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from credentials.errors import SettingInvalid
from service_kit.clock import Clock

MAX_ENTRIES = 100_000
"""Entries of an in-process cache; beyond, the oldest go."""
TIMEOUT_SECONDS = 0.25
"""How long one answer of Redis may take."""
RETRY_SECONDS = 5
"""How long Redis is left alone after it did not answer."""
_GONE = object()
"""Redis did not answer."""
_log = structlog.get_logger("cache")


class Cache(Protocol):
    """Safe to call from several threads. Anyone who can write it can at most make a limit or a memory forget."""

    def add(self, key: str, value: str, seconds: int) -> str | None:
        """Keep ``value`` for so long (1 or more) unless something is there; then return that instead."""
        ...  # pragma: no cover

    def increment(self, key: str, seconds: int) -> int:
        """Count up, from 1; the count ends ``seconds`` (1 or more) after it began."""
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

    def increment(self, key: str, seconds: int) -> int:
        with self._lock:
            held = self._get(key)
            expires_at = self._clock.now() + seconds if held is None else self._entries[key][0]
            count = int(held or 0) + 1
            self._put(key, str(count), expires_at)
            return count

    def _get(self, key: str) -> str | None:
        expires_at, value = self._entries.get(key, (0, ""))
        return value if expires_at > self._clock.now() else None

    def _put(self, key: str, value: str, expires_at: int) -> None:
        self._entries[key] = (expires_at, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class RedisCache:
    """On Redis (7 or newer, or Valkey); while it cannot be reached, in the process.

    Raises SettingInvalid for a URL that is none. Nothing is opened before the first question.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._redis, self._failure = _client(url)
        self._clock = clock
        self._fallback = InProcessCache(clock)
        self._gone_until = 0

    @property
    def is_shared(self) -> bool:
        # A clock set back must not make us leave Redis alone for long.
        return not 0 < self._gone_until - self._clock.now() <= RETRY_SECONDS

    def add(self, key: str, value: str, seconds: int) -> str | None:
        held = self._ask(lambda: self._redis.set(key, value, ex=seconds, nx=True, get=True))
        return self._fallback.add(key, value, seconds) if held is _GONE else held

    def increment(self, key: str, seconds: int) -> int:
        count = self._ask(lambda: self._counted(key, seconds))
        return self._fallback.increment(key, seconds) if count is _GONE else int(count)

    def close(self) -> None:
        """Give back the connections."""
        self._redis.close()

    def _counted(self, key: str, seconds: int) -> Any:
        with self._redis.pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, seconds, nx=True)
            return pipeline.execute()[0]

    def _ask(self, question: Callable[[], Any]) -> Any:
        if not self.is_shared:
            return _GONE
        try:
            return question()
        except self._failure as error:
            self._gone_until = self._clock.now() + RETRY_SECONDS
            _log.warning("redis gone, answering from the process", error=type(error).__name__)
            return _GONE


def make_cache(redis_url: str, clock: Clock) -> Cache:
    """The cache of a service: on Redis where there is a URL, else in the process. Raises SettingInvalid."""
    return RedisCache(redis_url, clock) if redis_url else InProcessCache(clock)


def _client(url: str) -> tuple[Any, type[Exception]]:
    # Imported only where it is used: whoever has no Redis does not pay for its client.
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        # One more try at once, for a connection that lay idle while the server was restarted.
        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True,
            # What somebody else put there may be no text; it is no reason to fail.
            encoding_errors="replace",
            retry=Retry(NoBackoff(), 1),
        )
        # Options in the URL are looked at only when a connection is made; this one is never opened.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
    except (ValueError, TypeError, redis.RedisError) as error:
        raise SettingInvalid("TONGXING_REDIS_URL: not a Redis URL") from error
    return client, redis.RedisError
