"""Cases for status rules: made-up people with what must be decided about them (演练用例).

::

    {"at": "2026-11-21T12:00+08:00",       # the moment of the decision; left out: now, or when the rules begin
     "cases": [{"name": "a contact of yesterday", "expected": {"status": "yellow", "entry": "contact"},
                "facts": [{"kind": "contact", "result": "reported", "hours_ago": 24, "region": 410100}]}]}

``expected`` may name ``status``, ``entry`` and ``open`` (true: the entry cannot be evaluated).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from credentials.decisions.status_rules import Ruling
from credentials.errors import InvalidRequest, Malformed
from credentials.profile.characters import is_shown
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import Status
from credentials.profile.members import is_region

MAX_CASES = 1_000
MAX_CASE_FACTS = 128
MAX_NAME_CHARACTERS = 100
_HOURS, _MINUTES = range(24 * 400 + 1), range(60)
_REGION = 110_000
_EARLIEST = MIN_TIME_SECONDS + (_HOURS[-1] + 1) * 3600


class StatusCase(NamedTuple):
    """Somebody made up, when they are decided about (seconds UTC), and what must come of it; None: anything."""

    name: str
    facts: tuple[Fact, ...]
    at: int
    status: Status | None
    entry: str | None
    is_open: bool

    def is_met(self, ruling: Ruling) -> bool:
        """Whether this is what had to come of it."""
        same = self.entry in (None, ruling.entry.id) and self.is_open == ruling.is_open
        return same and (ruling.is_open or self.status in (None, ruling.entry.status))


def read_status_cases(content: object, default_at: int) -> list[StatusCase]:
    """The cases of a file. Raises InvalidRequest, naming the case."""
    fields = _fields(content, {"at", "cases"}, "cases")
    listed = fields.get("cases")
    if type(listed) is not list or not 0 < len(listed) <= MAX_CASES:
        raise InvalidRequest(f"cases: not an array of 1 to {MAX_CASES}")
    at, cases = _moment(fields.get("at", default_at)), []
    for number, each in enumerate(listed, start=1):
        try:
            cases.append(_case(each, at))
        except (InvalidRequest, Malformed) as error:
            raise InvalidRequest(f"case {number}: {error.detail}") from error
    if len({case.name for case in cases}) < len(cases):
        raise InvalidRequest("cases: a name stands twice")
    return cases


def _case(value: object, at: int) -> StatusCase:
    fields = _fields(value, {"name", "facts", "expected"}, "case")
    name, facts = fields.get("name"), fields.get("facts", [])
    if type(name) is not str or not is_shown(name) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidRequest("name: missing, too long or not a line")
    if type(facts) is not list or len(facts) > MAX_CASE_FACTS:
        raise InvalidRequest(f"facts: not an array of at most {MAX_CASE_FACTS}")
    expected = _fields(fields.get("expected"), {"status", "entry", "open"}, "expected")
    status, entry, is_open = expected.get("status"), expected.get("entry"), expected.get("open", False)
    if type(is_open) is not bool or not (entry is None or type(entry) is str):
        raise InvalidRequest("expected: entry is a text, open true or false")
    wanted = None if status is None else Status.from_label(status)
    return StatusCase(name, tuple(_fact(fact, at) for fact in facts), at, wanted, entry, is_open)


def _fact(value: object, at: int) -> Fact:
    fields = _fields(value, {"kind", "result", "hours_ago", "minutes_ago", "region"}, "fact")
    hours, minutes = fields.get("hours_ago", 0), fields.get("minutes_ago", 0)
    if type(hours) is not int or type(minutes) is not int or hours not in _HOURS or minutes not in _MINUTES:
        raise InvalidRequest(f"fact: hours_ago is 0 to {_HOURS[-1]}, minutes_ago 0 to {_MINUTES[-1]}")
    kind, result = FactKind.from_label(fields.get("kind")), FactResult.from_label(fields.get("result"))
    if result not in RESULTS_OF[kind]:
        raise InvalidRequest(f"result: of {kind.label} one of {', '.join(each.label for each in RESULTS_OF[kind])}")
    region = fields.get("region", _REGION)
    if not is_region(region):
        raise InvalidRequest("fact: region is no code of GB/T 2260")
    return Fact(kind, result, at - hours * 3600 - minutes * 60, region)


def _moment(value: object) -> int:
    if type(value) is str:
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidRequest("at: not ISO 8601") from error
        if time.tzinfo is None:
            raise InvalidRequest("at: without an offset, as +08:00")
        value = int(time.timestamp())
    if type(value) is not int or not _EARLIEST <= value <= MAX_TIME_SECONDS:
        raise InvalidRequest("at: not ISO 8601 or seconds UTC, or too far away")
    return value


def _fields(value: object, known: set[str], where: str) -> dict[str, Any]:
    if type(value) is not dict or not value.keys() <= known:
        raise InvalidRequest(f"{where}: not an object of {', '.join(sorted(known))}")
    return value
