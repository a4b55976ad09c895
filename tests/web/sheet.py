"""Contact sheets: every screen of an app in every size, many in one picture, so that they can be looked at."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

SHEET_SIZES = [(320, 480), (360, 640), (390, 844), (568, 320), (844, 390), (1280, 800)]
"""CSS pixels: what stands beside each other in a row."""
_SCALE = 0.5
_GAP, _ROWS = 8, 4
"""Pixels between pictures; rows in one picture, which can still be read when it is seen whole."""


class Sheet:
    """The pictures of one look: ``name-1.png``, ``name-2.png``, … in ``folder``, or none where that is None."""

    def __init__(self, folder: str | None, name: str) -> None:
        self._folder, self._name, self._rows, self._pages = folder, name, list[Image.Image](), 0

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, *_: object) -> None:
        self._save()

    def add(self, page: Page) -> None:
        """A row of what stands on the page, in each size as it comes into view; the page keeps its size."""
        if self._folder is None:
            return
        before = page.viewport_size
        self._rows.append(_beside([_seen(page, *size) for size in SHEET_SIZES]))
        if before is not None:
            page.set_viewport_size(before)
        if len(self._rows) == _ROWS:
            self._save()

    def _save(self) -> None:
        if self._folder is None or not self._rows:
            return
        self._pages += 1
        height = sum(row.height + _GAP for row in self._rows)
        sheet = Image.new("RGB", (self._rows[0].width, height), "#c0c")
        top = 0
        for row in self._rows:
            sheet.paste(row, (0, top))
            top += row.height + _GAP
        sheet.save(Path(self._folder) / f"{self._name}-{self._pages}.png")
        self._rows.clear()


def _seen(page: Page, width: int, height: int) -> Image.Image:
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, 0)")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize((int(width * _SCALE), int(height * _SCALE)), Image.Resampling.LANCZOS)


def _beside(pictures: list[Image.Image]) -> Image.Image:
    width = sum(each.width + _GAP for each in pictures)
    row = Image.new("RGB", (width, max(each.height for each in pictures)), "#c0c")
    left = 0
    for each in pictures:
        row.paste(each, (left, 0))
        left += each.width + _GAP
    return row
