"""What the doctor says: the steps' names, what is wrong with each, and what to do."""

from __future__ import annotations

from typing import Final

from credentials.profile.words import labels

STEPS: Final = labels("doctor.step")
TEXTS: Final = labels("doctor.finding")
