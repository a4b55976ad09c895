"""Decisions by hand on SQL, one code path for SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, tuple_, update

from credentials.decisions.by_hand import MAX_DAYS
from credentials.decisions.by_hand import read_decision as read_decision_text
from credentials.decisions.leaves import Leaf
from credentials.decisions.staff import SignedDecision
from credentials.errors import Conflict, CredentialError
from issuer.decisions.deciding import Decision
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog
from issuer.storage.look_ups import insert_look_ups
from issuer.storage.ports.staff import DECIDED, HELD, PROPOSED, AuditRow, ByHandRow, KeptByHand, PersonRow, Shown
from issuer.storage.rows import DECISION, insert_into, read_decision
from issuer.storage.staff import insert_audit
from service_kit.clock import DAY_SECONDS
from service_kit.storage.database import reading, transaction
from service_kit.storage.ports import LeafRecord
from service_kit.storage.retrying import retried

_row, _person, _approvals = tables.by_hand.c, tables.by_hand_person.c, tables.approvals.c
_holder = tables.holder.c
_PAGE = 1_000
"""Rows that are looked at together."""
_ALL_LEAVES = (1 << 63) - 1
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
            insert_look_ups(connection, did, Shown(row.said.member, [each.subject for each in people]))

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

    def in_force(self, at: int) -> Iterator[Sequence[KeptByHand]]:
        last = (b"", 0)
        while page := self._page(at, last):
            yield page
            last = page[-1].subject, page[-1].number

    @retried
    def _page(self, at: int, last: tuple[bytes, int]) -> Sequence[KeptByHand]:
        decided = tables.decision.c
        behind = tuple_(decided.subject, decided.decision_id) > last
        with reading(self._engine) as connection:
            return kept_by_hand(connection, at, behind, _PAGE)

    @retried
    def change(self, row: ByHandRow, was: str, did: AuditRow, leaf: Leaf | None = None) -> None:
        with transaction(self._engine) as connection:
            change_row(connection, row, was)
            insert_audit(connection, did)
            if leaf is not None:
                SqlProvinceLog(connection).append(leaf, did.at)


def kept_by_hand(
    connection: Connection, at: int, which: ColumnElement[bool] | None = None, most: int | None = None
) -> list[KeptByHand]:
    """Of decisions by hand those rows, of these or of all, that may stand at ``at`` or replaced what may: a decision by
    hand ends within 14 days, so what began longer ago counts for nothing, whatever its row says. By person."""
    decided, row = tables.decision.c, tables.log.leaf.c
    whole = (
        select(*DECISION, row.number.label("leaf_number"), row.kind, row.at, row.content)
        .outerjoin_from(tables.decision, tables.decision_record)
        .outerjoin(tables.log.leaf, row.number == tables.decision_record.c.leaf)
        .where(decided.approver.is_not(None), decided.starts_at > at - MAX_DAYS * DAY_SECONDS)
    )
    whole = whole if which is None else whole.where(which)
    found = list(connection.execute(whole.order_by(decided.subject, decided.decision_id).limit(most)))
    if not found:
        return []
    numbers = [_number_in(each.text or "") for each in found]
    signed = _signed(connection, {*numbers} - {b""})
    staff = SqlProvinceLog(connection).staff_leaves(_ALL_LEAVES)
    kept = zip(found, numbers, strict=True)
    return [_kept(each, number, signed.get(number), staff) for each, number in kept]


def bond_all(connection: Connection, at: int, bond: Callable[[KeptByHand], bytes]) -> int:
    """Give their bond to decisions by hand that were made before there were any and may stand at ``at``; how many."""
    found = [each for each in kept_by_hand(connection, at) if each.decision is not None]
    for kept in found:
        same = update(tables.decision).where(tables.decision.c.decision_id == kept.number)
        connection.execute(same.values(bond=bond(kept)))
    return len(found)


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


def _signed(connection: Connection, numbers: Collection[bytes]) -> dict[bytes, Sequence[str]]:
    """The signatures of author and approver as they stand there, by number."""
    if not numbers:
        return {}
    both = select(_row.number, _row.author_signature, _row.approver_signature).where(_row.number.in_(numbers))
    found = connection.execute(both.where(_row.state == DECIDED))
    return {bytes(number): [author or "", approver or ""] for number, author, approver in found}


@lru_cache(maxsize=1024)
def _number_in(text: str) -> bytes:
    """The number of a decision by its text; empty for a text from before people signed, or none."""
    try:
        return read_decision_text(text.encode()).number
    except CredentialError:
        return b""


def _kept(row: Any, number: bytes, signatures: Sequence[str] | None, staff: Sequence[LeafRecord]) -> KeptByHand:
    leaf = None if row.leaf_number is None else LeafRecord(row.leaf_number, row.kind, row.at, row.content)
    try:
        decision = read_decision(row)
    except (CredentialError, ValueError):
        # One row of nonsense must hide no other.
        decision = None
    bond = bytes(row.bond or b"")
    return KeptByHand(row.decision_id, number, bytes(row.subject), decision, bond, signatures, leaf, staff)


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
