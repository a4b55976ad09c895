"""The gate app in a browser, used as a guard uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.web.camera import record
from tests.web.town import Town

SECONDS = 90_000
"""For what waits, in milliseconds: a machine under load must not make a test fail."""
STANDS = {"automatic": "no", "speech": "no"}
"""Settings with which a verdict stands until somebody goes on."""

_PRACTICE_STANDS = """const begin = setInterval;
globalThis.setInterval = (deed, after, ...given) => begin(deed, after === 5000 ? 3_600_000 : after, ...given);"""
"""A script with which practice does not end by itself while it is looked at."""

COUNT_FRAMES = """() => {
    const ask = Worker.prototype.postMessage;
    globalThis.frames = 0;
    Worker.prototype.postMessage = function (...given) { frames++; return Reflect.apply(ask, this, given); };
}"""

KEPT = """async () => {
    await navigator.serviceWorker.ready;
    const isKept = () => navigator.serviceWorker.controller && localStorage["gate-kept"];
    while (!isKept()) await new Promise((go) => setTimeout(go, 100));
}"""
"""Waits until the app and its knowledge lie on the device."""


class Checkpoint:
    """One device with the gate app. ``camera``: the video that its browser was started with."""

    def __init__(
        self,
        context: BrowserContext,
        address: str,
        camera: Path | None = None,
        settings: Mapping[str, str] = STANDS,
        page: Page | None = None,
    ) -> None:
        self.context, self.page, self.address, self.camera = context, page or context.pages[0], address, camera
        self.page.set_default_timeout(SECONDS)
        for name, value in settings.items():
            self.page.add_init_script(f"localStorage['gate-{name}'] ??= '{value}'")

    def open(self) -> Checkpoint:
        """Open it, wait until it knows something, and begin."""
        self.page.goto(self.address)
        expect(self.page.locator("#place")).to_contain_text(re.compile("广东|廣東|Guangdong"))
        return self.begin()

    def begin(self) -> Checkpoint:
        """The one tap with which it starts."""
        self.do("start")
        return self

    def reload(self) -> Checkpoint:
        """Open it anew, and begin whether it knows anything or not."""
        self.page.reload()
        return self.begin()

    def open_and_keep(self) -> Checkpoint:
        """As :meth:`open`, and wait until the app and its knowledge lie on the device."""
        self.open()
        self.page.evaluate(KEPT)
        return self

    def see(self, *frames: Image.Image) -> None:
        """Hold something in front of the camera: it is switched off meanwhile, as the fake one must be.

        Nothing is waited for: by the time that anybody looks, the code may be read and its verdict shown.
        """
        assert self.camera is not None
        self.settings()
        record(self.camera, frames)
        self.do("back")

    def type(self, text: str) -> tuple[str, str]:
        """Type a text into the box; the verdict."""
        self.page.locator("#typed").fill(text)
        self.page.keyboard.press("Enter")
        return self.verdict()

    def verdict(self) -> tuple[str, str]:
        """Wait for one: its outcome, and its first reason."""
        main = self.page.locator("main[data-outcome]")
        main.wait_for()
        return main.get_attribute("data-outcome") or "", main.get_attribute("data-reason") or ""

    def next(self) -> None:
        """On to the next person, whose code may be read at once."""
        self.do("next")

    def camera_on(self) -> None:
        """Wait until the camera looks at what nobody can read: in front of a code this state may be over at once."""
        self.page.locator("[data-camera=on]").wait_for()

    def wait_for_frames(self, count: int) -> None:
        """Wait until so many more pictures of the camera were given to the reader."""
        self.page.evaluate(COUNT_FRAMES)
        self.page.wait_for_function("count => frames >= count", arg=count)

    def settings(self) -> None:
        """The screen of settings and knowledge."""
        self.page.locator(".sign").nth(1).click()
        self.page.locator("[data-screen=settings]").wait_for()

    def shift(self) -> dict[str, int]:
        """The shift's counts; ends on their screen."""
        self.page.locator(".sign").nth(0).click()
        rows = self.page.locator("[data-screen=shift] tr[data-result]")
        self.page.locator("[data-screen=shift]").wait_for()
        return {row.get_attribute("data-result") or "": int(row.locator("td").inner_text()) for row in rows.all()}

    def refresh(self) -> None:
        """Ask the service for news by hand; ends on the screen of settings."""
        self.settings()
        with self.page.expect_response("**/v1/snapshot*"):
            self.do("refresh")

    def do(self, action: str) -> None:
        """Press a button by what it does."""
        self.page.locator(f"[data-action={action}]").click()

    def set_clock(self, ahead: int) -> None:
        """Set the device's clock so many seconds ahead of what it is."""
        self.page.clock.set_system_time(datetime.now(UTC) + timedelta(seconds=ahead))


def screens(gate: Checkpoint, town: Town) -> Iterator[str]:
    """Through the whole app from screen to screen, its name each time that there is one to look at. The people have the
    longest names; at the end the gate's knowledge is a day old."""
    gate.page.add_init_script(_PRACTICE_STANDS)
    gate.page.goto(gate.address)
    expect(gate.page.locator("#place")).to_contain_text(re.compile("广东|廣東|Guangdong"))
    yield "start"
    for outcome in ("accepted", "refused", "undetermined", "passed-by-hand"):
        gate.page.locator(f"[data-practice={outcome}]").click()
        gate.page.locator("[data-screen=practice]").wait_for()
        yield f"practice-{outcome}"
        gate.do("end")
    gate.begin().camera_on()
    yield "scan"
    assert gate.type(town.paper("欧阳修文")["text"]) == ("accepted", "")
    yield "accepted"
    gate.next()
    assert gate.type("no code") == ("refused", "not-a-credential")
    yield "bare"
    gate.next()
    assert gate.type(town.paper("阿卜杜拉·买买提", hours=60)["text"]) == ("refused", "rule-failed")
    yield "refused"
    gate.do("manual")
    yield "manual"
    gate.page.locator("[data-way=document]").click()
    yield "steps"
    gate.page.locator("[data-required]").check()
    gate.do("passed")
    yield "by-hand"
    gate.next()
    gate.do("challenge")
    gate.page.locator(".symbol svg").wait_for()
    yield "challenge"
    gate.do("back")
    gate.settings()
    yield "settings"
    gate.do("back")
    gate.shift()
    yield "shift"
    gate.do("back")
    code = town.paper("买买提", hours=1)["text"]
    gate.set_clock(25 * 3600)
    assert gate.type(code)[0] == "undetermined"
    yield "undetermined"


def forget(page: Page) -> None:
    """What a browser does that runs out of room: the database is gone, the page does not know."""
    page.evaluate(
        """() => new Promise((done) => {
            const asked = indexedDB.open("tongxing-gate");
            asked.onsuccess = () => {
                const deed = asked.result.transaction("values", "readwrite");
                deed.objectStore("values").clear();
                deed.oncomplete = () => { asked.result.close(); done(); };
            };
        })"""
    )


def damage(page: Page) -> None:
    """Half of what was stored is missing."""
    page.evaluate(
        """() => new Promise((done) => {
            const asked = indexedDB.open("tongxing-gate");
            asked.onsuccess = () => {
                const deed = asked.result.transaction("values", "readwrite");
                deed.objectStore("values").put({ document: { member: "CN-44" }, etag: null, syncedAt: 1 }, "snapshot");
                deed.oncomplete = () => { asked.result.close(); done(); };
            };
        })"""
    )
