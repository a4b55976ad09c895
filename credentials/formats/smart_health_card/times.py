"""Dates and times as FHIR writes them (R4, section 2.24.0.1): as exactly as they are known."""

from __future__ import annotations

import re

from credentials.errors import Malformed
from credentials.formats.eu_dcc.times import day_of, moment_of
from credentials.formats.smart_health_card.leniences import CardLenience

_DAY_CHARACTERS = 10
_PARTIAL = re.compile(r"[0-9]{4}(?:-[0-9]{2})?")


def date_time_of(value: object, odd: list[str]) -> tuple[int, bool]:
    """Seconds UTC, and whether it is known to the day; a month or a year comes as its beginning. Raises Malformed."""
    if type(value) is not str:
        raise Malformed("a date is missing, or no text")
    if len(value) > _DAY_CHARACTERS:
        return moment_of(value, odd), True
    if not _PARTIAL.fullmatch(value):
        return day_of(value, odd), True
    odd.append(CardLenience.DATE_NOT_A_DAY)
    return day_of(f"{value}-01-01"[:_DAY_CHARACTERS], odd), False
