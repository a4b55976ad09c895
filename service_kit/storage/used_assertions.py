"""Used assertions in SQL: one row for each until it has expired (:class:`service_kit.http.auth.JtiStore`)."""

from __future__ import annotations

from sqlalchemy import Engine, Table, delete, insert

from credentials.errors import Conflict
from service_kit.storage.database import transaction
from service_kit.storage.retrying import retried


class UsedAssertions:
    """In ``table``, a service's own: ``client_id`` and ``jti`` its primary key, ``expires_at`` in seconds UTC.

    Raises StorageUnavailable or StorageFull for what the database refuses.
    """

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine, self._table = engine, table

    @retried
    def use(self, client_id: str, jti: str, expires_at: int, forget_before: int) -> bool:
        """Mark an assertion as used; False when it was used before."""
        row = {"client_id": client_id, "jti": jti, "expires_at": expires_at}
        try:
            with transaction(self._engine) as connection:
                connection.execute(delete(self._table).where(self._table.c.expires_at < forget_before))
                connection.execute(insert(self._table).values(row))
        except Conflict:
            return False
        return True
