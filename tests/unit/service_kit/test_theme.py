"""The design tokens: every pair that a page may put together can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

THEME = (Path(__file__).parents[3] / "service_kit" / "browser" / "theme.css").read_text("utf-8")
TEXT_CONTRAST, EDGE_CONTRAST = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11."""
GROUNDS = ("background", "surface")
TEXTS = [(ink, ground) for ink in ("text", "quiet", "accent") for ground in GROUNDS] + [
    (f"on-{ground}", ground) for ground in ("accent", "accepted", "refused", "undetermined", "by-hand")
]
EDGES = [(line, ground) for line in ("edge", "accent") for ground in GROUNDS]


def tokens(selector: str) -> dict[str, str]:
    """The tokens of the first block that opens with ``selector``."""
    block = THEME[THEME.index(selector) + len(selector) :]
    return dict(re.findall(r"--([a-z-]+): ([^;]+);", block[: block.index("}")]))


LIGHT = tokens(":root {")
THEMES = {
    "light": LIGHT,
    "dark": LIGHT | tokens("@media (prefers-color-scheme: dark) {\n  :root {"),
    "print": LIGHT | tokens("@media print {\n  :root {"),
}


@pytest.mark.parametrize("theme", THEMES)
def test_texts_can_be_read(theme: str) -> None:
    """In sunshine, by old eyes, on a poor screen."""
    found = {pair: contrast(THEMES[theme], *pair) for pair in TEXTS}
    assert {pair: ratio for pair, ratio in found.items() if ratio < TEXT_CONTRAST} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_controls_and_focus_can_be_seen(theme: str) -> None:
    """A box to type into that cannot be seen is not there."""
    found = {pair: contrast(THEMES[theme], *pair) for pair in EDGES}
    assert {pair: ratio for pair, ratio in found.items() if ratio < EDGE_CONTRAST} == {}


def test_outcomes_look_the_same_in_both_themes() -> None:
    """Guards know them by heart."""
    outcomes = {"accepted": "#00703c", "refused": "#b3001b", "undetermined": "#ffbf00", "on-undetermined": "#000000"}
    outcomes |= {"by-hand": "#1b3f8f", "on-by-hand": "#ffffff"}
    assert {theme: {name: THEMES[theme][name] for name in outcomes} for theme in THEMES} == dict.fromkeys(
        THEMES, outcomes
    )


def test_elder_sizes() -> None:
    """18 points are 24 px; nothing is smaller, and what is pressed measures 60 px or more."""
    elder = LIGHT | tokens(":root[data-elder] {")
    rem = 16 * float(elder["text-size"].removesuffix("rem"))
    assert rem >= 24
    assert float(elder["size-small"].removesuffix("rem")) >= 1
    assert rem * float(elder["target"].removesuffix("rem")) >= 60


def test_every_token_is_used_or_told() -> None:
    """A token that nobody knows of will be made a second time."""
    page = (Path(__file__).parents[3] / "docs" / "look.md").read_text("utf-8")
    assert [name for name in LIGHT if f"`--{name}`" not in page] == []


def contrast(theme: dict[str, str], one: str, other: str) -> float:
    """The contrast of two tokens. Source: WCAG 2.2, relative luminance."""
    lighter, darker = sorted((luminance(theme[one]), luminance(theme[other])), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Of ``#rrggbb``."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
