"""SQL: SQLite embedded by default, PostgreSQL by URL, one code path; and migrations that two processes may start.

SQLite runs in WAL mode with ``synchronous=FULL``, so that a commit survives a power cut. A :func:`transaction` begins
as a writing one, for waiting at the start is cheaper than failing in the middle with "database is locked"; a
:func:`reading` one waits for nobody.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from credentials.errors import SchemaOutdated, SettingInvalid, StorageUnavailable
from service_kit.durable import make_folder
from service_kit.process.locking import locked, open_lock
from service_kit.storage.errors import give_up_read_only, translating
from service_kit.storage.retrying import retried

BUSY_TIMEOUT_SECONDS = 10
"""How long a SQLite writer waits for another."""
CONNECT_TIMEOUT_SECONDS = 5
"""How long a connection to PostgreSQL may take."""
SILENCE_SECONDS = 25
"""How long a PostgreSQL server that is gone without a word is waited for; by default it would be two hours."""
ANSWER_SECONDS = 25
"""How long any answer of a PostgreSQL server is waited for: of one that is there and hangs, TCP notices nothing."""
STATEMENT_SECONDS = 20
"""How long a statement may take, waiting for locks included, before a PostgreSQL server that lives breaks it off."""
MIGRATION_SECONDS = 3600
"""The same two while migrating, and while another process does."""
POOL_SECONDS = 10
"""How long a thread waits for one of the process's connections; their number is bounded."""
_MIGRATION_LOCK = 0x746F6E67
"""Key of PostgreSQL's advisory lock while migrating."""
_READING, _HASTY = "tongxing_reading", "tongxing_hasty"
# Alembic keeps its environment in the process, so that two threads may not migrate at once.
_one_migration = threading.Lock()


def connect(url: str) -> Engine:
    """An engine for ``url`` (``sqlite:///file`` or ``postgresql://…``); nothing is opened yet.

    Raises SettingInvalid for a URL that is none of these, or a driver that is not installed.
    """
    try:
        if url.startswith("sqlite:"):
            return _sqlite(url)
        if url.startswith(("postgresql:", "postgresql+psycopg:")):
            return _postgresql(url.replace("postgresql:", "postgresql+psycopg:", 1))
    except ModuleNotFoundError as error:
        raise SettingInvalid("TONGXING_DATABASE_URL: the database's driver is not installed") from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        # The URL may hold a password, so it is not repeated.
        raise SettingInvalid("TONGXING_DATABASE_URL: not a database URL") from error
    raise SettingInvalid("TONGXING_DATABASE_URL: neither sqlite:///file nor postgresql://…")


