"""What EU cards do that their specification does not, and that is read all the same: the one table.

Each has been seen on cards in use or in the published test data. None of them makes a signature cover less, and none
is allowed to native codes. What a card needed stands in its facts, by these names. Not among them, and refused: content
that is not compressed, bytes after an item, duplicate keys, a kid that another header contradicts.
"""

from __future__ import annotations

from enum import StrEnum


class Lenience(StrEnum):
    """By name, as facts show it; the words say what the card has instead of what it should have."""

    TAG_MISSING = "tag-missing"
    """An array of four without tag 18 (hcert-spec #69)."""
    TAG_OF_CWT = "tag-of-cwt"
    """Tag 18 inside tag 61, which says that it is a CWT (RFC 8392 section 6)."""
    KID_UNPROTECTED = "kid-unprotected"
    """The kid in the unprotected header alone. A protected one always counts before it."""
    ALGORITHM_UNPROTECTED = "algorithm-unprotected"
    """The algorithm in the unprotected header alone; it is the key's own in any case."""
    ISSUED_AT_MISSING = "issued-at-missing"
    """No time of issue."""
    TIME_AS_FLOAT = "time-as-float"
    """1621262460.78: the seconds count, the rest is dropped (dgc-testdata #86)."""
    TIME_TAGGED = "time-tagged"
    """A number or text inside the tags 1 or 0 (RFC 8949 section 3.4)."""
    TIME_WITHOUT_ZONE = "time-without-zone"
    """A date and time of no zone, taken as UTC."""
    DATE_WITH_TIME = "date-with-time"
    """2021-03-09T00:00:00 where a date belongs: the date counts."""
    NUMBER_AS_FLOAT = "number-as-float"
    """2.0 for the second dose."""
    EMPTY_GROUP = "empty-group"
    """Null, or a list of nothing, for the kinds that the card is not about."""
    SEVERAL_ENTRIES = "several-entries"
    """More than one entry of its kind, as the first version of the schema had it."""
    NAME_NOT_SHOWN = "name-not-shown"
    """A name with characters that nobody sees: the transliterated one is shown instead."""
