"""What a guard asked for comes late, when they are at another screen: it fetches nobody from there, and is not lost."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.web import camera
from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.test_gate_troubles import scan
from tests.web.test_gate_ways import upload
from tests.web.town import Town

HELD = """globalThis.hold = null;
globalThis.holding = () => { hold = new Promise((done) => { globalThis.free = () => { hold = null; done(); }; }); };
const [verify, ask] = [SubtleCrypto.prototype.verify, Worker.prototype.postMessage];
const look = navigator.mediaDevices.getUserMedia;
globalThis.streams = [];
SubtleCrypto.prototype.verify = async function (...given) { await hold; return Reflect.apply(verify, this, given); };
Worker.prototype.postMessage = function (...given) {
    globalThis.asked = given[0].picture;
    if (!hold) return Reflect.apply(ask, this, given);
    void hold.then(() => Reflect.apply(ask, this, given));
};
navigator.mediaDevices.getUserMedia = async (what) => {
    await hold;
    const stream = await Reflect.apply(look, navigator.mediaDevices, [what]);
    streams.push(stream);
    return stream;
};"""
"""From ``holding()`` until ``free()`` signatures, pictures and the camera take their time."""


@pytest.fixture
def gate(launch: Launch, town: Town) -> Checkpoint:
    """The gate app on a device that can be made slow."""
    gate = Checkpoint(launch(service_workers="block"), town.gate)
    gate.page.add_init_script(HELD)
    return gate.open()


def asked_late(gate: Checkpoint, code: str) -> None:
    """A code that is being checked, for longer than it takes to go to another screen."""
    gate.camera_on()
    gate.page.evaluate("holding()")
    gate.page.locator("#typed").fill(code)
    gate.page.keyboard.press("Enter")


def test_news_that_was_asked_for_does_not_fetch_the_guard_back(gate: Checkpoint) -> None:
    """The settings came up over the lane, with what was being typed there gone."""
    held: list[Route] = []
    gate.page.route("**/v1/snapshot*", lambda route: held.append(route))
    gate.settings()
    gate.do("refresh")
    gate.do("back")
    gate.page.locator("#typed").fill("TX1:HALF")
    while not held:
        gate.page.wait_for_timeout(20)
    held[0].abort()
    expect(gate.page.locator("#bar .state")).to_contain_text("未联网")
    gate.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    gate.page.locator("[data-screen=scan]").wait_for()
    expect(gate.page.locator("#typed")).to_have_value("TX1:HALF")


def test_news_leaves_what_is_typed_in_the_settings(gate: Checkpoint) -> None:
    """The neighbour: the guard has stayed, and writes the lane's name."""
    held: list[Route] = []
    gate.page.route("**/v1/snapshot*", lambda route: held.append(route))
    gate.settings()
    gate.do("refresh")
    gate.page.locator("#lane").fill("东二")
    while not held:
        gate.page.wait_for_timeout(20)
    held[0].abort()
    gate.page.locator("[data-failure=offline]").wait_for()
    expect(gate.page.locator("#lane")).to_have_value("东二")
    expect(gate.page.locator("#lane")).to_be_focused()


@pytest.mark.parametrize("screen", ["settings", "shift", "manual"])
def test_a_verdict_that_comes_late_is_heard_and_stands_where_back_leads(
    gate: Checkpoint, town: Town, screen: str
) -> None:
    """A guard looks something up while the device is slow: nothing jumps under their thumb, and nobody is lost."""
    asked_late(gate, town.paper()["text"])
    ways: dict[str, Callable[[], object]] = {"settings": gate.settings, "shift": gate.shift}
    ways.get(screen, lambda: gate.do("manual"))()
    gate.page.evaluate("free()")
    expect(gate.page.locator("#announcement")).to_contain_text("通过")
    gate.page.locator(f"[data-screen={screen}]").wait_for()
    gate.do("back")
    assert gate.verdict() == ("accepted", "")
    gate.next()
    gate.page.locator("[data-screen=scan]").wait_for()
    assert gate.shift() == {"accepted": 1}


def test_whoever_was_decided_by_hand_meanwhile_is_decided(gate: Checkpoint, town: Town) -> None:
    """The verdict took the place of the guard's own decision, and counted in its place."""
    asked_late(gate, town.paper()["text"])
    gate.do("manual")
    gate.page.locator("[data-way=document]").click()
    gate.do("refused")
    gate.page.evaluate("free()")
    gate.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    assert gate.verdict() == ("refused", "manual-document-refused")
    gate.next()
    gate.page.locator("[data-screen=scan]").wait_for()
    assert gate.shift() == {"manual-document-refused": 1}


