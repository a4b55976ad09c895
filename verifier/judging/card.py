"""A foreign card on its way through the recipe: what it was taken for, by which keys, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

from credentials.foreign.envelope import ForeignEnvelope, VerifiedCard
from credentials.foreign.facts import ForeignFacts
from credentials.foreign.keys import ForeignKey
from credentials.formats.table import ForeignFormat


class ForeignCard:
    """``facts``: what its signer's key has signed; ``shown``: what may be shown of it, or None."""

    keys: Sequence[ForeignKey]
    verified: VerifiedCard
    facts: ForeignFacts

    def __init__(self, card_format: ForeignFormat, envelope: ForeignEnvelope) -> None:
        self.format, self.envelope = card_format, envelope
        self.shown: ForeignFacts | None = None