@contextmanager
def transaction(engine: Engine, *, hasty: bool = False) -> Iterator[Connection]:
    """One writing transaction: committed on leaving, rolled back on any error.

    On SQLite writers take turns. On PostgreSQL they run side by side (READ COMMITTED): whoever reads in order to write
    takes a lock of its own first. ``hasty``: the commit is not waited for on the disk. A crash of the database may lose
    it, but never alone: whatever is committed after it without haste is lost with it, or neither is.

    Raises Conflict for a broken uniqueness or other constraint, InvalidRequest for a value that no column can hold,
    StorageFull, StorageUnavailable.
    """
    with translating(), engine.connect() as connection:
        connection.execution_options(**{_HASTY: hasty})
        connection.begin()
        if hasty and connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        yield connection
        with translating(committing=True):
            connection.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, and sees the database as it stood at one moment.

    It never waits for a writer, nor a writer for it. Raises StorageUnavailable, also for an attempt to write.
    """
    with translating(), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection.execution_options(**{_READING: True})


@retried
@contextmanager
def disposed_on_error(engine: Engine) -> Iterator[None]:
    """Whoever cannot go on leaves no connection open."""
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def migrate(
    engine: Engine, scripts: Path, version_table: str, then: Callable[[Connection, str], None] | None = None
) -> None:
    """Bring the schema to the newest version in ``scripts``, wholly or not at all.

    ``then``: what of the rows takes more than SQL has, done in the same transaction; is told the version that the
    database was of, empty for a new one.

    Any number of processes and threads may call it at once: one does it, the others wait and find it
    done. ``version_table`` is the service's own, so that services may share a database.
    Raises SchemaOutdated when the database is of a version that this program does not know, StorageFull,
    StorageUnavailable, also when the database may only be read. No connection is open then.
    """
    with disposed_on_error(engine):
        with translating(), _one_migration, _file_lock(engine):
            if not _is_newest(engine, scripts, version_table):
                _upgrade(engine, scripts, version_table, then)
        _require_writable(engine, version_table)


def require_schema(engine: Engine, scripts: Path, version_table: str) -> None:
    """Raise SchemaOutdated unless the schema is exactly the newest in ``scripts``."""
    if not _is_newest(engine, scripts, version_table):
        raise SchemaOutdated("the database's schema is not that of this version; migrate it first")


def _require_writable(engine: Engine, version_table: str) -> None:
    """Find out at the start, and not with the first code that cannot be issued."""
    with transaction(engine) as connection:
        connection.execute(text(f"UPDATE {version_table} SET version_num = version_num"))
        connection.rollback()


def _upgrade(engine: Engine, scripts: Path, version_table: str, then: Callable[[Connection, str], None] | None) -> None:
    # Alembic takes as long to import as all the rest, and most commands find nothing to do.
    from service_kit.storage import migration

    with _migrating(engine) as connection:
        before = "".join(_versions(connection, version_table))
        migration.upgrade(connection, scripts, version_table)
        if then is not None:
            then(connection, before)
        _require_references(connection)
        connection.commit()


def _is_newest(engine: Engine, scripts: Path, version_table: str) -> bool:
    """Whether the database says that it has the newest version. Scripts are named ``<revision>_<what>.py``."""
    names = (path.stem.partition("_")[0] for path in (scripts / "versions").glob("*.py"))
    newest = max(names, default=None)
    with reading(engine) as connection:
        return [newest] == _versions(connection, version_table)


def _versions(connection: Connection, version_table: str) -> list[str]:
    if not inspect(connection).has_table(version_table):
        return []
    return list(connection.execute(text(f"SELECT version_num FROM {version_table}")).scalars())


def _sqlite(url: str) -> Engine:
    engine = create_engine(url)
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: str) -> Engine:
    # After a failover the pool holds dead connections: each is tried before it is used.
    patience: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "keepalives_idle": SILENCE_SECONDS // 5,
        "keepalives_interval": SILENCE_SECONDS // 5,
        "keepalives_count": 4,
        "tcp_user_timeout": SILENCE_SECONDS * 1000,
    }
    # Only here, for whoever has no PostgreSQL need not have its driver.
    from service_kit.storage.patience import connect_patiently

    # The driver warns of what it ignores while it puts a broken connection away. What broke the connection is raised
    # where it happened, and counted; a line about its clearing away says nothing that an operator could act on.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=POOL_SECONDS, connect_args=patience)
    event.listen(engine, "do_connect", connect_patiently(ANSWER_SECONDS))
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "checkin", _forget_mode)
    event.listen(engine, "handle_error", give_up_read_only)
    return engine


def _make_private(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    """Make a new database file its owner's alone, whatever the umask; its journals get the same mode from SQLite."""
    name = str(arguments[0]) if arguments else ""
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    with suppress(OSError):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's own transaction handling begins too late; "begin" below does it instead.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    # Whoever dies without a word in the middle of a transaction must not keep its locks for the two hours that the
    # server's TCP would wait.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{SILENCE_SECONDS}s'")
    connection.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
    connection.commit()


def _forget_mode(connection: Any, _record: Any) -> None:
    # After a reading transaction SQLAlchemy would ask for READ WRITE in so many words, also where the server's
    # administrator has made read-only the default.
    if connection is not None:
        connection.read_only = None


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    only_reads = options.get(_READING, False)
    # In WAL mode NORMAL leaves the syncing of this commit to the next one that is FULL.
    connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if options.get(_HASTY) else 'FULL'}")
    # What is written while reading would be rolled back without a word.
    connection.exec_driver_sql(f"PRAGMA query_only = {int(only_reads)}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@contextmanager
def _file_lock(engine: Engine) -> Iterator[None]:
    """SQLite's lock while migrating: already the first switch to WAL mode must not be made by two at once."""
    # A name that begins with "file:" is a URI, whose author knows what he does.
    name = engine.url.database or ":memory:"
    if engine.dialect.name != "sqlite" or name == ":memory:" or name.startswith("file:"):
        yield
        return
    with locked(_lock_of(Path(name)), MIGRATION_SECONDS):
        yield


def _lock_of(database: Path) -> Path:
    """The lock's file beside the database, both made if they are not there."""
    lock = database.with_name(f"{database.name}.migrating")
    try:
        make_folder(database.parent)
        # What is decided about people is nobody else's to read; SQLite's other files take this one's mode.
        database.touch(mode=0o600)
        os.close(open_lock(lock))
    except (OSError, StorageUnavailable) as error:
        raise StorageUnavailable("TONGXING_DATABASE_URL or TONGXING_DATA_DIR: the folder cannot be written") from error
    return lock


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the lock of the database itself until its commit."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "postgresql":
            with driver.waiting(MIGRATION_SECONDS):
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{MIGRATION_SECONDS}s'")
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                yield connection
            return
        # Rebuilding a table, which is how SQLite alters one, would delete what refers to it. The switch works only
        # outside of a transaction.
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            connection.rollback()
            driver.execute("PRAGMA foreign_keys = ON")


def _require_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StorageUnavailable("the migration would leave rows that refer to nothing")
