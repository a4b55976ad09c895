"""What every cache promises: in the process, and on a real Redis where ``TEST_REDIS_URL`` names one."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator

import pytest

from service_kit.cache import Cache, InProcessCache, RedisCache
from tests.doubles.clock import FixedClock

NOW = 1_800_000_000


@pytest.fixture(params=["in process", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    if request.param == "in process":
        yield InProcessCache(FixedClock(NOW))
        return
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        pytest.skip("no Redis: TEST_REDIS_URL names none")
    on_redis = RedisCache(url, FixedClock(NOW))
    yield on_redis
    assert on_redis.is_shared, "Redis went away during the test"
    on_redis.close()


@pytest.fixture
def key() -> str:
    return f"test:{secrets.token_hex(8)}"


def test_the_first_of_two_is_kept(cache: Cache, key: str) -> None:
    """The second gate that sees a live code must learn of the first (edge case 35)."""
    assert cache.add(key, "first", 60) is None
    assert cache.add(key, "second", 60) == "first"


def test_counts_from_one(cache: Cache, key: str) -> None:
    """A limit of n lets n through."""
    assert [cache.increment(key, 60) for _ in range(3)] == [1, 2, 3]


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
