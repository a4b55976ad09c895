"""A witness's rows in SQL: SQLite embedded, PostgreSQL by URL, one code path."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Column, Engine, LargeBinary, MetaData, String, Table, insert, select, update

from credentials.errors import Conflict
from credentials.log.keys import MAX_KEY_NAME_BYTES
from credentials.log.tree import HASH_BYTES
from service_kit.storage.database import connect, migrate, reading, transaction
from trust_registry.witness.storage.ports import Seen

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "witness_schema_version"
metadata = MetaData()
seen = Table(
    "witness_seen",
    metadata,
    Column("origin", String(MAX_KEY_NAME_BYTES), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(HASH_BYTES), nullable=False),
    Column("cosigned_at", BigInteger, nullable=False),
)


def open_seen(url: str) -> SqlSeenLogs:
    """Connect to the database at ``url`` and bring its schema up to date."""
    engine = connect(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    return SqlSeenLogs(engine)


class SqlSeenLogs:
    """:class:`trust_registry.witness.storage.ports.SeenLogs`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, origin: str) -> Seen:
        """What was cosigned last of this log."""
        return self._read(origin).get(origin, Seen())

    def all(self) -> dict[str, Seen]:
        """Every log that was ever cosigned."""
        return self._read(None)

    def advance(self, origin: str, before: Seen, after: Seen, at: int) -> bool:
        """Put ``after`` in the place of ``before``, in one statement."""
        values = {"size": after.size, "root": after.root, "cosigned_at": at}
        with transaction(self.engine) as connection:
            row = seen.c
            stands = (row.origin == origin, row.size == before.size, row.root == before.root)
            if connection.execute(update(seen).where(*stands).values(values)).rowcount == 1:
                return True
        return before == Seen() and self._begin(origin, values)

    def _begin(self, origin: str, values: dict[str, object]) -> bool:
        try:
            with transaction(self.engine) as connection:
                connection.execute(insert(seen).values(origin=origin, **values))
        except Conflict:
            return False
        return True

    def _read(self, origin: str | None) -> dict[str, Seen]:
        query = select(seen.c.origin, seen.c.size, seen.c.root)
        with reading(self.engine) as connection:
            rows = connection.execute(query if origin is None else query.where(seen.c.origin == origin))
            return {found: Seen(size, root) for found, size, root in rows}
