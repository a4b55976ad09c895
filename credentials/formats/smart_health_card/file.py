"""A ``.smart-health-card`` file: the cards that somebody was given to keep, as JSON."""

from __future__ import annotations

from credentials.errors import Malformed, TooLarge
from credentials.formats.smart_health_card.limits import MAX_CARDS_OF_A_FILE, MAX_FILE_BYTES
from credentials.wire.strict_json import read_json

_CARDS = "verifiableCredential"


def cards_in_file(data: bytes) -> list[str]:
    """The compact JWS of each card of a file, unverified, each a text for a gate. Raises TooLarge, Malformed."""
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(f"file of more than {MAX_FILE_BYTES} bytes")
    document = read_json(data)
    cards = document.get(_CARDS) if type(document) is dict else None
    if type(cards) is not list or not all(type(card) is str for card in cards):
        raise Malformed(f"no SMART Health Card file: {_CARDS} is no list of texts")
    if not 0 < len(cards) <= MAX_CARDS_OF_A_FILE:
        raise Malformed(f"no card, or more than {MAX_CARDS_OF_A_FILE}")
    return cards
