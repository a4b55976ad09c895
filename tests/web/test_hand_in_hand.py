"""The wallet on one screen and the gate on another: what one draws, the other's camera sees."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.web import camera
from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet

HEIGHT = 440
"""Pixels that a symbol held up takes of a camera's picture, with what stands around it."""
AROUND = 20
"""Pixels of the screen around the symbol that are in the picture."""


def test_a_resident_shows_and_a_guard_scans(launch: Launch, town: Town, tmp_path: Path) -> None:
    """From a claim code to an open gate, and once more over the gate's own question: nothing is handed on but light."""
    sees_gate, sees_phone = (camera.record(tmp_path / f"{name}.y4m", [camera.scene()]) for name in ("phone", "gate"))
    phone = Wallet(launch("phone", sees_gate), town.wallet).open().claim(town.claim_code("高远"))
    gate = Checkpoint(launch("gate", sees_phone), town.gate, sees_phone).open()
    gate.camera_on()
    phone.shown()
    gate.see(camera.scene(held_up(phone.page)))
    assert gate.verdict() == ("accepted", "")
    gate.next()
    gate.do("challenge")
    gate.page.locator("[data-screen=challenge] .symbol").wait_for()
    camera.record(sees_gate, [camera.scene(held_up(gate.page))])
    phone.press("answer")
    phone.page.locator("h1", has_text="请出示给").wait_for()
    phone.shown()
    gate.do("answer")
    gate.see(camera.scene(held_up(phone.page)))
    assert gate.verdict() == ("accepted", "")


def held_up(page: Page) -> Image.Image:
    """The symbol on a page's screen with what stands around it, as close as the frame on the gate's screen asks for."""
    box = page.locator(".symbol").first.bounding_box()
    assert box is not None
    screen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    left, top, right, bottom = box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
    seen = screen.crop((max(0, left - AROUND), max(0, top - AROUND), right + AROUND, bottom + AROUND))
    return seen.resize((seen.width * HEIGHT // seen.height, HEIGHT), Image.Resampling.LANCZOS)
