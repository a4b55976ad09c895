"""The gate app's camera: what a guard holds it at in the rain, at night, with two people pushing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageOps
from playwright.sync_api import Route, expect

from credentials.qr import read_texts
from tests.web import camera
from tests.web.checkpoint import STANDS, Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town

NEXT_READS = """() => {
    globalThis.read = [];
    new MutationObserver(() => {
        const next = document.querySelector("[data-action=next]")?.textContent;
        if (next?.includes("（")) read.push(next);
    }).observe(document, { childList: true, subtree: true, characterData: true });
}"""
"""Notes how the button counts down: whoever looks later than that finds it gone."""
TABLET = {"width": 1280, "height": 720}
"""On its side, as the picture of the fake camera is: what does not stand on the screen is not read."""
SEEN = 800
"""Pixels of the picture's width that are on its screen."""


@pytest.fixture
def gate(launch: Launch, town: Town, tmp_path: Path) -> Checkpoint:
    """The gate app with a camera that sees a wall."""
    video = camera.record(tmp_path / "camera.y4m", [camera.scene()])
    checkpoint = Checkpoint(launch(camera=video, viewport=TABLET), town.gate, video).open()
    checkpoint.camera_on()
    return checkpoint


def test_it_reads_what_hands_and_weather_make_of_a_code(gate: Checkpoint, town: Town, tmp_path: Path) -> None:
    """A code that is read only when held still and straight makes a queue."""
    hardships = {
        "clean": lambda frame: frame,
        "tilted": camera.tilted,
        "blurred": camera.blurred,
        "glare": camera.glared,
        "at night": lambda frame: frame.point(lambda value: value // 4),
        "white on black": ImageOps.invert,
    }
    found = {}
    for number, (name, hardship) in enumerate(hardships.items()):
        code = town.presentation(tmp_path, f"王小{number}")
        gate.see(hardship(camera.scene(camera.symbol(code))))
        found[name] = gate.verdict()
        gate.next()
    assert found == dict.fromkeys(hardships, ("accepted", ""))


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param("", id="handed over as it is"),
        pytest.param("delete globalThis.VideoFrame", id="no frames of a video"),
        pytest.param("delete globalThis.OffscreenCanvas", id="no canvas in a worker"),
        pytest.param(
            "globalThis.VideoFrame = class { constructor() { throw new DOMException('no', 'InvalidStateError'); } }",
            id="a frame that may not be taken",
        ),
        pytest.param(
            """Object.defineProperty(VideoFrame.prototype, "displayWidth", { get: () => 720 });
            Object.defineProperty(VideoFrame.prototype, "displayHeight", { get: () => 1280 });""",
            id="a frame that lies otherwise than its picture",
        ),
        pytest.param(
            """const ask = Worker.prototype.postMessage;
            Worker.prototype.postMessage = function (asked, given) {
                if (asked.picture.frame) throw new DOMException("no", "DataCloneError");
                return Reflect.apply(ask, this, [asked, given]);
            };""",
            id="a frame that is not handed over",
        ),
    ],
)
def test_it_reads_whatever_the_browser_lacks(launch: Launch, town: Town, tmp_path: Path, lacking: str) -> None:
    """Frames are drawn in the worker where the browser lets them go, else in the page: the guard sees no difference."""
    video = camera.record(tmp_path / "camera.y4m", [camera.scene(camera.symbol(town.paper()["text"]))])
    gate = Checkpoint(launch(camera=video, viewport=TABLET), town.gate, video)
    gate.page.add_init_script(lacking)
    assert gate.open().verdict() == ("accepted", "")


