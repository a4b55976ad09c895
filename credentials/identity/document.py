"""Identity documents (证件): numbers checked, brought to one spelling, and what in them stays when renewed.

Which documents there are is data: :data:`EDITIONS`, a row for each design that somebody may still hold, with the day
from which it was issued and where its numbers are described, or that this is taken on trust. A new design is a new row.

A number identifies and never authorises: nothing may be answered to somebody for knowing it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from credentials.errors import InvalidDocument
from credentials.profile.limits import DOCUMENT_TAIL_CHARACTERS, MAX_DOCUMENT_CHARACTERS, MIN_BIRTH_YEAR
from credentials.profile.members import REGION_CODES

_XPCC_CODE = 66  # Ours alone: people of the Corps have numbers of Xinjiang, 65.
_PROVINCES = frozenset(str(code) for code in REGION_CODES - {_XPCC_CODE, 81, 82})
_RESIDENCE_PERMIT_AREAS = frozenset({"810000", "820000", "830000"})  # Hong Kong, Macao, Taiwan (since 2018)
_LENGTH_WITH_BIRTH = 18
_CHECK_CHARACTERS = "0123456789X"
_COMPARE = "; compare it with the document"
"""The next thing to do, where no rule tells which character is wrong."""
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x2169: "X", 0x2179: "X"}
"""Full-width forms and the Roman ten, as Chinese input methods make them, to ASCII. Not NFKC, which would
also take ² and ① for digits."""


class Edition(NamedTuple):
    """One design of a document. ``shape``: of the number in its one spelling. ``keeps``: how many characters of it stay
    the holder's when it is renewed; None for all of them. ``since``: the first day of issue, ISO 8601. ``confirmed``:
    whether a published source was found to say so; where not, such documents are said to look so, and taken that nobody
    be turned away. Whoever finds the source writes it into the row."""

    kind: str
    shape: str
    keeps: int | None
    since: str
    source: str
    confirmed: bool = True


_PASSPORT = "[A-Z]{3}-(?=.*[0-9])[A-Z0-9]{5,9}"
EDITIONS = (
    Edition("foreign-permanent-residence", "9[0-9]{16}[0-9X]", None, "2023-12-01", "国家移民管理局 2023"),
    Edition("foreign-permanent-residence", "[A-Z]{3}[0-9]{12}", None, "2004-08-15", "公安部；2017 年式样同号"),
    Edition("resident-id", "[0-9]{17}[0-9X]", None, "1999-10-01", "GB 11643-1999"),
    Edition("resident-id", "8[123]0000[0-9]{11}[0-9X]", None, "2018-09-01", "国办发〔2018〕81号：港澳台居民居住证"),
    Edition("hk-macao-permit", "[HM][0-9]{10}", 9, "1999-01-15", "公安部 2010-03-10：末 2 位换证次数", False),
    Edition("hk-macao-permit", "[HM][0-9]{8}", 9, "2013-01-02", "公安部 2012；2017、2023 式样同号"),
    Edition("hk-macao-permit", "[HM]A[0-9]{7}", 9, "2024-07-10", "国家移民管理局 2024-07-01：非中国籍"),
    Edition("taiwan-permit", "[0-9]{10}[0-9A-Z]?", 8, "1992-05-01", "公安部 2008-09-11：本式，末 2 位换证次数及签发地"),
    Edition("taiwan-permit", "[0-9]{8}", 8, "2008-09-25", "公安部 2008-09-11：一人一号；2015-07-06 卡式同号"),
    Edition("passport", "CHN-(?:SE|PE|DE)[0-9]{7}", None, "1997-10-01", "护照法：公务 SE、PE，外交 DE", False),
    Edition("passport", "CHN-(?:[A-Z][0-9]{8}|[A-Z]{2}[0-9]{7})", None, "1997-10-01",
            "护照法：普通 E、G，特区 H、K、M"),
    Edition("passport", "CHN-[DPS][0-9]{7}", None, "1990-01-01", "外交部：旧式外交、公务护照", False),
    Edition("passport", f"(?!CHN){_PASSPORT}|D-(?=.*[0-9])[A-Z0-9]{{5,9}}", None, "1980-01-01", "ICAO 9303-3 §5"),
    Edition("seafarers-passport", _PASSPORT, None, "1958-04-30", "ILO C108、C185；海员证管理办法；ICAO 9303"),
)  # fmt: skip
"""Tried in this order where no kind is given: a seafarer's passport is one only where that is said. Of Taiwan permits
for one entry no description was found: those whose numbers look like the others' are taken for these."""
KINDS = tuple(dict.fromkeys(edition.kind for edition in EDITIONS))
"""Every kind of document, for schemas and command line options."""
_BY_COUNTRY = frozenset({"passport", "seafarers-passport"})
"""Their numbers mean nothing without the country before them."""
_COUNTRY = re.compile("([A-Z]{3}|D)[ :/<-]+([A-Z0-9][A-Z0-9 .<-]*)")
_HINTS = {
    "resident-id": "a resident number is 17 digits and a digit or X",
    "foreign-permanent-residence": "a permanent residence number is 18 characters from 9, or 3 letters and 12 digits",
    "hk-macao-permit": "a Hong Kong or Macao permit is H or M, 8 digits [, 2 of renewal]; or HA or MA, 7 digits",
    "taiwan-permit": "a Taiwan permit is 8 digits, before September 2008 with 2 of renewal and a place",
    "passport": "a passport is country-number, as CHN-E12345678; the number is 5 to 9 characters, a Chinese one 8 or 9",
    "seafarers-passport": "a seafarer's passport is country-number, as CHN-A12345678; the number is 5 to 9 characters",
}


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

    @property
    def born(self) -> date | None:
        """The day of birth that a number of 18 characters says; None where a number says none. It may lie ahead: only
        somebody with a clock can tell."""
        is_checked = self.kind in _CHECKS and len(self.number) == _LENGTH_WITH_BIRTH
        return _read_date(self.number[6:14]) if is_checked else None

    def __repr__(self) -> str:
        """Without the number: what is printed ends in a log one day."""
        return f"Document({self.kind!r}, tail={self.tail!r})"


