"""The whole log in the issuer's database, for those who seal and publish it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine

from issuer.storage.log import SqlProvinceLog
from issuer.storage.sql import next_value
from service_kit.storage.database import reading, transaction
from service_kit.storage.ports import Logbook, LogTree

_PUBLICATION = "log-publication"


class ProvinceRecords(NamedTuple):
    """The log within one transaction."""

    log: Logbook
    log_tree: LogTree
    province: SqlProvinceLog


class SqlLogStorage:
    """A :class:`service_kit.storage.logbook.LogStorage`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[ProvinceRecords]:
        with reading(self._engine) as connection:
            yield _records(SqlProvinceLog(connection))

    @contextmanager
    def writing(self) -> Iterator[ProvinceRecords]:
        with transaction(self._engine) as connection:
            # Whoever publishes waits for whoever does already; whoever appends waits for neither.
            next_value(connection, _PUBLICATION, 0)
            yield _records(SqlProvinceLog(connection))

    @contextmanager
    def appending(self) -> Iterator[SqlProvinceLog]:
        """A transaction that only adds leaves."""
        with transaction(self._engine) as connection:
            yield SqlProvinceLog(connection)


def _records(province: SqlProvinceLog) -> ProvinceRecords:
    return ProvinceRecords(province.book, province.book, province)
