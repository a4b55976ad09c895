"""Decisions by hand on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from credentials.decisions.leaves import Leaf
from credentials.decisions.staff import SignedDecision
from credentials.errors import Conflict
from issuer.decisions.deciding import Decision
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog
from issuer.storage.ports.staff import DECIDED, HELD, PROPOSED, AuditRow, ByHandRow, PersonRow
from issuer.storage.rows import insert_into
from issuer.storage.staff import insert_audit
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

_row, _person, _approvals = tables.by_hand.c, tables.by_hand_person.c, tables.approvals.c
_holder = tables.holder.c
_SIGNED = ("state", "author_signature", "approver", "approver_signature", "decided_at")
_SIGNATURES = ("author_signature", "approver_signature", "releaser_signature")


class SqlByHandStore:
    """See :class:`issuer.storage.ports.staff.ByHandStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def propose(self, row: ByHandRow, people: Sequence[PersonRow], did: AuditRow) -> None:
        persons = [each._asdict() | {"number": row.number, "position": n} for n, each in enumerate(people)]
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.by_hand).values(_values(row)))
            connection.execute(insert(tables.by_hand_person), persons)
            insert_audit(connection, did)

    @retried
    def find(self, number: bytes) -> ByHandRow | None:
        with reading(self._engine) as connection:
            found = connection.execute(select(tables.by_hand).where(_row.number == number)).first()
        return None if found is None else _read(found)

    @retried
    def people(self, number: bytes) -> Sequence[PersonRow]:
        columns = (
            _person.subject,
            _person.person,
            _person.salt,
            _person.before,
            _person.name,
            _person.tail,
            _person.outcome,
        )
        theirs = select(*columns).where(_person.number == number).order_by(_person.position)
        with reading(self._engine) as connection:
            return [PersonRow(*each) for each in connection.execute(theirs)]

    @retried
    def used(self, numbers: Sequence[bytes]) -> set[bytes]:
        found = select(_row.number).where(_row.number.in_(numbers), _row.state == DECIDED)
        with reading(self._engine) as connection:
            return {bytes(each) for each in connection.execute(found).scalars()}

    @retried
    def regions(self, subjects: Sequence[bytes]) -> Mapping[bytes, int]:
        theirs = select(_holder.subject, _holder.region).where(_holder.subject.in_(subjects))
        with reading(self._engine) as connection:
            return {bytes(subject): region for subject, region in connection.execute(theirs)}

    @retried
    def on_file(self, regions: Sequence[int]) -> Mapping[int, int]:
        counted = select(_holder.region, func.count(_holder.subject.distinct())).where(_holder.region.in_(regions))
        with reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(counted.group_by(_holder.region))}

    @retried
    def waiting(self, since: int) -> Sequence[ByHandRow]:
        open_ones = select(tables.by_hand).where(_row.state.in_((PROPOSED, HELD)), _row.proposed_at > since)
        with reading(self._engine) as connection:
            return [_read(each) for each in connection.execute(open_ones.order_by(_row.proposed_at.desc()))]

    @retried
    def change(self, row: ByHandRow, was: str, did: AuditRow, leaf: Leaf | None = None) -> None:
        with transaction(self._engine) as connection:
            change_row(connection, row, was)
            insert_audit(connection, did)
            if leaf is not None:
                SqlProvinceLog(connection).append(leaf, did.at)


def change_row(connection: Connection, row: ByHandRow, was: str) -> None:
    """Keep a decision so, if its state was this one. Raises Conflict."""
    same = update(tables.by_hand).where(_row.number == row.number, _row.state == was).values(_values(row))
    if connection.execute(same).rowcount != 1:
        raise Conflict("somebody else was faster with this decision; look at it again")


def keep_outcomes(connection: Connection, number: bytes, outcomes: Mapping[int, str]) -> None:
    """Keep what came of each person, by position."""
    for position, outcome in outcomes.items():
        same = (_person.number == number) & (_person.position == position)
        connection.execute(update(tables.by_hand_person).where(same).values(outcome=outcome))


def keep_signed(connection: Connection, decided: Iterable[Decision]) -> None:
    """Use the numbers of these decisions up, and keep their signatures. Raises Conflict for one that was used."""
    signed = {each.signed.said.number: each for each in decided if each.signed is not None}
    for number, decision in signed.items():
        row = _row_of(decision, decision.signed)
        table = insert_into(connection, tables.by_hand).values(_values(row))
        # Proposed at the desk, and now signed by both: the same text alone may take its place.
        same = (_row.state != DECIDED) & (_row.text == row.text)
        known = {name: value for name, value in _values(row).items() if name in _SIGNED}
        taken = table.on_conflict_do_update(index_elements=["number"], set_=known, where=same)
        if connection.execute(taken.returning(_row.number)).first() is None:
            raise Conflict(f"decision number {number.hex()} was used before; a decision counts once")


def count_approved(connection: Connection, approver: str, day: int, people: int) -> int:
    """Count people whom an approver decides about on a day; how many those are then. Held until the transaction ends,
    so that two at once never pass a cap together."""
    counted = insert_into(connection, tables.approvals).values(approver=approver, day=day, people=people, told=False)
    grown = counted.on_conflict_do_update(
        index_elements=["approver", "day"], set_={"people": _approvals.people + people}
    )
    return int(connection.execute(grown.returning(_approvals.people)).scalar_one())


def tell_once(connection: Connection, approver: str, day: int) -> bool:
    """Whether this is the first time that a day's cap is told of."""
    untold = update(tables.approvals).where(_approvals.approver == approver, _approvals.day == day, ~_approvals.told)
    return connection.execute(untold.values(told=True)).rowcount == 1


def _row_of(decision: Decision, signed: SignedDecision | None) -> ByHandRow:
    assert signed is not None
    return ByHandRow(
        signed.said.number, signed.text.decode(), signed.salt, DECIDED, signed.said.starts_at, decision.author,
        signed.author.to_json(), decision.approver, signed.approver.to_json(), decided_at=decision.starts_at,
    )  # fmt: skip


def _values(row: ByHandRow) -> dict[str, Any]:
    signatures = {name: getattr(row, name) for name in _SIGNATURES}
    kept = {name: None if each is None else json.dumps(each) for name, each in signatures.items()}
    return row._asdict() | kept


def _read(found: Any) -> ByHandRow:
    fields = found._asdict()
    return ByHandRow(**fields | {name: json.loads(fields[name]) for name in _SIGNATURES if fields[name] is not None})
