"""A transaction about persons on SQL, one code path for SQLite and PostgreSQL: what it does, and nothing of why.

On SQLite writers take turns anyway. On PostgreSQL each person is held by an advisory lock, for nobody has a row that
everybody has; all of a deed's are taken first and in one order, for of two that lock in different orders each would
wait for the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, text, update

from credentials.errors import Conflict
from credentials.model import Evidence
from credentials.profile.lists import Form, Status
from issuer.storage import tables
from issuer.storage.evidence import insert_reports, read_reported, read_timelines
from issuer.storage.evidence_ports import Report, Timeline
from issuer.storage.holder_ports import ClaimCodeRow, Device, Given, Holder, HolderFacts, Living
from issuer.storage.ports import Entry, Made, StandingDecision
from issuer.storage.rows import (
    evidence_bytes,
    holder_row,
    insert_decisions,
    insert_into,
    insert_made,
    read_decision,
    read_holder,
)
from service_kit.clock import DAY_SECONDS

KEEP_CLAIM_CODE_SECONDS = 7 * DAY_SECONDS
"""So long after its end a claim code can still be named expired or used; then it is unknown."""
_LOCK_BYTES = 8
"""Of a subject. Two persons who share them wait for each other, and that is all."""
_holder, _device, _code, _claim = tables.holder.c, tables.device.c, tables.device_code.c, tables.claim_code.c
_decision, _credential, _withdrawal = tables.decision.c, tables.credential.c, tables.withdrawal.c
_hold = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


class SqlPersonDeed:
    """See :class:`issuer.storage.holder_ports.PersonDeed`."""

    def __init__(self, connection: Connection, subjects: Iterable[bytes]) -> None:
        self._connection, self._subjects = connection, sorted(set(subjects))
        if connection.dialect.name == "postgresql" and self._subjects:
            keys = sorted(int.from_bytes(each[:_LOCK_BYTES], signed=True) for each in self._subjects)
            connection.execute(_hold, {"keys": keys})

    def decisions(self, at: int) -> Mapping[bytes, Sequence[StandingDecision]]:
        return read_decisions(self._connection, self._subjects, at)

    def living(self, at: int) -> Sequence[Living]:
        credential, withdrawal = tables.credential, tables.withdrawal
        alive = (
            select(_credential.serial, _decision.subject, _decision.status, _credential.form, _code.device_id)
            .join_from(tables.decision, credential, _credential.decision_id == _decision.decision_id)
            .outerjoin(withdrawal, _withdrawal.serial == _credential.serial)
            .outerjoin(tables.device_code, _code.serial == _credential.serial)
            .where(_decision.subject.in_(self._subjects), _decision.ends_at > at)
            .where(_credential.expires_at > at, _withdrawal.serial.is_(None))
        )
        return [
            Living(serial, subject, Status(status), Form(form), device_id)
            for serial, subject, status, form, device_id in self._connection.execute(alive)
        ]

    def timelines(self) -> Mapping[bytes, Timeline]:
        return read_timelines(self._connection, self._subjects)

    def reported(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Report]:
        return read_reported(self._connection, keys)

    def report(self, reports: Collection[Report], at: int) -> None:
        insert_reports(self._connection, reports, at)

    def keep(self, client_id: str, made: Sequence[Made | Entry]) -> None:
        insert_made(self._connection, client_id, made)

    def keep_keys(self, client_id: str, entries: Sequence[Entry], at: int) -> None:
        used = tables.idempotency.c
        # Two that keep the same keys in different orders would each wait for the other.
        entries = sorted(entries, key=lambda entry: entry.key)
        keys = [entry.key for entry in entries]
        expired = delete(tables.idempotency).where(used.client_id == client_id, used.key.in_(keys))
        # A key whose code has expired is free again; a file of the same residents is issued for every week.
        self._connection.execute(expired.where(used.expires_at <= at))
        self._connection.execute(insert(tables.idempotency), [_idempotency_row(client_id, entry) for entry in entries])

    def decide(self, standing: StandingDecision) -> None:
        insert_decisions(self._connection, [standing])

    def withdraw(self, serials: Iterable[int], at: int, cause: str, author: str) -> list[int]:
        values = [
            {"serial": serial, "withdrawn_at": at, "cause": cause, "author": author} for serial in sorted(set(serials))
        ]
        if not values:
            return []
        withdrawn = insert_into(self._connection, tables.withdrawal).values(values).on_conflict_do_nothing()
        return list(self._connection.execute(withdrawn.returning(_withdrawal.serial)).scalars())

    def holders(self) -> Sequence[Holder]:
        found = self._connection.execute(select(tables.holder).where(_holder.subject.in_(self._subjects)))
        return [read_holder(row) for row in found]

    def keep_holder(self, facts: HolderFacts) -> int:
        known = holder_row(facts)
        kept = insert_into(self._connection, tables.holder).values(**known, version=1)
        fresh = known | {"version": _holder.version + 1}
        kept = kept.on_conflict_do_update(index_elements=["subject", "form"], set_=fresh)
        return int(self._connection.execute(kept.returning(_holder.holder_id)).scalar_one())

    def know(self, holder_id: int, evidence: tuple[Evidence, ...]) -> None:
        facts = {"version": _holder.version + 1, "evidence": evidence_bytes(evidence)}
        self._connection.execute(update(tables.holder).where(_holder.holder_id == holder_id).values(facts))

    def keep_claim_code(self, holder_id: int, row: ClaimCodeRow, at: int) -> None:
        unused = and_(_claim.holder_id == holder_id, _claim.point.is_(None))
        old = _claim.expires_at <= at - KEEP_CLAIM_CODE_SECONDS
        self._connection.execute(delete(tables.claim_code).where(or_(unused, old)))
        self._connection.execute(insert(tables.claim_code).values(holder_id=holder_id, **row._asdict()))

    def use_claim_code(self, digest: bytes, point: bytes) -> None:
        unused = update(tables.claim_code).where(_claim.digest == digest, _claim.point.is_(None))
        self._require_one(unused.values(point=point))

    def other_phones(self, holder_id: int, point: bytes) -> Sequence[int]:
        others = select(_device.device_id).where(_device.holder_id == holder_id, _device.point != point)
        return self._connection.execute(others.where(_device.ended_at.is_(None))).scalars().all()

    def activate(self, holder: Holder, point: bytes, made: Made) -> int:
        values = {
            "holder_id": holder.holder_id,
            "point": point,
            "serial": made.issued.place.serial,
            "version": holder.version,
            "claimed_at": made.issued.issued_at,
            "paper_proved_at": 0,
            "ended_at": None,
            "ended_as": None,
        }
        active = insert_into(self._connection, tables.device).values(values)
        mine = _device.holder_id == holder.holder_id
        active = active.on_conflict_do_update(index_elements=["point"], set_=values, where=mine)
        device_id = self._connection.execute(active.returning(_device.device_id)).scalar_one_or_none()
        if device_id is None:
            raise Conflict("this key holds a code of another person or form")
        return int(device_id)

    def renew(self, device: Device, made: Made) -> None:
        same = and_(_active(device.device_id), _device.serial == device.present.place.serial)
        values = {"serial": made.issued.place.serial, "version": device.holder.version}
        self._require_one(update(tables.device).where(same).values(values))

    def prove_paper(self, device: Device, proved_at: int) -> None:
        proved = update(tables.device).where(_active(device.device_id), _device.paper_proved_at < proved_at)
        self._require_one(proved.values(paper_proved_at=proved_at))

    def papers_since(self, device_id: int, since: int) -> int:
        papers = select(func.count()).where(_code.device_id == device_id, _code.form == Form.PAPER)
        return int(self._connection.execute(papers.where(_code.issued_at > since)).scalar_one())

    def give(self, device_id: int, made: Made) -> None:
        row = made.issued
        # In place of what need not be counted any more.
        old = and_(_code.device_id == device_id, _code.expires_at <= row.issued_at - DAY_SECONDS)
        self._connection.execute(delete(tables.device_code).where(old))
        kept = insert(tables.device_code).values(
            serial=row.place.serial,
            device_id=device_id,
            form=row.form,
            status=int(made.decision.status),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
        )
        self._connection.execute(kept)

    def given(self, serial: int) -> Given | None:
        found = self._connection.execute(select(_code.device_id, _code.form).where(_code.serial == serial)).first()
        return None if found is None else Given(found.device_id, Form(found.form))

    def end_phone(self, device_id: int, at: int, cause: str) -> bool:
        ended = update(tables.device).where(_active(device_id)).values(ended_at=at, ended_as=cause)
        return bool(self._connection.execute(ended).rowcount)

    def _require_one(self, change: Any) -> None:
        if self._connection.execute(change).rowcount != 1:
            raise Conflict("overtaken by somebody else")


def read_decisions(
    connection: Connection, subjects: Collection[bytes], at: int
) -> dict[bytes, Sequence[StandingDecision]]:
    """What was decided about these persons: by rule, as far as it has not ended at ``at``; by hand, all of it."""
    # Each by an index of its own, which one condition with OR would not be.
    by_rule = _of(subjects).where(_decision.approver.is_(None), _decision.ends_at > at)
    return _by_person([*connection.execute(_by_hand(subjects)), *connection.execute(by_rule)])


def read_decisions_by_hand(
    connection: Connection, subjects: Collection[bytes]
) -> dict[bytes, Sequence[StandingDecision]]:
    """All that people decided about these persons."""
    return _by_person(list(connection.execute(_by_hand(subjects))))


def _of(subjects: Collection[bytes]) -> Select[Any]:
    return select(tables.decision).where(_decision.subject.in_(subjects))


def _by_hand(subjects: Collection[bytes]) -> Select[Any]:
    return _of(subjects).where(_decision.approver.is_not(None))


def _by_person(found: list[Any]) -> dict[bytes, Sequence[StandingDecision]]:
    found.sort(key=lambda row: bytes(row.subject))
    return {
        subject: [StandingDecision(row.decision_id, read_decision(row)) for row in rows]
        for subject, rows in groupby(found, lambda row: bytes(row.subject))
    }


def _active(device_id: int) -> Any:
    return and_(_device.device_id == device_id, _device.ended_at.is_(None))


def _idempotency_row(client_id: str, entry: Entry) -> dict[str, object]:
    return {
        "client_id": client_id,
        "key": entry.key,
        "body_hash": entry.body_hash,
        "serial": entry.issued.place.serial,
        "expires_at": entry.issued.expires_at,
    }
