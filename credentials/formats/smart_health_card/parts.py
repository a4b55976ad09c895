"""The texts of a card's symbols (SMART Health Cards Framework, "Health cards as QR codes"): two digits a character.

``shc:/56762909…`` is a whole card, ``shc:/2/3/3150…`` the second of three symbols. Symbols may be shown in any order;
they come here as one text with white space between them. What is missing, what does not belong together and what was
shown twice is told apart, for each has another remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from credentials.errors import CannotTell, Malformed, TooLarge, Unreadable
from credentials.formats import native
from credentials.formats.smart_health_card.leniences import CardLenience
from credentials.formats.smart_health_card.limits import MAX_CARD_CHARACTERS, MAX_PARTS

PREFIX = "shc:/"
_NUMBERED = re.compile(r"([1-9][0-9]?)/([1-9][0-9]?)/")
_FIRST = 45
"""The character that the digits 00 stand for, ``-``; 77 is ``z``."""
_CHARACTERS = b"-._" + bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
"""Of a compact JWS."""
_PAIRS = bytes.fromhex("".join(f"{character - _FIRST:02}" for character in _CHARACTERS))
"""The two digits of each, read as a byte in hex: 77 is ``0x77``."""
_FROM_PAIRS = bytes.maketrans(_PAIRS, _CHARACTERS)
MISSING, MIXED = "parts-missing", "parts-mixed"
"""Reasons: show the others, and begin anew."""


class Part(NamedTuple):
    """One symbol's text: which of how many, and its digits."""

    number: int
    total: int
    digits: str
    """An even number of them."""


def is_part(text: str) -> bool:
    """Whether a text is one symbol of several, so that it says nothing alone."""
    match = _NUMBERED.match(text, len(PREFIX)) if text.startswith(PREFIX) else None
    return match is not None and match[2] != "1"


def gathered(texts: Iterable[str]) -> Iterator[str]:
    """The same texts with the symbols of a card as one, once all of them have come, in whatever order they come.

    Those that are left at the end come as one text too, for :func:`together` to say what is wrong with them.
    """
    symbols: dict[str, str] = {}
    for text in texts:
        symbol = native.bare(text)
        match = _NUMBERED.match(symbol, len(PREFIX)) if is_part(symbol) else None
        if match is None:
            yield text
            continue
        symbols[symbol] = match[1]
        if len(symbols) == len({*symbols.values()}) == int(match[2]):
            yield "\n".join(symbols)
            symbols.clear()
    if symbols:
        yield "\n".join(symbols)


def part_of(text: str) -> Part:
    """Take one symbol's text apart. Raises Malformed; Unreadable as ``parts-mixed`` for what is no ``shc:/`` text."""
    if not text.startswith(PREFIX):
        raise Unreadable("something else among the symbols of a card", reason=MIXED)
    numbered = _NUMBERED.match(text, len(PREFIX))
    digits = text[numbered.end() if numbered else len(PREFIX) :]
    if not digits.isascii() or not digits.encode().isdigit():
        raise Malformed("something else than digits in a numeric text")
    if len(digits) % 2:
        raise Malformed("an odd number of digits")
    number, total = (int(numbered[1]), int(numbered[2])) if numbered else (1, 1)
    if number > total or total > MAX_PARTS:
        raise Malformed(f"symbol {number} of {total}, of at most {MAX_PARTS}")
    return Part(number, total, digits)


def together(text: str, odd: list[str]) -> tuple[str, bool]:
    """The compact JWS of the symbols' texts, and whether they are several.

    Raises CannotTell as ``parts-missing``, Unreadable as ``parts-mixed``, TooLarge, Malformed.
    """
    parts = [part_of(each) for each in text.split(maxsplit=2 * MAX_PARTS)]
    total = parts[0].total
    found: dict[int, str] = {}
    for part in parts:
        if part.total != total or found.get(part.number, part.digits) != part.digits:
            raise Unreadable("symbols of different cards", reason=MIXED)
        odd += [CardLenience.PART_REPEATED] * (part.number in found)
        found[part.number] = part.digits
    if missing := [number for number in range(1, total + 1) if number not in found]:
        raise CannotTell(f"symbol {missing[0]} of {total} is not there", reason=MISSING)
    if total == 1 and "/" in text[len(PREFIX) :]:
        odd.append(CardLenience.PART_OF_ONE)
    return characters(found[number] for number in range(1, total + 1)), total > 1


def characters(digits: Iterable[str]) -> str:
    """What even runs of digits stand for. Raises Malformed for a pair that stands for no character of a JWS."""
    pairs = bytes.fromhex("".join(digits))
    if len(pairs) > MAX_CARD_CHARACTERS:
        raise TooLarge(f"more than {MAX_CARD_CHARACTERS} characters")
    if pairs.translate(None, _PAIRS):
        raise Malformed("a pair of digits that stands for no character of a JWS")
    return pairs.translate(_FROM_PAIRS).decode("ascii")
