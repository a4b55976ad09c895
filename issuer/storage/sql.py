"""The issuer's store on SQL, one code path for SQLite and PostgreSQL.

No lock is held while codes are signed. Places are given out in a short transaction of their own that takes the counter
row first, so that two workers never get one; what was signed is recorded in another, where the primary keys decide:
of two that used one key, or one place, the second is refused whole. A place whose code was never recorded is burned,
which harms nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update

from credentials.errors import Conflict, SettingInvalid
from credentials.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from credentials.wire.cbor import dumps
from issuer.indices import Place, group_end, place_of
from issuer.storage import tables
from issuer.storage.ports import Entry, IssuedRow, Overview, Replay
from service_kit.clock import DAY_SECONDS
from service_kit.database import reading, transaction
from service_kit.retrying import retried

_LISTS, _PUBLISHED = "status-list", "published-at"
_ROOM_AHEAD = STATUS_LIST_SIZE // 4
"""A list with less room than this has a successor opened before it is full."""


class SqlIssuerStore:
    """See :class:`issuer.storage.ports.IssuerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def allocate(self, end: int, count: int) -> list[Place]:
        places: list[Place] = []
        # In haste: a code that is recorded takes its place's commit to the disk with it.
        with transaction(self._engine, hasty=True) as connection:
            next_value(connection, _LISTS, 0)
            while len(places) < count:
                list_id, position = _open_list(connection, end, room=1)
                taken = min(count - len(places), STATUS_LIST_SIZE - position)
                places += [Place(list_id, position + offset) for offset in range(taken)]
                row = tables.status_list
                connection.execute(update(row).where(row.c.list_id == list_id).values(next_position=position + taken))
        return places

    @retried
    def record(self, client_id: str, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        # Two that record the same keys in different orders would each wait for the other.
        entries = sorted(entries, key=lambda entry: entry.key)
        used = tables.idempotency.c
        keys, now = [entry.key for entry in entries], entries[0].issued.issued_at
        expired = delete(tables.idempotency).where(used.client_id == client_id, used.key.in_(keys))
        with transaction(self._engine) as connection:
            # A key whose code has expired is free again; a file of the same residents is issued for every week.
            connection.execute(expired.where(used.expires_at <= now))
            # A decision made for one credential has that credential's serial as its number: sequential for both.
            connection.execute(insert(tables.decision), [_decision_row(entry) for entry in entries])
            connection.execute(insert(tables.credential), [_credential_row(entry.issued) for entry in entries])
            connection.execute(insert(tables.idempotency), [_idempotency_row(client_id, entry) for entry in entries])

    @retried
    def replays(self, client_id: str, keys: Sequence[str], at: int) -> Mapping[str, Replay]:
        with reading(self._engine) as connection:
            return _replays(connection, client_id, keys, at)

    @retried
    def bind_secret(self, digest: bytes) -> None:
        bound = select(tables.secret_check.c.digest)
        with reading(self._engine) as connection:
            if connection.execute(bound).scalars().all() == [digest]:
                return
        with transaction(self._engine) as connection:
            next_value(connection, _LISTS, 0)
            if not connection.execute(bound).first():
                connection.execute(insert(tables.secret_check).values(digest=digest))
            elif connection.execute(bound).scalar_one() != digest:
                raise SettingInvalid("TONGXING_ISSUER_SECRET_FILE: not the secret that this database was begun with")

    @retried
    def is_bound(self) -> bool:
        with reading(self._engine) as connection:
            return connection.execute(select(tables.secret_check)).first() is not None

    @retried
    def find(self, handle: bytes) -> IssuedRow | None:
        with reading(self._engine) as connection:
            found = connection.execute(select(*_COLUMNS).where(tables.credential.c.handle == handle)).first()
        return None if found is None else _issued(*found)

    @retried
    def withdraw(self, place: Place, at: int, cause: str, author: str) -> bool:
        row = tables.withdrawal
        with transaction(self._engine) as connection:
            withdrawn = (
                insert_into(connection, row)
                .values(serial=place.serial, withdrawn_at=at, cause=cause, author=author)
                .on_conflict_do_nothing()
                .returning(row.c.serial)
            )
            return connection.execute(withdrawn).first() is not None

    @retried
    def open_lists(self, at: int, days_ahead: int) -> None:
        with transaction(self._engine) as connection:
            next_value(connection, _LISTS, 0)
            for day in range(days_ahead + 1):
                _open_list(connection, group_end(at + day * DAY_SECONDS), room=_ROOM_AHEAD)

    @retried
    def note_published(self, at: int) -> None:
        with transaction(self._engine) as connection:
            before = next_value(connection, _PUBLISHED, 0)
            next_value(connection, _PUBLISHED, at - before)

    @retried
    def overview(self, at: int) -> Overview:
        lists, withdrawn, counter = tables.status_list.c, tables.withdrawal.c, tables.counter.c
        room = func.sum(STATUS_LIST_SIZE - lists.next_position)
        with reading(self._engine) as connection:
            days = connection.execute(select(room).where(lists.expires_at > at).group_by(lists.expires_at)).scalars()
            places = min(days, default=0)
            least = connection.execute(select(func.min(lists.list_id)).where(lists.expires_at > at)).scalar_one()
            counters = {row.name: row.value for row in connection.execute(select(counter.name, counter.value))}
            published_at = counters.get(_PUBLISHED)
            unpublished = select(func.count()).where(withdrawn.serial >= Place(least or 0, 0).serial)
            waiting = connection.execute(unpublished.where(withdrawn.withdrawn_at >= (published_at or 0))).scalar_one()
        return Overview(published_at, waiting, int(places), MAX_STATUS_LIST - counters.get(_LISTS, 0))

    @retried
    def current_lists(self, at: int, upto: int | None = None) -> Mapping[int, tuple[int, list[int]]]:
        lists, withdrawn = tables.status_list.c, tables.withdrawal.c
        with reading(self._engine) as connection:
            current = select(lists.list_id, lists.expires_at).where(lists.expires_at > at)
            serials = select(withdrawn.serial)
            if upto is not None:
                current, serials = current.where(lists.opened_in <= upto), serials.where(withdrawn.segment <= upto)
            ends = {row.list_id: row.expires_at for row in connection.execute(current)}
            least = Place(min(ends, default=0), 0).serial
            positions: dict[int, list[int]] = defaultdict(list)
            for (serial,) in connection.execute(serials.where(withdrawn.serial >= least)):
                place = place_of(serial)
                positions[place.list_id].append(place.position)
        return {list_id: (end, positions[list_id]) for list_id, end in ends.items()}


def next_value(connection: Connection, name: str, step: int = 1) -> int:
    """Add ``step`` to a counter and return it. Holds the counter's row until the transaction ends."""
    row = tables.counter
    counted = (
        insert_into(connection, row)
        .values(name=name, value=step)
        .on_conflict_do_update(index_elements=["name"], set_={"value": row.c.value + step})
        .returning(row.c.value)
    )
    return int(connection.execute(counted).scalar_one())


def _open_list(connection: Connection, end: int, room: int) -> tuple[int, int]:
    """A list of the day ending at ``end`` with ``room`` places or more, and its next position."""
    row = tables.status_list.c
    found = connection.execute(
        select(row.list_id, row.next_position)
        .where(row.expires_at == end, row.next_position <= STATUS_LIST_SIZE - room)
        .order_by(row.list_id)
        .limit(1)
    ).first()
    if found is not None:
        return found.list_id, found.next_position
    # List ids are never used again: a reference to a retired list must stay refused.
    list_id = next_value(connection, _LISTS)
    if list_id > MAX_STATUS_LIST:
        raise Conflict("all status list ids are used")
    connection.execute(insert(tables.status_list).values(list_id=list_id, expires_at=end, next_position=0))
    return list_id, 0


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert that may say what to do on conflict. Only the dialect in use is imported: each costs much."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as dialect_insert
    else:
        from sqlalchemy.dialects.sqlite import insert as dialect_insert  # type: ignore[assignment]
    return dialect_insert(table)


def _replays(connection: Connection, client_id: str, keys: Sequence[str], at: int) -> dict[str, Replay]:
    used = tables.idempotency.c
    query = (
        select(used.key, used.body_hash, *_COLUMNS)
        .join_from(tables.idempotency, tables.credential, used.serial == tables.credential.c.serial)
        .where(used.client_id == client_id, used.key.in_(keys), used.expires_at > at)
    )
    return {key: Replay(body_hash, _issued(*rest)) for key, body_hash, *rest in connection.execute(query)}


_row = tables.credential.c
_COLUMNS = (_row.serial, _row.handle, _row.form, _row.issued_at, _row.expires_at, _row.text)


def _issued(serial: int, handle: bytes, form: int, issued_at: int, expires_at: int, text: str) -> IssuedRow:
    return IssuedRow(place_of(serial), handle, form, issued_at, expires_at, text)


def _credential_row(row: IssuedRow) -> dict[str, object]:
    serial = row.place.serial
    return {
        "serial": serial,
        "handle": row.handle,
        "decision_id": serial,
        "form": row.form,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
        "text": row.text,
    }


def _idempotency_row(client_id: str, entry: Entry) -> dict[str, object]:
    return {
        "client_id": client_id,
        "key": entry.key,
        "body_hash": entry.body_hash,
        "serial": entry.issued.place.serial,
        "expires_at": entry.issued.expires_at,
    }


def _decision_row(entry: Entry) -> dict[str, object]:
    made = entry.decision
    return {
        "decision_id": entry.issued.place.serial,
        "subject": made.subject,
        "status": int(made.status),
        "reason": int(made.reason),
        "rule_set": made.rule_set.rule_set,
        "rule_set_version": made.rule_set.version,
        "basis": made.basis,
        "evidence": dumps([list(map(int, piece)) for piece in made.evidence]),
        "unit": made.unit,
        "author": made.author,
        "approver": made.approver,
        "starts_at": made.starts_at,
        "ends_at": made.ends_at,
        "appeal_until": made.appeal_until,
    }
