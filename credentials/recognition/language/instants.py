"""Moments in rules: how a date is read, and how time is added to it.

CertLogic knows two things: a date in the data, which is a string, and a date-time, which only ``plusTime``
and ``dccDateOfBirth`` make. :class:`Instant` stands for the first where the data is ours (no string to write
and read again at every scan), :class:`DateTime` is the second. Both count milliseconds since
1970-01-01T00:00:00Z, so no zone and no daylight saving time can come in between.

Source: CertLogic specification 1.3.2, "Offset date-time" and "DCC date of birth".
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime

from credentials.errors import RuleOpen

MILLISECONDS = 1000
"""Milliseconds in a second."""
HOUR = 3600 * MILLISECONDS
DAY = 24 * HOUR
FIXED_UNITS = {"hour": HOUR, "day": DAY}
"""Units of one length, in milliseconds."""
CALENDAR_UNITS = {"month": 1, "year": 12}
"""Units whose length depends on the calendar, in months."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{1,2})(?::?([0-9]{2}))?)?"
)


class Instant(int):
    """A moment in the data, in milliseconds UTC. Rules see it as they would see a date string."""

    __slots__ = ()


class DateTime(int):
    """A date-time that a rule has made, in milliseconds UTC. Only these can be compared with each other."""

    __slots__ = ()


def milliseconds(value: object) -> int:
    """The moment of an Instant, a date string or an aware ``datetime``. Raises RuleOpen for anything else."""
    if type(value) is Instant:
        return value
    if type(value) is str:
        return _of_text(value)
    if type(value) is datetime and value.tzinfo is not None:
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)
    raise RuleOpen("not a date")


def of_partial_date(value: object) -> int:
    """The last day that fits ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, at midnight. Raises RuleOpen."""
    match = _DATE.fullmatch(value) if type(value) is str else None
    if match is None:
        raise RuleOpen("not a date of birth")
    try:
        return _last_day(match) * DAY
    except ValueError as error:
        raise RuleOpen("no such day") from error


def add_months(moment: int, months: int) -> int:
    """Add calendar months; days beyond the month's end run over, as 2020-02-29 plus a year is 2021-03-01.

    Raises RuleOpen when the result lies outside the years 1 to 9999.
    """
    days, rest = divmod(moment, DAY)
    try:
        start = date.fromordinal(days + _EPOCH_DAY)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        first = date(year, month + 1, 1).toordinal()
    except (ValueError, OverflowError) as error:
        raise RuleOpen("outside the calendar") from error
    return (first + start.day - 1 - _EPOCH_DAY) * DAY + rest


def _of_text(text: str) -> int:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return of_partial_date(text)
    try:
        year, month, day, hour, minute, second = map(int, match.groups()[:6])
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise RuleOpen("no such moment") from error
    days = moment.toordinal() - _EPOCH_DAY
    seconds = hour * 3600 + minute * 60 + second - _offset(match)
    return days * DAY + seconds * MILLISECONDS + int((match[7] or "").ljust(3, "0")[:3])


def _offset(match: re.Match[str]) -> int:
    """The zone's offset in seconds. No zone means UTC."""
    if match[8] is None:
        return 0
    hours, minutes = int(match[9]), int(match[10] or 0)
    if hours > 23 or minutes > 59:
        raise RuleOpen("no such zone")
    seconds = hours * 3600 + minutes * 60
    return -seconds if match[8] == "-" else seconds


def _last_day(match: re.Match[str]) -> int:
    """Days since 1970-01-01. Raises ValueError."""
    year, month = int(match[1]), int(match[2] or 12)
    day = int(match[3]) if match[3] else 31
    if match[3] is None and month in range(1, 13) and year:
        day = monthrange(year, month)[1]
    return date(year, month, day).toordinal() - _EPOCH_DAY


def is_within(valid_from: int, valid_until: int | None, at: int) -> bool:
    """Whether something counts at ``at`` (seconds UTC): from ``valid_from`` on, until before ``valid_until`` if any."""
    return valid_from <= at and (valid_until is None or at < valid_until)
