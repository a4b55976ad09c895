"""The gate app without network or server, with bad news from the server, with a wrong clock, without storage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from credentials.formats import native
from tests.web.checkpoint import Checkpoint, damage, forget
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet

HOUR = 3600
KEPT_BESIDE = """async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active.state !== "activated") await new Promise((go) => setTimeout(go, 100));
}"""
"""Waits until the app's service worker has tidied up."""


@pytest.fixture
def gate(launch: Launch, town: Town) -> Checkpoint:
    """The gate app, kept on the device."""
    return Checkpoint(launch(), town.gate).open_and_keep()


@pytest.fixture
def stopped(town: Town) -> Iterator[None]:
    """Guangdong's server is switched off once this is asked for, and on again after the test."""
    yield
    if town.guangdong.server.process is None or town.guangdong.server.process.poll() is not None:
        town.world.start(town.guangdong.server)


def test_it_starts_cold_with_network_and_server_off(launch: Launch, town: Town, stopped: None) -> None:
    """A gate in a tunnel, on the morning after the power was cut."""
    phone_code, paper = town.paper()["text"], town.paper("王小明", hours=60)["text"]
    before = Checkpoint(launch("tunnel"), town.gate).open_and_keep()
    before.context.close()
    town.world.stop(town.guangdong.server)
    context = launch("tunnel")
    context.set_offline(True)
    gate = Checkpoint(context, town.gate).open()
    expect(gate.page.locator("#bar")).to_contain_text("未联网")
    expect(gate.page.locator("#bar")).to_contain_text("发码单位名单")
    assert gate.type(phone_code) == ("accepted", "")
    gate.next()
    assert gate.type(paper) == ("refused", "rule-failed")
    gate.next()
    gate.settings()
    expect(gate.page.locator("[data-member=CN-41]")).to_contain_text(re.compile("前|刚刚"))
    expect(gate.page.locator("[data-failure=offline]")).to_be_visible()


def test_it_starts_cold_after_the_wallet_was_opened_too(gate: Checkpoint, town: Town, stopped: None) -> None:
    """A guard is a resident as well; where one server has both apps, the one must not clear the other away."""
    wallet = Wallet(gate.context, town.guangdong.server.url("issuer") + "/wallet/").open()
    wallet.page.evaluate(KEPT_BESIDE)
    town.world.stop(town.guangdong.server)
    gate.open()
    wallet.open()


