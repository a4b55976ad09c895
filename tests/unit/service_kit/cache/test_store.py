"""The cache in the process, and what happens when Redis is not there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from credentials.errors import SettingInvalid
from service_kit.cache.store import InProcessCache, RedisCache, make_cache
from service_kit.settings import ServiceSettings
from tests.doubles.clock import FixedClock

NOW = 1_800_000_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def nobody_listens() -> str:
    """A Redis URL of a port that was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"redis://:hush@127.0.0.1:{free.getsockname()[1]}/0"


def test_what_is_kept_ends(clock: FixedClock) -> None:
    """A code shown an hour ago is no replay."""
    cache = InProcessCache(clock)
    cache.add("key", "first", 60)
    clock.time += 59
    assert cache.add("key", "second", 60) == "first"
    clock.time += 1
    assert cache.add("key", "second", 60) is None


def test_a_count_ends_when_it_began_to(clock: FixedClock) -> None:
    """If each request made the count last longer, whoever keeps asking would stay locked out for ever."""
    cache = InProcessCache(clock)
    cache.increment("key", 60)
    clock.time += 59
    assert cache.increment("key", 60) == 2
    clock.time += 1
    assert cache.increment("key", 60) == 1


def test_it_does_not_grow_for_ever(clock: FixedClock) -> None:
    """Anyone can make keys: a new address each time must not fill the memory."""
    cache = InProcessCache(clock, max_entries=2)
    for key in ("a", "b", "c"):
        cache.add(key, key, 60)
    assert cache.add("c", "again", 60) == "c"
    assert cache.add("a", "again", 60) is None


def test_a_count_takes_several_at_once(clock: FixedClock) -> None:
    """A batch of a thousand codes is a thousand, not one."""
    cache = InProcessCache(clock)
    assert [cache.increment("key", 60, by=1000), cache.increment("key", 60)] == [1000, 1001]


def test_without_redis_it_goes_on_and_says_so(clock: FixedClock, nobody_listens: str) -> None:
    """Redis away costs the shared memory, never an answer; one line says which setting it is about, and no content."""
    cache = RedisCache(nobody_listens, clock)
    fallbacks: list[None] = []
    cache.on_fallback = lambda: fallbacks.append(None)
    with capture_logs() as logged:
        cache.beat()
        cache.beat()
        assert cache.add("key", "first", 60) is None
        assert cache.add("key", "second", 60) == "first"
        assert [cache.increment("count", 60), cache.increment("count", 60)] == [1, 2]
        cache.announce("trust")
    assert not cache.is_shared
    assert len(fallbacks) == 4
    assert [(entry["log_level"], entry["setting"]) for entry in logged] == [("warning", "TONGXING_REDIS_URL")]
    assert "hush" not in str(logged)
    cache.close()


def test_a_service_starts_without_redis(clock: FixedClock, nobody_listens: str) -> None:
    """Redis comes up after us, or never: neither may keep a gate closed."""
    cache = make_cache(nobody_listens, clock)
    assert isinstance(cache, RedisCache)
    assert cache.add("key", "first", 60) is None
    cache.close()


def test_no_url_is_no_redis(clock: FixedClock) -> None:
    """The embedded default needs no server."""
    assert isinstance(make_cache("", clock), InProcessCache)


@pytest.mark.parametrize(
    "url",
    [
        "http://:hush@cache",
        "redis://:hush@cache:port",
        "redis://:hush@cache?db=x",
        "redis://:hush@cache?timeuot=1",
        "rediss://:hush@cache?ssl_cert_reqs=perhaps",
    ],
)
def test_a_wrong_url_is_a_setting(clock: FixedClock, url: str) -> None:
    """At the start and not at the first request, by name, and without the password in it."""
    makers = (lambda: make_cache(url, clock), lambda: ServiceSettings(data_dir=Path(), redis_url=url))
    for make in makers:
        with pytest.raises(SettingInvalid, match="TONGXING_REDIS_URL") as caught:
            make()
        assert "hush" not in str(caught.value)
