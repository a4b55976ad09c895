"""What made-up cases of all rules have in common (演练用例): a file of them, their names, moments and ages.

Rehearsals of gates (:mod:`verifier.rules.rehearsal`) and of issuers (:mod:`issuer.rules.cases`) read their cases by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from credentials.errors import InvalidRequest, Malformed
from credentials.profile.characters import is_shown
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.members import is_region

MAX_CASES = 1_000
MAX_NAME_CHARACTERS = 100
_MAX_FAULTS_TOLD = 20
_HOURS, _MINUTES = range(24 * 400 + 1), range(60)
_EARLIEST = MIN_TIME_SECONDS + (_HOURS[-1] + 1) * 3600
"""The oldest that a case may carry is still a time of the format."""
_REGION = 110_000


class Named(Protocol):
    """A case."""

    @property
    def name(self) -> str: ...


_Case = TypeVar("_Case", bound=Named)


def read_file(
    content: object, read: Callable[[object, int], _Case], default_at: int, latest: int = MAX_TIME_SECONDS
) -> list[_Case]:
    """The cases of a file ``{"at": …, "cases": […]}``, each as ``read`` reads it; it is given the file's moment.

    Raises InvalidRequest, naming every case that is wrong, where ``read`` raises InvalidRequest or Malformed.
    """
    fields = read_fields(content, {"at", "cases"}, "cases")
    entries = fields.get("cases")
    if type(entries) is not list or not 0 < len(entries) <= MAX_CASES:
        raise InvalidRequest(f"cases: not an array of 1 to {MAX_CASES}")
    at, cases, faults = read_moment(fields.get("at", default_at), latest), list[_Case](), list[str]()
    for number, entry in enumerate(entries, start=1):
        try:
            cases.append(read(entry, at))
        except (InvalidRequest, Malformed) as error:
            faults.append(f"case {number}: {error.detail}")
    if faults:
        raise InvalidRequest("; ".join(faults[:_MAX_FAULTS_TOLD]))
    if len({case.name for case in cases}) < len(cases):
        raise InvalidRequest("cases: a name stands twice")
    return cases


def read_name(fields: Mapping[str, Any]) -> str:
    """A case's name. Raises InvalidRequest."""
    name = fields.get("name")
    if type(name) is not str or not is_shown(name) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidRequest("name: missing, too long or not a line")
    return name


def read_place(fields: Mapping[str, Any], at: int, where: str) -> tuple[int, int]:
    """When (seconds UTC) and where something of a case was found: so long before ``at``, and a region of GB/T 2260.

    Raises InvalidRequest; ``where``: what it is called in messages.
    """
    hours, minutes = fields.get("hours_ago", 0), fields.get("minutes_ago", 0)
    if type(hours) is not int or type(minutes) is not int or hours not in _HOURS or minutes not in _MINUTES:
        raise InvalidRequest(f"{where}: hours_ago is 0 to {_HOURS[-1]}, minutes_ago 0 to {_MINUTES[-1]}")
    region = fields.get("region", _REGION)
    if not is_region(region):
        raise InvalidRequest(f"{where}: region is no code of GB/T 2260")
    return at - hours * 3600 - minutes * 60, region


def read_moment(value: object, latest: int = MAX_TIME_SECONDS) -> int:
    """Seconds UTC of a number, or of ISO 8601 with its offset, up to ``latest``. Raises InvalidRequest."""
    if type(value) is str:
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidRequest("at: not ISO 8601") from error
        if time.tzinfo is None:
            raise InvalidRequest("at: without an offset, as +08:00")
        value = int(time.timestamp())
    if type(value) is not int or not _EARLIEST <= value <= latest:
        raise InvalidRequest("at: not ISO 8601 or seconds UTC, or too far away")
    return value


def read_fields(value: object, known: set[str], where: str) -> Mapping[str, Any]:
    """An object without other fields than these. Raises InvalidRequest."""
    if type(value) is not dict or not value.keys() <= known:
        raise InvalidRequest(f"{where}: not an object of {', '.join(sorted(known))}")
    return value
