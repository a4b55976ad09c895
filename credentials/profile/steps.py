"""The steps of a judge's recipe, by the names that verdicts show: their number is their place.

What each does stands in ``verifier/judging/recipe.py``. A format of :mod:`credentials.formats` says which apply to it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class StepName(StrEnum):
    """In the order in which they are taken."""

    FORM = "form"
    TRUST = "trust"
    KEY = "key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    ISSUER = "issuer"
    PERMISSION = "permission"
    DECISION = "decision"
    TIME = "time"
    HOLDER = "holder"
    WITHDRAWAL = "withdrawal"
    SOURCE = "source"
    RECOGNITION = "recognition"
    RULES = "rules"
    REPLAY = "replay"


ALL_STEPS: Final = frozenset(StepName)
FOREIGN_STEPS: Final = ALL_STEPS - {
    StepName.DECISION, StepName.HOLDER, StepName.WITHDRAWAL, StepName.SOURCE, StepName.REPLAY,
}  # fmt: skip
"""Of cards that no member signed: no colour, no phone that signs; some formats have withdrawals."""
