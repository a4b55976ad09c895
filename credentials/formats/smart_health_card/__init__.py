"""SMART Health Cards: ``shc:/`` and digits, or the compact JWS itself, around a FHIR bundle (Framework 1.4).

Its signers are many and read their specification in many ways; what is allowed to them stands in one table, see
:mod:`~credentials.formats.smart_health_card.leniences`.
"""

from __future__ import annotations

from credentials.errors import Malformed, TooLarge, Unreadable
from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats import native
from credentials.formats.smart_health_card import card, envelope, parts
from credentials.formats.smart_health_card.file import cards_in_file
from credentials.formats.smart_health_card.limits import NAME
from credentials.profile.limits import MAX_CARD_TEXT_CHARACTERS
from credentials.profile.steps import FOREIGN_STEPS, StepName

__all__ = [
    "IS_FOREIGN", "JWS_PREFIX", "NAME", "PREFIX", "STEPS", "cards_in_file", "gathered", "last_second_counts", "read",
    "unwrap",
]  # fmt: skip
PREFIX = parts.PREFIX
"""Of symbols."""
JWS_PREFIX = "eyJ"
"""Of the JWS itself: its header is a JSON object."""
STEPS, IS_FOREIGN = FOREIGN_STEPS | {StepName.WITHDRAWAL}, True
last_second_counts = False
read = card.read
gathered = parts.gathered


def unwrap(text: str) -> ForeignEnvelope:
    """Take the text of a card apart, without believing it; of several symbols all, with white space between them.

    Raises CannotTell as ``parts-missing``, Unreadable as ``parts-mixed``, TooLarge, Malformed.
    """
    if len(text) > MAX_CARD_TEXT_CHARACTERS:
        raise TooLarge(f"more than {MAX_CARD_TEXT_CHARACTERS} characters")
    text = native.bare(text)
    if not text.startswith(parts.PREFIX):
        return envelope.open_card(text)
    odd: list[str] = []
    compact, in_parts = parts.together(text, odd)
    try:
        return envelope.open_card(compact, tuple(dict.fromkeys(odd)), in_parts)
    except Malformed as error:
        if not in_parts:
            raise
        raise Unreadable(f"symbols that make no card together: {error.detail}", reason=parts.MIXED) from error
