"""Browsers that are years behind: the apps run in them, or say in three languages what to do. docs/checkpoint.md."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from issuer.app import WALLET
from service_kit.clock import SystemClock
from tests.web import camera
from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, outcome
from verifier.app import GATE_APP

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
    "VideoFrame": "delete globalThis.VideoFrame",
    "Intl.ListFormat": "delete Intl.ListFormat",
    "Intl.DisplayNames": "delete Intl.DisplayNames",
    "wakeLock": "delete Navigator.prototype.wakeLock",
    "storage": "delete Navigator.prototype.storage",
    "permissions": "delete Navigator.prototype.permissions",
    "locks": "delete Navigator.prototype.locks; delete globalThis.BroadcastChannel",
    "service workers": "delete Navigator.prototype.serviceWorker",
}
"""What Chrome 90 or Safari 14.1 lack, or may lack."""
ALL_OF_THEM = ";".join(f"try {{ {script} }} catch {{}}" for script in YOUNGER.values())
"""For pages and for workers, which have less to take away."""
TOO_YOUNG = {
    "js": {
        "lookbehind and sets in patterns": r"\(\?<[=!]|/[a-z]*v[a-z]*\.(test|exec)\(",
        "arrays": r"\.(findLast|findLastIndex|toSorted|toReversed|toSpliced|fromAsync|groupBy)\(",
        "promises": r"Promise\.(any|try|withResolvers)\b|AggregateError",
        "bytes": r"\.(setFromBase64|setFromHex|toHex)\(|fromBase64|(De)?[cC]ompressionStream",
        "strings": r"\.(isWellFormed|toWellFormed|replaceAll)\(",
        "Intl": r"Intl\.(ListFormat|DurationFormat|Segmenter)",
        "of the page": r"AbortSignal\.|\brandomUUID|structuredClone|\.replaceChildren|\.showModal|\.requestSubmit",
        "of pictures": r"createImageBitmap|ImageDecoder|MediaStreamTrackProcessor|ImageCapture",
        "between pages": r"BroadcastChannel|\.locks\b|SharedArrayBuffer",
        "words": r"\bstatic\s*\{|type:[`'\"]module",
    },
    "css": {
        "selectors": r":has\(|:user-valid|:modal|::backdrop",
        "at-rules": r"@(layer|container|scope|property|starting-style)\b",
        "lengths": r"[0-9](svh|lvh|svw|lvw|dvw|cqw|cqh)\b",
        "colours": r"color-mix\(|oklch\(|light-dark\(",
        "values": r"subgrid|text-wrap|overflow:\s*clip",
    },
}
"""Words of what is younger than the oldest browsers, and used without asking whether it is there."""


def _built(kind: str) -> list[Path]:
    return [path for app in (GATE_APP, WALLET) for path in sorted(app.rglob(f"*.{kind}"))]


@pytest.mark.parametrize(("kind", "what"), [(kind, what) for kind, words in TOO_YOUNG.items() for what in words])
def test_nothing_younger_is_built_in(chromium: str, kind: str, what: str) -> None:
    """The libraries' words as well as ours. What is used only where it is there is taken away by the tests below."""
    young = re.compile(TOO_YOUNG[kind][what])
    assert _built(kind)
    found = [(path.name, text[max(0, at.start() - 40) : at.end() + 20])
             for path in _built(kind) for text in [path.read_text()] for at in young.finditer(text)]  # fmt: skip
    assert found == []


def test_a_height_of_the_screen_has_an_older_word_before_it(chromium: str) -> None:
    """``dvh`` came with Chrome 108 and Safari 15.4: what is said with it alone is not said."""
    for path in _built("css"):
        for rule in re.findall(
            r"[^{}]*\{[^{}]*dvh[^{}]*\}", re.sub(r"@supports \(height:1dvh\)\{.*?\}\}", "", path.read_text())
        ):
            for name in re.findall(r"([a-z-]+):[^;{}]*dvh", rule):
                assert re.search(rf"[{{;]{name}:[^;{{}}]*[0-9]vh", rule), (path.name, rule)


def test_the_gate_app_does_without_each_younger_interface(launch: Launch, town: Town) -> None:
    """A missing one was a blank page, a dead button, or "no network"."""
    context = launch()
    code = town.paper()["text"]
    for name, script in {**YOUNGER, "all of them": ALL_OF_THEM}.items():
        page = context.new_page()
        page.add_init_script(f"localStorage['gate-automatic'] = 'no'; {script}")
        gate = Checkpoint(context, town.gate, page=page).open()
        gate.camera_on()
        assert gate.type(code) == ("accepted", ""), name
        gate.next()
        gate.refresh()
        expect(page.locator("[data-failure]")).to_have_count(0)
        page.close()


def test_the_wallet_does_without_each_younger_interface(launch: Launch, town: Town) -> None:
    """The phones of 2021 that grandparents were given."""
    context = launch()
    Wallet(context, town.wallet).open().claim(town.claim_code("魏九"))
    clock, checked_at = SystemClock(), 0
    for name, script in {**YOUNGER, "all of them": ALL_OF_THEM}.items():
        # Two codes of one second are one to a gate, and the second is a replay.
        town.world.wait(lambda before=checked_at: clock.now() > before, "the clock stands still")
        wallet = Wallet(context, town.wallet)
        wallet.page = context.new_page()
        wallet.page.add_init_script(script)
        assert outcome(town, wallet.open().shown()) == ("accepted", []), name
        checked_at = clock.now()
        wallet.press("menu")
        with wallet.page.expect_response("**/v1/wallet/renewals"):
            wallet.press("renew")
        for screen in ("details", "paper", "answer"):
            wallet.page.go_back()
            wallet.page.locator("h1.band").wait_for()
            wallet.press("menu")
            wallet.press(screen)
            assert wallet.page.locator("h1:not(.band)").inner_text(), name
        wallet.page.close()


def test_a_claim_needs_no_younger_interface(launch: Launch, town: Town) -> None:
    """A key made, a code got and kept."""
    wallet = Wallet(launch(), town.wallet)
    wallet.page.add_init_script(ALL_OF_THEM)
    wallet.open().claim(town.claim_code("魏十"))
    assert outcome(town, wallet.shown()) == ("accepted", [])


def test_the_reader_of_symbols_needs_no_younger_interface(launch: Launch, town: Town) -> None:
    """What is taken from a page is not taken from its workers."""
    context = launch(service_workers="block")

    def aged(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{ALL_OF_THEM};{answer.text()}")

    context.route("**/assets/decoder-*.js", aged)
    gate = Checkpoint(context, town.gate).open()
    picture = io.BytesIO()
    camera.scene(camera.symbol(town.paper()["text"])).save(picture, "PNG")
    gate.page.locator("#picture").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    assert gate.verdict() == ("accepted", "")


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages that may throw what they like."""
    contexts: list[BrowserContext] = []

    def begin(**options: Any) -> Page:
        contexts.append(browser.new_context(service_workers="block", **options))
        return contexts[-1].new_page()

    yield begin
    for context in contexts:
        context.close()


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
