"""How dates are read and moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from credentials.errors import RuleOpen
from credentials.recognition.language.instants import DAY, HOUR, DateTime, Instant, add_months, milliseconds


def at(year: int, *rest: int) -> int:
    moment = datetime(year, *rest, tzinfo=UTC)  # type: ignore[arg-type,misc]
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021", at(2021, 12, 31)),
        ("2004-02", at(2004, 2, 29)),
        ("2003-02", at(2003, 2, 28)),
        ("2021-05-04", at(2021, 5, 4)),
        ("2021-05-04T13:37:42", at(2021, 5, 4, 13, 37, 42)),
        ("2021-05-04T13:37:42Z", at(2021, 5, 4, 13, 37, 42)),
        ("2021-08-20T12:03:12+2", at(2021, 8, 20, 10, 3, 12)),
        ("2021-08-20T12:03:12+02", at(2021, 8, 20, 10, 3, 12)),
        ("2021-08-20T12:03:12-130", at(2021, 8, 20, 13, 33, 12)),
        ("2021-08-20T12:03:12+0800", at(2021, 8, 20, 4, 3, 12)),
        ("2021-08-01T00:00:00+1:00", at(2021, 7, 31, 23)),
        ("2021-08-01T00:00:00+08:00", at(2021, 7, 31, 16)),
        ("2021-08-01T00:00:00.1Z", at(2021, 8, 1) + 100),
        ("2021-08-01T00:00:00.0019999Z", at(2021, 8, 1) + 1),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_every_written_form(text: str, expected: int) -> None:
    """A form read wrongly shifts every rule that uses it."""
    assert milliseconds(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2021-13",
        "2021-00",
        "0000",
        "0000-02",
        "2021-02-30",
        "2021-05-04T24:00:00Z",
        "2021-05-04T13:37:60Z",
        "2021-05-04T13:37",
        "2021-05-04 13:37:42Z",
        "2021-05-04T13:37:42+24:00",
        "2021-05-04T13:37:42+08:60",
        "2021-05-04\n",
        "２０２１-05-04",
        1668916800,
        1668916800.5,
        True,
        None,
        ["2021"],
        DateTime(5),
        datetime(2021, 5, 4),
    ],
)
def test_what_is_no_date_is_open(value: object) -> None:
    """A guess at a date would be a pass or a refusal that nobody signed."""
    with pytest.raises(RuleOpen):
        milliseconds(value)


def test_moments_that_are_not_texts() -> None:
    """Our own data hold moments, and an aware datetime means the same in every zone."""
    shanghai = timezone(timedelta(hours=8))
    assert milliseconds(Instant(5)) == 5
    assert milliseconds(datetime(2021, 8, 1, 8, tzinfo=shanghai)) == at(2021, 8, 1)


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (at(2020, 2, 29), 12, at(2021, 3, 1)),
        (at(2020, 2, 29), 1, at(2020, 3, 29)),
        (at(2021, 1, 31), 1, at(2021, 3, 3)),
        (at(2021, 12, 1), 1, at(2022, 1, 1)),
        (at(2021, 12, 1), -12, at(2020, 12, 1)),
        (at(2021, 1, 15, 7, 30) + 5, -1, at(2020, 12, 15, 7, 30) + 5),
    ],
)
def test_months_run_over_as_the_specification_says(start: int, months: int, expected: int) -> None:
    """Evaluators disagreed on leap days; the specification's table decides."""
    assert add_months(start, months) == expected


@pytest.mark.parametrize("months", [12 * 8_000, -12 * 2_100, 10**30])
def test_outside_the_calendar(months: int) -> None:
    """A rule that leaves the calendar must end as open, not as a foreign exception."""
    with pytest.raises(RuleOpen):
        add_months(at(2021, 1, 1), months)


def test_a_moment_outside_the_calendar() -> None:
    """Shifted far enough by hours first, a moment is no day any more."""
    with pytest.raises(RuleOpen):
        add_months(10**10 * DAY + HOUR, 1)
