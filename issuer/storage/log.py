"""The province's log on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, text, update

from credentials.decisions.by_hand import APPEAL_DAYS
from credentials.decisions.counters import COUNTED
from credentials.decisions.leaves import (
    DECIDED_BY_HAND,
    LABORATORY_ENDED,
    RULES_PUBLISHED,
    SALT_BYTES,
    STAFF_KEY_ENDED,
    Leaf,
    commitment,
    decided_by_hand,
    hour_of,
    recovered,
)
from credentials.errors import StoreBehind
from credentials.profile.lists import Status
from issuer.decisions.causes import WALLET
from issuer.decisions.deciding import Decision, sealed_by
from issuer.storage import look_ups, tables
from issuer.storage.ports.issuing import StandingDecision
from issuer.storage.ports.log import Cell, KeptDecision, KeptLookUp, Unsealed, UnsealedWithdrawal
from service_kit.clock import DAY_SECONDS
from service_kit.storage.logbook import SqlLogbook
from service_kit.storage.ports import LeafRecord

_record, _withdrawal = tables.decision_record.c, tables.withdrawal.c
_tally = tables.tally.c
MAX_UNWITNESSED_SECONDS = 24 * 3600
"""So long after witnesses last cosigned the log, decisions by hand say that they are unwitnessed."""
BEHIND = (
    "the mirror has more leaves of the log than the database: a backup was restored. Nothing that leaves a leaf is done"
    " until `tongxing issuer recover` has taken over the rest"
)
_COUNTED_UP_TO, _COUNTED_AT, _COSIGNED_AT = "log-counted-up-to", "log-counted-at", "log-cosigned-at"
_MIRRORED, _COSIGNED_UP_TO = "log-mirrored", "log-cosigned-up-to"


class SqlProvinceLog:
    """See :class:`issuer.storage.ports.log.ProvinceLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.book = SqlLogbook(connection, tables.log)

    def append(self, leaf: Leaf, at: int, cells: Mapping[Cell, int] | None = None) -> int:
        number = self.book.append(leaf.kind, leaf.content.get("hour", at), leaf.content)
        if number < (self._value(_MIRRORED) or 0):
            raise StoreBehind(BEHIND)
        for cell, count in sorted((cells or {}).items()):
            self._count(leaf, cell, count)
        return number

    def enter(self, decided: Sequence[StandingDecision]) -> None:
        entered = [(number, sealed_by(decision, secrets.token_bytes(SALT_BYTES))) for number, decision in decided]
        leaves = self._append_by_hand([decision for _, decision in entered if decision.approver is not None])
        rows = [_row(number, decision, leaves.get(decision.sealed)) for number, decision in entered]
        self._connection.execute(insert(tables.decision_record), rows)

    def seal_decisions(self, status: Status, most: int) -> Sequence[Unsealed]:
        number = self.book.lock()
        waiting = select(_record.decision_id).where(_record.status == int(status), _record.leaf.is_(None))
        these = _record.decision_id.in_(waiting.order_by(_record.decision_id).limit(most).scalar_subquery())
        columns = (_record.decision_id, _record.commitment, _record.region, _record.basis)
        # No code names a green decision, so nothing of it is kept beside its leaf.
        taken: Any = (
            delete(tables.decision_record).where(these)
            if status is Status.GREEN
            else update(tables.decision_record).where(these).values(leaf=number)
        )
        found = self._connection.execute(taken.returning(*columns))
        return sorted(Unsealed(each, bytes(made), Cell(region, basis)) for each, made, region, basis in found)

    def seal_withdrawals(self, status: Status, most: int) -> Sequence[UnsealedWithdrawal]:
        number = self.book.lock()
        these = _withdrawal.serial.in_(_unsealed_withdrawals(status).limit(most).scalar_subquery())
        taken = update(tables.withdrawal).where(these).values(leaf=number)
        columns = (_withdrawal.serial, _withdrawal.withdrawn_at, _withdrawal.cause)
        return sorted(UnsealedWithdrawal(*row) for row in self._connection.execute(taken.returning(*columns)))

    def settle_withdrawals(self, status: Status, before: int, seconds: int, most: int) -> Sequence[UnsealedWithdrawal]:
        self.book.lock()
        these = list(self._connection.execute(_unsettled(status, before).limit(most)).scalars())
        bare = self._connection.execute(_without_another(these, seconds)).all()
        self._connection.execute(update(tables.withdrawal).where(_withdrawal.serial.in_(these)).values(settled=True))
        return sorted(UnsealedWithdrawal(*row) for row in bare)

    def oldest_look_up(self, before: int) -> int | None:
        return look_ups.first_unsealed(self._connection, before)

    def seal_look_ups(self, before: int, most: int) -> Sequence[KeptLookUp]:
        return look_ups.seal_look_ups(self._connection, self.book.lock(), before, most)

    def look_ups_of(self, subject: bytes, most: int) -> Sequence[tuple[KeptLookUp, bytes]]:
        return look_ups.look_ups_of(self._connection, subject, most)

    def keep_batch(self, leaf: int, commitments: Sequence[bytes]) -> None:
        self._connection.execute(insert(tables.sealed_batch).values(leaf=leaf, commitments=b"".join(commitments)))

    def lock(self) -> int:
        return self.book.lock()

    def read(self, since: int, most: int) -> Sequence[LeafRecord]:
        return self.book.read(since, most)

    def find(self, serial: int) -> KeptDecision | None:
        credential, batch = tables.credential, tables.sealed_batch
        whole = (
            select(_record.text, _record.sealed, _record.leaf, batch.c.commitments)
            .join_from(tables.decision_record, credential, credential.c.decision_id == _record.decision_id)
            .outerjoin(batch, batch.c.leaf == _record.leaf)
            .where(credential.c.serial == serial, _record.sealed.is_not(None))
        )
        found = self._connection.execute(whole).first()
        return None if found is None else KeptDecision(found.text, found.sealed, found.leaf, found.commitments or b"")

    def find_text(self, hashed: bytes) -> KeptDecision | None:
        theirs = (_record.commitment == hashed) & _record.sealed.is_not(None)
        found = self._connection.execute(
            select(_record.text, _record.sealed, _record.leaf).where(theirs).limit(1)
        ).first()
        return None if found is None else KeptDecision(*found, b"")

    def staff_leaves(self, before: int) -> Sequence[LeafRecord]:
        row = tables.log.leaf.c
        # The very words of the index, which no database finds behind parameters.
        theirs = select(row.number, row.kind, row.at, row.content).where(text(tables.OF_STAFF), row.number < before)
        return [LeafRecord(*each) for each in self._connection.execute(theirs.order_by(row.number))]

    def unaccounted(self, at: int) -> int:
        decided, leaf = tables.decision.c, tables.log.leaf.c
        same = _record.decision_id == decided.decision_id
        # Another leaf than one of people who decided counts nobody, as none does.
        counting = and_(leaf.number == _record.leaf, leaf.kind == DECIDED_BY_HAND)
        standing = (
            select(leaf.content, func.count())
            .join_from(tables.decision, tables.decision_record, same, isouter=True)
            .outerjoin(tables.log.leaf, counting)
            .where(decided.approver.is_not(None), decided.ends_at > at)
            .group_by(_record.leaf, leaf.content)
        )
        found = self._connection.execute(standing).all()
        return sum(max(0, people - (int(json.loads(said)["count"]) if said else 0)) for said, people in found)

    def take_tally(self) -> Mapping[tuple[str, str], Mapping[tuple[int, str], int]]:
        found: dict[tuple[str, str], dict[tuple[int, str], int]] = defaultdict(dict)
        taken = delete(tables.tally).returning(*tables.tally.c)
        for kind, status, region, basis, count in self._connection.execute(taken):
            found[kind, Status(status).label][region, basis] = count
        return found

    def counted_up_to(self) -> int:
        return self._value(_COUNTED_UP_TO) or 0

    def counted_at(self) -> int | None:
        return self._value(_COUNTED_AT)

    def note_counted(self, upto: int, at: int) -> None:
        self._set(_COUNTED_UP_TO, upto)
        self._set(_COUNTED_AT, at)

    def cosigned_at(self) -> int | None:
        return self._value(_COSIGNED_AT)

    def note_cosigned(self, at: int, size: int, note: bytes) -> None:
        self._set(_COSIGNED_AT, at)
        row, first = tables.log.leaf.c, self._value(_COSIGNED_UP_TO) or 0
        if size <= first:
            return
        by_hand = select(row.number).where(row.number >= first, row.number < size, row.kind == DECIDED_BY_HAND)
        if self._connection.execute(by_hand.limit(1)).first() is not None:
            self._connection.execute(insert(tables.cosigned).values(size=size, note=note, kept_at=at))
        self._set(_COSIGNED_UP_TO, size)

    def rules_told(self) -> int:
        row = tables.log.leaf.c
        told = self._connection.execute(select(row.content).where(row.kind == RULES_PUBLISHED)).scalars()
        return max((int(json.loads(each)["sequence"]) for each in told), default=0)

    def first_cosigned(self, number: int) -> bytes | None:
        row = tables.cosigned.c
        later = select(row.note).where(row.size > number).order_by(row.size).limit(1)
        return self._connection.execute(later).scalar_one_or_none()

    def note_mirrored(self, size: int) -> None:
        self._set(_MIRRORED, size)

    def begin_anew(self, behind: int, at: int) -> None:
        self._end_what_had_ended(behind)
        self.append(recovered(behind, self.book.size()), at)
        row = tables.log.leaf.c
        last = self._connection.execute(select(func.max(row.number)).where(row.kind == COUNTED)).scalar_one()
        self._set(_COUNTED_UP_TO, 0 if last is None else last + 1)
        self._connection.execute(delete(tables.tally))

    def _end_what_had_ended(self, behind: int) -> None:
        # A dismissed approver and a laboratory that was shut must not come back with yesterday's backup.
        row = tables.log.leaf.c
        came_back = select(row.kind, row.at, row.content).where(
            row.number >= behind, row.kind.in_([STAFF_KEY_ENDED, LABORATORY_ENDED])
        )
        for kind, at, content in self._connection.execute(came_back.order_by(row.number)).all():
            said = json.loads(content)
            if kind == LABORATORY_ENDED:
                end_laboratory(self._connection, said["name"], at)
            else:
                revocation = {name: said[name] for name in ("text", "signature")}
                end_staff_key(self._connection, bytes.fromhex(said["kid"]), at, revocation)

    def drop_texts(self, appeal_before: int, most: int) -> int:
        decided = tables.decision
        old = (
            select(_record.decision_id)
            .join_from(tables.decision_record, decided)
            .where(decided.c.appeal_until < appeal_before, _record.sealed.is_not(None))
            .limit(most)
        )
        kept = tables.cosigned.c.kept_at
        # An appeal ends so long after the decision, which was cosigned within minutes.
        self._connection.execute(delete(tables.cosigned).where(kept < appeal_before - APPEAL_DAYS * DAY_SECONDS))
        look_ups.drop_look_ups(self._connection, appeal_before - APPEAL_DAYS * DAY_SECONDS, most)
        dropped = update(tables.decision_record).where(_record.decision_id.in_(old.correlate(None)))
        return self._connection.execute(dropped.values(sealed=None, text=None)).rowcount

    def _value(self, name: str) -> int | None:
        row = tables.counter.c
        return self._connection.execute(select(row.value).where(row.name == name)).scalar_one_or_none()

    def _set(self, name: str, value: int) -> None:
        row = tables.counter
        same = update(row).where(row.c.name == name).values(value=value)
        if not self._connection.execute(same).rowcount:
            self._connection.execute(insert(row).values(name=name, value=value))

    def _append_by_hand(self, decided: Sequence[Decision]) -> dict[bytes, int]:
        """A leaf for each text; its number by what seals it."""
        texts: dict[bytes, list[Decision]] = defaultdict(list)
        for decision in decided:
            texts[decision.sealed].append(decision)
        return {sealed: self._append_text(sealed, about) for sealed, about in texts.items()}

    def _append_text(self, sealed: bytes, about: Sequence[Decision]) -> int:
        first = about[0]
        hour, hashed = hour_of(first.starts_at), commitment(sealed)
        unwitnessed = first.starts_at - (self.cosigned_at() or 0) > MAX_UNWITNESSED_SECONDS
        leaf = decided_by_hand(first.status, hour, len(about), hashed, unwitnessed=unwitnessed)
        return self.append(leaf, first.starts_at, Counter(Cell(each.region, each.basis) for each in about))

    def _count(self, leaf: Leaf, cell: Cell, count: int) -> None:
        key = {"kind": leaf.kind, "status": int(Status.from_label(leaf.content["status"])), **cell._asdict()}
        same = (_tally[name] == value for name, value in key.items())
        # Whoever counts holds the log's counter, so nobody else does.
        grown = update(tables.tally).where(*same).values(count=_tally["count"] + count)
        if not self._connection.execute(grown).rowcount:
            self._connection.execute(insert(tables.tally).values(**key, count=count))


def end_staff_key(connection: Connection, kid: bytes, at: int, revocation: Mapping[str, Any]) -> bool:
    """End a key and its sessions, whose leaf is written beside it or came back; whether it had not ended yet."""
    key = tables.staff_key.c.kid == kid, tables.staff_key.c.revoked_at.is_(None)
    ended = update(tables.staff_key).where(*key).values(revoked_at=at, revocation=json.dumps(revocation))
    if not connection.execute(ended).rowcount:
        return False
    connection.execute(delete(tables.staff_session).where(tables.staff_session.c.kid == kid))
    return True


def end_laboratory(connection: Connection, name: str, at: int) -> bool:
    """End a laboratory, whose leaf is written beside it or came back; whether it had not ended yet."""
    active = tables.laboratory.c.name == name, tables.laboratory.c.revoked_at.is_(None)
    return bool(connection.execute(update(tables.laboratory).where(*active).values(revoked_at=at)).rowcount)


def _unsealed_withdrawals(status: Status) -> Select[Any]:
    credential, decision = tables.credential, tables.decision
    of_status = (
        select(_withdrawal.serial)
        .join_from(tables.withdrawal, credential, credential.c.serial == _withdrawal.serial)
        .join(decision, decision.c.decision_id == credential.c.decision_id)
        .where(_withdrawal.leaf.is_(None), decision.c.status == int(status))
    )
    return of_status.order_by(_withdrawal.serial)


def _unsettled(status: Status, before: int) -> Select[Any]:
    credential, decision = tables.credential, tables.decision
    return (
        select(_withdrawal.serial)
        .join_from(tables.withdrawal, credential, credential.c.serial == _withdrawal.serial)
        .join(decision, decision.c.decision_id == credential.c.decision_id)
        .where(~_withdrawal.settled, _withdrawal.withdrawn_at <= before, decision.c.status == int(status))
        .order_by(_withdrawal.withdrawn_at, _withdrawal.serial)
    )


def _without_another(serials: Sequence[int], seconds: int) -> Select[Any]:
    """Of these withdrawals those whose person had no other code so long after. What their own phone asked for is
    nobody's decision."""
    own, theirs = tables.credential.alias(), tables.decision.alias()
    code, decision, gone = tables.credential, tables.decision, tables.withdrawal.alias()
    then = _withdrawal.withdrawn_at + seconds
    is_live = (code.c.issued_at <= then) & (code.c.expires_at > then)
    another = (
        select(code.c.serial)
        .join_from(code, decision, decision.c.decision_id == code.c.decision_id)
        .outerjoin(gone, gone.c.serial == code.c.serial)
        .where(decision.c.subject == theirs.c.subject, is_live, gone.c.serial.is_(None) | (gone.c.withdrawn_at > then))
        .correlate(tables.withdrawal, theirs)
        .exists()
    )
    return (
        select(_withdrawal.serial, _withdrawal.withdrawn_at, _withdrawal.cause)
        .join_from(tables.withdrawal, own, own.c.serial == _withdrawal.serial)
        .join(theirs, theirs.c.decision_id == own.c.decision_id)
        .where(_withdrawal.serial.in_(serials), ~_withdrawal.author.startswith(WALLET), ~another)
    )


def _row(decision_id: int, decision: Decision, leaf: int | None) -> dict[str, Any]:
    is_shown = decision.status is not Status.GREEN or leaf is not None
    return {
        "decision_id": decision_id,
        "status": int(decision.status),
        "region": decision.region,
        "basis": decision.basis,
        "commitment": commitment(decision.sealed),
        "sealed": decision.sealed if is_shown else None,
        "text": decision.text if is_shown else None,
        "leaf": leaf,
    }
