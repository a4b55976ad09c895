"""What every cache promises: in the process, and on a real Redis."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from service_kit.cache.store import Cache, InProcessCache, RedisCache
from tests.doubles.clock import FixedClock

NOW = 1_800_000_000


@pytest.fixture
def on_redis(redis_url: str) -> Iterator[RedisCache]:
    cache = RedisCache(redis_url, FixedClock(NOW))
    cache.beat()
    yield cache
    assert cache.is_shared, "Redis went away during the test"
    cache.close()


@pytest.fixture(params=["in process", "redis"])
def cache(request: pytest.FixtureRequest) -> Cache:
    if request.param == "in process":
        return InProcessCache(FixedClock(NOW))
    found: RedisCache = request.getfixturevalue("on_redis")
    return found


@pytest.fixture
def key() -> str:
    return f"test:{secrets.token_hex(8)}"


def test_the_first_of_two_is_kept(cache: Cache, key: str) -> None:
    """The second gate that sees a live code must learn of the first."""
    assert cache.add(key, "first", 60) is None
    assert cache.add(key, "second", 60) == "first"


def test_counts_from_one(cache: Cache, key: str) -> None:
    """A limit of n lets n through."""
    assert [cache.increment(key, 60) for _ in range(3)] == [1, 2, 3]
    assert cache.increment(key, 60, by=1000) == 1003


def test_keys_do_not_meet(cache: Cache, key: str) -> None:
    """One province's requests must not use up another's limit."""
    cache.increment(key, 60)
    assert cache.increment(f"{key}:other", 60) == 1


def test_one_alone_is_first(cache: Cache, key: str) -> None:
    """Of many lanes that see one code at once, one alone is the first, and no count is lost."""
    firsts: list[bool] = []
    counts: list[int] = []

    def show() -> None:
        firsts.append(cache.add(key, "x", 60) is None)
        counts.append(cache.increment(f"{key}:count", 60))

    threads = [threading.Thread(target=show) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert firsts.count(True) == 1
    assert sorted(counts) == list(range(1, 17))


def test_redis_is_shared(on_redis: RedisCache, redis_url: str, key: str) -> None:
    """Two gates, or two workers of one, are two processes: what one has seen the other must know."""
    other = RedisCache(redis_url, FixedClock(NOW))
    other.beat()
    on_redis.add(key, "first", 60)
    assert other.add(key, "second", 60) == "first"
    assert [on_redis.increment(f"{key}:count", 60), other.increment(f"{key}:count", 60)] == [1, 2]
    other.close()


def test_redis_forgets_in_time(on_redis: RedisCache, redis_url: str, key: str) -> None:
    """A key without an end would be memory for ever; a count's end must not move with each request."""
    on_redis.add(key, "x", 60)
    on_redis.increment(f"{key}:count", 60)
    ends: list[int] = []
    with redis.Redis.from_url(redis_url) as direct:
        before = int(time.time())
        ends.extend(int(direct.expiretime(name)) for name in (key, f"{key}:count"))
        assert all(before < end <= int(time.time()) + 61 for end in ends)
        # Shorten it: the next count must leave the end where it is.
        direct.expireat(f"{key}:count", ends[1] - 20)
        on_redis.increment(f"{key}:count", 60)
        assert direct.expiretime(f"{key}:count") == ends[1] - 20


def test_foreign_values_on_redis_do_no_harm(on_redis: RedisCache, redis_url: str, key: str) -> None:
    """The server may be shared with others: what is no text is still something that was there first."""
    with redis.Redis.from_url(redis_url) as direct:
        direct.set(key, b"\xff\xfe", ex=60)
    assert on_redis.add(key, "x", 60) is not None