def test_a_challenge_needs_no_network(gate: Checkpoint, town: Town, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A phone with a wrong clock comes to a gate without network too."""
    phone, _ = town.phone(tmp_path_factory.mktemp("phone"))
    gate.context.set_offline(True)
    gate.do("challenge")
    answer = phone.answer(gate.page.locator(".symbol").get_attribute("data-text") or "", 1_600_000_000)
    gate.do("answer")
    assert gate.type(answer) == ("accepted", "")
    gate.next()
    gate.do("challenge")
    gate.do("answer")
    assert gate.type(answer) == ("refused", "challenge-not-answered")


def test_what_is_too_old_is_checked_by_hand(gate: Checkpoint, town: Town) -> None:
    """Neither green nor red: the gate says that it does not know any more, before anybody comes, and for each."""
    code = town.paper(hours=1)["text"]
    gate.context.set_offline(True)
    gate.set_clock(25 * HOUR)
    gate.reload()
    expect(gate.page.locator("#warnings")).to_contain_text("作废名单太旧，须人工核验")
    assert gate.type(code) == ("undetermined", "status-stale")
    expect(gate.page.locator("main h1")).to_have_text("需人工核验")
    gate.next()
    gate.set_clock(80 * HOUR)
    gate.reload()
    expect(gate.page.locator("#warnings")).to_contain_text("发码单位名单已有 3天没更新：请人工核验")


def test_withdrawn_is_refused_after_the_next_news(gate: Checkpoint, town: Town) -> None:
    """The point of it all: a withdrawal reaches gates that never ask about anybody."""
    issued = town.paper("赵一")
    assert gate.type(issued["text"]) == ("accepted", "")
    gate.next()
    town.henan.withdraw(issued["handle"])
    known = town.snapshot()
    town.world.wait(lambda: town.snapshot() != known and withdrawn(town, issued["text"]), "no news of the withdrawal")
    with gate.page.expect_response("**/v1/snapshot?since=*") as news:
        gate.refresh()
    expect(gate.page.locator("[data-failure]")).to_have_count(0)
    assert "reasons" not in news.value.json(), "what is new only"
    gate.do("back")
    assert gate.type(issued["text"]) == ("refused", "withdrawn")


def test_news_that_does_not_fit_is_asked_for_whole(gate: Checkpoint, town: Town) -> None:
    """A line that swallows a piece, or a service that was exchanged: the gate heals by itself, within one round."""
    asked: list[str] = []

    def unfit(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"since": "x", "position": "y", "trust": town.snapshot()["trust"], "statuses": {},
                            "segments": {}, "gone": []})  # fmt: skip

    gate.context.route("**/v1/snapshot?since=*", unfit)
    with gate.page.expect_response(lambda response: response.url.endswith("/v1/snapshot")):
        gate.refresh()
    expect(gate.page.locator("[data-failure]")).to_have_count(0)
    assert asked
    gate.do("back")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def withdrawn(town: Town, text: str) -> bool:
    """Whether the gate's service refuses it."""
    return bool(town.guangdong.check(text)["outcome"] == "refused")


def test_bad_news_never_replaces_what_is_held(gate: Checkpoint, town: Town) -> None:
    """Half a file, an error page, and the list of last week: each has blacked out gates."""
    code, snapshot = town.paper()["text"], town.snapshot()
    older = json.loads(json.dumps(snapshot))
    older["trust"]["versions"]["timestamp"] -= 1
    answers = {
        "half": {"body": json.dumps(snapshot)[: len(json.dumps(snapshot)) // 2], "content_type": "application/json"},
        "older": {"json": older},
        "503": {"status": 503, "body": "out of order"},
    }
    for failure, answer in answers.items():
        gate.context.route("**/v1/snapshot*", answering(answer))
        gate.refresh()
        gate.page.locator(f"[data-failure='{failure}']").wait_for()
        gate.do("back")
        gate.context.unroute("**/v1/snapshot*")
    gate.context.set_offline(True)
    gate.reload()
    assert gate.type(code) == ("accepted", "")


def test_a_time_that_was_once_ahead_hides_no_denial_across_reloads(gate: Checkpoint, town: Town) -> None:
    """The registry's clock was 25 h fast, then put right, and a key was denied: gates that went by that time accepted
    the denied key's codes for a day, and again after each reload. What was signed later is told by versions alone."""
    code = town.paper()["text"]
    kid = native.unwrap(code).kid.hex()
    ahead, denying = town.snapshot(), town.snapshot()
    ahead["trust"]["registry_time"] += 25 * HOUR
    ahead["trust"]["versions"]["timestamp"] += 100
    denying["trust"]["denied"] = [{"kid": kid, "reason": "compromised", "denied_at": ahead["trust"]["registry_time"]}]
    for role, more in (("timestamp", 200), ("snapshot", 1), ("denials", 1)):
        denying["trust"]["versions"][role] += more

    def told(news: dict[str, Any]) -> None:
        gate.context.route("**/v1/snapshot*", answering({"json": news}))
        gate.refresh()

    told(ahead)
    expect(gate.page.locator("[data-failure]")).to_have_count(0)
    gate.reload()
    told(denying)
    expect(gate.page.locator("[data-failure]")).to_have_count(0)
    gate.do("back")
    assert gate.type(code) == ("refused", "key-denied")
    gate.reload()
    assert gate.type(code) == ("refused", "key-denied")
    gate.next()
    told(ahead)
    gate.page.locator("[data-failure=older]").wait_for()
    gate.context.set_offline(True)
    gate.reload()
    assert gate.type(code) == ("refused", "key-denied")


def answering(answer: dict[str, Any]) -> Callable[[Route], None]:
    """What gives ``answer`` instead of the service's."""
    return lambda route: route.fulfill(**answer)


def test_storage_that_was_dropped_or_damaged_is_said(gate: Checkpoint, town: Town) -> None:
    """A browser short of room drops what sites keep; a gate that knows nothing must not look like one that does."""
    for harm in (forget, damage):
        gate.context.set_offline(False)
        gate.reload()
        expect(gate.page.locator("#bar")).to_contain_text("已联网")
        gate.context.set_offline(True)
        harm(gate.page)
        gate.reload()
        expect(gate.page.locator("#warnings")).to_contain_text("已被浏览器清除或已损坏")
        gate.page.locator("#typed").fill("TX1:ANYTHING")
        gate.page.keyboard.press("Enter")
        expect(gate.page.locator("#message")).to_contain_text("本机还没有数据")


def test_a_browser_that_refuses_storage_still_checks(launch: Launch, town: Town) -> None:
    """A private window: it works for as long as it is open, and says that it will not longer."""
    gate = Checkpoint(launch(), town.gate, settings={})
    gate.page.add_init_script(
        """indexedDB.open = () => { throw new DOMException("no", "SecurityError"); };
        Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });"""
    )
    gate.open()
    expect(gate.page.locator("#warnings")).to_contain_text("断网后重启将不能使用")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_a_store_that_never_opens_does_not_hold_the_gate_up(launch: Launch, town: Town) -> None:
    """Safari 14.1 does that: a gate that asks for nothing, because it waits for what it once knew."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script("IDBFactory.prototype.open = () => ({})")
    gate.open()
    expect(gate.page.locator("#warnings")).to_contain_text("断网后重启将不能使用")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_is_said_and_nobody_is_judged_by_it(launch: Launch, town: Town, hours: int) -> None:
    """A guard's phone an hour off (coronacheck-android #67): whose clock it is must be plain, and nobody is refused."""
    gate = Checkpoint(launch(), town.gate)
    gate.set_clock(hours * HOUR)
    gate.open()
    expect(gate.page.locator("#warnings")).to_contain_text("本机时钟不准")
    assert gate.type(town.paper()["text"]) == ("undetermined", "clock-in-doubt")
    gate.next()
    gate.set_clock(0)
    gate.refresh()
    gate.do("back")
    expect(gate.page.locator("#warnings")).not_to_contain_text("时钟")
    assert gate.type(town.paper()["text"]) == ("accepted", "")
