"""What the further tries at a picture are worth: simulated photographs of codes, read with and without each.

    python -m tests.benchmarks.pictures

Each picture is one paper code, shrunk to few pixels a module, blurred, and packed as chat programs pack; the same
numbers each time. Prints a table for ``docs/measurements/pictures.md``.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from itertools import islice, product

from PIL import Image, ImageFilter

from credentials.qr import picture
from credentials.qr.symbol import draw_png
from tests.vectors.codes import PAPER, issue

MODULE_PIXELS = (1.4, 1.7, 2.0, 2.5, 3.0, 4.0)
BLURS = (0.0, 0.5, 0.8, 1.1)
QUALITIES = (15, 30, 60)
TURNS = (0, 4, 11)
_DRAWN = 8
"""Pixels of a module before it is shrunk."""


def photographs() -> Iterator[Image.Image]:
    """Simulated, in every combination of the above."""
    chance = random.Random(2022)
    whole = Image.open(io.BytesIO(draw_png(issue(PAPER), scale=_DRAWN))).convert("L")
    for pixels, blur, quality, turn in product(MODULE_PIXELS, BLURS, QUALITIES, TURNS):
        side = round(whole.width * pixels / _DRAWN)
        shrunk = whole.resize((side, side), Image.Resampling.BILINEAR).point(lambda grey: 40 + grey * 170 // 255)
        page = Image.new("L", (side * 2, side * 2), 205)
        page.paste(shrunk, (side // 2 + chance.randrange(9), side // 2 + chance.randrange(9)))
        page = page.rotate(turn + chance.random(), Image.Resampling.BILINEAR, fillcolor=205)
        packed = io.BytesIO()
        page.filter(ImageFilter.GaussianBlur(blur)).save(packed, "JPEG", quality=quality)
        yield Image.open(packed).convert("L")


def main() -> None:
    """Print the table."""
    pictures = list(photographs())
    print("| tries | read | ms a picture |\n| --- | --- | --- |")
    for count, name in ((1, "as it is"), (2, "and at a quarter of the size"), (3, "and at twice the size")):
        began = time.process_time()
        read = sum(any(map(picture._symbols, islice(picture._tries(each), count))) for each in pictures)
        spent = 1000 * (time.process_time() - began) / len(pictures)
        print(f"| {name} | {read} of {len(pictures)} | {spent:.1f} |")


if __name__ == "__main__":
    main()
