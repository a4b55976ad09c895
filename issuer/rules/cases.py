"""Cases for status rules: made-up people with what must be decided about them (演练用例).

::

    {"at": "2026-11-21T12:00+08:00",       # the moment of the decision; left out: now, or when the rules begin
     "cases": [{"name": "a contact of yesterday", "expected": {"status": "yellow", "entry": "contact"},
                "facts": [{"kind": "contact", "result": "reported", "hours_ago": 24, "region": 410100}]}]}

``expected`` may name ``status``, ``entry`` and ``open`` (true: the entry cannot be evaluated).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from credentials.decisions.rules.status_rules import Ruling
from credentials.errors import InvalidRequest
from credentials.profile.facts import RESULTS_OF, Fact, FactKind, FactResult
from credentials.profile.lists import Status
from credentials.recognition.authoring.made_up import read_fields, read_file, read_name, read_place

MAX_CASE_FACTS = 128


class StatusCase(NamedTuple):
    """Somebody made up, when they are decided about (seconds UTC), and what must come of it; None: anything."""

    name: str
    facts: tuple[Fact, ...]
    at: int
    status: Status | None
    entry: str | None
    is_open: bool

    @property
    def expected(self) -> dict[str, Any]:
        """What must come of it, as a file of cases says it."""
        status = None if self.status is None else self.status.label
        said = {"status": status, "entry": self.entry, "open": self.is_open or None}
        return {name: value for name, value in said.items() if value is not None}

    def is_met(self, ruling: Ruling) -> bool:
        """Whether this is what had to come of it."""
        same = self.entry in (None, ruling.entry.id) and self.is_open == ruling.is_open
        return same and (ruling.is_open or self.status in (None, ruling.entry.status))


def read_status_cases(content: object, default_at: int) -> list[StatusCase]:
    """The cases of a file. Raises InvalidRequest, naming the case."""
    return read_file(content, _case, default_at)


def _case(value: object, at: int) -> StatusCase:
    fields = read_fields(value, {"name", "facts", "expected"}, "case")
    name, facts = read_name(fields), fields.get("facts", [])
    if type(facts) is not list or len(facts) > MAX_CASE_FACTS:
        raise InvalidRequest(f"facts: not an array of at most {MAX_CASE_FACTS}")
    expected = read_fields(fields.get("expected"), {"status", "entry", "open"}, "expected")
    status, entry, is_open = expected.get("status"), expected.get("entry"), expected.get("open", False)
    if type(is_open) is not bool or not (entry is None or type(entry) is str):
        raise InvalidRequest("expected: entry is a text, open true or false")
    wanted = None if status is None else Status.from_label(status)
    return StatusCase(name, tuple(_fact(fact, at) for fact in facts), at, wanted, entry, is_open)


def _fact(value: object, at: int) -> Fact:
    fields = read_fields(value, {"kind", "result", "hours_ago", "minutes_ago", "region"}, "fact")
    sampled_at, region = read_place(fields, at, "fact")
    kind, result = FactKind.from_label(fields.get("kind")), FactResult.from_label(fields.get("result"))
    if result not in RESULTS_OF[kind]:
        raise InvalidRequest(f"result: of {kind.label} one of {', '.join(each.label for each in RESULTS_OF[kind])}")
    return Fact(kind, result, sampled_at, region)
