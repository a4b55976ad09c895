"""Whether a screen fits on every screen that there is, upright and lying: what must be seen stands in view without
scrolling, nothing lies over it, and no word is broken. test_screens.py asks it on its way through the gate app."""

from __future__ import annotations

from playwright.sync_api import Page

SIZES = [
    (320, 480), (320, 568), (360, 640), (375, 667), (390, 844), (412, 915), (600, 960), (768, 1024), (800, 1280),
    (480, 320), (568, 320), (640, 360), (667, 375), (740, 360), (844, 390), (915, 412), (1024, 768), (1280, 800),
]  # fmt: skip
"""CSS pixels: from the smallest phone that is sold to a desk, and each of them lying."""
NARROW = [(320, 568), (360, 640)]
_BROKEN = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest(".hidden, .symbol, script, style, option")) continue;
    for (const { index, 0: word } of text.data.matchAll(/[A-Za-z]{2,}/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].filter(({ width }) => width).map(({ top }) => Math.round(top)));
      if (lines.size > 1) found.push(`broken: ${word}`);
    }
  }
  for (const button of document.querySelectorAll("button:not(.hidden)")) {
    const { left, right } = button.getBoundingClientRect();
    if (left < -0.5 || right > innerWidth + 0.5) found.push(`beyond the edge: ${button.textContent}`);
  }
  return found;
}"""
"""Words of Latin letters that stand on two lines, and buttons that do not stand on the screen."""
_FAULTS = """wanted => {
  scrollTo(0, 0);
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
    "scan": ["#bar strong", ".picture", "#message", "[data-action=manual]"],
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


def faults_at_each_size(page: Page, screen: str) -> list[str]:
    """What is wrong with a screen of the gate app, size by size; the page is as large afterwards as before."""
    look = f"wanted => [...({_FAULTS})(wanted), ...({_BROKEN})()]"
    return _at(SIZES, page, look, SCREENS[screen])


def broken_when_narrow(page: Page) -> list[str]:
    """ "Prin-t or sav-e" in four buttons side by side: on the narrowest phones, in the longest words there are."""
    return _at(NARROW, page, _BROKEN)


def _at(sizes: list[tuple[int, int]], page: Page, look: str, *given: object) -> list[str]:
    before = page.viewport_size
    found = []
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{width}×{height}: {fault}" for fault in page.evaluate(look, *given)]
    if before:
        page.set_viewport_size(before)
    return found
