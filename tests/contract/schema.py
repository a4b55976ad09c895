"""A database for a moment, and its tables as it describes them itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, MetaData, inspect

from service_kit.storage.database import connect, transaction


@contextmanager
def engine_on(url: str) -> Iterator[Engine]:
    """An engine that is given back at the end."""
    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()


def require_same_tables(engine: Engine, metadata: MetaData) -> None:
    """Whether migrations have made what the program's tables say. Makes the tables anew, empty."""
    migrated = _described(engine, metadata)
    with transaction(engine) as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == _described(engine, metadata)


def _described(engine: Engine, metadata: MetaData) -> dict[str, Any]:
    inspector = inspect(engine)
    return {
        table: (
            {(each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(table)},
            {(each["name"], each["sqltext"]) for each in inspector.get_check_constraints(table)},
            {(each["name"], *each["column_names"]) for each in inspector.get_indexes(table)},
            {(*each["constrained_columns"], each["referred_table"]) for each in inspector.get_foreign_keys(table)},
            inspector.get_pk_constraint(table)["constrained_columns"],
            [each["column_names"] for each in inspector.get_unique_constraints(table)],
        )
        for table in metadata.tables
    }
