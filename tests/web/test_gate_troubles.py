"""The gate app when something fails under it: each trouble has its own words and a way on, and nothing waits mutely."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web import camera
from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town

HOUR = 3600
NAMED_MILLISECONDS = 12_000
"""By the page's clock, from its first picture: two readers that are silent for 4.5 s, and the steps of this clock."""
MUTE = """globalThis.opened = 0;
globalThis.Worker = class extends Worker {
    constructor(...given) { super(...given); opened++; }
    postMessage() {}
};"""
LOADING = """globalThis.Worker = class {
    onmessage = null;
    addEventListener() {}
    terminate() { globalThis.isEnded = true; }
    postMessage({ number }) {
        const tell = (texts) => this.onmessage?.({ data: { number, texts } });
        let beats = 0;
        const beating = setInterval(() => {
            if (++beats < 13) return tell("loading");
            clearInterval(beating);
            globalThis.isLoaded = true;
            tell([]);
        }, 1000);
    }
};"""
"""A reader that takes a slow phone 13 seconds to load, and says each second that it lives."""
FULL = """IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };"""
ONCE = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
let asked = 0;
navigator.mediaDevices.getUserMedia = (what) =>
    asked++ ? Promise.reject(new DOMException("taken away", "NotAllowedError")) : ask(what);
"""
END = "document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"


def test_a_permission_taken_away_in_mid_scan_is_named(launch: Launch, town: Town) -> None:
    """The browser ends the picture and refuses a new one: the camera is not broken, and the guard can allow it."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(ONCE)
    gate.open().camera_on()
    gate.page.evaluate(END)
    expect(gate.page.locator("[data-camera=denied] [role=alert]")).to_contain_text("未允许")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_a_camera_that_ends_is_opened_again_by_itself_and_then_said(launch: Launch, town: Town) -> None:
    """A telephone call ends the picture: nobody need press anything. A loose plug does it again and again."""
    gate = Checkpoint(launch(), town.gate).open()
    gate.camera_on()
    gate.page.evaluate(END)
    gate.camera_on()
    gate.page.wait_for_function("() => document.querySelector('video').srcObject?.active")
    gate.page.evaluate(END)
    gate.page.locator("[data-camera=ended]").get_by_role("button", name="重试").click()
    gate.camera_on()


def test_a_reader_that_never_answers_is_said(launch: Launch, town: Town) -> None:
    """The picture is there, and nothing reads it: that looked like nobody's code being good enough."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(MUTE)
    gate.page.clock.install()
    gate.open().camera_on()
    asked = gate.page.evaluate("Date.now()")
    while gate.page.locator("[data-camera=reader]").count() == 0:
        gate.page.clock.run_for(500)
    assert gate.page.evaluate("opened") == 2, "one was opened anew before"
    assert gate.page.evaluate("Date.now()") - asked <= NAMED_MILLISECONDS
    expect(gate.page.locator("[role=alert]").first).to_be_attached()
    expect(gate.page.locator("#message")).to_contain_text("读码程序没有反应")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_a_reader_that_loads_for_long_is_no_dead_one(launch: Launch, town: Town) -> None:
    """The guard is told to wait, and nobody kills what would have read in a moment."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(LOADING)
    gate.page.clock.install()
    gate.open().camera_on()
    message = gate.page.locator("#message")
    while "正在载入" not in message.inner_text():
        gate.page.clock.run_for(500)
    while not gate.page.evaluate("globalThis.isLoaded"):
        gate.page.clock.run_for(500)
        assert gate.page.locator("[data-camera=reader]").count() == 0
    assert not gate.page.evaluate("globalThis.isEnded")


def test_a_reader_that_never_arrives_is_said_to_be_loading(launch: Launch, town: Town) -> None:
    """The largest part of the app hangs on a slow network: the worker itself says so, long before it is given up."""
    context = launch(service_workers="block")
    context.route("**/*.wasm", lambda route: None)
    gate = Checkpoint(context, town.gate).open()
    expect(gate.page.locator("#message")).to_contain_text("正在载入")
    assert gate.type(town.paper()["text"]) == ("accepted", "")
    context.unroute("**/*.wasm")


@pytest.mark.parametrize("part", ["**/decoder-*.js", "**/*.wasm"], ids=["script", "wasm"])
def test_a_reader_that_does_not_load_is_said(launch: Launch, town: Town, part: str) -> None:
    """Half an installation, a release that took its old parts away: never a camera that looks for ever."""
    context = launch(service_workers="block")
    context.route(part, lambda route: route.fulfill(status=404, body="gone"))
    gate = Checkpoint(context, town.gate)
    gate.open()
    gate.page.locator("[data-camera=reader]").wait_for()
    context.unroute(part)
    gate.page.get_by_role("button", name="重试").click()
    gate.camera_on()


