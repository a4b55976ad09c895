"""The number of a decision is read out over the telephone: whoever compares it sees a slip."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from credentials.decisions.short_reference import ALPHABET, short_reference

references = st.binary(min_size=16, max_size=16)


def spoken(reference: bytes) -> str:
    return short_reference(reference).replace(" ", "")


@given(references, st.integers(0, 34))
def test_one_wrong_character_never_makes_another_number(reference: bytes, bit: int) -> None:
    """The check character changes with each of the seven before it."""
    other = (int.from_bytes(reference[:5], "big") ^ 1 << bit + 5).to_bytes(5, "big") + reference[5:]
    differing = [one != another for one, another in zip(spoken(reference), spoken(other), strict=True)]
    assert sum(differing) == 2 and differing[-1]


@given(references, st.integers(0, 5))
def test_two_neighbours_that_changed_places_make_no_number(reference: bytes, first: int) -> None:
    """The number with the two the other way round has another check character."""
    bits = int.from_bytes(reference[:5], "big") >> 5
    low, high = (bits >> 5 * place & 31 for place in (first, first + 1))
    assume(low != high)
    swapped = bits ^ (low ^ high) << 5 * first ^ (low ^ high) << 5 * (first + 1)
    assert spoken((swapped << 5).to_bytes(5, "big"))[-1] != spoken(reference)[-1]


@given(references)
def test_no_character_is_mistaken_for_another(reference: bytes) -> None:
    """Eight, of digits and letters without I, L, O and U."""
    assert len(spoken(reference)) == 8 and {*spoken(reference)} <= {*ALPHABET} and not {*"ILOU"} & {*ALPHABET}


def test_one_number_for_both_languages_of_the_program() -> None:
    """The wallet shows it, the file says it."""
    assert short_reference(bytes(16)) == "0000 0000"
    assert short_reference(bytes(range(16))) == "000G 40RX"