def parse_document(kind: str | None, number: str) -> Document:
    """Check ``number`` as a document of ``kind`` (one of KINDS); with no kind, of the one whose shape it has.

    Full-width characters, spaces, hyphens, brackets and lower case are brought to one spelling first. At most
    ``limits.MAX_DOCUMENT_CHARACTERS``. Raises: InvalidDocument, which never repeats the number.
    """
    if len(number) > MAX_DOCUMENT_CHARACTERS:
        raise InvalidDocument(f"number of more than {MAX_DOCUMENT_CHARACTERS} characters")
    if kind is not None and kind not in KINDS:
        raise InvalidDocument(f"unknown kind of document; it is one of {', '.join(KINDS)}")
    text = _ascii(number)
    for edition in EDITIONS:
        whole = _prepared(edition.kind, text)
        if kind in (None, edition.kind) and re.fullmatch(edition.shape, whole):
            _CHECKS.get(edition.kind, _nothing)(whole)
            return Document(edition.kind, whole, f"{edition.kind}:{whole[: edition.keeps]}")
    raise InvalidDocument(_hint(kind, text))


def _hint(kind: str | None, text: str) -> str:
    if kind in (None, "resident-id") and re.fullmatch(r"[0-9]{15}", _prepared("resident-id", text)):
        return "a 15-digit resident number, out of use since 2013: give the one of 18"
    return _HINTS[kind] if kind else "not the shape of any document; a passport is country-number, as CHN-E12345678"


def _ascii(number: str) -> str:
    """One spelling; separators stay, as spaces and hyphens."""
    if number.isascii() and number.isalnum():
        return number.upper()
    text = "".join(map(_folded, number.translate(_WIDE))).strip()
    # Before upper(), which makes an I of the Turkish dotless one and an S of a long one.
    if not text.isascii():
        raise InvalidDocument(f"a character that no document number has{_COMPARE}")
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
    if kind not in _BY_COUNTRY:
        return re.sub(r"[ ()-]", "", text)
    match = _COUNTRY.fullmatch(text)
    return f"{match[1]}-{re.sub(r'[ .<-]', '', match[2])}" if match else text


def _nothing(number: str) -> None:
    """The issuing state publishes no check that could be made."""


def _resident_id(number: str) -> None:
    if number[:2] not in _PROVINCES and number[:6] not in _RESIDENCE_PERMIT_AREAS:
        raise InvalidDocument(f"resident number: characters 1 to 6 are no region{_COMPARE}")
    _check_eighteen(number)


def _foreign_permanent_residence(number: str) -> None:
    # The old one is judged by its shape alone: how its digits are made up was never published.
    if number[0] != "9":
        return
    if number[1:3] not in _PROVINCES:
        raise InvalidDocument(f"permanent residence number: characters 2 and 3 are no region{_COMPARE}")
    _check_eighteen(number)


def _check_eighteen(number: str) -> None:
    """Birth date and check character of a number of 18. Source: GB 11643-1999 §4, ISO 7064 MOD 11-2."""
    _check_date(number[6:14])
    remainder = 0
    for digit in number[:17]:
        remainder = (remainder + int(digit)) * 2 % 11
    if number[17] != _CHECK_CHARACTERS[(12 - remainder) % 11]:
        raise InvalidDocument(f"the last character does not fit the others, so one of the 18 is wrong{_COMPARE}")


def _read_date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _check_date(text: str) -> None:
    try:
        born = _read_date(text)
    except ValueError as error:
        raise InvalidDocument(f"birth date (characters 7 to 14) does not exist{_COMPARE}") from error
    if born.year < MIN_BIRTH_YEAR:
        raise InvalidDocument(f"birth date (characters 7 to 14) too long ago{_COMPARE}")


_CHECKS: dict[str, Callable[[str], None]] = {
    "resident-id": _resident_id,
    "foreign-permanent-residence": _foreign_permanent_residence,
}
