"""What databases say when something is wrong, in our words.

Drivers' messages may repeat rows, hosts and user names, so none of their words goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from credentials.errors import Conflict, InvalidRequest, StorageFull, StorageUnavailable
from service_kit.storage.retrying import BROKEN_OFF

UNDECIDED: Final = "the database was lost at the commit: ask again to learn whether it was kept"
READ_ONLY: Final = "TONGXING_DATABASE_URL: the database is read-only"
_REFUSED = "TONGXING_DATABASE_URL: the server refuses this user, password or database"
_SILENT = "TONGXING_DATABASE_URL: no database answers at this address"
_NO_FILE = "TONGXING_DATABASE_URL or TONGXING_DATA_DIR: the database's file cannot be opened"
_SERIALISATION, _DEADLOCK, _READ_ONLY_TRANSACTION, _DISK_FULL = "40001", "40P01", "25006", "53100"
_SQLITE_READONLY, _SQLITE_FULL, _SQLITE_CANTOPEN = 8, 13, 14


@contextmanager
def translating(*, committing: bool = False) -> Iterator[None]:
    """Turn what a driver raises into Conflict, InvalidRequest, StorageFull or StorageUnavailable."""
    try:
        yield
    except (SQLAlchemyError, OverflowError, UnicodeEncodeError) as error:
        raise _translated(error, committing) from error


def give_up_read_only(context: ExceptionContext) -> None:
    """An engine's ``handle_error``: after a failover a pooled connection may lead to what is only a standby now.

    Whoever may not write takes it for lost, and with it the pool; the next connection looks for the primary anew.
    """
    reads = context.connection is not None and context.connection.get_execution_options().get("postgresql_readonly")
    if not reads and getattr(context.original_exception, "sqlstate", None) == _READ_ONLY_TRANSACTION:
        context.is_disconnect = True


def _translated(error: Exception, committing: bool) -> Conflict | InvalidRequest | StorageFull | StorageUnavailable:
    if isinstance(error, IntegrityError):
        return Conflict("a row of this kind is there already, or one it needs is not")
    if isinstance(error, DataError | OverflowError | UnicodeEncodeError):
        # Too large a number, half a character: PostgreSQL's driver and SQLite's have different names for it.
        return InvalidRequest("a value that no column can hold")
    if isinstance(error, DBAPIError):
        return _of_driver(error, committing)
    if isinstance(error, NoConnectionFree):
        return StorageUnavailable("all connections to the database are in use")
    return StorageUnavailable("the database refused")


def _of_driver(error: DBAPIError, committing: bool) -> StorageFull | StorageUnavailable:
    state = getattr(error.orig, "sqlstate", None)
    # SQLite's extended codes have the primary one in their lowest byte.
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if state == _DISK_FULL or code == _SQLITE_FULL:
        return StorageFull("the database has no space left")
    if state == _READ_ONLY_TRANSACTION or code == _SQLITE_READONLY:
        return StorageUnavailable(READ_ONLY)
    if state in (_SERIALISATION, _DEADLOCK):
        return StorageUnavailable(BROKEN_OFF, kept_nothing=True)
    if error.connection_invalidated:
        return StorageUnavailable(UNDECIDED) if committing else StorageUnavailable(BROKEN_OFF, kept_nothing=True)
    if code == _SQLITE_CANTOPEN:
        return StorageUnavailable(_NO_FILE)
    if error.statement is None and not committing and hasattr(error.orig, "pgconn"):
        return StorageUnavailable(_of_connecting(getattr(error.orig, "pgconn", None)))
    if isinstance(error, OperationalError):
        return StorageUnavailable("the database cannot be reached, or is locked")
    return StorageUnavailable("the database refused")


def _of_connecting(connection: Any) -> str:
    # A server that asked for a password, or took one, is there. What it says then is in its own language.
    return _REFUSED if connection and (connection.used_password or connection.needs_password) else _SILENT
