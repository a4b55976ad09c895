"""One spelling of a name, whatever keyboard, register or passport it comes from.

``fold_name`` is the only place that knows these spellings; masking, comparing and showing begin with it. The rules and
their order stand in ``docs/wire-format.md`` 4.2. It runs where names are registered, never at a gate: what a code holds
is judged by :mod:`credentials.profile.characters` alone.
"""

from __future__ import annotations

import re
import unicodedata

from credentials.errors import InvalidName
from credentials.profile.characters import HIDDEN_CLASS
from credentials.profile.limits import MAX_NAME_CHARACTERS

DOTS = "·•‧・･⋅∙●◦∘⸱⸳ꞏ᛫˙․﹒．｡。ㆍ・"
"""What stands between the parts of a name where the register has ``·`` (U+00B7): dots of GB 2312, Big5, JIS and KS X,
of keyboards, and of whatever a form was copied from."""
APOSTROPHES = "’‘ʼʻ´`′＇ʹ"
HYPHENS = "‐‑‒–—−－﹣"
"""Not ー (U+30FC), which is a letter."""
_HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff"
    "\U00020000-\U0003ffff\U000f0000-\U0010ffff"
)
"""By blocks, since rare names stand in extensions newer than a runtime's tables, or still in the private use areas of
older police and bank systems. 々 and 〇 occur in names as well."""
HAN = re.compile(f"[{_HAN}]")
_SYMBOLS = re.compile(
    "[\u20a0-\u20ff\u2100-\u214f\u2190-\u2bff\u2ff0-\u2fff\u3003\u3004\u3008-\u3020\u302a-\u303f\u31c0-\u33ff"
    "\ufe10-\ufe1f\ufe30-\ufe6f\U0001cc00-\U0001cfff\U0001d000-\U0001d7ff\U0001ee00-\U0001ffff]"
)
"""Arrows, marks, boxes, letters drawn as symbols, pictures: blocks that have no letter of a name, so that next year's
pictures are refused without a newer table."""
_PUNCTUATION = frozenset("'\"“”.,，、-()（）/@&·")
"""Of the common signs, what stands in names: O'Brien, J. R., Al-Label, A/L and @ in passports of Malaysia."""
_COMMON = re.compile("[\\x20-\u00bf\u00d7\u00f7\u2010-\u2027\u2030-\u205e\u3000-\u303f\uff00-\uff65]")
_WIDE = re.compile("[\uff01-\uffee\u2f00-\u2fd5]+")
"""Full-width and half-width forms, and radicals that a scanner writes for the character."""
_HIDDEN = re.compile(f"[{HIDDEN_CLASS}]")
_BLANKS = re.compile(r"\s+")
_CASED = re.compile("[A-Za-z\u00c0-\u058f\u1e00-\u1fff]")
_DOT = re.compile(f" ?[{re.escape(DOTS)}]+ ?")
_FULL_STOP = re.compile(f"(?<=[{_HAN}]) ?\\. ?(?=[{_HAN}])")
_SPACED = re.compile(f"([{_HAN}]{{2,}}) ([{_HAN}]{{2,}})(?: ([{_HAN}]{{2,}}))?")
_TABLE = str.maketrans({**dict.fromkeys(APOSTROPHES, "'"), **dict.fromkeys(HYPHENS, "-")})
_LONGEST_CHINESE = 4
"""Characters: a compound surname, or two surnames of a married woman, and a given name of two."""


def fold_name(name: str) -> str:
    """The one spelling of ``name``, at most ``limits.MAX_NAME_CHARACTERS`` code points long.

    Raises InvalidName for a name that is longer, has no letter and no ideograph, or holds a symbol or half a surrogate
    pair.
    """
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidName(f"name of more than {MAX_NAME_CHARACTERS} characters")
    if any("\ud800" <= point <= "\udfff" for point in name):
        raise InvalidName("name holds half a surrogate pair")
    text = _WIDE.sub(lambda wide: unicodedata.normalize("NFKC", wide[0]), _DOT.sub("·", name))
    text = unicodedata.normalize("NFC", text).translate(_TABLE)
    text = _HIDDEN.sub("", _BLANKS.sub(" ", text)).strip(" ·")
    _require_letters(text)
    return _cased(_parted(_DOT.sub("·", text)))


def _parted(text: str) -> str:
    """Parts of a name in ideographs are parted by · alone; what a form pads 张三 with, as 张　三, parts nothing."""
    text = _FULL_STOP.sub("·", text)
    spaced = _SPACED.fullmatch(text)
    if spaced and len(text.replace(" ", "")) > _LONGEST_CHINESE:
        return "·".join(filter(None, spaced.groups()))
    return text.replace(" ", "") if all(point == " " or HAN.match(point) for point in text) else text


def _cased(text: str) -> str:
    """Capitals, as passports have them; a letter that would become two stays as it is."""
    return _CASED.sub(lambda point: big if len(big := point[0].upper()) == 1 else point[0], text)


def _require_letters(text: str) -> None:
    if any(_is_symbol(point) for point in text):
        raise InvalidName("name holds a symbol, or a sign that no name has")
    if not any(is_letter(point) for point in text):
        raise InvalidName("name is blank: it has no letter and no ideograph")


def is_letter(point: str) -> bool:
    """Whether a name can begin with it: a letter of any script, an ideograph of any edition."""
    return HAN.match(point) is not None or unicodedata.category(point)[0] in "LC" or unicodedata.category(point) == "Nl"


def _is_symbol(point: str) -> bool:
    if HAN.match(point) or point in _PUNCTUATION:
        return False
    category = unicodedata.category(point)
    if _SYMBOLS.match(point) or category[0] == "S" or category in {"No", "Me"}:
        return True
    # Signs of a script of its own, as the tsheg of Tibetan, part syllables and stay.
    return category[0] == "P" and _COMMON.match(point) is not None
