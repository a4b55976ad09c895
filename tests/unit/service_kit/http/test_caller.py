"""Who sent a request: one address in its many spellings is one caller, and what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from service_kit.http.bodies import Routes
from service_kit.http.caller import caller, read_address
from service_kit.http.web import make_app

FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9"}


def _ask(headers: dict[str, str], address: str = "192.0.2.1", **proxies: Any) -> TestResponse:
    routes = Routes("v1", __name__)

    @routes.get("/who")
    def who() -> dict[str, str]:
        return {"caller": caller(), "again": caller()}

    app = make_app("issuer", routes, **proxies)
    return app.test_client().get("/who", headers=headers, environ_base={"REMOTE_ADDR": address})


def _asked(headers: dict[str, str], address: str = "192.0.2.1", **proxies: Any) -> Any:
    answer = _ask(headers, address, **proxies)
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    assert answer.json["caller"] == answer.json["again"]
    return answer.json["caller"]


def _forwarded(text: str) -> Any:
    return _asked({"X-Forwarded-For": text}, trusted_proxies=1)


def test_a_forged_header_is_ignored() -> None:
    """Else whoever writes another address into each request has no limit at all."""
    assert _asked(FORGED) == "192.0.2.1"


def test_our_own_proxy_is_believed_and_nobody_before_it() -> None:
    """The last hop is what our proxy saw; what stands before it the caller may have made up."""
    through = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    assert _asked(through, trusted_proxies=1) == "198.51.100.7"
    assert _asked(through, trusted_proxies=2) == "203.0.113.9"
    assert _asked({"X-Forwarded-For": "made up, 198.51.100.7"}, trusted_proxies=1) == "198.51.100.7"


def test_the_header_is_the_one_that_the_settings_name() -> None:
    """A proxy that hands on X_Forwarded_For needs a name that has no second spelling."""
    both = {"X-Forwarded-For": "203.0.113.9", "CallerAddress": "made up, 198.51.100.7"}
    assert _asked(both, trusted_proxies=1, caller_header="CallerAddress") == "198.51.100.7"
    answer = _ask({"CallerAddress": "nobody"}, trusted_proxies=1, caller_header="CallerAddress")
    assert (answer.status_code, answer.get_json()["detail"][:14]) == (400, "CallerAddress:")


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": ""}, {"X-Forwarded-For": "198.51.100.7"}])
def test_who_asks_past_the_proxies_is_the_connection(headers: dict[str, str]) -> None:
    """A probe from inside, which has written fewer entries than there are proxies."""
    assert _asked(headers, trusted_proxies=2) == "192.0.2.1"


SPELLINGS = [
    "203.0.113.30",
    " 203.0.113.30\t",
    "203.0.113.30:55001",
    "203.0.113.30:1",
    '"203.0.113.30:55001"',
    "[203.0.113.30]",
    "::ffff:203.0.113.30",
    "::FFFF:cb00:711e",
    "0:0:0:0:0:ffff:203.0.113.30",
    "[::ffff:203.0.113.30]",
    "[::ffff:203.0.113.30]:55001",
    "::ffff:203.0.113.30%eth0",
    "::203.0.113.30",
    "::ffff:0:203.0.113.30",
    "64:ff9b::203.0.113.30",
    "64:ff9b::cb00:711e",
    "2002:cb00:711e::1",
    "2002:cb00:711e:ffff:1:2:3:4",
    "[2002:cb00:711e::9]:443",
    "2001:0:5db8:d822:8000:3fff:34ff:8ee1",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_ipv4_address_is_one_caller_however_it_is_written(spelling: str) -> None:
    """With a port, each connection was a client of its own: 70 of 70 wrong claim codes were looked up, limit 60."""
    assert _forwarded(spelling) == "203.0.113.30"


@pytest.mark.parametrize(
    "address", ["::ffff:203.0.113.30", "::ffff:cb00:711e", "64:ff9b::203.0.113.30", "2002:cb00:711e::1"]
)
def test_ipv4_clients_of_a_socket_bound_to_ipv6_are_not_one_network(address: str) -> None:
    """All mapped addresses lie in one /64: wrong claim codes from one address shut everybody else out."""
    assert _asked({}, address=address) == "203.0.113.30"
    assert _asked({}, address="::ffff:203.0.113.31") == "203.0.113.31"


@pytest.mark.parametrize(
    "spelling",
    [
        "2001:db8:1:2:3::4",
        "2001:DB8:1:2:ffff:ffff:ffff:ffff",
        "2001:0db8:0001:0002::",
        "[2001:db8:1:2::9]",
        "[2001:db8:1:2::9]:4711",
        '"[2001:db8:1:2::9]:4711"',
        "2001:db8:1:2::9%25eth0",
        "2001:db8:1:2::203.0.113.30",
    ],
)
def test_a_network_of_ipv6_is_one_caller(spelling: str) -> None:
    """Every household has 2^64 addresses to choose from."""
    assert _forwarded(spelling) == "2001:db8:1:2::/64"


@pytest.mark.parametrize("address", ["::1", "::", "64:ff9b:1::203.0.113.30", "::fffe:203.0.113.30"])
def test_neighbours_of_an_ipv4_address_inside_are_none(address: str) -> None:
    """This machine itself, the local-use NAT64 prefix, whose length nobody else knows, and one bit beside a prefix."""
    assert ":" in _asked({}, address=address)


@pytest.mark.parametrize(
    "written",
    [
        "unknown",
        "_hidden",
        "unix:",
        "localhost",
        "203.0.113.030",
        "203.0.113",
        "3405803806",
        "0xcb00711e",
        "203.0.113.30:",
        "203.0.113.30:123456",
        "203.0.113.30 203.0.113.31",
        "[203.0.113.30",
        "2001:db8::1]:4711",
        "[[2001:db8::1]]",
        "２０３.0.113.30",
        "2001:db8::1/64",
        "1" * 5000,
        "198.51.100.7,",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    """Counted as it stands, it would be as many callers as there are spellings; and our own proxy writes none of it."""
    answer = _ask({"X-Forwarded-For": written.encode().decode("latin-1")}, trusted_proxies=1)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid-request")
    assert "TONGXING_TRUSTED_PROXIES" in answer.get_json()["detail"]


def test_a_socket_of_the_file_system_has_no_address() -> None:
    """Whoever asks by one is this machine, and one caller."""
    assert _asked({}, address="") == ""
    assert read_address("") is None
