"""Reading pictures: what phones, scanners and attackers upload."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from credentials.errors import PictureUnreadable
from credentials.profile.limits import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS
from credentials.qr.picture import FILE_TYPES, read_texts
from credentials.qr.symbol import draw_png

TEXT = "TX1:NCF%20 $*+-./:ABCDEFGHIJKLMNOPQRSTUVWXYZ "


@cache
def symbol(text: str = TEXT, scale: int = 6, level: str = "M") -> Image.Image:
    return Image.open(io.BytesIO(draw_png(text, scale=scale, level=level))).convert("L")


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def on_paper(*pictures: Image.Image) -> Image.Image:
    paper = Image.new("L", (sum(picture.width + 60 for picture in pictures), 900), "white")
    x = 30
    for picture in pictures:
        paper.paste(picture, (x, 200))
        x += picture.width + 60
    return paper


def foreign(kind: zxingcpp.BarcodeFormat, text: str) -> Image.Image:
    return Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=4))


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_file(width: int, height: int, depth: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", FILE_TYPES)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_file_type(kind: str, mode: str) -> None:
    """Screenshots are PNG, WebP or AVIF, photographs JPEG, old programs write the rest; the text comes back whole."""
    assert read_texts(saved(symbol().convert(mode), kind)) == [TEXT]


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK"])
def test_each_colour_mode(mode: str) -> None:
    """Scanners write palettes, printing software CMYK; none of it is the holder's fault."""
    assert read_texts(saved(symbol().convert("RGB").convert(mode), "JPEG" if mode == "CMYK" else "PNG")) == [TEXT]


def test_sixteen_bit_greys() -> None:
    """A pale 16-bit scan would clip to plain white when narrowed carelessly."""
    picture = symbol()
    pale = [b"\xc0\x00" if white else b"\x40\x00" for white in picture.tobytes()]
    rows = (b"\0" + b"".join(pale[y * picture.width : (y + 1) * picture.width]) for y in range(picture.height))
    assert read_texts(png_file(*picture.size, 16, b"".join(rows))) == [TEXT]


def test_transparent_ground_is_white() -> None:
    """Black modules on nothing are readable on any page, so they must be here."""
    clear = Image.new("RGBA", symbol().size, (0, 0, 0, 0))
    clear.paste("black", mask=ImageOps.invert(symbol()))
    assert read_texts(saved(clear)) == [TEXT]


@pytest.mark.parametrize("degrees", [0, 17, 90, 135, 180, 270])
def test_rotated(degrees: int) -> None:
    """Nobody holds a phone straight."""
    assert read_texts(saved(on_paper(symbol()).rotate(degrees, expand=True, fillcolor="white"))) == [TEXT]


