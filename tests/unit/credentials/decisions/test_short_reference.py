"""The number of a decision is read out over the telephone: slips are found before anybody looks up another person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.decisions.short_reference import ALPHABET, read_short_reference, short_reference
from credentials.errors import Malformed

references = st.binary(min_size=16, max_size=16)


@given(references)
def test_what_is_written_is_read(reference: bytes) -> None:
    """In small letters, without the gap, full width, and with letters that look like digits."""
    text = short_reference(reference)
    assert len(text) == 9
    for typed in (text, text.lower(), text.replace(" ", ""), text.replace(" ", "-"), text.replace("0", "O")):
        assert read_short_reference(typed) == text
    assert read_short_reference(text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789"})) == text


@given(references, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_found(reference: bytes, place: int, other: str) -> None:
    """Whatever was misheard."""
    text = short_reference(reference).replace(" ", "")
    if text[place] != other:
        with pytest.raises(Malformed):
            read_short_reference(text[:place] + other + text[place + 1 :])


@given(references, st.integers(0, 6), st.integers(1, 7))
def test_two_that_changed_places_are_found(reference: bytes, first: int, apart: int) -> None:
    """Neighbours, or further apart."""
    swapped = list(short_reference(reference).replace(" ", ""))
    second = min(first + apart, 7)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    text = "".join(swapped)
    if text != short_reference(reference).replace(" ", ""):
        with pytest.raises(Malformed):
            read_short_reference(text)


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCDEFGU", "ABCDEFGHJ", "决定编号决定编号"])
def test_what_is_no_number_is_told(typed: str) -> None:
    """With how many characters it has."""
    with pytest.raises(Malformed, match="8 digits"):
        read_short_reference(typed)


def test_one_number_for_both_languages_of_the_program() -> None:
    """The wallet writes it, staff type it."""
    assert short_reference(bytes(16)) == "0000 0000"
    assert short_reference(bytes(range(16))) == "000G 40RX"
