"""What a camera sees: pictures of QR symbols drawn by the tests, as a video that Chromium takes for its camera."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from credentials.qr import draw_png

SIZE = (1280, 720)
"""Pixels: what the gate app asks a camera for."""
RATE = 10
"""Pictures a second: enough for every test. Phones give 30, which costs a browser without a graphics card a third of a
processor for as long as the camera is open."""
PHONE_RATE = 30
"""For what is measured."""


def symbol(text: str, pixels: int = 560) -> Image.Image:
    """A symbol of about so many pixels a side, on white."""
    drawn = Image.open(io.BytesIO(draw_png(text, level="M", scale=8))).convert("RGB")
    return drawn.resize((pixels, pixels), Image.Resampling.LANCZOS)


def scene(*symbols: Image.Image, across: int = SIZE[0]) -> Image.Image:
    """One frame: symbols side by side in front of a grey wall, spread over ``across`` pixels in its middle."""
    frame = Image.new("RGB", SIZE, (110, 115, 120))
    for number, each in enumerate(symbols):
        middle = (SIZE[0] - across) // 2 + (2 * number + 1) * across // (2 * len(symbols))
        left = middle - each.width // 2
        frame.paste(each, (left, (SIZE[1] - each.height) // 2))
    return frame


def tilted(frame: Image.Image, degrees: float = 17) -> Image.Image:
    """Held askew, and seen a little from the side."""
    turned = frame.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(110, 115, 120))
    width, height = turned.size
    seen = (0, 40, 60, height, width - 20, height - 60, width, 0)
    return turned.transform(turned.size, Image.Transform.QUAD, seen, Image.Resampling.BICUBIC)


def blurred(frame: Image.Image, radius: float = 1.6) -> Image.Image:
    """Out of focus."""
    return frame.filter(ImageFilter.GaussianBlur(radius))


def glared(frame: Image.Image) -> Image.Image:
    """A lamp mirrored in the phone's glass: washed out, with one white spot."""
    washed = Image.blend(frame, Image.new("RGB", frame.size, "white"), 0.35)
    light = Image.new("L", frame.size, 0)
    ImageDraw.Draw(light).ellipse((560, 330, 640, 400), fill=235)
    washed.paste("white", mask=light.filter(ImageFilter.GaussianBlur(18)))
    return washed


def record(path: Path, frames: Sequence[Image.Image], rate: int = RATE) -> Path:
    """A video of ``frames`` (of :data:`SIZE`) in a loop, ``rate`` of them a second, for
    ``--use-file-for-fake-video-capture``: a ``.y4m``, whose pictures nobody has to unpack.

    It may be written anew while no camera is open.
    """
    half = (SIZE[0] // 2, SIZE[1] // 2)
    parts = [f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{rate}:1 Ip A1:1 C420\n".encode()]
    # A file of a single frame ends before the camera has begun.
    for frame in [*frames] * (2 if len(frames) == 1 else 1):
        light, *colours = frame.convert("YCbCr").split()
        parts += [b"FRAME\n", light.tobytes(), *(colour.resize(half).tobytes() for colour in colours)]
    # Put in place whole: Chromium may still have the one before mapped into its memory.
    written = path.with_suffix(".written")
    written.write_bytes(b"".join(parts))
    written.replace(path)
    return path