def test_a_full_device_is_not_called_a_private_window(launch: Launch, town: Town) -> None:
    """Whoever is told to leave a private window that there is none clears nothing away."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(FULL)
    gate.open()
    expect(gate.page.locator("#warnings")).to_contain_text("空间已满")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_what_is_chosen_on_a_full_device_counts(launch: Launch, town: Town) -> None:
    """What was kept before stands in the way of what was chosen now: a switch that does nothing."""
    gate = Checkpoint(launch(), town.gate, settings={"large": "no", "speech": "no"})
    gate.open()
    gate.page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); }; }"
    )
    gate.settings()
    gate.page.locator("#large").check()
    expect(gate.page.locator("html")).to_have_attribute("data-elder", "")
    gate.do("back")
    gate.settings()
    expect(gate.page.locator("#large")).to_be_checked()


def test_a_network_that_answers_for_the_service_is_named_and_sets_no_clock(launch: Launch, town: Town) -> None:
    """The station's Wi-Fi wants a sign-in first; its page carries a time of its own, and none of ours."""
    gate = Checkpoint(launch(), town.gate).open_and_keep()
    lies = {"Content-Type": "text/html", "Date": "Wed, 01 Jan 2020 00:00:00 GMT"}
    gate.context.route("**/v1/snapshot*", lambda route: route.fulfill(headers=lies, body="<h1>Welcome</h1>"))
    gate.refresh()
    expect(gate.page.locator("[data-failure=foreign]")).to_contain_text("无线网")
    gate.do("back")
    expect(gate.page.locator("#warnings")).not_to_contain_text("时钟")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_a_time_that_a_cache_has_aged_is_taken_with_its_age(launch: Launch, town: Town) -> None:
    """An answer that lay in a cache for an hour is an hour old, and the clock of the device is right."""

    def aged(route: Route) -> None:
        answer = route.fetch()
        then = gate_time(gate.page, -HOUR)
        route.fulfill(response=answer, headers={**answer.headers, "date": then, "age": str(HOUR)})

    gate = Checkpoint(launch(), town.gate)
    gate.context.route("**/v1/snapshot*", aged)
    gate.open()
    expect(gate.page.locator("#warnings")).not_to_contain_text("时钟")
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def gate_time(page: Page, ahead: int) -> str:
    """The device's time as an HTTP date."""
    return str(page.evaluate("ahead => new Date(Date.now() + 1000 * ahead).toUTCString()", ahead))


