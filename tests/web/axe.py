"""What axe-core finds on a page, and a picture of it where pictures are wanted (``make screenshots``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
PHONE, DESK = 360, 1280
"""CSS pixels: the narrowest phone that is promised, and a desk."""
# Colours do not hang on the width: each is looked at with one of them, unless somebody wants to see the pictures.
LOOKS: list[tuple[Any, int]] = [("light", PHONE), ("dark", DESK)]
if SCREENSHOTS:
    LOOKS += [("dark", PHONE), ("light", DESK)]


def look(page: Page, name: str, language: str) -> list[Any]:
    """Violations, and whatever else shuts somebody out: another language than asked for, a page pushed sideways.

    The page's context must bypass its policy, which rightly lets no such script in. ``name``: of the picture.
    """
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
    found: list[Any] = []
    if page.locator("html").get_attribute("lang") != language:
        found.append("another language")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("pushed sideways")
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    violations = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return found + [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]
