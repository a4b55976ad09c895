"""GB 18030 as its edition of 2022 maps it. The codec of Python is of the year 2000.

In between 25 characters came to have two codes: a two-byte code that the table of 2000 maps to the private use area,
and a four-byte code that Unicode's own code point has. The edition of 2005 gave the two-byte code of one of them to
Unicode's code point, that of 2022 those of 18 (ten forms of punctuation, eight ideographs); of the last six, ideographs
of plane 2, it keeps the four-byte codes alone and takes the glyphs from the two-byte ones as duplicates.

Files of all editions are about, and nothing in a file says which it is. So both codes of a pair are read as the one
character that both have ever meant, as Unicode recommends (L2/23-003R, "GB 18030-2022 recommendations") and browsers do
(WHATWG Encoding, index gb18030). No name is signed with a private character that nobody has a font for.
"""

from __future__ import annotations

_MOVED = {
    0xE7C7: 0x1E3F,
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14,
    0xE792: 0xFE15, 0xE793: 0xFE16, 0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19,
    0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE832: 0x9FB8, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE864: 0x9FBB,
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE831: 0x215D7, 0xE83B: 0x2298F, 0xE855: 0x241FE,
}  # fmt: skip
"""Where the table of 2000 has each of them, and its code point."""


def decode(content: bytes) -> str:
    """The text of bytes in GB 18030-2022. Raises UnicodeDecodeError for what is none."""
    return content.decode("gb18030").translate(_MOVED)
