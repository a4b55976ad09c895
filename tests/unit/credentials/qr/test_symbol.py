"""Drawing: each drawing is turned into pixels here and read back by a reader that did not draw it."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from credentials.errors import InvalidRequest, TextTooLongForSymbol
from credentials.profile.limits import (
    MAX_CREDENTIAL_TEXT_CHARACTERS,
    MAX_PAPER_TEXT_CHARACTERS,
    MAX_PRESENTATION_TEXT_CHARACTERS,
    MAX_SYMBOL_SCALE_PIXELS,
    MAX_SYMBOL_VERSION,
)
from credentials.qr.symbol import ALPHANUMERIC, CAPACITY, draw_png, draw_svg, draw_terminal, version_of

LETTERS = "QX%$ *+-./:ABCDEFGHIJKLMNOPRSTUVWYZ9"
PIXELS = 4


def text_of(characters: int) -> str:
    """A text without the runs of digits that an encoder could shorten."""
    return ("TX1:" + LETTERS * 20)[:characters]


def symbol_in(picture: Image.Image) -> zxingcpp.Barcode:
    [symbol] = zxingcpp.read_barcodes(picture)
    assert symbol.format == zxingcpp.BarcodeFormat.QRCode
    return symbol


def version_read(symbol: zxingcpp.Barcode) -> int:
    extra: Any = symbol.extra
    return int(extra["Version"])


def rendered_svg(svg: str) -> Image.Image:
    """The pixels of the one black path, by its own coordinates."""
    root = ElementTree.fromstring(svg)
    side = int(root.attrib["viewBox"].split()[2])
    ground, path = root
    assert ground.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}H0z"}
    assert path.attrib.keys() == {"stroke", "d"}
    assert path.attrib["stroke"] == "#000"
    picture = Image.new("L", (side * PIXELS, side * PIXELS), "white")
    draw, x, top = ImageDraw.Draw(picture), 0, 0
    for command, first, second in re.findall(r"([Mmh])(\d+)(?: (\d+)(?:\.5)?)?", path.attrib["d"]):
        if command == "M":
            x, top = int(first), int(second) * PIXELS
            continue
        if command == "h":
            draw.rectangle((x * PIXELS, top, (x + int(first)) * PIXELS - 1, top + PIXELS - 1), "black")
        x += int(first)
    return picture


def rendered_terminal(text: str, theme: str) -> Image.Image:
    """A terminal of this background colour with the text on it; a cell is twice as high as wide."""
    lines = [re.fullmatch("\x1b\\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\\[0m", line) for line in text.splitlines()]
    rows = [line[1] for line in lines if line is not None]
    assert len(rows) == len(lines), "a line whose colours are not set, or not reset"
    picture = Image.new("L", ((len(rows[0]) + 10) * PIXELS, (len(rows) + 10) * 2 * PIXELS), theme)
    draw = ImageDraw.Draw(picture)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            for half, black in enumerate((cell in "▀█", cell in "▄█")):
                left, top = (x + 5) * PIXELS, ((y + 5) * 2 + half) * PIXELS
                draw.rectangle((left, top, left + PIXELS - 1, top + PIXELS - 1), "black" if black else "white")
    return picture


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("level", CAPACITY)
def test_capacities_are_those_of_both_encoders(level: str) -> None:
    """Budgets in characters are promises about symbols: a wrong table would draw larger ones than promised."""
    for version, capacity in enumerate(CAPACITY[level], 1):
        text = text_of(capacity)
        assert version_of(text, level) == version
        for symbol in (
            symbol_in(opened(draw_png(text, level=level))),
            symbol_in(rendered_svg(draw_svg(text, level=level))),
        ):
            assert (symbol.text, symbol.ec_level) == (text, level)
            assert version_read(symbol) == version, "not alphanumeric mode: other modes need more"


def test_capacities_follow_the_version_budget() -> None:
    """Whoever raises the budget must extend the table, and it must rise."""
    for capacities in CAPACITY.values():
        assert len(capacities) == MAX_SYMBOL_VERSION
        assert all(smaller < larger for smaller, larger in pairwise(capacities))


@pytest.mark.parametrize(
    ("characters", "level", "version"),
    [
        (MAX_PAPER_TEXT_CHARACTERS, "M", 11),
        (MAX_CREDENTIAL_TEXT_CHARACTERS, "M", 12),
        (MAX_PRESENTATION_TEXT_CHARACTERS, "M", 14),
        (MAX_PAPER_TEXT_CHARACTERS, "Q", 14),
    ],
)
def test_every_code_of_ours_fits(characters: int, level: str, version: int) -> None:
    """The longest legal code of each form has a symbol, and no larger one than designed."""
    assert version_of(text_of(characters), level) == version


@pytest.mark.parametrize("draw", [version_of, draw_png, draw_svg, draw_terminal])
def test_no_drawing_leaves_the_budget(draw) -> None:  # type: ignore[no-untyped-def]
    """A symbol that guards' scanners were never tried on must not be drawn by any of the ways."""
    with pytest.raises(TextTooLongForSymbol):
        draw(text_of(CAPACITY["M"][-1] + 1))


