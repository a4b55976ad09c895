"""A transaction about persons on SQL, one code path for SQLite and PostgreSQL: what it does, and nothing of why.

On SQLite writers take turns anyway. On PostgreSQL each person is held by an advisory lock, for nobody has a row that
everybody has; all of a deed's are taken first and in one order, for of two that lock in different orders each would
wait for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, text, update

from credentials.decisions.leaves import cap_reached
from credentials.errors import Conflict
from credentials.model import Evidence
from credentials.profile.lists import Form, Status
from issuer.storage import tables
from issuer.storage.by_hand import change_row, count_approved, keep_outcomes, keep_signed, kept_by_hand, tell_once
from issuer.storage.evidence import insert_reports, read_reported, read_timelines
from issuer.storage.log import SqlProvinceLog
from issuer.storage.ports.evidence import Report, Timeline
from issuer.storage.ports.holders import ClaimCodeRow, Device, Given, Holder, HolderFacts, PersonCode, PhoneRow
from issuer.storage.ports.issuing import Entry, Made, StandingDecision
from issuer.storage.ports.staff import AuditRow, ByHandRow, Scrutinises
from issuer.storage.rows import (
    DECISION,
    evidence_bytes,
    holder_row,
    insert_decisions,
    insert_into,
    insert_made,
    read_decision,
    read_holder,
    region_of,
)
from issuer.storage.staff import insert_audit

_LOCK_BYTES = 8
"""Of a subject. Two persons who share them wait for each other, and that is all."""
_holder, _device, _code, _claim = tables.holder.c, tables.device.c, tables.device_code.c, tables.claim_code.c
_decision, _credential, _withdrawal = tables.decision.c, tables.credential.c, tables.withdrawal.c
_hold = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


class SqlPersonDeed:
    """See :class:`issuer.storage.ports.holders.PersonDeed`."""

    def __init__(self, connection: Connection, subjects: Iterable[bytes], scrutiny: Scrutinises | None = None) -> None:
        self._connection, self._subjects, self._scrutiny = connection, sorted(set(subjects)), scrutiny
        self.log = SqlProvinceLog(connection)
        if connection.dialect.name == "postgresql" and self._subjects:
            keys = sorted(int.from_bytes(each[:_LOCK_BYTES], signed=True) for each in self._subjects)
            connection.execute(_hold, {"keys": keys})

    def decisions(self, ending_after: int) -> Mapping[bytes, Sequence[StandingDecision]]:
        return read_decisions(self._connection, self._subjects, ending_after, self._scrutiny)

    def codes(self, ending_after: int) -> Sequence[PersonCode]:
        credential, withdrawal, code = tables.credential, tables.withdrawal, _credential
        theirs = (
            select(code.serial, _decision.subject, _decision.status, code.form, _code.device_id, code.expires_at,
                   _withdrawal.serial.is_not(None))
            .join_from(tables.decision, credential, _credential.decision_id == _decision.decision_id)
            .outerjoin(withdrawal, _withdrawal.serial == _credential.serial)
            .outerjoin(tables.device_code, _code.serial == _credential.serial)
            .where(_decision.subject.in_(self._subjects), _decision.ends_at > ending_after)
        )  # fmt: skip
        return [
            PersonCode(serial, subject, Status(status), Form(form), *rest)
            for serial, subject, status, form, *rest in self._connection.execute(theirs)
        ]

    def timelines(self) -> Mapping[bytes, Timeline]:
        return read_timelines(self._connection, self._subjects)

    def reported(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Report]:
        return read_reported(self._connection, keys)

    def report(self, reports: Collection[Report], at: int) -> None:
        insert_reports(self._connection, reports, at)

    def record(self, client_id: str, made: Sequence[Made | Entry]) -> None:
        insert_made(self._connection, client_id, made, self._scrutiny)
        keep_signed(self._connection, [each.decision for each in made if each.standing is None])

    def drop_keys(self, client_id: str, keys: Sequence[str], expired_by: int) -> None:
        used = tables.idempotency.c
        theirs = delete(tables.idempotency).where(used.client_id == client_id, used.key.in_(keys))
        self._connection.execute(theirs.where(used.expires_at <= expired_by))

    def record_keys(self, client_id: str, entries: Sequence[Entry]) -> None:
        self._connection.execute(insert(tables.idempotency), [_idempotency_row(client_id, entry) for entry in entries])

    def record_decisions(self, decided: Sequence[StandingDecision]) -> None:
        insert_decisions(self._connection, decided, self._scrutiny)
        keep_signed(self._connection, [each.decision for each in decided])

    def change_by_hand(self, row: ByHandRow, outcomes: Mapping[int, str], did: AuditRow) -> None:
        change_row(self._connection, row, row.state)
        keep_outcomes(self._connection, row.number, outcomes)
        insert_audit(self._connection, did)

    def spend(self, approver: str, day: int, people: int, most: int, at: int) -> int:
        over = max(0, count_approved(self._connection, approver, day, people) - most)
        if over:
            count_approved(self._connection, approver, day, -min(over, people))
            if tell_once(self._connection, approver, day):
                self.log.append(cap_reached(day, most), at)
        return people - min(over, people)

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

    def record_holder(self, facts: HolderFacts) -> int:
        known = holder_row(facts)
        kept = insert_into(self._connection, tables.holder).values(**known, version=1)
        fresh = known | {"version": _holder.version + 1}
        kept = kept.on_conflict_do_update(index_elements=["subject", "form"], set_=fresh)
        return int(self._connection.execute(kept.returning(_holder.holder_id)).scalar_one())

    def record_news(self, holder_id: int, evidence: tuple[Evidence, ...]) -> None:
        facts = {"version": _holder.version + 1, "evidence": evidence_bytes(evidence), "region": region_of(evidence)}
        self._connection.execute(update(tables.holder).where(_holder.holder_id == holder_id).values(facts))

    def drop_unused_claim_codes(self, holder_id: int) -> None:
        unused = and_(_claim.holder_id == holder_id, _claim.point.is_(None))
        self._connection.execute(delete(tables.claim_code).where(unused))

    def drop_claim_codes(self, expired_by: int) -> None:
        self._connection.execute(delete(tables.claim_code).where(_claim.expires_at <= expired_by))

    def record_claim_code(self, holder_id: int, row: ClaimCodeRow) -> None:
        self._connection.execute(insert(tables.claim_code).values(holder_id=holder_id, **row._asdict()))

    def use_claim_code(self, digest: bytes, point: bytes) -> None:
        unused = update(tables.claim_code).where(_claim.digest == digest, _claim.point.is_(None))
        self._require_one(unused.values(point=point))

    def phones(self, holder_id: int) -> Sequence[PhoneRow]:
        theirs = select(_device.device_id, _device.point, _device.claimed_at, _device.ended_at.is_not(None))
        return [PhoneRow(*row) for row in self._connection.execute(theirs.where(_device.holder_id == holder_id))]

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
        same = and_(_not_ended(device.device_id), _device.serial == device.present.place.serial)
        values = {"serial": made.issued.place.serial, "version": device.holder.version}
        self._require_one(update(tables.device).where(same).values(values))

    def record_paper_proof(self, device: Device, proved_at: int) -> None:
        same = and_(_not_ended(device.device_id), _device.paper_proved_at == device.paper_proved_at)
        self._require_one(update(tables.device).where(same).values(paper_proved_at=proved_at))

    def count_given(self, device_id: int, form: Form, after: int) -> int:
        given = select(func.count()).where(_code.device_id == device_id, _code.form == form, _code.issued_at > after)
        return int(self._connection.execute(given).scalar_one())

    def drop_given(self, device_id: int, expired_by: int) -> None:
        old = and_(_code.device_id == device_id, _code.expires_at <= expired_by)
        self._connection.execute(delete(tables.device_code).where(old))

    def record_given(self, device_id: int, made: Made) -> None:
        row = made.issued
        kept = insert(tables.device_code).values(
            serial=row.place.serial,
            device_id=device_id,
            form=row.form,
            status=int(made.decision.status),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
        )
        self._connection.execute(kept)

    def find_given(self, serial: int) -> Given | None:
        found = self._connection.execute(select(_code.device_id, _code.form).where(_code.serial == serial)).first()
        return None if found is None else Given(found.device_id, Form(found.form))

    def end_phone(self, device_id: int, at: int, cause: str) -> bool:
        ended = update(tables.device).where(_not_ended(device_id)).values(ended_at=at, ended_as=cause)
        return bool(self._connection.execute(ended).rowcount)

    def _require_one(self, change: Any) -> None:
        if self._connection.execute(change).rowcount != 1:
            raise Conflict("overtaken by somebody else")


def read_decisions(
    connection: Connection, subjects: Collection[bytes], ending_after: int, scrutiny: Scrutinises | None
) -> Mapping[bytes, Sequence[StandingDecision]]:
    """See :meth:`issuer.storage.ports.holders.PersonStore.decisions`."""
    # Each by an index of its own, which one condition with OR would not be.
    whole = select(*DECISION).outerjoin_from(tables.decision, tables.decision_record)
    by_rule = whole.where(_decision.subject.in_(subjects), _decision.approver.is_(None))
    decided = read_decisions_by_hand(connection, subjects, ending_after, scrutiny)
    for row in connection.execute(by_rule.where(_decision.ends_at > ending_after)):
        decided[bytes(row.subject)].append(StandingDecision(row.decision_id, read_decision(row)))
    return decided


def read_decisions_by_hand(
    connection: Connection, subjects: Collection[bytes], at: int, scrutiny: Scrutinises | None
) -> dict[bytes, list[StandingDecision]]:
    """What people decided about these persons that may stand at ``at``, or replaced what may; ``scrutiny``: which of
    the rows count, None: all."""
    decided: dict[bytes, list[StandingDecision]] = defaultdict(list)
    for kept in kept_by_hand(connection, at, _decision.subject.in_(subjects)):
        if (scrutiny is None or scrutiny.holds(kept)) and kept.decision is not None:
            decided[kept.subject].append(StandingDecision(kept.number, kept.decision))
    return decided


def _not_ended(device_id: int) -> Any:
    return and_(_device.device_id == device_id, _device.ended_at.is_(None))


def _idempotency_row(client_id: str, entry: Entry) -> dict[str, object]:
    return {
        "client_id": client_id,
        "key": entry.key,
        "body_hash": entry.body_hash,
        "serial": entry.issued.place.serial,
        "expires_at": entry.issued.expires_at,
    }
