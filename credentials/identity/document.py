"""Identity documents (证件): numbers checked, brought to one spelling, and what in them stays when renewed.

=============================  ================================  ====================================
kind                           number                            identity
=============================  ================================  ====================================
resident-id                    18, GB 11643; also the residence  the number
                               permits 81/82/83
hk-macao-permit                H or M, 8 digits [, 2 renewal]    the first 9 characters
taiwan-permit                  8 digits [, 2 renewal [, place]]  the first 8 digits
passport                       country, separator, 5–9           all of it: changes at renewal
foreign-permanent-residence    18 from 9, or 3 letters and 12    all of it: the old one changed in 2023
=============================  ================================  ====================================

A number identifies and never authorises: nothing may be answered to somebody for knowing it.
Sources: GB 11643-1999; ISO 7064 MOD 11-2; 公安部 2010-03-10 (港澳居民来往内地通行证号码规则) and 2008-09-11
(台胞证一人一号、终身不变); 国家移民管理局 2023 (新版外国人永久居留身份证机读信息规则); ICAO 9303-3 §5.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from credentials.errors import InvalidDocument
from credentials.limits import DOCUMENT_TAIL_CHARACTERS, MAX_DOCUMENT_CHARACTERS, MIN_BIRTH_YEAR
from credentials.regions import REGION_CODES

_XPCC_CODE = 66  # Ours alone: people of the Corps have numbers of Xinjiang, 65.
_PROVINCES = frozenset(str(code) for code in REGION_CODES - {_XPCC_CODE, 81, 82})
_RESIDENCE_PERMIT_AREAS = frozenset({"810000", "820000", "830000"})  # Hong Kong, Macao, Taiwan (since 2018)
_CHECK_CHARACTERS = "0123456789X"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x2169: "X", 0x2179: "X"}
"""Full-width forms and the Roman ten, as Chinese input methods make them, to ASCII. Not NFKC, which would
also take ² and ① for digits."""
_SHAPES = {
    "foreign-permanent-residence": r"9[0-9]{16}[0-9X]|[A-Z]{3}[0-9]{12}",
    "resident-id": r"[0-9]{17}[0-9X]|[0-9]{15}",
    "hk-macao-permit": r"[HM][0-9]{8}(?:[0-9]{2})?",
    "taiwan-permit": r"[0-9]{8}(?:[0-9]{2}[0-9A-Z]?)?",
    "passport": r"([A-Z]{3}|D)[ :/<-]+([A-Z0-9][A-Z0-9 <-]*)",
}
"""How a number of each kind looks, tried in this order when no kind is given."""


class Document(NamedTuple):
    """A checked document. ``number`` is upper-case ASCII without spaces; a passport's is ``CHN-E12345678``.

    ``identity`` names the person as stably as the document allows, for instance
    ``hk-macao-permit:H12345678``: equal for two cards of one person where only the renewal differs.
    """

    kind: str
    number: str
    identity: str

    @property
    def tail(self) -> str:
        """The last four characters of the number that stays: what a code shows of the document."""
        return self.identity[-DOCUMENT_TAIL_CHARACTERS:]

    def __repr__(self) -> str:
        """Without the number: what is printed ends in a log one day."""
        return f"Document({self.kind!r}, tail={self.tail!r})"


def parse_document(kind: str | None, number: str) -> Document:
    """Check ``number`` as a document of ``kind`` (one of KINDS); with no kind, of the one whose shape it has.

    Full-width characters, spaces, hyphens, brackets and lower case are brought to one spelling first. At most
    ``limits.MAX_DOCUMENT_CHARACTERS``. Raises: InvalidDocument, which never repeats the number.
    """
    if len(number) > MAX_DOCUMENT_CHARACTERS:
        raise InvalidDocument("number too long")
    text = _ascii(number)
    if kind is None:
        kind = _kind_by_shape(text)
    if kind not in _CHECKS:
        raise InvalidDocument("unknown kind of document")
    return _CHECKS[kind](_prepared(kind, text))


def _ascii(number: str) -> str:
    """One spelling; separators stay, as spaces and hyphens."""
    if number.isascii() and number.isalnum():
        return number.upper()
    text = "".join(map(_folded, number.translate(_WIDE))).strip()
    # Before upper(), which makes an I of the Turkish dotless one and an S of a long one.
    if not text.isascii():
        raise InvalidDocument("a character that no document number has")
    return text.upper()


def _folded(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""  # Direction marks and zero-width spaces, copied along from documents and chats.
    if category == "Pd":
        return "-"
    return " " if character.isspace() else character


def _prepared(kind: str, text: str) -> str:
    """A passport needs the separator behind its country; elsewhere separators mean nothing."""
    return text if kind == "passport" else re.sub(r"[ ()-]", "", text)


def _kind_by_shape(text: str) -> str:
    for kind, shape in _SHAPES.items():
        if re.fullmatch(shape, _prepared(kind, text)):
            return kind
    raise InvalidDocument("not the shape of any document; a passport is country-number, as CHN-E12345678")


def _resident_id(number: str) -> Document:
    if re.fullmatch(r"[0-9]{15}", number):
        raise InvalidDocument("a 15-digit resident number, out of use since 2013: give the one of 18")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise InvalidDocument("a resident number is 17 digits and a digit or X")
    if number[:2] not in _PROVINCES and number[:6] not in _RESIDENCE_PERMIT_AREAS:
        raise InvalidDocument("resident number: no such region")
    _check_eighteen(number)
    return _whole("resident-id", number)


def _foreign_permanent_residence(number: str) -> Document:
    if not re.fullmatch(_SHAPES["foreign-permanent-residence"], number):
        raise InvalidDocument("a permanent residence number is 18 characters from 9, or 3 letters and 12 digits")
    # The old one is judged by its shape alone: how its digits are made up was never published.
    if number[0] == "9":
        if number[1:3] not in _PROVINCES:
            raise InvalidDocument("permanent residence number: no such region")
        _check_eighteen(number)
    return _whole("foreign-permanent-residence", number)


def _hk_macao_permit(number: str) -> Document:
    if not re.fullmatch(_SHAPES["hk-macao-permit"], number):
        raise InvalidDocument("a Hong Kong or Macao permit is H or M, 8 digits and at most 2 of renewal")
    return Document("hk-macao-permit", number, f"hk-macao-permit:{number[:9]}")


def _taiwan_permit(number: str) -> Document:
    if not re.fullmatch(_SHAPES["taiwan-permit"], number):
        raise InvalidDocument("a Taiwan permit is 8 digits, before 2015 with 2 of renewal and a place")
    return Document("taiwan-permit", number, f"taiwan-permit:{number[:8]}")


def _passport(text: str) -> Document:
    match = re.fullmatch(_SHAPES["passport"], text)
    if match is None:
        raise InvalidDocument("a passport is country-number, as CHN-E12345678")
    country, number = match[1], re.sub(r"[ <-]", "", match[2])
    shape = r"[A-Z][0-9]{8}|[A-Z]{2}[0-9]{7}" if country == "CHN" else r"(?=.*[0-9])[A-Z0-9]{5,9}"
    if not re.fullmatch(shape, number):
        raise InvalidDocument("a passport number is 5 to 9 characters; a Chinese one 1 or 2 letters, 9 in all")
    return _whole("passport", f"{country}-{number}")


def _whole(kind: str, number: str) -> Document:
    return Document(kind, number, f"{kind}:{number}")


def _check_eighteen(number: str) -> None:
    """Birth date and check character of a number of 18. Source: GB 11643-1999 §4, ISO 7064 MOD 11-2."""
    _check_date(number[6:14])
    remainder = 0
    for digit in number[:17]:
        remainder = (remainder + int(digit)) * 2 % 11
    if number[17] != _CHECK_CHARACTERS[(12 - remainder) % 11]:
        raise InvalidDocument("check character does not fit")


def _check_date(text: str) -> None:
    try:
        born = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise InvalidDocument("birth date does not exist") from error
    if born.year < MIN_BIRTH_YEAR:
        raise InvalidDocument("birth date too long ago")


_CHECKS: dict[str, Callable[[str], Document]] = {
    "resident-id": _resident_id,
    "hk-macao-permit": _hk_macao_permit,
    "taiwan-permit": _taiwan_permit,
    "passport": _passport,
    "foreign-permanent-residence": _foreign_permanent_residence,
}
KINDS = tuple(_CHECKS)
"""Every kind of document, for schemas and command line options."""
