"""Every screen of the two apps, in all languages, both themes, on a narrow phone and on a desk: nobody is shut out.

On the same way it is seen that each fits on every screen there is (sizes.py), in both sizes of letters, in the language
with the longest words and in the one that is read most."""

from __future__ import annotations

import pytest

from credentials.profile.languages import LANGUAGES
from tests.web import checkpoint, wallet
from tests.web.axe import DESK, PHONE, SCREENSHOTS, look
from tests.web.checkpoint import STANDS, Checkpoint
from tests.web.conftest import Launch
from tests.web.sheet import Sheet
from tests.web.sizes import broken_when_narrow, faults_at_each_size
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
MEASURED = ("zh-CN", "en")
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
        for screen in checkpoint.screens(gate, town):
            found[screen] = look(gate.page, f"gate-{screen}-{suffix}", language)
            sheet.add(gate.page)
            if language in MEASURED:
                found[screen] += faults_at_each_size(gate.page, screen)
    assert {screen: each for screen, each in found.items() if each} == {}


@looks
def test_the_wallet(launch: Launch, town: Town, language: str, theme: str, width: int, is_large: bool) -> None:
    """A resident of 75 on a small phone, a reader of screens, a window on a desk."""
    context = launch(locale=language, color_scheme=theme, viewport={"width": width, "height": 740}, bypass_csp=True)
    held = Wallet(context, town.wallet).open()
    suffix = f"{language}-{theme}-{width}" + ("-elder" if is_large else "")
    if is_large:
        held.press("elder")
    found = {}
    with Sheet(SCREENSHOTS, f"sheet-wallet-{suffix}") as sheet:
        for screen in wallet.screens(held, town):
            found[screen] = look(held.page, f"wallet-{screen}-{suffix}", language)
            sheet.add(held.page)
            if language == "en":
                found[screen] += broken_when_narrow(held.page)
    assert {screen: each for screen, each in found.items() if each} == {}