def test_exif_orientation_is_irrelevant() -> None:
    """Phones store rotation as metadata; a symbol has no upside, so it is neither read nor trusted."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_texts(saved(symbol(), "JPEG", exif=exif)) == [TEXT]


def test_inverted_without_quiet_zone() -> None:
    """Dark mode: light modules on a dark page, to the very edge (immuni #374)."""
    bare = symbol().crop((24, 24, symbol().width - 24, symbol().height - 24))
    assert read_texts(saved(ImageOps.expand(ImageOps.invert(bare), 60, "black"))) == [TEXT]


@pytest.mark.parametrize("ground", [0, 60])
@pytest.mark.parametrize("border", [(60, 60, 60, 60), (300, 20, 40, 500), (0, 0, 0, 200)])
def test_without_quiet_zone_on_a_dark_ground(ground: int, border: tuple[int, int, int, int]) -> None:
    """A symbol cut out to its edge and put on black: its finder patterns run into the ground."""
    bare = symbol().crop((24, 24, symbol().width - 24, symbol().height - 24))
    assert read_texts(saved(ImageOps.expand(bare, border, ground))) == [TEXT]


@pytest.mark.parametrize("scale", [1.3, 1.5, 1.8])
def test_small_in_a_lossy_picture(scale: float) -> None:
    """A thumbnail that a chat program has made: fewer than two pixels a module."""
    plain = symbol(scale=4)
    side = round(plain.width / 4 * scale)
    assert read_texts(saved(plain.resize((side, side), Image.Resampling.BICUBIC), "JPEG", quality=60)) == [TEXT]


def test_a_picture_too_large_to_be_made_larger() -> None:
    """The second try is bounded like the first."""
    with pytest.raises(PictureUnreadable, match="no QR symbol"):
        read_texts(saved(Image.new("L", (3000, 2500), "black")))


def test_mirrored() -> None:
    """Front cameras mirror."""
    assert read_texts(saved(ImageOps.mirror(symbol()))) == [TEXT]


def test_logo_in_the_middle() -> None:
    """Decorated codes of other systems must be read as far as error correction carries."""
    picture = symbol(level="Q").copy()
    middle = picture.width // 2
    ImageDraw.Draw(picture).ellipse((middle - 18, middle - 18, middle + 18, middle + 18), "white", "black")
    assert read_texts(saved(picture)) == [TEXT]


def test_dots_for_modules() -> None:
    """The same for symbols of round dots, whose finder patterns have gaps at full sharpness (immuni #374)."""
    plain = symbol(scale=1)
    picture = Image.new("L", (plain.width * 8, plain.height * 8), "white")
    draw = ImageDraw.Draw(picture)
    for y in range(plain.height):
        for x in range(plain.width):
            if not plain.getpixel((x, y)):
                draw.ellipse((x * 8, y * 8, x * 8 + 7, y * 8 + 7), "black")
    assert read_texts(saved(picture)) == [TEXT]


def test_several_symbols() -> None:
    """A page of a family's codes: all of them."""
    texts = ["TX1:ONE", "TX1:TWO", "TX1:THREE"]
    assert sorted(read_texts(saved(on_paper(*map(symbol, texts))))) == sorted(texts)


def test_the_same_code_twice_is_one() -> None:
    """Checked twice it would be refused as replayed the second time."""
    assert read_texts(saved(on_paper(symbol(), symbol()))) == [TEXT]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (zxingcpp.BarcodeFormat.Codabar, "A123456A"),
        (zxingcpp.BarcodeFormat.Code128, "TX1:FALSE"),
        (zxingcpp.BarcodeFormat.DataMatrix, "TX1:FALSE"),
        (zxingcpp.BarcodeFormat.Aztec, "TX1:FALSE"),
        (zxingcpp.BarcodeFormat.MicroQRCode, "TX1:F"),
        (zxingcpp.BarcodeFormat.RMQRCode, "TX1:FALSE"),
    ],
)
def test_nothing_but_qr(kind: zxingcpp.BarcodeFormat, text: str) -> None:
    """A reader left to guess answers with the wrong symbol."""
    assert read_texts(saved(on_paper(foreign(kind, text), symbol()))) == [TEXT]
    with pytest.raises(PictureUnreadable, match="no QR symbol"):
        read_texts(saved(on_paper(foreign(kind, text))))


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00", b"TX1:ABC", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7", b"<svg/>"]
)
def test_garbage(garbage: bytes) -> None:
    """What is no picture is said to be none, whatever its first bytes claim."""
    with pytest.raises(PictureUnreadable, match="not a PNG"):
        read_texts(garbage)


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO", "PDF"])
def test_other_file_types_are_never_decoded(kind: str) -> None:
    """Each decoder is attack surface; those of what phones make are enough."""
    with pytest.raises(PictureUnreadable, match="not a PNG"):
        read_texts(saved(symbol(), kind))


def test_a_white_page() -> None:
    """A picture without a symbol has its own words: take another photograph."""
    with pytest.raises(PictureUnreadable, match="no QR symbol"):
        read_texts(saved(Image.new("L", (100, 100), "white")))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "BMP"])
def test_half_an_upload(kind: str) -> None:
    """A connection that broke in the middle."""
    whole = saved(on_paper(symbol()), kind)
    with pytest.raises(PictureUnreadable):
        read_texts(whole[: len(whole) // 2])


def test_too_many_bytes() -> None:
    """Refused by length before any decoder sees it; one byte less reaches the decoder."""
    picture = saved(symbol())
    assert read_texts(picture.ljust(MAX_PICTURE_BYTES, b"\0")) == [TEXT]
    with pytest.raises(PictureUnreadable, match="bytes"):
        read_texts(picture.ljust(MAX_PICTURE_BYTES + 1, b"\0"))


@pytest.mark.parametrize("side", [5001, 10_000, 65_535])
def test_decompression_bomb(side: int) -> None:
    """The header is judged before decompression, below and above both of Pillow's own limits."""
    assert side * side > MAX_PICTURE_PIXELS
    with pytest.raises(PictureUnreadable):
        read_texts(png_file(side, side, 8, b""))


def test_bomb_in_a_text_chunk() -> None:
    """A megabyte of comment for a kilobyte of file is not inflated either."""
    picture = saved(symbol())
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 8_000_000))
    with pytest.raises(PictureUnreadable):
        read_texts(picture[:33] + bomb + picture[33:])


def test_pixel_limit_is_exact() -> None:
    """A caller with less memory may set less; the limit itself is allowed."""
    pixels = symbol().width * symbol().height
    assert read_texts(saved(symbol()), pixels) == [TEXT]
    with pytest.raises(PictureUnreadable, match="pixels"):
        read_texts(saved(symbol()), pixels - 1)


@given(st.sampled_from(FILE_TYPES), st.data())
def test_damage_never_escapes(kind: str, data: st.DataObject) -> None:
    """Whatever a decoder makes of a damaged file, the caller sees texts or PictureUnreadable."""
    picture = bytearray(saved(symbol("TX1:A", 2), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        picture[data.draw(st.integers(0, len(picture) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert all(read_texts(bytes(picture)))
    except PictureUnreadable as error:
        assert error.detail
