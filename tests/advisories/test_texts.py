"""What happens to a text between printer and gate: repaired where nothing is lost, refused by name elsewhere."""

from __future__ import annotations

import urllib.parse

import pytest

from credentials.errors import CredentialError, Malformed, NotACredential, TooLarge
from credentials.formats import native
from credentials.profile.lists import Form
from tests.samples import live_text, read, text_of, typical

# 00 80 is "%20" in Base45, wherever in a pair of bytes it stands: once for each of the two ways to fall.
ESCAPE_INSIDE = typical()._replace(cti=bytes.fromhex("0080000080000000"))


def text_with_space() -> str:
    """A code with a space and without anything that looks like an escape."""
    return next(text for _ in range(100) if " " in (text := text_of(typical())) and "%20" not in text)


@pytest.mark.parametrize("around", [" ", "\n", "\r\n", "\t", "  \n"])
def test_a_text_with_white_space_around(around: str) -> None:
    """Trailing newlines of scanners and spaces of copy and paste (hcert-spec #64)."""
    text, live = text_of(typical()), live_text(typical(Form.PHONE))
    assert read(around + text + around) == typical()
    assert read(around + live + around) == typical(Form.PHONE)


def test_a_text_trimmed_of_an_inner_space() -> None:
    """Base45 holds spaces; a program that folded or dropped them has destroyed the code (vacdec #15)."""
    text = text_with_space()
    with pytest.raises(CredentialError):
        read(text.replace(" ", "", 1))
    with pytest.raises(CredentialError):
        read(text.replace(" ", "  ", 1))


@pytest.mark.parametrize("instead", ["\n", "\t", "\u00a0", "\u3000", "+", "_", "&nbsp;"])
def test_another_space_inside(instead: str) -> None:
    """A line break where the text was wrapped, a plus from a web form: not undone, for a plus is a digit as well."""
    with pytest.raises(CredentialError):
        read(text_with_space().replace(" ", instead))


def test_a_text_with_escaped_spaces() -> None:
    """A link's %20 for each space loses nothing (hcert-spec #72)."""
    assert read(text_with_space().replace(" ", "%20")) == typical()


def test_a_sound_text_that_contains_an_escape() -> None:
    """Undone first and asked later, one code in three hundred would be called damaged, with no cure for its holder."""
    text = text_of(ESCAPE_INSIDE)
    assert "%20" in text
    assert read(text) == ESCAPE_INSIDE


def test_a_text_with_both_kinds_of_escape_is_refused() -> None:
    """Which %20 was a space cannot be told: damaged, and never a guess."""
    text = next(text for _ in range(100) if " " in (text := text_of(ESCAPE_INSIDE)))
    with pytest.raises(Malformed):
        native.unwrap(text.replace(" ", "%20"))


def test_a_text_escaped_altogether_is_refused() -> None:
    """The colon of the prefix too, so it is no prefix; behind a plain prefix the escapes are no Base45."""
    text = text_with_space()
    with pytest.raises(NotACredential):
        read(urllib.parse.quote(text, safe=""))
    with pytest.raises(CredentialError):
        read("TX1:" + urllib.parse.quote("%$" + text[4:], safe=""))


@pytest.mark.parametrize("change", [str.lower, str.title, str.swapcase])
def test_a_text_in_another_case_is_refused(change: object) -> None:
    """Lower case is outside Base45; a reader that folds it has many texts for one code."""
    text = text_of(typical())
    with pytest.raises(CredentialError):
        read("TX1:" + change(text[4:]))  # type: ignore[operator]


def test_a_full_width_text_is_refused() -> None:
    """What a Chinese keyboard makes of it; NFKC would bring it back, and let other look-alikes in."""
    text = text_of(typical())
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    with pytest.raises(NotACredential):
        read(wide)
    with pytest.raises(Malformed):
        read("TX1:" + wide[4:])


def test_two_codes_in_one_text_are_refused() -> None:
    """Which of them should count?"""
    text = text_of(typical())
    for both in (text + text, f"{text}\n{text}", f"{text} {text}"):
        with pytest.raises((Malformed, TooLarge)):
            read(both)
