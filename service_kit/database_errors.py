"""What databases say when something is wrong, in our words; and what may be tried again.

Drivers' messages may repeat rows, hosts and user names, so none of their words goes on.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from credentials.errors import Conflict, InvalidRequest, StorageFull, StorageUnavailable

ATTEMPTS = 3
"""How often in all a transaction is tried that the database breaks off."""
PAUSE_SECONDS = 0.05
"""The longest pause before the second attempt; before the third, twice that. Of two in a deadlock one must wait."""
BROKEN_OFF: Final = "the database broke the transaction off; nothing of it was kept"
UNDECIDED: Final = "the database was lost at the commit: ask again to learn whether it was kept"
READ_ONLY: Final = "TONGXING_DATABASE_URL: the database is read-only"
_REFUSED = "TONGXING_DATABASE_URL: the server refuses this user, password or database"
_SILENT = "TONGXING_DATABASE_URL: no database answers at this address"
_NO_FILE = "TONGXING_DATABASE_URL or TONGXING_DATA_DIR: the database's file cannot be opened"
_SERIALISATION, _DEADLOCK, _READ_ONLY_TRANSACTION, _DISK_FULL = "40001", "40P01", "25006", "53100"
_SQLITE_READONLY, _SQLITE_FULL, _SQLITE_CANTOPEN = 8, 13, 14

P = ParamSpec("P")
T = TypeVar("T")


def retried(deed: Callable[P, T]) -> Callable[P, T]:
    """Let ``deed``, which is made of whole transactions, be done again when the database breaks one off.

    Only what certainly left nothing behind is tried again, at most :data:`ATTEMPTS` times in all: a deadlock, a failed
    serialisation, a connection lost before the commit was sent. A server that cannot be reached is not waited for.
    """

    @functools.wraps(deed)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return deed(*args, **kwargs)
            except StorageUnavailable as error:
                if error.detail != BROKEN_OFF:
                    raise
            time.sleep(random.uniform(0, attempt * PAUSE_SECONDS))
        return deed(*args, **kwargs)

    return again


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
        return StorageUnavailable(BROKEN_OFF)
    if error.connection_invalidated:
        return StorageUnavailable(UNDECIDED if committing else BROKEN_OFF)
    if code == _SQLITE_CANTOPEN:
        return StorageUnavailable(_NO_FILE)
    if error.statement is None and (connection := getattr(error.orig, "pgconn", None)) is not None:
        # It asked for a password or took one: somebody is there. What he says is in his own language.
        return StorageUnavailable(_REFUSED if connection.used_password or connection.needs_password else _SILENT)
    if isinstance(error, OperationalError):
        return StorageUnavailable("the database cannot be reached, or is locked")
    return StorageUnavailable("the database refused")
