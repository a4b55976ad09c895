"""How much one caller may ask for in an hour, and who the caller is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from credentials.errors import RateLimited, SettingInvalid
from service_kit.bodies import Routes
from service_kit.cache import InProcessCache
from service_kit.limits import HOUR_SECONDS, Limit, Limits, caller
from service_kit.settings import ServiceSettings, read_settings
from service_kit.web import make_app
from tests.doubles.clock import FixedClock

HOUR = 1_800_000_000 // HOUR_SECONDS * HOUR_SECONDS
TWO = Limit("thing", 2)
FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


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


def _asked(headers: dict[str, str], trusted_proxies: int = 0, address: str = "192.0.2.1") -> dict[str, Any]:
    blueprint = Routes("v1", __name__)

    @blueprint.get("/who")
    def who() -> dict[str, str]:
        from flask import request

        return {"caller": caller(), "scheme": request.scheme}

    app: Flask = make_app("issuer", blueprint, trusted_proxies=trusted_proxies)
    answer = app.test_client().get("/who", headers=headers, environ_base={"REMOTE_ADDR": address})
    return dict(answer.json or {})


def test_a_forged_header_is_ignored() -> None:
    """Else whoever writes another address into each request has no limit at all."""
    assert _asked(FORGED) == {"caller": "192.0.2.1", "scheme": "http"}


def test_our_own_proxy_is_believed_and_nobody_before_it() -> None:
    """The last hop is what our proxy saw; what stands before it the caller may have made up."""
    through = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    assert _asked(through, trusted_proxies=1) == {"caller": "198.51.100.7", "scheme": "https"}
    assert _asked(through | {"X-Forwarded-Proto": "https, http"}, trusted_proxies=2)["caller"] == "203.0.113.9"


def test_a_network_of_ipv6_is_one_caller() -> None:
    """Every household has 2^64 addresses to choose from."""
    assert _asked({}, address="2001:db8:1:2:3::4")["caller"] == "2001:db8:1:2::/64"


def test_what_is_no_address_is_counted_all_the_same() -> None:
    """Some proxies write words; a socket of the file system has no address."""
    assert _asked({"X-Forwarded-For": "unknown" * 20}, trusted_proxies=1)["caller"] == ("unknown" * 20)[:45]
    assert _asked({}, address="")["caller"] == ""


@pytest.mark.parametrize("count", ["-1", "9", "all"])
def test_so_many_proxies_nobody_has(count: str) -> None:
    """A typing error here would believe strangers."""
    with pytest.raises(SettingInvalid, match="TONGXING_TRUSTED_PROXIES"):
        read_settings(ServiceSettings, {"TONGXING_DATA_DIR": "/tmp", "TONGXING_TRUSTED_PROXIES": count})