def test_the_language_can_change_while_a_code_is_checked(gate: Checkpoint, town: Town) -> None:
    """The settings stay, and the verdict speaks the language of now."""
    asked_late(gate, town.paper()["text"])
    gate.settings()
    gate.page.locator("fieldset button[lang=en]").click()
    gate.page.evaluate("free()")
    expect(gate.page.locator("#announcement")).to_contain_text("Accepted")
    gate.do("back")
    expect(gate.page.locator("h1")).to_contain_text("Accepted")


def test_what_is_scanned_over_a_verdict_does_not_take_the_place_of_who_is_looked_at_by_hand(
    gate: Checkpoint, town: Town
) -> None:
    """The next one's code, read a moment before the guard turned to the document of this one."""
    assert gate.type(town.paper("刘洋", hours=60)["text"]) == ("refused", "rule-failed")
    gate.page.evaluate("holding()")
    scan(gate.page, town.paper()["text"])
    gate.do("manual")
    gate.page.evaluate("free()")
    gate.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    expect(gate.page.locator("[data-screen=manual] .person")).to_contain_text("刘*")
    gate.do("back")
    assert gate.verdict() == ("refused", "rule-failed")
    gate.next()
    assert gate.shift() == {"rule-failed": 1}


def picture_of(text: str) -> bytes:
    """A picture of a code."""
    data = io.BytesIO()
    camera.scene(camera.symbol(text)).save(data, "PNG")
    return data.getvalue()


def test_a_picture_that_is_read_late_fetches_nobody_back(gate: Checkpoint, town: Town) -> None:
    """A large picture takes an old phone some seconds."""
    gate.camera_on()
    gate.page.evaluate("holding()")
    upload(gate, "code.png", picture_of(town.paper()["text"]))
    gate.settings()
    gate.page.evaluate("free()")
    expect(gate.page.locator("#announcement")).to_contain_text("通过")
    gate.page.locator("[data-screen=settings]").wait_for()
    gate.do("back")
    assert gate.verdict() == ("accepted", "")


def test_a_picture_is_not_judged_for_the_next_person(gate: Checkpoint, town: Town) -> None:
    """The neighbour: by the time that it was read its person had gone, and the next one was let pass by it."""
    gate.camera_on()
    gate.page.evaluate("holding()")
    upload(gate, "code.png", picture_of(town.paper()["text"]))
    gate.do("manual")
    gate.page.locator("[data-way=document]").click()
    gate.do("refused")
    gate.next()
    gate.page.evaluate("free()")
    gate.camera_on()
    gate.wait_for_frames(2)
    assert gate.page.locator("main[data-outcome]").count() == 0
    assert gate.shift() == {"manual-document-refused": 1}


def test_a_camera_that_comes_when_nobody_wants_it_is_switched_off(gate: Checkpoint) -> None:
    """A slow permission, and the guard at the settings: a camera that nobody sees through watches."""
    gate.camera_on()
    gate.settings()
    gate.page.evaluate("holding()")
    gate.do("back")
    gate.page.locator("[data-camera=starting]").wait_for()
    gate.settings()
    gate.page.evaluate("() => { streams.length = 0; free(); }")
    gate.page.wait_for_function(
        "() => streams.length && streams[0].getTracks().every(({ readyState }) => readyState === 'ended')"
    )
    gate.do("back")
    gate.camera_on()


def test_a_code_that_is_scanned_in_practice_is_answered_after_it(launch: Launch, town: Town) -> None:
    """Practice ends by itself, and took the verdict of the first person with it."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(HELD)
    gate.page.clock.install()
    gate.open().settings()
    gate.do("practice")
    gate.page.locator("[data-practice=refused]").click()
    gate.page.evaluate("holding()")
    scan(gate.page, town.paper()["text"])
    gate.page.clock.run_for(6_000)
    gate.page.locator("[data-screen=start]").wait_for()
    gate.page.evaluate("free()")
    assert gate.verdict() == ("accepted", "")


def test_a_challenge_whose_drawing_does_not_arrive_says_so(launch: Launch, town: Town) -> None:
    """What draws it is loaded after the app has begun: at an empty square a person stands with nothing to scan."""
    context = launch(service_workers="block")
    context.route("**/assets/symbol-*.js", lambda route: route.abort())
    gate = Checkpoint(context, town.gate).open()
    gate.do("challenge")
    expect(gate.page.locator(".symbol [role=alert]")).to_contain_text("卡口码没能画出来")
    gate.do("back")
    gate.page.locator("[data-screen=scan]").wait_for()