def test_a_service_that_does_not_answer_is_no_missing_network(launch: Launch, town: Town) -> None:
    """Each word sends somebody else: to the cable, to the Wi-Fi, to whoever runs the server."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.clock.install()
    gate.open()
    gate.context.route("**/v1/snapshot*", lambda route: None)
    gate.settings()
    gate.do("refresh")
    while gate.page.locator("[data-failure=timeout]").count() == 0:
        gate.page.clock.run_for(5_000)


def test_a_gate_without_data_looks_like_one(launch: Launch, town: Town) -> None:
    """A picture of the camera says "ready", and a button that does nothing says "broken"."""
    context = launch()
    context.route("**/v1/snapshot*", lambda route: route.abort())
    gate = Checkpoint(context, town.gate)
    gate.page.goto(gate.address)
    expect(gate.page.locator("#place")).to_have_text("本机尚无数据，请联网一次")
    gate.begin()
    expect(gate.page.locator("[data-camera=nothing] #message")).to_contain_text("不能验码")
    expect(gate.page.locator("[data-failure=offline]")).to_contain_text("没有网络")
    assert gate.page.locator("video").count() == 0
    context.unroute("**/v1/snapshot*")
    gate.do("challenge")
    # The button has asked for data, and they come: now there is something to look with.
    gate.camera_on()
    assert gate.type(town.paper()["text"]) == ("accepted", "")


@pytest.mark.parametrize("screen", ["start", "scan", "settings"])
def test_whoever_is_scanned_at_a_gate_without_data_gets_an_answer(launch: Launch, town: Town, screen: str) -> None:
    """From whatever screen: the line that stood there before was no answer, and a second beep looked like a fault."""
    context = launch()
    context.route("**/v1/snapshot*", lambda route: route.abort())
    gate = Checkpoint(context, town.gate)
    gate.page.goto(gate.address)
    if screen != "start":
        gate.begin()
    if screen == "settings":
        gate.settings()
    code = town.paper()["text"]
    message = gate.page.locator("#message.warning")
    for _ in range(2):
        scan(gate.page, code)
        expect(message).to_have_text("刚才的码没有验：本机还没有数据。请联网一次，在此之前用人工核验")
        expect(gate.page.locator("#announcement")).to_contain_text("没有验")
        expect(gate.page.locator("[data-failure=offline]")).to_be_visible()
    context.unroute("**/v1/snapshot*")
    scan(gate.page, code)
    # It has asked for data, and they come.
    gate.camera_on()
    assert gate.type(code) == ("accepted", "")


def test_the_same_showing_is_replayed_once_the_guard_has_gone_on(launch: Launch, town: Town, tmp_path: Path) -> None:
    """One phone passes two people: shown, next, shown again within seconds."""
    gate = Checkpoint(launch(), town.gate).open()
    live = town.presentation(tmp_path)
    assert gate.type(live) == ("accepted", "")
    gate.next()
    assert gate.type(live) == ("refused", "replayed")
    gate.next()
    gate.reload()
    assert gate.type(live) == ("refused", "replayed"), "opening the app anew forgets nothing"


def test_a_scanner_that_reads_twice_marks_it_and_counts_one(launch: Launch, town: Town, tmp_path: Path) -> None:
    """The same person: no cheat, and not two."""
    gate = Checkpoint(launch(), town.gate).open()
    live, other = town.presentation(tmp_path), town.presentation(tmp_path, "王小七")
    assert gate.type(live) == ("accepted", "")
    scan(gate.page, live)
    expect(gate.page.locator("[data-note=shown-again]")).to_be_visible()
    scan(gate.page, other)
    expect(gate.page.locator("[data-note=shown-again]")).to_have_count(0)
    scan(gate.page, live)
    gate.page.locator("main[data-reason=replayed]").wait_for()
    gate.next()
    counts = gate.shift()
    assert counts == {"accepted": 2, "replayed": 1}, counts


def scan(page: Page, text: str) -> None:
    """By a hand scanner, over whatever stands on the screen."""
    page.evaluate(
        """text => { for (const key of [...text, "Enter"])
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); }""",
        text,
    )


def test_what_is_cropped_away_on_the_screen_is_not_decided(launch: Launch, town: Town, tmp_path: Path) -> None:
    """A code beside the picture belongs to nobody whom the guard sees."""
    code = town.paper()["text"]
    frame = camera.scene(camera.symbol(code, 360), *(camera.symbol("HTTPS://EXAMPLE.ORG/", 8) for _ in range(2)))
    video = camera.record(tmp_path / "camera.y4m", [frame])
    narrow = Checkpoint(launch("narrow", video), town.gate, video).open()
    narrow.camera_on()
    narrow.wait_for_frames(20)
    assert narrow.page.locator("main[data-outcome]").count() == 0
    wide = Checkpoint(launch("wide", video, viewport={"width": 1000, "height": 400}), town.gate, video).open()
    assert wide.verdict() == ("accepted", "")


def test_practice_is_no_result(launch: Launch, town: Town) -> None:
    """A guard may look at all of it before the first person comes, and nobody can show it as a result."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.clock.install()
    gate.page.goto(gate.address)
    for outcome in ("accepted", "refused", "undetermined", "passed-by-hand"):
        gate.page.locator(f"[data-practice={outcome}]").click()
        expect(gate.page.locator("h1")).to_contain_text("练习：")
        assert gate.page.locator(".verdict, main svg").count() == 0
        gate.page.clock.run_for(6_000)
        gate.page.locator("[data-screen=start]").wait_for()
    gate.begin()
    assert gate.shift() == {}


def test_the_light_stays_on_behind_a_verdict(launch: Launch, town: Town) -> None:
    """At night the next person is as dark as the last one."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(
        """MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 8 } });
        globalThis.asked = [];
        MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => { asked.push(...advanced); };"""
    )
    gate.open()
    gate.page.get_by_role("button", name="补光灯").click()
    gate.do("zoom")
    expect(gate.page.locator("[data-action=zoom]")).to_have_text("放大 2×")
    assert gate.type(town.paper()["text"]) == ("accepted", "")
    gate.next()
    expect(gate.page.get_by_role("button", name="补光灯")).to_have_attribute("aria-pressed", "true")
    assert gate.page.evaluate("asked") == [{"torch": True}, {"zoom": 2}]


def test_forced_colours_keep_the_outcomes_apart(launch: Launch, town: Town) -> None:
    """Who needs colours of their own needs these three as well."""
    gate = Checkpoint(launch(forced_colors="active"), town.gate).open()
    seen = set()
    for text in (town.paper()["text"], "no code"):
        gate.type(text)
        seen.add(gate.page.locator("main").evaluate("main => getComputedStyle(main).backgroundColor"))
        gate.next()
    assert seen == {"rgb(0, 112, 60)", "rgb(179, 0, 27)"}
