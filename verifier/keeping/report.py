"""How the last round went: written by the worker that made it, for those that did not.

::

    {"failures": [[member, file, code, detail, at], …], "synced": {member: [status_synced_at, rules_synced_at]}}

It tells people how fresh the gate is, and decides nothing: what is lost or damaged here costs a line in ``state``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import Unreadable
from credentials.wire.strict_json import json_bytes
from service_kit.durable import write_atomic
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.mirror import MemberState
from trust_registry.metadata import fields
from verifier.keeping.rounds import REPORT

MAX_REPORT_BYTES = 1024 * 1024
_KINDS = (str, str, str, str, int)


class RoundReport(NamedTuple):
    """``synced``: when the status and the rules of each member were last known to be the newest (seconds UTC)."""

    failures: tuple[Failure, ...]
    synced: Mapping[str, tuple[int | None, int | None]]

    def applied(self, member: str, state: MemberState) -> MemberState:
        """``state``, as whoever made the round has it."""
        status_at, rules_at = self.synced.get(member, (state.status_synced_at, state.rules_synced_at))
        failures = tuple(failure for failure in self.failures if failure.member == member)
        return state._replace(status_synced_at=status_at, rules_synced_at=rules_at, failures=failures)


def report_of(failures: tuple[Failure, ...], members: Mapping[str, MemberState]) -> RoundReport:
    """The report of whoever has just made a round."""
    return RoundReport(
        failures, {name: (each.status_synced_at, each.rules_synced_at) for name, each in members.items()}
    )


def write_report(folder: Path, report: RoundReport) -> None:
    """Raises StorageFull, StorageUnavailable."""
    content = {"failures": [list(failure) for failure in report.failures], "synced": dict(report.synced)}
    write_atomic(folder / REPORT, json_bytes(content))


def read_report(folder: Path) -> RoundReport | None:
    """The last report; None when there is none that can be read."""
    try:
        found = fields.read_object((folder / REPORT).read_bytes(), MAX_REPORT_BYTES)
        failures = tuple(_failure(entry) for entry in found["failures"])
        return RoundReport(failures, {str(name): _times(entry) for name, entry in found["synced"].items()})
    except (OSError, Unreadable, KeyError, TypeError, ValueError, AttributeError):
        return None


def _failure(entry: Any) -> Failure:
    if len(entry) != len(_KINDS) or any(type(each) is not kind for each, kind in zip(entry, _KINDS, strict=True)):
        raise ValueError("not a failure")
    return Failure(*entry)


def _times(entry: Any) -> tuple[int | None, int | None]:
    status_at, rules_at = (each if type(each) is int else None for each in entry)
    return status_at, rules_at
