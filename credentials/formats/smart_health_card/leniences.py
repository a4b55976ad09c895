"""What SMART Health Cards do that their specification does not, and that is read all the same: the one table.

None of them makes a signature cover less. What a card needed stands in its facts, by these names. Not among them, and
refused: content that is not deflated, a kid that is no thumbprint, base64 with padding, duplicate names in JSON.
"""

from __future__ import annotations

from enum import StrEnum


class CardLenience(StrEnum):
    """By name, as facts show it; the words say what the card has instead of what it should have."""

    PART_OF_ONE = "part-of-one"
    """``shc:/1/1/``: the only part says that it is one."""
    PART_REPEATED = "part-repeated"
    """The same part was shown twice, and nothing else."""
    TIME_WITHOUT_ZONE = "time-without-zone"
    """A date and time of no zone, taken as UTC."""
    DATE_NOT_A_DAY = "date-not-a-day"
    """A month or a year where a day belongs: no rule can be about it."""
    NAME_IN_PIECES = "name-in-pieces"
    """Characters that nobody sees are taken out of a name."""
    PERSON_MISSING = "person-missing"
    """A bundle without a patient. Only where nothing else in it is what a rule could be about."""
