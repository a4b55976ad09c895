"""Which characters a signed text may hold, by ranges that are written down and never change by themselves.

Asked of a runtime's own Unicode tables, one name is good with one version of Python, a browser or Node and bad with
another: an ideograph added last year is "not printable" to all that are older, and its bearer is turned away. So
everything may stand that is not named here, characters that are not assigned yet and private ones of older registers
(GB 18030) among them; only what nobody can see, or what changes how its neighbours are seen, may not.

``make profile`` writes the same table into ``credentials/browser/profile.ts``; ``docs/wire-format.md`` has it for
people, and a test holds it equal.
Nothing here composes or folds: two spellings of one text are two texts.
"""

from __future__ import annotations

import re

HIDDEN = (
    (0x0000, 0x001F), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F),
    (0x0600, 0x0605), (0x061C, 0x061C), (0x06DD, 0x06DD), (0x070F, 0x070F), (0x0890, 0x0891), (0x08E2, 0x08E2),
    (0x115F, 0x1160), (0x1680, 0x1680), (0x17B4, 0x17B5), (0x180E, 0x180E),
    (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164),
    (0xD800, 0xDFFF), (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFC),
    (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x13442), (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159), (0x1D173, 0x1D17A), (0xE0000, 0xE00FF), (0xE01F0, 0xE0FFF),
    *((plane * 0x10000 + 0xFFFE, plane * 0x10000 + 0xFFFF) for plane in range(17)),
)  # fmt: skip
"""Ranges of code points, first and last, that no signed text holds: controls, format and direction characters, white
space but the plain one, line separators, surrogates, fillers and blanks, tags, non-characters. Variation selectors may
stand: names of the civil register need them."""
HIDDEN_CLASS = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in HIDDEN)
"""The same as the inside of a character class of ``re``."""

_SHOWN = re.compile(f"[^{HIDDEN_CLASS}]*")


def is_shown(text: str) -> bool:
    """Whether people see all of ``text``; true for the empty one. It has no surrogates then, so UTF-8 can carry it."""
    # All of printable ASCII is shown, and a statement has sixty thousand characters of it.
    return (text.isascii() and text.isprintable()) or _SHOWN.fullmatch(text) is not None
