"""Counts in SQL: one for all processes of a service, whether they share a cache or not, and past a restart."""

from __future__ import annotations

import hmac

from sqlalchemy import Engine, Table, delete, insert, update

from credentials.errors import Conflict
from service_kit.clock import Clock
from service_kit.storage.database import transaction
from service_kit.storage.retrying import retried


class KeptCounts:
    """In ``table``, a service's own: ``name`` (32 bytes) its primary key, ``count``, ``expires_at`` in seconds UTC.

    Keys hold addresses of people, so a keyed digest of each is kept in its place. Raises StorageUnavailable or
    StorageFull for what the database refuses.
    """

    def __init__(self, engine: Engine, table: Table, secret: bytes, clock: Clock) -> None:
        self._engine, self._table, self._secret, self._clock = engine, table, secret, clock

    def increment(self, key: str, seconds: int, by: int = 1) -> int:
        """Count up, or down, from 0; the count ends ``seconds`` (1 or more) after it began."""
        name = hmac.digest(self._secret, key.encode(), "sha256")
        try:
            return self._increment(name, seconds, by)
        except Conflict:
            # Another process has begun to count the same in this moment: now there is something to add to.
            return self._increment(name, seconds, by)

    @retried
    def _increment(self, name: bytes, seconds: int, by: int) -> int:
        table, now = self._table, self._clock.now()
        with transaction(self._engine, hasty=True) as connection:
            connection.execute(delete(table).where(table.c.expires_at <= now))
            more = update(table).where(table.c.name == name).values(count=table.c.count + by)
            count = connection.execute(more.returning(table.c.count)).scalar()
            if count is None:
                connection.execute(insert(table).values(name=name, count=by, expires_at=now + seconds))
        return by if count is None else int(count)
