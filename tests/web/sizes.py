"""The gate's screens fit on every screen, upright and lying, in both sizes of letters: what a guard must see stands in
view without scrolling, and nothing lies over it. test_wallet_sizes.py is the same for the wallet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.checkpoint import STANDS, Checkpoint, screens
from tests.web.conftest import Launch
from tests.web.test_wallet_sizes import BROKEN, SIZES
from tests.web.town import Town

_FAULTS = """wanted => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push("pushed sideways");
  const within = ({ left, top, right, bottom }) =>
    left >= -0.5 && top >= -0.5 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
  for (const name of wanted) {
    const part = document.querySelector(name);
    const text = document.createRange();
    text.selectNodeContents(part);
    const box = (part.matches("button, input, .picture, .symbol") ? part : text).getBoundingClientRect();
    if (!within(box)) { found.push(`${name} out of view`); continue; }
    for (const [x, y] of [[0.5, 0.5], [0.1, 0.15], [0.9, 0.85]]) {
      const seen = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
      if (!seen || !(part.contains(seen) || seen.contains(part))) { found.push(`${name} covered`); break; }
    }
  }
  for (const part of document.querySelectorAll("button, a, label, h1, h2, p, th, td, dd, li")) {
    const isBlock = getComputedStyle(part).display !== "inline" && !part.matches(".hidden");
    if (isBlock && part.scrollWidth > part.clientWidth + 1) {
      found.push(`cut: ${part.outerHTML.slice(0, 80)}`);
    }
  }
  return found;
}"""
_PRACTICE = ["h1", "[data-action=end]"]
SCREENS = {
    "start": ["h1", "[data-action=start]"],
    "practice-accepted": _PRACTICE,
    "practice-refused": _PRACTICE,
    "practice-undetermined": _PRACTICE,
    "practice-passed-by-hand": _PRACTICE,
    "scan": ["#bar strong", ".picture", "#message"],
    "accepted": [".word span", ".who span", ".duty", "[data-action=next]", "[data-action=differs]"],
    "refused": [".word span", ".reason", ".who span", "[data-action=next]", "[data-action=manual]"],
    "bare": [".word span", ".reason", "[data-action=next]", "[data-action=manual]"],
    "manual": ["h1", "[data-action=back]", ".who span"],
    "steps": ["h1", "[data-action=back]", ".who span", "[data-required]"],
    "by-hand": [".word span", ".reason", ".who span", "[data-action=next]"],
    "challenge": ["h1", ".symbol", "[data-action=back]"],
    "settings": ["h1", "[data-action=back]"],
    "shift": ["h1", "[data-action=back]", ".sums dd"],
    "undetermined": [".word span", ".reason", ".who span", ".duty", "[data-action=next]", "[data-action=manual]"],
}
"""What must be in view on each screen when it comes."""


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_a_guard_must_see_is_in_view(launch: Launch, town: Town, large: bool, language: str) -> None:
    """The outcome, the person, the duty and the way on: whoever has to scroll for one of them looks at three."""
    settings = STANDS | {"large": "yes" if large else "no"}
    gate = Checkpoint(launch(locale=language), town.gate, settings=settings)
    found = {}
    for screen in screens(gate, town):
        for size in SIZES:
            found[f"{screen} {size}"] = _faults(gate.page, size, SCREENS[screen])
    assert [f"{where}: {faults}" for where, faults in found.items() if faults] == []


def _faults(page: Page, size: tuple[int, int], wanted: list[str]) -> list[str]:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("scrollTo(0, 0)")
    faults: list[str] = page.evaluate(_FAULTS, wanted)
    return [*faults, *page.evaluate(BROKEN)]