@pytest.mark.parametrize("draw", [version_of, draw_png, draw_svg])
def test_small_paper_has_its_own_budget(draw) -> None:  # type: ignore[no-untyped-def]
    """Level Q holds less: the budget is that of the level asked for."""
    with pytest.raises(TextTooLongForSymbol):
        draw(text_of(CAPACITY["Q"][-1] + 1), level="Q")


@pytest.mark.parametrize("draw", [version_of, draw_png, draw_svg, draw_terminal])
@pytest.mark.parametrize("text", ["", "tx1:", "TX1:A\n", "TX1:Ａ", "TX1:\x00", "通行"])
def test_only_alphanumeric_mode(draw, text: str) -> None:  # type: ignore[no-untyped-def]
    """Byte mode would be half as large again, and a stray line end would travel inside the code (hcert-spec #64)."""
    with pytest.raises(InvalidRequest):
        draw(text)


@pytest.mark.parametrize("level", ["L", "H", "m", ""])
def test_other_levels_are_refused(level: str) -> None:
    """Level L is not sturdy enough and H too large; an encoder's silent default would be L."""
    with pytest.raises(InvalidRequest):
        draw_png("TX1:A", level=level)


@pytest.mark.parametrize("scale", [0, -1, MAX_SYMBOL_SCALE_PIXELS + 1])
def test_scale_is_bounded(scale: int) -> None:
    """The scale may come from a query string; memory must not."""
    with pytest.raises(InvalidRequest):
        draw_png("TX1:A", scale=scale)


@pytest.mark.parametrize("scale", [1, 3, MAX_SYMBOL_SCALE_PIXELS])
def test_png_has_its_quiet_zone_and_pure_colours(scale: int) -> None:
    """Four white modules on each side, two colours, no greys: what printers and cheap scanners need."""
    picture = opened(draw_png(text_of(300), scale=scale))
    side, zone = (17 + 4 * version_of(text_of(300)) + 8) * scale, 4 * scale
    assert (picture.mode, picture.size) == ("1", (side, side))
    black = picture.convert("L").point(lambda grey: 255 - grey).getbbox()
    assert black == (zone, zone, side - zone, side - zone)


def test_svg_has_its_quiet_zone_and_no_theme() -> None:
    """The white ground is drawn, so that a dark page cannot take it away (immuni #374)."""
    svg = draw_svg(text_of(300))
    picture = rendered_svg(svg)
    zone = 4 * PIXELS
    assert picture.point(lambda grey: 255 - grey).getbbox() == (zone, zone, picture.width - zone, picture.width - zone)
    assert svg.count("<path") == 2
    assert len(svg) < 7000
    assert not re.search(r"currentColor|style|class|script|href", svg)


@pytest.mark.parametrize("theme", ["black", "white", "#002b36", "#fdf6e3"])
@pytest.mark.parametrize("characters", [10, 300, MAX_PRESENTATION_TEXT_CHARACTERS])
def test_terminal_scans_on_dark_and_light(theme: str, characters: int) -> None:
    """An operator shows a code from a shell whose colours we do not know."""
    drawing = draw_terminal(text_of(characters))
    symbol = symbol_in(rendered_terminal(drawing, theme))
    assert (symbol.text, symbol.ec_level) == (text_of(characters), "M")
    assert not symbol.position.top_left.x < 9 * PIXELS, "quiet zone of four cells"


def test_a_run_of_digits_is_never_larger() -> None:
    """zxing-cpp may change to numeric mode within a text; that must only ever save room."""
    text = "TX1:" + "7" * (CAPACITY["M"][-1] - 4)
    symbol = symbol_in(opened(draw_png(text)))
    assert symbol.text == text
    assert version_read(symbol) <= version_of(text)


@given(st.text(sorted(ALPHANUMERIC), min_size=1, max_size=CAPACITY["M"][-1]))
def test_whatever_is_drawn_is_read(text: str) -> None:
    """Spaces at either end and doubled ones are part of Base45 and must survive (vacdec #15)."""
    assert symbol_in(opened(draw_png(text, scale=2))).text == text


@pytest.mark.parametrize("text", [" A", "A ", "A  B", " ", "%20", "+", "$%*"])
def test_spaces_survive_every_drawing(text: str) -> None:
    """A drawing that trimmed would make one code in some hundreds unreadable (hcert-spec #72)."""
    pictures = opened(draw_png(text)), rendered_svg(draw_svg(text)), rendered_terminal(draw_terminal(text), "black")
    assert [symbol_in(picture).text for picture in pictures] == [text] * 3
