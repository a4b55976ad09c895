"""The chain of status segments on SQL, one code path for SQLite and PostgreSQL.

Whoever makes a segment holds the counter's row until the commit, so that no number has two contents and no two segments
carry one withdrawal. What is committed later than the marking, however early it was begun, waits for the next segment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from credentials.profile.limits import STATUS_LIST_SIZE
from issuer.storage import tables
from issuer.storage.indices import StatusPlace, place_of
from issuer.storage.ports.issuing import Delivery, SegmentRow, WorkClaim
from issuer.storage.ports.log import NOT_RECORDED
from issuer.storage.rows import insert_into
from issuer.storage.sql import LISTS, next_value
from service_kit.storage.database import reading, transaction

_SEGMENTS = "status-segment"
_AT_ONCE = 1000
"""Bits of one statement."""
_segment = tables.segment.c
_ROW = (_segment.number, _segment.as_of, _segment.digest, _segment.payload)


class SqlSegmentTransaction:
    """See :class:`issuer.storage.ports.issuing.SegmentTransaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> SegmentRow | None:
        return _newest(self._connection)

    def mark_withdrawals(self, number: int, most: int) -> Sequence[StatusPlace]:
        withdrawn, row = tables.withdrawal, tables.withdrawal.c
        waiting = select(row.serial).where(row.segment.is_(None)).limit(most).scalar_subquery()
        marked = update(withdrawn).where(row.serial.in_(waiting)).values(segment=number).returning(row.serial)
        return [place_of(serial) for serial in self._connection.execute(marked).scalars()]

    def announce_lists(self, number: int, ending_after: int) -> Mapping[int, int]:
        row = tables.status_list.c
        waiting = update(tables.status_list).where(row.opened_in.is_(None), row.expires_at > ending_after)
        found = self._connection.execute(waiting.values(opened_in=number).returning(row.list_id, row.expires_at))
        return {each.list_id: each.expires_at for each in found}

    def list_ids(self, ending_after: int) -> Collection[int]:
        row = tables.status_list.c
        return set(self._connection.execute(select(row.list_id).where(row.expires_at > ending_after)).scalars())

    def mark_changed(self, number: int, list_ids: Collection[int]) -> None:
        row = tables.status_list
        self._connection.execute(update(row).where(row.c.list_id.in_(list_ids)).values(changed_in=number))

    def record(self, row: SegmentRow) -> None:
        self._connection.execute(insert(tables.segment).values(**row._asdict(), delivered=False))


class SqlStatusFeed:
    """See :class:`issuer.storage.ports.issuing.StatusFeed`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def cutting(self) -> Iterator[SqlSegmentTransaction]:
        with transaction(self._engine) as connection:
            next_value(connection, _SEGMENTS, 0)
            yield SqlSegmentTransaction(connection)

    def newest(self) -> SegmentRow | None:
        with reading(self._engine) as connection:
            return _newest(connection)

    def undelivered(self) -> Sequence[SegmentRow]:
        waiting = select(*_ROW).where(_segment.delivered.is_(False)).order_by(_segment.number)
        with reading(self._engine) as connection:
            return [SegmentRow(*row) for row in connection.execute(waiting)]

    def mark_delivered(self, number: int) -> None:
        done = update(tables.segment).where(_segment.number <= number, _segment.delivered.is_(False))
        with transaction(self._engine) as connection:
            connection.execute(done.values(delivered=True))

    def deliveries(self) -> Mapping[str, Delivery]:
        with reading(self._engine) as connection:
            return {name: Delivery(*rest) for name, *rest in connection.execute(select(tables.delivery))}

    def record_delivery(self, name: str, delivery: Delivery) -> None:
        with transaction(self._engine) as connection:
            noted = insert_into(connection, tables.delivery).values(name=name, **delivery._asdict())
            connection.execute(noted.on_conflict_do_update(index_elements=["name"], set_=delivery._asdict()))

    def drop(self, before: int, names: Sequence[str]) -> None:
        newest = select(func.max(_segment.number)).scalar_subquery()
        old = delete(tables.segment).where(_segment.number < before, _segment.delivered, _segment.number < newest)
        with transaction(self._engine) as connection:
            connection.execute(old)
            connection.execute(delete(tables.delivery).where(tables.delivery.c.name.in_(names)))

    def adopt(
        self,
        newest: SegmentRow,
        lists: Mapping[int, tuple[int, list[int]]],
        next_list: int,
        cause: str,
        author: str,
    ) -> None:
        seen = [StatusPlace(list_id, each).serial for list_id, (_, positions) in lists.items() for each in positions]
        with transaction(self._engine) as connection:
            used = next_value(connection, LISTS, 0)
            next_value(connection, LISTS, max(0, next_list - used))
            next_value(connection, _SEGMENTS, 0)
            connection.execute(delete(tables.segment))
            connection.execute(insert(tables.segment).values(**newest._asdict(), delivered=True))
            connection.execute(delete(tables.delivery))
            _adopt_lists(connection, newest.number, lists)
            for start in range(0, len(seen), _AT_ONCE):
                _adopt_bits(connection, newest, seen[start : start + _AT_ONCE], cause, author)

    def claim_of(self, work: str) -> WorkClaim | None:
        row = tables.claim.c
        with reading(self._engine) as connection:
            found = connection.execute(select(row.holder, row.until).where(row.work == work)).first()
        return None if found is None else WorkClaim(*found)

    def replace_claim(self, work: str, known: WorkClaim | None, claim: WorkClaim) -> bool:
        row, table = tables.claim.c, tables.claim
        with transaction(self._engine) as connection:
            change: Any
            if known is None:
                change = insert_into(connection, table).values(work=work, **claim._asdict()).on_conflict_do_nothing()
            else:
                same = update(table).where(row.work == work, row.holder == known.holder, row.until == known.until)
                change = same.values(**claim._asdict())
            return connection.execute(change.returning(row.work)).first() is not None


def _adopt_lists(connection: Connection, number: int, lists: Mapping[int, tuple[int, list[int]]]) -> None:
    row = tables.status_list
    connection.execute(update(row).values(next_position=STATUS_LIST_SIZE, opened_in=None))
    connection.execute(update(tables.withdrawal).values(segment=None))
    for list_id, (end, _) in lists.items():
        known = {"expires_at": end, "next_position": STATUS_LIST_SIZE, "opened_in": number, "changed_in": number}
        kept = insert_into(connection, row).values(list_id=list_id, **known)
        connection.execute(kept.on_conflict_do_update(index_elements=["list_id"], set_=known))


def _adopt_bits(connection: Connection, newest: SegmentRow, serials: Sequence[int], cause: str, author: str) -> None:
    """Bits that gates have seen: of codes that are known here, and of those that were lost."""
    code, withdrawn = tables.credential.c, tables.withdrawal
    known = set(connection.execute(select(code.serial).where(code.serial.in_(serials))).scalars())
    said = {"withdrawn_at": newest.as_of, "cause": cause, "author": author, "segment": newest.number}
    # The log has counted it when it was done; that leaf comes back from the log's own mirror.
    said |= {"leaf": NOT_RECORDED}
    if known:
        kept = insert_into(connection, withdrawn).values([{"serial": each, **said} for each in known])
        again = kept.on_conflict_do_update(index_elements=["serial"], set_={"segment": newest.number})
        connection.execute(again)
    lost = [{"serial": each, "segment": newest.number} for each in serials if each not in known]
    if lost:
        connection.execute(insert_into(connection, tables.seen_withdrawal).values(lost).on_conflict_do_nothing())


def _newest(connection: Connection) -> SegmentRow | None:
    found = connection.execute(select(*_ROW).order_by(_segment.number.desc()).limit(1)).first()
    return None if found is None else SegmentRow(*found)
