"""The texts of the QR symbols in a picture: a screenshot, a photograph of a paper, a frame of a camera.

What comes in is whatever somebody uploaded, so it is bounded before it is decoded: bytes, then the file type,
then the pixels that the header announces (a PNG of some kilobytes can hold gigapixels). Only QR is looked
for: readers left to guess have reported a Codabar inside a QR symbol.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageOps

from credentials.errors import PictureUnreadable
from credentials.profile.limits import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS

FILE_TYPES = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP")
"""What phones and browsers make, and what chat programs make of it. Pillow's other decoders are never reached."""
_LARGER, _SMALLER = 2, 4
_LIGHT = 128
"""Grey: what is lighter belongs to a symbol on a dark ground."""
_QUIET = 0.2
"""White around a symbol that has none, as a share of its side: four modules of the smallest symbols."""

_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
# All that Pillow's decoders of these types let out on a damaged file. Its own bomb limits are far above
# ours, but the first of them is only a warning, which whoever runs Python may have turned into an error.
_DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    # AVIF's decoder.
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read_texts(data: bytes, max_pixels: int = MAX_PICTURE_PIXELS) -> list[str]:
    """The texts of all QR symbols in a picture of :data:`FILE_TYPES`, each once, unchanged to the last space.

    Symbols may be rotated, mirrored, inverted, made of dots, smaller than two pixels a module, and without a quiet zone
    (on a dark ground: upright and alone). ``data`` holds at most
    ``limits.MAX_PICTURE_BYTES``, the picture at most ``max_pixels``. The list is never empty.
    Raises: PictureUnreadable for what is no such picture, is too large, or shows no readable QR symbol.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise PictureUnreadable(f"more than {MAX_PICTURE_BYTES} bytes")
    grey = _decoded(data, max_pixels)
    symbols = next(filter(None, map(_symbols, _tries(grey))), [])
    # The same code twice in one picture is one code: checked twice it would count as replayed.
    texts = list(dict.fromkeys(symbol.text for symbol in symbols if symbol.text))
    if not texts:
        raise PictureUnreadable("no QR symbol found")
    return texts


def _tries(grey: Image.Image) -> Iterator[Image.Image]:
    """The picture in the ways to try it, the likeliest first."""
    yield grey
    # Symbols made of dots (immuni #374) fall apart when seen too sharply; at a quarter of the size they close.
    yield grey.reduce(_SMALLER)
    if _LARGER**2 * grey.width * grey.height <= MAX_PICTURE_PIXELS:
        # Small modules, and those that a lossy picture has run together.
        yield grey.resize((_LARGER * grey.width, _LARGER * grey.height), Image.Resampling.BICUBIC)
    # Each side of a symbol has a light module: without a quiet zone on a dark ground, the box around all that is light
    # is the symbol.
    box = grey.point(lambda value: 255 if value >= _LIGHT else 0).getbbox()
    if box is not None:
        bare = grey.crop(box)
        yield ImageOps.expand(bare, round(_QUIET * max(bare.size)) + 1, 255)


def _symbols(grey: Image.Image) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(grey, formats=_QR_ONLY, text_mode=zxingcpp.TextMode.Plain)


def _decoded(data: bytes, max_pixels: int) -> Image.Image:
    """The picture in 256 greys."""
    try:
        with Image.open(io.BytesIO(data), formats=FILE_TYPES) as picture:
            # Opening reads the header alone; nothing is decompressed before this line.
            if picture.width * picture.height > max_pixels:
                raise PictureUnreadable(f"more than {max_pixels} pixels")
            return _grey(picture)
    except _DECODER_ERRORS as error:
        raise PictureUnreadable("not a PNG, JPEG, WebP, AVIF, GIF or BMP picture, or a damaged one") from error


def _grey(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        # Converted directly, a transparent background turns black and swallows the symbol.
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture.convert("RGBA")).convert("L")
    if picture.mode == "I;16":
        # A scanner's 16-bit greys: converted directly, all but the deepest black clips to white.
        return picture.point(lambda grey: grey / 257).convert("L")
    return picture.convert("L")
