"""The issuer's store on SQL, one code path for SQLite and PostgreSQL.

No lock is held while codes are signed. Places are given out in a short transaction of their own that takes the counter
row first, so that two workers never get one; what was signed is recorded in another (:mod:`issuer.storage.deeds`),
where the primary keys decide: of two that used one key, or one place, the second is refused whole. A place whose code
was never recorded is burned, which harms nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_, union, update

from credentials.errors import SettingInvalid
from credentials.profile.limits import STATUS_LIST_SIZE
from issuer.storage import tables
from issuer.storage.indices import StatusPlace, place_of
from issuer.storage.ports.issuing import ListRow, Owned, Replay
from issuer.storage.rows import ISSUED, insert_into, issued
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "issuer_schema_version"
LISTS, _PUBLISHED = "status-list", "published-at"


class SqlIssuerStore:
    """See :class:`issuer.storage.ports.issuing.IssuerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def placing(self, *, hasty: bool = False) -> Iterator[SqlPlaceTransaction]:
        with transaction(self._engine, hasty=hasty) as connection:
            next_value(connection, LISTS, 0)
            yield SqlPlaceTransaction(connection)

    @retried
    def find_keys(self, client_id: str, keys: Sequence[str], expiring_after: int) -> Mapping[str, Replay]:
        used = tables.idempotency.c
        query = (
            select(used.key, used.body_hash, *ISSUED)
            .join_from(tables.idempotency, tables.credential, used.serial == tables.credential.c.serial)
            .where(used.client_id == client_id, used.key.in_(keys), used.expires_at > expiring_after)
        )
        with reading(self._engine) as connection:
            return {key: Replay(body_hash, issued(*rest)) for key, body_hash, *rest in connection.execute(query)}

    @retried
    def bind_secret(self, digest: bytes) -> None:
        bound = select(tables.secret_check.c.digest)
        with reading(self._engine) as connection:
            if connection.execute(bound).scalars().all() == [digest]:
                return
        with transaction(self._engine) as connection:
            next_value(connection, LISTS, 0)
            if not connection.execute(bound).first():
                connection.execute(insert(tables.secret_check).values(digest=digest))
            elif connection.execute(bound).scalar_one() != digest:
                raise SettingInvalid("TONGXING_ISSUER_SECRET_FILE: not the secret that this database was begun with")

    @retried
    def is_bound(self) -> bool:
        with reading(self._engine) as connection:
            return connection.execute(select(tables.secret_check)).first() is not None

    @retried
    def find(self, handle: bytes) -> Owned | None:
        credential, decision = tables.credential, tables.decision
        whole = select(*ISSUED, decision.c.subject, credential.c.client_id).join_from(credential, decision)
        with reading(self._engine) as connection:
            found = connection.execute(whole.where(credential.c.handle == handle)).first()
        if found is None:
            return None
        *rest, subject, client_id = found
        return Owned(issued(*rest), subject, client_id or "")

    @retried
    def record_published(self, at: int) -> None:
        with transaction(self._engine) as connection:
            before = next_value(connection, _PUBLISHED, 0)
            next_value(connection, _PUBLISHED, at - before)

    @retried
    def published_at(self) -> int | None:
        with reading(self._engine) as connection:
            return _value(connection, _PUBLISHED)

    @retried
    def drop_keys(self, expired_by: int, most: int) -> int:
        keys, used = tables.idempotency, tables.idempotency.c
        # Whoever issues with one of them at this moment, or drops them too, is not waited for.
        expired = select(used.client_id, used.key).where(used.expires_at <= expired_by).order_by(used.expires_at)
        some = expired.limit(most).with_for_update(skip_locked=True)
        with transaction(self._engine) as connection:
            return connection.execute(delete(keys).where(tuple_(used.client_id, used.key).in_(some))).rowcount

    @retried
    def lists(self, ending_after: int) -> Sequence[ListRow]:
        row = tables.status_list
        with reading(self._engine) as connection:
            found = connection.execute(select(row).where(row.c.expires_at > ending_after)).all()
        # Ordered here: in the order of ids a database would read the retired ones as well.
        return sorted(ListRow(**each._asdict()) for each in found)

    @retried
    def last_list_id(self) -> int:
        with reading(self._engine) as connection:
            return _value(connection, LISTS) or 0

    @retried
    def withdrawn(self, from_list: int, upto: int | None = None) -> Sequence[StatusPlace]:
        least = StatusPlace(from_list, 0).serial
        known, lost = tables.withdrawal.c, tables.seen_withdrawal.c
        parts = [select(each.serial).where(each.serial >= least) for each in (known, lost)]
        if upto is not None:
            parts = [part.where(each.segment <= upto) for part, each in zip(parts, (known, lost), strict=True)]
        with reading(self._engine) as connection:
            return [place_of(serial) for serial in connection.execute(union(*parts)).scalars()]

    @retried
    def count_withdrawn(self, from_list: int, since: int) -> int:
        row = tables.withdrawal.c
        late = select(func.count()).where(row.serial >= StatusPlace(from_list, 0).serial, row.withdrawn_at >= since)
        with reading(self._engine) as connection:
            return connection.execute(late).scalar_one()


class SqlPlaceTransaction:
    """See :class:`issuer.storage.ports.issuing.PlaceTransaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_with_room(self, end: int, room: int) -> ListRow | None:
        row = tables.status_list
        fitting = select(row).where(row.c.expires_at == end, row.c.next_position <= STATUS_LIST_SIZE - room)
        found = self._connection.execute(fitting.order_by(row.c.list_id).limit(1)).first()
        return None if found is None else ListRow(**found._asdict())

    def new_list_id(self) -> int:
        return next_value(self._connection, LISTS)

    def add_list(self, opened: ListRow) -> None:
        self._connection.execute(insert(tables.status_list).values(**opened._asdict()))

    def advance(self, list_id: int, next_position: int) -> None:
        row = tables.status_list
        moved = update(row).where(row.c.list_id == list_id).values(next_position=next_position)
        self._connection.execute(moved)


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


def _value(connection: Connection, name: str) -> int | None:
    row = tables.counter.c
    return connection.execute(select(row.value).where(row.name == name)).scalar_one_or_none()
