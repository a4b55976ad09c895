"""Browsers that are years behind: the apps run in them, or say in three languages what to do. docs/checkpoint.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town

YOUNGER = {
    "AbortSignal.timeout": "delete AbortSignal.timeout",
    "AbortSignal.any": "delete AbortSignal.any",
    "crypto.randomUUID": "delete Crypto.prototype.randomUUID",
    "replaceChildren": "delete Element.prototype.replaceChildren",
    "workers that are modules": """globalThis.Worker = class extends Worker {
        constructor(address, options) {
            if (options?.type === "module") throw new TypeError("no module workers");
            super(address, options);
        }
    }""",
    "structuredClone": "delete globalThis.structuredClone",
    "Array.at": "delete Array.prototype.at; delete String.prototype.at; delete Uint8Array.prototype.__proto__.at",
    "Array.findLast": "delete Array.prototype.findLast; delete Array.prototype.toSorted",
    "Object.hasOwn": "delete Object.hasOwn",
    "replaceAll": "delete String.prototype.replaceAll",
    "DecompressionStream": "delete globalThis.DecompressionStream; delete globalThis.CompressionStream",
    "createImageBitmap": "delete globalThis.createImageBitmap; delete globalThis.OffscreenCanvas",
    "Intl.ListFormat": "delete Intl.ListFormat",
    "wakeLock": "delete Navigator.prototype.wakeLock",
    "storage": "delete Navigator.prototype.storage",
    "permissions": "delete Navigator.prototype.permissions",
    "locks": "delete Navigator.prototype.locks; delete globalThis.BroadcastChannel",
    "service workers": "delete Navigator.prototype.serviceWorker",
}
"""What Chrome 90 or Safari 14.1 lack, or may lack."""


def test_the_gate_app_does_without_each_younger_interface(launch: Launch, town: Town) -> None:
    """A missing one was a blank page, a dead button, or "no network"."""
    context = launch()
    code = town.paper()["text"]
    for name, script in {**YOUNGER, "all of them": ";".join(YOUNGER.values())}.items():
        page = context.new_page()
        page.add_init_script(f"localStorage['gate-automatic'] = 'no'; {script}")
        gate = Checkpoint(context, town.gate, page=page).open()
        gate.camera_on()
        assert gate.type(code) == ("accepted", ""), name
        gate.next()
        gate.refresh()
        expect(page.locator("[data-failure]")).to_have_count(0)
        page.close()


@pytest.fixture
def opened(playwright: Playwright, chromium: str) -> Iterator[Callable[..., Page]]:
    """Opens pages that may throw what they like."""
    browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=["--disable-gpu"])

    def begin(**options: Any) -> Page:
        context: BrowserContext = browser.new_context(service_workers="block", **options)
        return context.new_page()

    yield begin
    browser.close()


@pytest.mark.parametrize("app", ["gate", "wallet"])
@pytest.mark.parametrize(
    "gone", ["delete globalThis.BigInt", "delete Crypto.prototype.subtle", "delete globalThis.fetch"]
)
def test_a_browser_that_is_too_old_is_told_so(opened: Callable[..., Page], town: Town, app: str, gone: str) -> None:
    """Where the app cannot run a page says so, what to do, and what to do meanwhile."""
    page = opened()
    page.add_init_script(gone)
    page.goto(getattr(town, app))
    told = page.locator("[data-unsupported=old]")
    for language, words in (("zh-CN", "太旧"), ("zh-HK", "太舊"), ("en", "too old")):
        expect(told.locator(f"p[lang={language}]")).to_contain_text(words)


@pytest.mark.parametrize("app", ["gate", "wallet"])
@pytest.mark.parametrize(
    ("what", "answer"),
    [
        pytest.param("incomplete", {"status": 404, "body": "gone"}, id="not loaded whole"),
        pytest.param(
            "old", {"body": "let in = old ?;", "content_type": "text/javascript"}, id="words it does not know"
        ),
        pytest.param("fault", {"body": "throw new Error('x')", "content_type": "text/javascript"}, id="a fault"),
    ],
)
def test_what_keeps_it_from_starting_is_called_by_its_name(
    opened: Callable[..., Page], town: Town, app: str, what: str, answer: dict[str, Any]
) -> None:
    """A blank page is no message, and "too old" for a broken download sends people to buy a phone."""
    page = opened()
    page.route("**/assets/index-*.js", lambda route: route.fulfill(**answer))
    page.goto(getattr(town, app))
    page.locator(f"[data-unsupported={what}]").wait_for()


@pytest.mark.parametrize("app", ["gate", "wallet"])
def test_without_script_it_says_so_where_one_looks(opened: Callable[..., Page], town: Town, app: str) -> None:
    """Below a root as high as the screen nobody sees it."""
    page = opened(java_script_enabled=False, viewport={"width": 320, "height": 480})
    page.goto(getattr(town, app))
    expect(page.locator("noscript p").first).to_be_in_viewport()
