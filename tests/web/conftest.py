"""A real browser, Debian's Chromium driven by Playwright, with a camera that sees what the tests draw."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, expect, sync_playwright

from issuer.app import WALLET
from tests.scenarios.deployment import FoundedWorld
from tests.web.camera import record, scene
from tests.web.town import Town
from tests.web.twin import PageTwin, bundle
from verifier.app import GATE_APP

# The shell without a window of its own first: a page costs it a third.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

expect.set_options(timeout=90_000)
"""Milliseconds: what is there in the end counts, however busy the machine is."""


class Launch(Protocol):
    """Starts a device with a store of its own. With ``profile`` or ``camera`` it is a browser of its own, which costs
    two seconds: what it stores lies in ``profile`` and is there again at the next start with the same one; its camera
    sees the video ``camera``. Further options are Playwright's."""

    def __call__(self, profile: str = "", camera: Path | None = None, **options: Any) -> BrowserContext:
        """A device with one empty page."""
        ...


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, with the apps built; skips where there is none."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium-headless-shell")
    assert all((app / "index.html").exists() for app in (GATE_APP, WALLET)), "the apps are not built: make apps"
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright itself, once for each worker of pytest-xdist."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Town]:
    """A registry and two provinces, running."""
    with FoundedWorld(tmp_path_factory.mktemp("town")) as world:
        town = Town(world)
        world.stands = True
        yield town


@pytest.fixture(scope="session")
def seen_wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The video of a camera before which nobody stands."""
    return record(tmp_path_factory.mktemp("camera") / "wall.y4m", [scene()])


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str, seen_wall: Path) -> Iterator[Browser]:
    """The browser that all devices share which need none of their own."""
    started = playwright.chromium.launch(**program(chromium, seen_wall))
    yield started
    started.close()


@pytest.fixture
def launch(
    request: pytest.FixtureRequest, playwright: Playwright, chromium: str, seen_wall: Path, tmp_path: Path
) -> Iterator[Launch]:
    """Starts devices that end with the test; it fails when a page threw an error or asked for what its Content
    Security Policy forbids."""
    started: list[BrowserContext] = []
    faults: list[str] = []

    def begin(profile: str = "", camera: Path | None = None, **options: Any) -> BrowserContext:
        wanted = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "permissions": ["camera"]} | options
        if profile or camera:
            how = program(chromium, camera or seen_wall)
            context = playwright.chromium.launch_persistent_context(tmp_path / (profile or "own"), **how, **wanted)
        else:
            context = request.getfixturevalue("browser").new_context(**wanted)
            context.new_page()
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", lambda message: faults.extend(_faults(message)))
        started.append(context)
        return context

    yield begin
    for context in started:
        context.close()
    assert faults == []


@pytest.fixture
def wall() -> Image.Image:
    """What a camera sees when nobody shows it anything."""
    return scene()


def program(chromium: str, camera: Path) -> dict[str, Any]:
    """How a browser is started whose camera sees this video."""
    seen = f"--use-file-for-fake-video-capture={camera}"
    return {"executable_path": chromium, "chromium_sandbox": False, "args": [*ARGUMENTS, seen]}


def _faults(message: ConsoleMessage) -> list[str]:
    """A network that is off is no fault of the page."""
    return [message.text] if message.type == "error" and "Content Security Policy" in message.text else []


@pytest.fixture(scope="module")
def page_judge(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageTwin]:
    """The judge in a page."""
    script = Path(bundle(tmp_path_factory.mktemp("page"))[-1])
    page = browser.new_page()
    yield PageTwin(page, script)
    page.close()
