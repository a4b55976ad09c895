"""What may stand in a signed text is written down by ranges, so that every runtime answers the same."""

from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest

from credentials.profile.characters import HIDDEN, is_shown

OLD = unicodedata.ucd_3_2_0
"""Unicode of 2002, the one version that every Python has: what was hidden then is hidden for ever."""
HIDDEN_THEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
NOT_A_CHARACTER = [*range(0xFDD0, 0xFDF0), *(plane << 16 | end for plane in range(17) for end in (0xFFFE, 0xFFFF))]


@pytest.mark.parametrize(
    "character",
    [
        "\U0002ebf0", "\U0002ee5d", "\U00031350", "\U000323af", "\U000323b0", "\U0003347f", "\u9ffd", "\u4db6",
        "\u0378", "\U0003fffd", "\ue863", "\U000f0000", "\U0010fffd", "\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef",
        "\u180b", "·", "．", "葛", "\u0301", "\ufffd", "〇", " ", "~", "\u00a1", "\U0001f600",
    ],
    ids=ascii,
)  # fmt: skip
def test_ideographs_of_any_year_private_use_and_variation_selectors_may_stand(character: str) -> None:
    """Somebody is called so; a gate with an older runtime must not turn them away."""
    assert is_shown(f"王{character}")


@pytest.mark.parametrize(
    "character",
    [
        "\x00", "\t", "\n", "\x1b", "\x7f", "\x85", "\x9b", "\xa0", "\xad", "\u034f", "\u061c", "\u115f", "\u1160",
        "\u1680", "\u17b4", "\u180e", "\u2003", "\u200b", "\u200d", "\u200e", "\u202e", "\u2028", "\u2029", "\u202f",
        "\u205f", "\u2060", "\u2065", "\u2066", "\u2069", "\u206f", "\u2800", "\u3000", "\u3164", "\ud800", "\udfff",
        "\ufdd0", "\ufeff", "\uffa0", "\ufff0", "\ufff9", "\ufffc", "\ufffe", "\uffff", "\U000110bd", "\U00013441",
        "\U0001d159", "\U0001d173", "\U0002ffff", "\U000e0001", "\U000e0041", "\U000e007f", "\U000e0fff", "\U0010ffff",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_nobody_sees_or_what_moves_its_neighbours_may_not(character: str) -> None:
    """Two names that look the same, a line turned round on a guard's screen, words smuggled past a reader."""
    assert not is_shown(character)
    assert not is_shown(f"王{character}*")


def test_no_control_format_or_space_of_old_is_missing() -> None:
    """Against a table of the outside that never changes, so that the answer is the same with every Python."""
    missing = [
        code for code in range(sys.maxunicode + 1) if is_shown(chr(code)) and OLD.category(chr(code)) in HIDDEN_THEN
    ]
    assert missing == [0x20]
    assert not any(is_shown(chr(code)) for code in NOT_A_CHARACTER)


def test_no_letter_of_old_is_hidden_but_fillers() -> None:
    """A range that is one too wide would take a letter from somebody's name."""
    letters = [chr(code) for code in range(sys.maxunicode + 1) if OLD.category(chr(code))[0] in "LN"]
    assert [letter for letter in letters if not is_shown(letter)] == ["\u115f", "\u1160", "\u3164", "\uffa0"]


def test_ranges_are_in_order_and_apart_within_planes() -> None:
    """A table that people compare by eye has one way to be written."""
    ranges = sorted(HIDDEN)
    assert all(first <= last < following for (first, last), (following, _) in pairwise(ranges))


def test_the_empty_text_has_nothing_hidden() -> None:
    """A comment may be empty; whoever needs a text asks for its length."""
    assert is_shown("")
