"""Redis that is lost, full, read-only, silent, closed to us or no Redis at all: a real server each time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from credentials.errors import RateLimited
from service_kit.cache.metrics import watch_cache
from service_kit.cache.redis_client import TIMEOUT_SECONDS
from service_kit.cache.store import BEAT_SECONDS, EVERYTHING, SETTLE_SECONDS, RedisCache, listen, make_cache
from service_kit.http.limits import Limit, Limits
from tests.doubles.clock import FixedClock
from tests.servers import Redis, started

NOW = 1_800_000_000
WINDOW = 120
Join = Callable[[], RedisCache]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def join(stoppable_redis: Redis, clock: FixedClock) -> Iterator[Join]:
    """One process after another that shares our Redis."""
    made: list[RedisCache] = []

    def make() -> RedisCache:
        made.append(RedisCache(stoppable_redis.url(), clock))
        made[-1].beat()
        return made[-1]

    yield make
    for cache in made:
        cache.close()


def test_what_was_shown_here_while_redis_was_away_is_known_afterwards(
    stoppable_redis: Redis, join: Join, clock: FixedClock
) -> None:
    """An outage must not be the moment to show one code twice: not here, and once we are back, nowhere."""
    here, there = join(), join()
    stoppable_redis.stop()
    assert here.add("shown in the outage", "first", WINDOW) is None
    assert not here.is_shared
    stoppable_redis.start()
    here.beat()
    there.beat()
    assert here.add("shown in the outage", "second", WINDOW) == "first"
    assert there.add("shown in the outage", "third", WINDOW) == "first"


def test_what_was_shown_before_redis_forgot_is_known_afterwards(stoppable_redis: Redis, join: Join) -> None:
    """A Redis without a disk begins empty: what each process was shown, it hands in again."""
    here, there = join(), join()
    here.add("shown before", "first", WINDOW)
    stoppable_redis.restart()
    here.beat()
    there.beat()
    assert there.add("shown before", "second", WINDOW) == "first"


def test_an_answer_of_a_redis_started_anew_is_not_believed(stoppable_redis: Redis, join: Join) -> None:
    """Between its restart and the next heartbeat it knows nothing of what others were shown: it must not say "new"."""
    cache = join()
    stoppable_redis.restart()
    assert cache.add("key", "first", WINDOW) is None
    assert not cache.is_shared


def test_it_counts_as_shared_again_once_the_others_are_back_too(
    stoppable_redis: Redis, join: Join, clock: FixedClock
) -> None:
    """We are back a moment before our neighbour: what it was shown in the outage is not there yet."""
    cache = join()
    assert cache.is_shared
    stoppable_redis.restart()
    cache.beat()
    assert not cache.is_shared
    clock.time += SETTLE_SECONDS
    assert cache.is_shared
    assert SETTLE_SECONDS > 2 * (BEAT_SECONDS + 2 * TIMEOUT_SECONDS)


def test_a_clock_set_back_does_not_keep_it_in_doubt(stoppable_redis: Redis, join: Join, clock: FixedClock) -> None:
    """An hour set back must not be an hour of verdicts in doubt."""
    cache = join()
    stoppable_redis.restart()
    cache.beat()
    clock.time -= 3600
    assert cache.is_shared


def test_a_neighbours_word_is_kept(stoppable_redis: Redis, join: Join) -> None:
    """Once told that a code was shown elsewhere first, a process says so in an outage as well."""
    here, there = join(), join()
    there.add("key", "there", WINDOW)
    assert here.add("key", "here", WINDOW) == "there"
    stoppable_redis.stop()
    assert here.add("key", "here again", WINDOW) == "there"


def test_a_redis_that_hangs_costs_one_timeout_and_not_one_a_request(stoppable_redis: Redis, join: Join) -> None:
    """It takes connections and never answers: a queue of people must not wait a quarter of a second each."""
    cache = join()
    stoppable_redis.pause()
    began = time.monotonic()
    for number in range(100):
        cache.add(f"{number}", "x", WINDOW)
    assert TIMEOUT_SECONDS * 0.9 <= time.monotonic() - began < TIMEOUT_SECONDS * 50, "a hundred would be one a request"
    cache.beat()
    assert not cache.is_shared
    stoppable_redis.resume()
    cache.beat()
    assert cache.add("1", "again", WINDOW) == "x"


def test_a_command_sent_again_does_not_meet_itself(stoppable_redis: Redis, join: Join) -> None:
    """The answer is lost and the command sent again: an honest holder must not be called a cheat for it."""
    cache = join()
    asked = cache._redis.set

    def answer_lost(*arguments: object, **options: object) -> object:
        asked(*arguments, **options)
        return asked(*arguments, **options)

    cache._redis.set = answer_lost
    assert cache.add("key", "first", WINDOW) is None


def test_it_comes_back_by_itself(stoppable_redis: Redis, clock: FixedClock) -> None:
    """Nobody restarts the gates because Redis was restarted."""
    cache = make_cache(stoppable_redis.url(), clock)
    assert isinstance(cache, RedisCache)
    assert cache.is_shared
    with capture_logs() as logged:
        stoppable_redis.stop()
        _wait_until(lambda: not cache.is_shared)
        stoppable_redis.start()
        clock.time += SETTLE_SECONDS
        _wait_until(lambda: "back" in str(logged))
    clock.time += SETTLE_SECONDS
    assert cache.is_shared
    assert [entry["setting"] for entry in logged] == ["TONGXING_REDIS_URL"] * 2
    cache.close()


def test_news_is_heard_by_the_others_at_their_next_beat(join: Join) -> None:
    """A denial must not wait half a minute for a poll; what was said before one listened is in the first round."""
    registry = join()
    registry.announce("CN-44")
    gate = join()
    heard: list[frozenset[str]] = []
    listen(gate, heard.append)
    gate.beat()
    registry.announce("trust")
    registry.announce("CN-41")
    registry.announce("CN-41")
    gate.beat()
    gate.beat()
    registry.announce("CN-41")
    gate.beat()
    assert heard == [{"trust", "CN-41"}, {"CN-41"}]


def test_after_an_outage_everything_may_be_news(stoppable_redis: Redis, join: Join) -> None:
    """What was announced while one of us was cut off nobody repeats."""
    gate = join()
    heard: list[frozenset[str]] = []
    listen(gate, heard.append)
    stoppable_redis.restart()
    gate.beat()
    assert heard == [EVERYTHING]


def test_metrics_say_whether_it_is_there(stoppable_redis: Redis, join: Join) -> None:
    """An operator is woken when it is gone, and sees what that cost."""
    registry, cache = CollectorRegistry(), join()
    watch_cache(cache, "verifier", registry)
    assert registry.get_sample_value("tongxing_shared_cache_up") == 1
    stoppable_redis.stop()
    cache.add("key", "first", WINDOW)
    assert registry.get_sample_value("tongxing_shared_cache_up") == 0
    fallbacks = registry.get_sample_value("tongxing_shared_cache_fallbacks_total", {"service": "verifier"})
    assert fallbacks == 1


def test_limits_hold_in_the_process_while_redis_is_away(stoppable_redis: Redis, join: Join, clock: FixedClock) -> None:
    """An outage must not open the door to whoever was waiting for it."""
    limits, one = Limits("registry", join(), clock), Limit("submission", 1)
    limits.count(one, "192.0.2.1")
    stoppable_redis.stop()
    limits.count(one, "192.0.2.1")
    with pytest.raises(RateLimited):
        limits.count(one, "192.0.2.1")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"maxmemory": "1mb", "maxmemory-policy": "noeviction"}, "OutOfMemoryError"),
        ({"replicaof": "127.0.0.1 1"}, "ReadOnlyError"),
    ],
)
def test_a_redis_that_takes_nothing_is_none(clock: FixedClock, settings: dict[str, str], error: str) -> None:
    """Full, or a replica: it would answer every question with "never seen"."""
    with started(Redis, **settings) as server:
        _require_away(server.url(), clock, error)


def test_each_reason_why_it_is_away_is_told_once(stoppable_redis: Redis, join: Join) -> None:
    """Stopped, and started again with another password: the log spoke of a connection alone, and went on to say so."""
    cache, admin = join(), join()
    with capture_logs() as logged:
        stoppable_redis.stop()
        cache.beat()
        cache.beat()
        stoppable_redis.start()
        admin._redis.config_set("requirepass", "hush")
        for _ in range(3):
            cache.beat()
    assert [entry["error"] for entry in logged if "away" in entry["event"]] == [
        "ConnectionError",
        "AuthenticationError",
    ]


@pytest.mark.parametrize("password", ["", ":wrong@"])
def test_a_redis_closed_to_us_is_none(clock: FixedClock, password: str) -> None:
    """A wrong password is told by its kind; neither it nor the right one is."""
    with started(Redis) as server:
        server_url = server.url()
        admin = RedisCache(server_url, clock)
        admin._redis.config_set("requirepass", "hush")
        _require_away(server_url.replace("//", f"//{password}"), clock, "AuthenticationError")
        _require_in_use(server_url.replace("//", "//:hush@"), clock)
        admin.close()


def test_a_redis_that_may_not_be_asked_who_it_is(clock: FixedClock) -> None:
    """Some houses forbid INFO; the cache works all the same."""
    with started(Redis) as server:
        admin = RedisCache(server.url(), clock)
        admin._redis.acl_setuser("gate", enabled=True, passwords=["+hush"], keys=["*"], commands=["+@all", "-info"])
        _require_in_use(server.url().replace("//", "//gate:hush@"), clock)
        admin.close()


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 50, b"", b"\x00\xff" * 100, b"$-5\r\n", b":x\r\n"],
)
def test_what_is_no_redis_is_none(clock: FixedClock, answer: bytes) -> None:
    """A typing error in the port leads to some other server, which may answer anything."""
    with _no_redis(answer) as port:
        _require_away(f"redis://:hush@127.0.0.1:{port}/0", clock, "")


def test_what_says_ok_to_everything_is_none(clock: FixedClock) -> None:
    """It would be asked whether a code was shown before, and say OK."""
    with _no_redis(b"+OK\r\n", is_patient=True) as port:
        _require_away(f"redis://:hush@127.0.0.1:{port}/0", clock, "")
    with _no_redis(b"+OK\r\n" * 50, is_patient=True) as port:
        _require_away(f"redis://:hush@127.0.0.1:{port}/0", clock, "")


def _require_away(url: str, clock: FixedClock, error: str) -> None:
    cache = RedisCache(url, clock)
    with capture_logs() as logged:
        cache.beat()
        assert cache.add("key", "first", WINDOW) is None
        assert cache.add("key", "second", WINDOW) == "first"
        assert cache.increment("count", WINDOW) == 1
    assert not cache.is_shared
    (entry,) = logged
    assert entry["setting"] == "TONGXING_REDIS_URL"
    assert error in entry["error"]
    assert "hush" not in str(logged)
    cache.close()


def _require_in_use(url: str, clock: FixedClock) -> None:
    cache = RedisCache(url, clock)
    cache.beat()
    assert cache.add("key", "first", WINDOW) is None
    assert cache.is_shared
    cache.close()


@contextmanager
def _no_redis(answer: bytes, is_patient: bool = False) -> Iterator[int]:
    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                while connection.recv(100):
                    connection.sendall(answer)
                    if not is_patient:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
