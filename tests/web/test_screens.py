"""Every screen of the two apps, in all languages, both themes, on a narrow phone and on a desk: nobody is shut out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from service_kit.http.front.language import LANGUAGES
from tests.web.axe import DESK, PHONE, SCREENSHOTS, look
from tests.web.checkpoint import PRACTICE_STANDS, STANDS, Checkpoint
from tests.web.conftest import Launch
from tests.web.sheet import Sheet
from tests.web.town import Town
from tests.web.wallet import Wallet

THEMES = ("light", "dark")
# Each language, each theme, each width and each size at least twice, and no two of them always together.
SOME = [
    ("zh-CN", "light", PHONE, False),
    ("zh-CN", "dark", DESK, True),
    ("zh-HK", "dark", PHONE, True),
    ("zh-HK", "light", DESK, False),
    ("en", "light", PHONE, True),
    ("en", "dark", PHONE, False),
]
# Pictures of each screen in all sizes, once in each language, theme and size of letters.
ALL = [(language, theme, PHONE, is_large) for language in LANGUAGES for theme in THEMES for is_large in (False, True)]
looks = pytest.mark.parametrize(("language", "theme", "width", "is_large"), ALL if SCREENSHOTS else SOME)


@looks
def test_the_gate_app(launch: Launch, town: Town, language: str, theme: str, width: int, is_large: bool) -> None:
    """A guard with bad eyes, with the keyboard, in the dark, from Hong Kong."""
    context = launch(locale=language, color_scheme=theme, viewport={"width": width, "height": 740}, bypass_csp=True)
    gate = Checkpoint(context, town.gate, settings={**STANDS, "large": "yes" if is_large else "no"})
    suffix = f"{language}-{theme}-{width}" + ("-large" if is_large else "")
    found = {}
    with Sheet(SCREENSHOTS, f"sheet-gate-{suffix}") as sheet:
        for screen in _gate(gate, town):
            found[screen] = look(gate.page, f"gate-{screen}-{suffix}", language)
            sheet.add(gate.page)
    assert {screen: each for screen, each in found.items() if each} == {}


@looks
def test_the_wallet(launch: Launch, town: Town, language: str, theme: str, width: int, is_large: bool) -> None:
    """A resident of 75 on a small phone, a reader of screens, a window on a desk."""
    context = launch(locale=language, color_scheme=theme, viewport={"width": width, "height": 740}, bypass_csp=True)
    wallet = Wallet(context, town.wallet).open()
    suffix = f"{language}-{theme}-{width}" + ("-elder" if is_large else "")
    if is_large:
        wallet.press("elder")
    found = {}
    with Sheet(SCREENSHOTS, f"sheet-wallet-{suffix}") as sheet:
        for screen in _wallet(wallet, town):
            found[screen] = look(wallet.page, f"wallet-{screen}-{suffix}", language)
            sheet.add(wallet.page)
    assert {screen: each for screen, each in found.items() if each} == {}


def _gate(gate: Checkpoint, town: Town) -> Iterator[str]:
    """From screen to screen, its name each time that there is one to look at."""
    gate.page.add_init_script(PRACTICE_STANDS)
    gate.page.goto(gate.address)
    _seen(gate.page, "start")
    yield "start"
    for outcome in ("accepted", "refused", "undetermined", "passed-by-hand"):
        gate.page.locator(f"[data-practice={outcome}]").click()
        _seen(gate.page, "practice")
        yield f"practice-{outcome}"
        gate.do("end")
    gate.open().camera_on()
    yield "scan"
    assert gate.type(town.paper()["text"]) == ("accepted", "")
    yield "accepted"
    gate.next()
    assert gate.type("no code") == ("refused", "not-a-credential")
    yield "bare"
    gate.next()
    assert gate.type(town.paper(hours=60)["text"]) == ("refused", "rule-failed")
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
    _seen(gate.page, "challenge")
    yield "challenge"
    gate.do("back")
    gate.settings()
    yield "settings"
    gate.do("back")
    gate.shift()
    yield "shift"


def _wallet(wallet: Wallet, town: Town) -> Iterator[str]:
    """As :func:`_gate`."""
    yield "welcome"
    wallet.press("install")
    yield "install"
    wallet.page.go_back()
    wallet.type_claim_code("1234 5678 9012 3456")
    wallet.page.locator("#code-error").wait_for()
    yield "mistyped"
    wallet.page.route("**/v1/wallet/claims", lambda route: route.abort())
    wallet.page.locator("#code").fill(town.claim_code("宋一"))
    wallet.press("send")
    wallet.page.locator("main[data-refusal=offline]").wait_for()
    wallet.page.go_back()
    wallet.condition("waiting")
    yield "waiting"
    wallet.page.unroute("**/v1/wallet/claims")
    wallet.press("again")
    wallet.page.locator(".symbol svg").wait_for()
    yield "show"
    for screen in ("menu", "details", "answer", "remove", "nickname", "paper"):
        wallet.open()
        wallet.page.locator(".symbol svg").wait_for()
        wallet.press("menu")
        if screen != "menu":
            wallet.press(screen)
        yield screen
    wallet.press("make")
    wallet.page.locator(".symbol svg").first.wait_for()
    yield "paper-made"
    wallet.open().claim(town.claim_code("金国英", form="assisted", guardian="child"))
    yield "relative"
    wallet.press("people")
    yield "people"
    wallet.page.go_back()
    wallet.claim(town.claim_code("宋二", decision=town.decision("red", "close-contact")))
    yield "red"
    wallet.stored({"keys": None})
    wallet.page.reload()
    wallet.condition("key-lost")
    yield "key-lost"


def _seen(page: Page, screen: str) -> None:
    page.locator(f"[data-screen={screen}]").wait_for()
