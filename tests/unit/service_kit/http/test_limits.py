"""How much one caller may ask for in an hour."""

from __future__ import annotations

from contextlib import suppress

import pytest

from credentials.errors import RateLimited, SettingInvalid
from service_kit.cache.store import InProcessCache
from service_kit.clock import HOUR_SECONDS
from service_kit.http.limits import Limit, Limits
from service_kit.settings import ServiceSettings, read_settings
from tests.doubles.clock import FixedClock

HOUR = 1_800_000_000 // HOUR_SECONDS * HOUR_SECONDS
TWO = Limit("thing", 2)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(HOUR + 600)


@pytest.fixture
def limits(clock: FixedClock) -> Limits:
    return Limits("issuer", InProcessCache(clock), clock)


def test_above_the_limit_one_is_told_when_to_come_again(limits: Limits, clock: FixedClock) -> None:
    """A client that obeys Retry-After gets in; one that knocks on does not make it longer."""
    limits.count(TWO, "city-app")
    limits.count(TWO, "city-app")
    for _ in range(2):
        with pytest.raises(RateLimited) as told:
            limits.count(TWO, "city-app")
        assert told.value.retry_after == HOUR_SECONDS - 600
    clock.time += told.value.retry_after
    limits.count(TWO, "city-app")


def test_nobody_uses_up_anothers(limits: Limits, clock: FixedClock) -> None:
    """Not another client's, not that of another route or service."""
    cache = InProcessCache(clock)
    for service in ("issuer", "verifier"):
        for limit in (TWO, Limit("other", 2)):
            for who in ("a", "b"):
                Limits(service, cache, clock).count(limit, who, by=2)


def test_a_batch_counts_what_is_in_it(limits: Limits) -> None:
    """A thousand codes in one request are a thousand."""
    with pytest.raises(RateLimited):
        limits.count(TWO, "a", by=3)


def test_what_is_taken_back_was_never_counted(limits: Limits, clock: FixedClock) -> None:
    """A right claim code is no failed try, be it that the hour has ended meanwhile, or others have used it up."""
    at = clock.time
    limits.count(TWO, "a", at=at)
    limits.count(TWO, "a")
    with pytest.raises(RateLimited):
        limits.count(TWO, "a")
    limits.count(TWO, "a", by=-1, at=at)
    limits.count(TWO, "a", by=-1, at=at)
    limits.count(TWO, "a")
    clock.time += HOUR_SECONDS
    limits.count(TWO, "a", by=-1, at=at)
    limits.count(TWO, "a", by=2)
    with pytest.raises(RateLimited):
        limits.count(TWO, "a")


def test_tries_at_a_secret_count_for_all_processes_together(clock: FixedClock) -> None:
    """Four workers without Redis once answered four times as many guesses at claim codes."""
    kept, guarded = InProcessCache(clock), Limit("try", 2, guards_secret=True)
    workers = [Limits("issuer", InProcessCache(clock), clock, kept) for _ in range(3)]
    for worker in workers[:2]:
        worker.count(guarded, "a")
    with pytest.raises(RateLimited):
        workers[2].count(guarded, "a")
    workers[2].count(guarded, "b")


def test_a_flood_ends_at_the_process_and_asks_no_database(clock: FixedClock) -> None:
    """Each try would be one more write, and who floods one address would have the database as well."""
    kept, guarded = InProcessCache(clock), Limit("try", 2, guards_secret=True)
    worker = Limits("issuer", InProcessCache(clock), clock, kept)
    for _ in range(5):
        with suppress(RateLimited):
            worker.count(guarded, "a")
    assert [int(count) for _, count, _ in kept.alive()] == [2]


def test_a_limit_that_guards_a_secret_must_be_kept_somewhere(limits: Limits) -> None:
    """A new one that is forgotten would multiply by the workers unnoticed."""
    with pytest.raises(AssertionError, match="guards a secret"):
        limits.count(Limit("try", 2, guards_secret=True), "a")


@pytest.mark.parametrize("count", ["-1", "9", "all"])
def test_so_many_proxies_nobody_has(count: str) -> None:
    """A typing error here would believe strangers."""
    with pytest.raises(SettingInvalid, match="TONGXING_TRUSTED_PROXIES"):
        read_settings(ServiceSettings, {"TONGXING_DATA_DIR": "/tmp", "TONGXING_TRUSTED_PROXIES": count})


@pytest.mark.parametrize("name", ["X_Forwarded_For", "-For", "X Forwarded", "地址", "a" * 65, "For:"])
def test_a_header_that_no_proxy_can_write_or_that_has_a_second_spelling(name: str) -> None:
    """With an underscore it would be the one that callers can write."""
    with pytest.raises(SettingInvalid, match="TONGXING_CALLER_HEADER"):
        read_settings(ServiceSettings, {"TONGXING_DATA_DIR": "/tmp", "TONGXING_CALLER_HEADER": name})
