"""Dates and moments as EU cards write them: ISO 8601 texts, in the spellings that are in use."""

from __future__ import annotations

import re
from datetime import date, datetime

from cbor2 import CBORTag

from credentials.errors import Malformed
from credentials.formats.eu_dcc.leniences import Lenience

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.+Z-]{1,30})?")
_BIRTH = re.compile(r"([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)?(T[0-9:.+Z-]{1,30})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MAX_OFFSET_SECONDS = 15 * 3600


def day_of(value: object, odd: list[str]) -> int:
    """The beginning of a date, in seconds UTC. Raises Malformed."""
    match = _DATE.fullmatch(_untagged(value, odd))
    if match is None:
        raise Malformed("not a date")
    if match[2]:
        odd.append(Lenience.DATE_WITH_TIME)
    try:
        return 86_400 * (date.fromisoformat(match[1]).toordinal() - _EPOCH_DAY)
    except ValueError as error:
        raise Malformed("no such day") from error


def moment_of(value: object, odd: list[str]) -> int:
    """A date and time, in seconds UTC; fractions are dropped. Raises Malformed."""
    match = _MOMENT.fullmatch(_untagged(value, odd))
    if match is None:
        raise Malformed("not a date and time")
    local, utc, sign, hours, minutes = match.groups()
    if not utc and not sign:
        odd.append(Lenience.TIME_WITHOUT_ZONE)
    offset = 3600 * int(hours) + 60 * int(minutes or 0) if sign else 0
    if offset > _MAX_OFFSET_SECONDS:
        raise Malformed("no such zone")
    try:
        moment = datetime.fromisoformat(local)
    except ValueError as error:
        raise Malformed("no such moment") from error
    seconds = 86_400 * (moment.toordinal() - _EPOCH_DAY) + 3600 * moment.hour + 60 * moment.minute + moment.second
    return seconds + (offset if sign == "-" else -offset)


def birth_date(value: object, odd: list[str]) -> str:
    """A date of birth as far as it is known: a day, a month, a year, or nothing. Raises Malformed."""
    match = _BIRTH.fullmatch(_untagged(value, odd))
    if match is None:
        raise Malformed("not a date of birth")
    if match[2]:
        odd.append(Lenience.DATE_WITH_TIME)
    return match[1] or ""


def _untagged(value: object, odd: list[str]) -> str:
    if type(value) is CBORTag:
        odd.append(Lenience.TIME_TAGGED)
        value = value.value
    if type(value) is not str:
        raise Malformed("a date is no text")
    return value
