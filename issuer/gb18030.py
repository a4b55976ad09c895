"""GB 18030 as its edition of 2022 maps it. The codec of Python is of the year 2000.

In between 19 characters moved out of the private use area to the code points that Unicode had given them by then, and
six from there to the ideographs of plane 2 (GB 18030-2005 one of them, GB 18030-2022 all others, its annexes D and E).
The four-byte codes of the one and the two-byte codes of the other changed places, so that every code still has one
character. Read by the old table a name would be signed with characters that nobody has a font for.
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
_EDITION_2022 = _MOVED | {new: old for old, new in _MOVED.items()}


def decode(content: bytes) -> str:
    """The text of bytes in GB 18030-2022. Raises UnicodeDecodeError for what is none."""
    return content.decode("gb18030").translate(_EDITION_2022)
