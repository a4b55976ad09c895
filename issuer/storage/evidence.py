"""Timelines on SQL, one code path for SQLite and PostgreSQL: what stands, and what took its place.

A report is never altered. One that corrects or takes back another of its reporter's is a row of its own, and the other
is marked as replaced, so that it can be told later why somebody had a status.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select, tuple_, update

from credentials.profile.facts import Fact, FactKind, FactResult
from issuer.storage import tables
from issuer.storage.ports.evidence import Report, Timeline

_evidence = tables.evidence.c
_standing = _evidence.replaced_at.is_(None)


def read_timelines(connection: Connection, subjects: Collection[bytes]) -> dict[bytes, Timeline]:
    """What is known of these persons, of whom anything is or was."""
    whole = select(tables.evidence).where(_evidence.subject.in_(subjects)).order_by(_evidence.evidence_id)
    rows: dict[bytes, list[Any]] = defaultdict(list)
    for row in connection.execute(whole):
        rows[bytes(row.subject)].append(row)
    return {subject: _timeline(each) for subject, each in rows.items()}


def _timeline(rows: list[Any]) -> Timeline:
    # A new row has a higher number, and one that is replaced counts once more: either way the sum grows.
    number = rows[-1].evidence_id + sum(row.replaced_at is not None for row in rows)
    standing = (_report(row).fact for row in rows if row.replaced_at is None)
    return Timeline(number, tuple(fact for fact in standing if fact is not None))


def read_reported(connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Report]:
    """What stands under these reporters and references."""
    whole = select(tables.evidence).where(tuple_(_evidence.reporter, _evidence.reference).in_(keys), _standing)
    return {(row.reporter, row.reference): _report(row) for row in connection.execute(whole)} if keys else {}


def insert_reports(connection: Connection, reports: Collection[Report], at: int) -> None:
    """Keep reports, in place of those under the same reporters and references. Raises Conflict for two of one."""
    keys = sorted({(report.reporter, report.reference) for report in reports})
    if not keys:
        return
    same = tuple_(_evidence.reporter, _evidence.reference).in_(keys)
    connection.execute(update(tables.evidence).where(same, _standing).values(replaced_at=at))
    connection.execute(insert(tables.evidence), [_row(report, at) for report in reports])


def _row(report: Report, at: int) -> dict[str, Any]:
    fact = dict.fromkeys(("kind", "result", "sampled_at", "region")) if report.fact is None else report.fact._asdict()
    told: dict[str, Any] = {"subject": report.subject, "reporter": report.reporter, "reference": report.reference}
    return told | fact | {"made_at": report.made_at} | {"received_at": at, "replaced_at": None}


def _report(row: Any) -> Report:
    fact = None
    if row.kind is not None:
        fact = Fact(FactKind(row.kind), FactResult(row.result), row.sampled_at, row.region)
    return Report(bytes(row.subject), row.reporter, row.reference, fact, row.made_at)
