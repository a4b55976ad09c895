"""The issuer's store on SQL, one code path for SQLite and PostgreSQL.

No lock is held while codes are signed. Places are given out in a short transaction of their own that takes the counter
row first, so that two workers never get one; what was signed is recorded in another (:mod:`issuer.storage.deeds`),
where the primary keys decide: of two that used one key, or one place, the second is refused whole. A place whose code
was never recorded is burned, which harms nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_, update

from credentials.errors import Conflict, SettingInvalid
from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from issuer.storage import tables
from issuer.storage.indices import StatusPlace, group_end, place_of
from issuer.storage.ports import IssuerOverview, Owned, Replay
from issuer.storage.rows import ISSUED, insert_into, issued
from service_kit.clock import DAY_SECONDS
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "issuer_schema_version"
LISTS, _PUBLISHED = "status-list", "published-at"
_ROOM_AHEAD = STATUS_LIST_SIZE // 4
"""A list with less room than this has a successor opened before it is full."""
_FORGOTTEN_AT_ONCE, _FORGETTINGS = 10_000, 30
"""Keys in one transaction, which nobody waits for long, and how many of these a minute: more than bulk issue makes."""


class SqlIssuerStore:
    """See :class:`issuer.storage.ports.IssuerStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def allocate(self, end: int, count: int) -> list[StatusPlace]:
        places: list[StatusPlace] = []
        # In haste: a code that is recorded takes its place's commit to the disk with it.
        with transaction(self._engine, hasty=True) as connection:
            next_value(connection, LISTS, 0)
            while len(places) < count:
                list_id, position = _open_list(connection, end, room=1)
                taken = min(count - len(places), STATUS_LIST_SIZE - position)
                places += [StatusPlace(list_id, position + offset) for offset in range(taken)]
                row = tables.status_list
                connection.execute(update(row).where(row.c.list_id == list_id).values(next_position=position + taken))
        return places

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
    def open_lists(self, at: int, days_ahead: int) -> None:
        with transaction(self._engine) as connection:
            next_value(connection, LISTS, 0)
            for day in range(days_ahead + 1):
                _open_list(connection, group_end(at + day * DAY_SECONDS), room=_ROOM_AHEAD)

    @retried
    def note_published(self, at: int) -> None:
        with transaction(self._engine) as connection:
            before = next_value(connection, _PUBLISHED, 0)
            next_value(connection, _PUBLISHED, at - before)

    def forget_keys(self, at: int) -> int:
        forgotten = 0
        for _ in range(_FORGETTINGS):
            count = self._forget_keys(at)
            forgotten += count
            if count < _FORGOTTEN_AT_ONCE:
                break
        return forgotten

    @retried
    def _forget_keys(self, at: int) -> int:
        keys, used = tables.idempotency, tables.idempotency.c
        # Whoever issues with one of them at this moment, or forgets them too, is not waited for.
        ended = select(used.client_id, used.key).where(used.expires_at <= at).order_by(used.expires_at)
        some = ended.limit(_FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
        with transaction(self._engine) as connection:
            return connection.execute(delete(keys).where(tuple_(used.client_id, used.key).in_(some))).rowcount

    @retried
    def overview(self, at: int) -> IssuerOverview:
        lists, withdrawn, counter = tables.status_list.c, tables.withdrawal.c, tables.counter.c
        room = func.sum(STATUS_LIST_SIZE - lists.next_position)
        with reading(self._engine) as connection:
            days = connection.execute(select(room).where(lists.expires_at > at).group_by(lists.expires_at)).scalars()
            places = min(days, default=0)
            least = connection.execute(select(func.min(lists.list_id)).where(lists.expires_at > at)).scalar_one()
            counters = {row.name: row.value for row in connection.execute(select(counter.name, counter.value))}
            published_at = counters.get(_PUBLISHED)
            unpublished = select(func.count()).where(withdrawn.serial >= StatusPlace(least or 0, 0).serial)
            waiting = connection.execute(unpublished.where(withdrawn.withdrawn_at >= (published_at or 0))).scalar_one()
        return IssuerOverview(published_at, waiting, int(places), MAX_STATUS_LIST - counters.get(LISTS, 0))

    @retried
    def current_lists(self, at: int, upto: int | None = None) -> Mapping[int, tuple[int, list[int]]]:
        lists, withdrawn = tables.status_list.c, tables.withdrawal.c
        with reading(self._engine) as connection:
            current = select(lists.list_id, lists.expires_at).where(lists.expires_at > at)
            seen = tables.seen_withdrawal.c
            serials, lost = select(withdrawn.serial), select(seen.serial)
            if upto is not None:
                current, serials = current.where(lists.opened_in <= upto), serials.where(withdrawn.segment <= upto)
                lost = lost.where(seen.segment <= upto)
            ends = {row.list_id: row.expires_at for row in connection.execute(current)}
            least = StatusPlace(min(ends, default=0), 0).serial
            positions: dict[int, list[int]] = defaultdict(list)
            both = serials.where(withdrawn.serial >= least).union(lost.where(seen.serial >= least))
            for (serial,) in connection.execute(both):
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
    list_id = next_value(connection, LISTS)
    if list_id > MAX_STATUS_LIST:
        raise Conflict("all status list ids are used")
    connection.execute(insert(tables.status_list).values(list_id=list_id, expires_at=end, next_position=0))
    return list_id, 0


def _replays(connection: Connection, client_id: str, keys: Sequence[str], at: int) -> dict[str, Replay]:
    used = tables.idempotency.c
    query = (
        select(used.key, used.body_hash, *ISSUED)
        .join_from(tables.idempotency, tables.credential, used.serial == tables.credential.c.serial)
        .where(used.client_id == client_id, used.key.in_(keys), used.expires_at > at)
    )
    return {key: Replay(body_hash, issued(*rest)) for key, body_hash, *rest in connection.execute(query)}
