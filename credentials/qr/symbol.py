"""A code's text drawn as a QR symbol: PNG, SVG or characters on a terminal.

Every drawing is in alphanumeric mode, black on white with a quiet zone of four modules whatever the theme
around it (symbols without one, or inverted by a dark mode, are what phones fail on: immuni #374), and within
``limits.MAX_SYMBOL_VERSION``. Level M is for screens and large print, Q for small paper.

PNG comes from zxing-cpp, which draws some 450 a second. SVG and terminal come from the matrix of ``qrcode``,
some 50 a second: both are drawn once for one person, and the tests hold the two encoders against each other.
Source: ISO/IEC 18004 §7.4.4 (alphanumeric mode), table 7 (capacities), §9.1 (quiet zone).
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby, zip_longest

import qrcode  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q  # type: ignore[import-untyped]
from qrcode.util import MODE_ALPHA_NUM, QRData  # type: ignore[import-untyped]

from credentials.errors import InvalidRequest, TextTooLongForSymbol
from credentials.profile.limits import MAX_SYMBOL_SCALE_PIXELS, MAX_SYMBOL_VERSION, QUIET_ZONE_MODULES

ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
CAPACITY = {
    "M": (20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528)[:MAX_SYMBOL_VERSION],
    "Q": (16, 29, 47, 67, 87, 108, 125, 157, 189, 221, 259, 296, 352, 376)[:MAX_SYMBOL_VERSION],
}
"""Characters that versions 1, 2, 3 … hold in alphanumeric mode, by error correction level."""

_QRCODE_LEVEL = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q}
_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
# Colours 16 and 231 of the fixed cube: themes repaint 0-15, so plain "black" and "white" may be neither.
_BLACK_ON_WHITE, _RESET = "\x1b[38;5;16;48;5;231m", "\x1b[0m"

Row = tuple[bool, ...]


def version_of(text: str, level: str = "M") -> int:
    """The version, 1 to ``limits.MAX_SYMBOL_VERSION``, of the symbol for ``text`` at ``level`` (M or Q).

    Raises: InvalidRequest for an empty text, another level or a character outside alphanumeric mode;
    TextTooLongForSymbol beyond the version budget.
    """
    if level not in CAPACITY:
        raise InvalidRequest("error correction level is M or Q")
    if not text or not ALPHANUMERIC.issuperset(text):
        raise InvalidRequest("text for a symbol is not in QR alphanumeric mode")
    version = bisect_left(CAPACITY[level], len(text)) + 1
    if version > MAX_SYMBOL_VERSION:
        raise TextTooLongForSymbol(f"{len(text)} characters, at most {CAPACITY[level][-1]} at level {level}")
    return version


def draw_png(text: str, *, level: str = "M", scale: int = 8) -> bytes:
    """A one-bit PNG with ``scale`` pixels a module, 1 to ``limits.MAX_SYMBOL_SCALE_PIXELS``.

    zxing-cpp may put a long run of digits in numeric mode, so it is at most as large as ``version_of``.
    Raises: as ``version_of``; InvalidRequest for another scale.
    """
    version_of(text, level)
    if not 1 <= scale <= MAX_SYMBOL_SCALE_PIXELS:
        raise InvalidRequest(f"scale is 1 to {MAX_SYMBOL_SCALE_PIXELS} pixels a module")
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    picture = Image.fromarray(symbol.to_image(scale=scale, add_quiet_zones=True))
    out = io.BytesIO()
    # Weakest compression: twice as fast for half a kilobyte more.
    picture.convert("1", dither=Image.Dither.NONE).save(out, "PNG", compress_level=1)
    return out.getvalue()


def draw_svg(text: str, *, level: str = "M") -> str:
    """An SVG document of one white square and one black path, 5 to 9 kB for a code of ours.

    One unit is one module, the quiet zone is inside. It has no size of its own: it fills what it is put in.
    Raises: as ``version_of``.
    """
    rows = _rows(text, level)
    path = "".join(_strokes(rows))
    side = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d="{path}"/></svg>'
    )


def draw_terminal(text: str) -> str:
    """Lines of half blocks, each closed by a line feed, at level M; 29 columns wide, 81 for the
    largest symbol: a narrower terminal wraps it and spoils it.

    The colours are set, not inherited: the same symbol scans on dark and on light terminals.
    Raises: as ``version_of``.
    """
    rows = _rows(text, "M")
    blank = (False,) * len(rows)
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=blank)
    lines = ("".join(_HALF_BLOCKS[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs)
    return "".join(f"{_BLACK_ON_WHITE}{line}{_RESET}\n" for line in lines)


def _rows(text: str, level: str) -> list[Row]:
    """The symbol with its quiet zone, row by row; True is black."""
    code = qrcode.QRCode(version_of(text, level), _QRCODE_LEVEL[level], border=QUIET_ZONE_MODULES)
    # The mode is given: the library itself would split the text and spend bits on the segments' headers.
    code.add_data(QRData(text.encode("ascii"), mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)
    return [tuple(map(bool, row)) for row in code.get_matrix()]


def _strokes(rows: list[Row]) -> Iterator[str]:
    """The path: along the middle of each row, a stroke for black modules and a move for white ones."""
    for y, row in enumerate(rows):
        runs = ((black, len(list(run))) for black, run in groupby(row))
        yield f"M0 {y}.5" + "".join(f"h{width}" if black else f"m{width} 0" for black, width in runs)
