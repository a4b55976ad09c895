"""The bounds hold together: a change of one that forgets another is a format that contradicts itself."""

from __future__ import annotations

import pytest

from credentials.formats import native, presentation
from credentials.profile import limits
from credentials.qr.symbol import CAPACITY


@pytest.mark.parametrize(
    ("most", "level", "version"),
    [
        (limits.MAX_PAPER_TEXT_CHARACTERS, "M", 11),
        (limits.MAX_PAPER_TEXT_CHARACTERS, "Q", 14),
        (limits.MAX_CREDENTIAL_TEXT_CHARACTERS, "M", 12),
        (limits.MAX_PRESENTATION_TEXT_CHARACTERS, "M", 14),
    ],
)
def test_a_text_budget_fits_its_symbol(most: int, level: str, version: int) -> None:
    """One character more makes the symbol a size larger, and cheap cameras stop reading it (ISO/IEC 18004 table 7)."""
    assert most <= CAPACITY[level][version - 1]


@pytest.mark.parametrize(
    ("prefix", "most_characters", "most_bytes"),
    [
        (native.PREFIX, limits.MAX_CREDENTIAL_TEXT_CHARACTERS, limits.MAX_CREDENTIAL_BYTES),
        (presentation.PREFIX, limits.MAX_PRESENTATION_TEXT_CHARACTERS, limits.MAX_PRESENTATION_BYTES),
    ],
)
def test_the_text_bound_is_the_tighter_one(prefix: str, most_characters: int, most_bytes: int) -> None:
    """No legal text may be refused for its bytes: then the two bounds would be two formats."""
    assert (most_characters - len(prefix)) * 2 // 3 <= most_bytes


def test_pasted_texts_may_be_longer_than_codes() -> None:
    """A text with every space escaped is up to three times as long and must still be looked at (hcert-spec #72)."""
    assert limits.MAX_TEXT_CHARACTERS >= 3 * limits.MAX_PRESENTATION_TEXT_CHARACTERS


def test_times_fit_four_bytes() -> None:
    """The presentation carries its time in four bytes."""
    assert limits.MIN_TIME_SECONDS < limits.MAX_TIME_SECONDS < 2**32


def test_a_converted_code_has_less_evidence() -> None:
    """Source and second piece of evidence together would not fit symbol version 14."""
    assert limits.MAX_EVIDENCE_CONVERTED < limits.MAX_EVIDENCE