NO_PLANES = "delete VideoFrame.prototype.copyTo"
ALL_IN_COLOUR = "Object.defineProperty(VideoFrame.prototype, 'format', { get: () => 'BGRA' })"
TURNED = "Object.defineProperty(VideoFrame.prototype, 'rotation', { get: () => 180 })"
NO_CANVAS = "delete globalThis.OffscreenCanvas"


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param(NO_CANVAS, id="no canvas"),
        pytest.param(NO_PLANES, id="no brightness by itself, so that it is drawn"),
        pytest.param(ALL_IN_COLOUR, id="frames without a plane of brightness"),
        pytest.param(TURNED, id="frames that lie otherwise in memory"),
        pytest.param(f"{NO_PLANES};{NO_CANVAS}", id="neither, so that it is given pixels"),
    ],
)
def test_a_worker_reads_whatever_it_lacks(launch: Launch, town: Town, tmp_path: Path, lacking: str) -> None:
    """A page's interfaces are not its worker's: the first reader fails at a frame, the second has nothing to draw."""
    video = camera.record(tmp_path / "camera.y4m", [camera.scene(camera.symbol(town.paper()["text"]))])
    context = launch(camera=video, viewport=TABLET, service_workers="block")

    def aged(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{lacking};{answer.text()}")

    context.route("**/assets/decoder-*.js", aged)
    assert Checkpoint(context, town.gate, video).open().verdict() == ("accepted", "")


def test_an_old_frame_is_refused_and_the_challenge_helps(gate: Checkpoint, town: Town, tmp_path: Path) -> None:
    """A screenshot must not pass. A phone whose clock is wrong looks like one, and its holder has another way."""
    phone, _ = town.phone(tmp_path)
    gate.see(camera.scene(camera.symbol(phone.show(town.clock.now() - 600))))
    assert gate.verdict() == ("refused", "presentation-expired")
    gate.do("challenge")
    asked = gate.page.locator(".symbol").get_attribute("data-text") or ""
    drawn = gate.page.locator(".symbol").screenshot()
    assert read_texts(drawn) == [asked], "the challenge on the screen is what a phone can scan"
    # The phone's clock stands in 2020; what counts is the nonce.
    answer = phone.answer(asked, 1_600_000_000)
    gate.do("answer")
    gate.see(camera.scene(camera.symbol(answer)))
    assert gate.verdict() == ("accepted", "")


def test_an_answer_is_for_the_gate_that_asked(gate: Checkpoint, town: Town, tmp_path: Path) -> None:
    """Otherwise one gate's answer would open all others for a friend."""
    phone, _ = town.phone(tmp_path)
    answer = phone.answer(town.guangdong.challenge()["text"], town.clock.now())
    gate.do("challenge")
    gate.do("answer")
    assert gate.type(answer) == ("refused", "challenge-not-answered")


def test_two_codes_in_one_picture_are_none(gate: Checkpoint, town: Town) -> None:
    """Whose verdict would it be? The guard must not have to guess."""
    codes = [town.paper(name)["text"] for name in ("李建国", "王小明")]
    gate.see(camera.scene(*(camera.symbol(code, 350) for code in codes), across=SEEN - 40))
    expect(gate.page.locator("#message")).to_have_text("有两个码，请一次只出示一个")
    assert gate.page.locator("main[data-outcome]").count() == 0


def test_a_poster_beside_a_code_is_no_second_code(gate: Checkpoint, town: Town) -> None:
    """Every gate has a poster with a symbol on it."""
    poster = camera.symbol("HTTPS://EXAMPLE.ORG/GATE", 240)
    gate.see(camera.scene(camera.symbol(town.paper()["text"], 350), poster, across=SEEN - 40))
    assert gate.verdict() == ("accepted", "")


def test_a_code_that_stays_in_front_is_counted_once(gate: Checkpoint, town: Town) -> None:
    """The camera sees it 15 times a second; the screen must not flicker, and the count is of people."""
    gate.see(camera.scene(camera.symbol(town.paper()["text"])))
    assert gate.verdict() == ("accepted", "")
    gate.next()
    expect(gate.page.locator("#message")).to_have_text("刚才的码还在镜头前，请移开")
    gate.wait_for_frames(40)
    assert gate.page.locator("main[data-outcome]").count() == 0
    assert gate.shift() == {"accepted": 1}


def test_the_next_scan_begins_by_itself(launch: Launch, town: Town) -> None:
    """A guard with full hands lets people walk by; only what is accepted goes away unasked."""
    gate = Checkpoint(launch(), town.gate, settings=STANDS | {"automatic": "yes"})
    gate.page.clock.install()
    gate.open()
    gate.page.evaluate(NEXT_READS)
    gate.page.locator("#typed").fill(town.paper()["text"])
    gate.page.keyboard.press("Enter")
    gate.page.wait_for_function("() => read.length")
    gate.page.locator("[data-screen=scan]").wait_for()
    assert all("下一位（" in text for text in gate.page.evaluate("read"))
    assert gate.type("no code") == ("refused", "not-a-credential")
    gate.page.clock.run_for(10_000)
    assert gate.verdict() == ("refused", "not-a-credential")


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        pytest.param("NotAllowedError", "denied", id="denied"),
        pytest.param("NotFoundError", "absent", id="absent"),
        pytest.param("NotReadableError", "busy", id="busy"),
    ],
)
def test_without_a_camera_it_says_why_and_shows_the_other_ways(
    launch: Launch, town: Town, error: str, trouble: str
) -> None:
    """A black rectangle tells nobody whether to ask the browser, the shop or the other app."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{error}'))"
    )
    gate.open()
    view = gate.page.locator(f"[data-camera={trouble}]")
    expect(view.locator("[role=alert]")).to_contain_text("下面的方式")
    expect(view.get_by_role("button", name="重试")).to_be_visible()
    assert gate.type(town.paper()["text"]) == ("accepted", "")


def test_the_light_is_offered_where_the_camera_has_one(launch: Launch, town: Town) -> None:
    """Paper at night; a laptop's camera has none, and a dead button would only cost time."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(
        """MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
        MediaStreamTrack.prototype.applyConstraints = async (asked) => {
            globalThis.asked = asked;
            if (globalThis.isHot) throw new DOMException("too hot", "OverconstrainedError");
        };"""
    )
    gate.open()
    light = gate.page.get_by_role("button", name="补光灯")
    light.click()
    expect(light).to_have_attribute("aria-pressed", "true")
    assert gate.page.evaluate("asked") == {"advanced": [{"torch": True}]}
    light.click()
    expect(light).to_have_attribute("aria-pressed", "false")
    gate.page.evaluate("isHot = true")
    light.click()
    gate.page.wait_for_function("() => asked.advanced[0].torch")
    expect(light).to_have_attribute("aria-pressed", "false")
