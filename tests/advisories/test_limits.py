"""Whoever guesses at secrets has one number of tries, however they write their address and whichever worker answers."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from credentials.keys import new_private_key
from issuer import service
from issuer.app import create_app
from issuer.config import IssuerSettings
from issuer.opening import prepare
from issuer.requests.holder_proof import make_proof
from service_kit.http.limits import Limit
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import AUDIENCE, NOW
from tests.unit.issuer.serving import environment

WORKERS, MOST, TRIES = 4, 6, 12
ADDRESS = "203.0.113.30"
UNKNOWN = "0000000000000001"


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Flask]]:
    """Processes of one issuer without Redis: each has a memory of its own, and all have one database."""
    monkeypatch.setattr(service, "FAILED_CLAIMS", Limit("failed-claim", MOST, guards_secret=True))
    settings = replace(read_settings(IssuerSettings, environment(tmp_path)), trusted_proxies=1)
    prepare(settings)
    workers = [create_app(settings, FixedClock(NOW)) for _ in range(WORKERS)]
    yield workers
    for each in workers:
        each.extensions[service.EXTENSION].engine.dispose()


def guess(worker: Flask, forwarded: str) -> int:
    body = {"code": UNKNOWN, "holder_proof": make_proof(new_private_key(), AUDIENCE, NOW)}
    answer = worker.test_client().post("/v1/wallet/claims", json=body, headers={"X-Forwarded-For": forwarded})
    return answer.status_code


def test_guesses_do_not_multiply_by_workers(workers: list[Flask]) -> None:
    """Without Redis each of four workers once looked up as many as all of them may."""
    answers = [guess(workers[number % WORKERS], ADDRESS) for number in range(TRIES)]
    assert answers == [404] * MOST + [429] * (TRIES - MOST)


def test_guesses_at_one_moment_are_counted_before_they_are_looked_up(workers: list[Flask]) -> None:
    """All of a hundred that arrive together would find the count below the limit, were it written afterwards."""
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda worker=worker: answers.append(guess(worker, ADDRESS)))
        for worker in workers
        for _ in range(TRIES // WORKERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [404] * MOST + [429] * (TRIES - MOST)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda number: f"{ADDRESS}:{55_000 + number}",
        lambda number: f"[::ffff:{ADDRESS}]:{55_000 + number}",
        lambda number: f"2002:cb00:711e:{number}::1",
        lambda number: f"2001:db8:1:2::{number}",
        lambda number: f"[2001:db8:1:2::{number}%25eth{number}]:1",
        lambda number: str(ipaddress.IPv6Address(2**96 * 0x64FF9B + int(ipaddress.IPv4Address(ADDRESS)))),
    ],
    ids=["port", "mapped and port", "6to4", "one network", "zone and port", "nat64"],
)
def test_guesses_do_not_multiply_by_spellings_of_one_address(
    workers: list[Flask], spelled: Callable[[int], str]
) -> None:
    """70 of 70 wrong claim codes were looked up where each connection's port made it another client."""
    answers = [guess(workers[0], spelled(number)) for number in range(1, TRIES + 1)]
    assert answers == [404] * MOST + [429] * (TRIES - MOST)


def test_what_a_caller_writes_before_our_proxy_is_no_other_caller(workers: list[Flask]) -> None:
    """Our proxy appends what it saw; what stands before it is anybody's."""
    answers = [guess(workers[0], f"198.51.100.{number}, {ADDRESS}") for number in range(TRIES)]
    assert answers == [404] * MOST + [429] * (TRIES - MOST)


def test_one_address_shuts_no_other_out(workers: list[Flask]) -> None:
    """Mapped addresses all lie in one network of 64 bits: 60 guesses from one once closed the issuer to everybody."""
    answers = [guess(workers[0], f"::ffff:{ADDRESS}") for _ in range(TRIES)]
    assert answers[-1] == 429
    assert guess(workers[0], "::ffff:203.0.113.31") == 404


def test_what_is_no_address_gets_no_tries_at_all(workers: list[Flask]) -> None:
    """Each made-up word would be a caller of its own."""
    assert [guess(workers[0], f"unknown{number}") for number in range(TRIES)] == [400] * TRIES
