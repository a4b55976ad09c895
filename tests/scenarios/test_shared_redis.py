"""Several processes of one gate, a registry and a real Redis, which is killed in the middle of load."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demonstration.world import Server
from service_kit.clock import SystemClock
from tests.scenarios.shared import POLL_SECONDS, SharedWorld, Site
from tests.servers import Redis, started

PROFILES = ("venue", "venue", "station", "station")
PHONES = 12
SHOWINGS = 60
"""Of each phone: one for each of so many seconds of the past minute."""
ASKED_BY_ONE = 12
"""Files that a process asks the mirror for before it has a withdrawal."""


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with started(Redis) as server:
        yield server


@pytest.fixture(scope="module")
def site(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    shared = {"TONGXING_REDIS_URL": redis.url(), "TONGXING_POLL_SECONDS": str(POLL_SECONDS)}
    with SharedWorld(tmp_path_factory.mktemp("shared"), shared) as world:
        site = Site(world, PROFILES)
        world.stands = True
        yield site


def test_a_live_code_is_shown_once_to_all_of_them(site: Site) -> None:
    """A friend with the same picture at the other end of the hall meets another process."""
    live = site.phone("phone-once").show(SystemClock().now())
    verdicts = [site.check(gate, live, f"lane-{number}") for number, gate in enumerate(site.gates)]
    assert [each["outcome"] for each in verdicts] == ["accepted", "refused", "refused", "refused"]
    assert _said(verdicts[0]) == "accepted", "and all of them were asked"
    assert {each["reasons"][0]["code"] for each in verdicts[1:]} == {"replayed"}


def test_redis_dies_under_load_and_comes_back(site: Site, redis: Redis) -> None:
    """Whatever is lost in between: no second showing is accepted as if all lanes had been asked."""
    phones = [site.phone(f"phone-{number}") for number in range(PHONES)]
    told: list[_Shown] = []
    faults: list[BaseException] = []
    now = SystemClock().now()

    def show(number: int) -> None:
        try:
            for second in range(SHOWINGS):
                live = phones[number].show(now - second)
                first, other = site.gates[number % 4], site.gates[(number + second) % 4]
                verdicts = [site.check(gate, live, f"{number}-{place}") for place, gate in enumerate((first, other))]
                told.append(_Shown(first is other, verdicts))
                time.sleep(0.2)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=show, args=(number,)) for number in range(PHONES)]
    for thread in threads:
        thread.start()
    for pause in (2, 2):
        time.sleep(pause)
        redis.kill()
        time.sleep(pause)
        redis.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(told) == PHONES * SHOWINGS
    seen = Counter(each.kind for each in told)
    assert not [each for each in told if each.is_wrong], seen
    # There was an outage, and there was a time with Redis.
    assert seen["not shared"] and seen["replayed"]


def test_the_state_and_a_metric_say_that_it_is_back(site: Site) -> None:
    """An operator sees it, and that it cost something; a gate without Redis stays ready."""
    gate = site.gates[0]
    site.wait(lambda: site.state(gate)["shared_cache"])
    metrics = _text(site, gate, "/metrics")
    assert "tongxing_shared_cache_up 1.0" in metrics
    fallbacks = [line for line in metrics.splitlines() if line.startswith("tongxing_shared_cache_fallbacks_total")]
    assert float(fallbacks[0].rpartition(" ")[2]) > 0


def test_ready_without_redis(site: Site, redis: Redis) -> None:
    """A load balancer that took every gate out because a cache is gone would close a border for nothing."""
    redis.pause()
    try:
        site.wait(lambda: not site.state(site.gates[0])["shared_cache"])
        assert _text(site, site.gates[0], "/readyz")
        assert "tongxing_shared_cache_up 0.0" in _text(site, site.gates[0], "/metrics")
    finally:
        redis.resume()
    site.wait(lambda: all(site.state(gate)["shared_cache"] for gate in site.gates))


def test_a_withdrawal_is_at_every_process_at_once(site: Site) -> None:
    """The bit is set, and within a second or so nobody passes anywhere, though polls are an hour apart."""
    paper = site.issue("paper")
    site.henan.publish_status()
    site.wait(lambda: {each[0] for each in site.outcomes(paper["text"])} == {"accepted"})
    before = _asked_of_mirror(site)
    site.henan.withdraw(paper["handle"])
    site.henan.publish_status()
    took = site.wait(lambda: site.outcomes(paper["text"]) == [("refused", "withdrawn")] * 4)
    assert took < POLL_SECONDS / 100
    # One process asked for the trust list's time and that member's files (6), and once more when a cache before the
    # mirror would have forgotten (6); the others read what it stored. Beside them the province asks how its own log
    # stands, the oftener the longer its publication takes. Four processes that share nothing ask for 48 by themselves.
    assert _asked_of_mirror(site) - before < len(site.gates) * ASKED_BY_ONE


def test_the_process_on_duty_is_killed(site: Site) -> None:
    """kill -9 of the one that fetches: another has its duty a moment later, and the news goes on."""
    paper = site.issue("paper")
    site.henan.publish_status()
    site.wait(lambda: {each[0] for each in site.outcomes(paper["text"])} == {"accepted"})
    (on_duty,) = [gate for gate in site.gates if _holds_duty(site, gate)]
    assert on_duty.process is not None
    on_duty.process.kill()
    on_duty.process.wait()
    on_duty.process = None
    site.henan.withdraw(paper["handle"])
    site.henan.publish_status()
    site.wait(lambda: site.outcomes(paper["text"]) == [("refused", "withdrawn")] * 3)
    site.world.start(on_duty)


def test_a_denial_is_at_every_process_at_once(site: Site) -> None:
    """A stolen key dies at every lane, not at one in four."""
    paper = site.issue("paper")
    site.henan.publish_status()
    site.wait(lambda: {each[0] for each in site.outcomes(paper["text"])} == {"accepted"})
    site.registry.deny(site.henan.kid("credential-1"), site.henan.keys)
    site.wait(lambda: site.outcomes(paper["text"]) == [("refused", "key-denied")] * 4)


class _Shown:
    """One live code at two lanes, one after the other."""

    def __init__(self, same_process: bool, verdicts: list[dict[str, Any]]) -> None:
        self.same_process = same_process
        first, second = (_said(verdict) for verdict in verdicts)
        self.kind = second if second != "accepted" else f"accepted after {first}"

    @property
    def is_wrong(self) -> bool:
        return self.kind not in ({"replayed"} if self.same_process else {"replayed", "not shared"})


def _said(verdict: dict[str, Any]) -> str:
    codes = [finding["code"] for finding in (*verdict["reasons"], *verdict["notes"])]
    known = {"replay-not-shared": "not shared", "replayed": "replayed"}
    return next((known[code] for code in codes if code in known), verdict["outcome"])


def _text(site: Site, gate: Server, path: str) -> str:
    return site.world.fetcher.get(gate.url("verifier") + path, limit=1024 * 1024).body.decode()


def _asked_of_mirror(site: Site) -> int:
    lines = site.registry.server.log.read_text().splitlines()
    routes = [json.loads(line).get("route") for line in lines if line.startswith("{")]
    return sum(str(route).startswith("/mirror/") for route in routes)


def _holds_duty(site: Site, gate: Server) -> bool:
    """As the system says: the duty's file is locked by a process of this gate."""
    held = (site.world.folder / "gate-of-guangdong" / "gate" / "duty").stat().st_ino
    assert gate.process is not None
    own = {gate.process.pid, *_children(gate.process.pid)}
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return any(int(lock[4]) in own and lock[5].endswith(f":{held}") for lock in locks if lock[1] == "FLOCK")


def _children(pid: int) -> set[int]:
    found = {int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()}
    return found | {each for child in found for each in _children(child)}
