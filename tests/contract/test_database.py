"""What SQL must do whatever stands behind it, SQLite or PostgreSQL.

Real processes, for what threads of one cannot show.
"""

from __future__ import annotations

import multiprocessing
import resource
import threading
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, insert, inspect, select, text

from credentials.errors import Conflict, InvalidRequest, StorageFull, StorageUnavailable, TongxingError
from service_kit.storage.database import SILENCE_SECONDS, connect, migrate, reading, require_schema, transaction

SPAWN = multiprocessing.get_context("spawn")
TABLE = "contract_schema_version"
MAX_FILE_BYTES = 400_000

metadata = MetaData()
note = Table("contract_note", metadata, Column("id", Integer, primary_key=True), Column("words", String(4000)))

ENV = """
from alembic import context
from sqlalchemy import MetaData
from service_kit.storage.migration import run_migrations
run_migrations(context.config, MetaData())
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("contract_note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("words", sa.String(4000)))
"""
BREAKING = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE contract_half (id INTEGER)")
    op.execute("no sql at all")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "0001_first.py").write_text(FIRST)
    return folder


@pytest.fixture
def engine(database_url: str, scripts: Path) -> Iterator[Engine]:
    engine = connect(database_url)
    migrate(engine, scripts, TABLE)
    yield engine
    engine.dispose()


def _migrate(url: str, scripts: Path, start: Barrier) -> None:
    engine = connect(url)
    start.wait()
    migrate(engine, scripts, TABLE)
    with transaction(engine) as connection:
        connection.execute(insert(note).values(words="here"))


def run(*calls: tuple[Any, ...]) -> list[int | None]:
    """Run each function with its arguments in a process of its own, at once; the exit codes."""
    processes = [SPAWN.Process(target=function, args=arguments) for function, *arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def test_two_processes_migrate_at_once(database_url: str, scripts: Path) -> None:
    """Two workers start on a new database; both must come up."""
    start = SPAWN.Barrier(2)
    assert run((_migrate, database_url, scripts, start), (_migrate, database_url, scripts, start)) == [0, 0]
    engine = connect(database_url)
    with reading(engine) as connection:
        assert connection.execute(select(note.c.words)).scalars().all() == ["here", "here"]
    engine.dispose()


def test_migrating_again_changes_nothing(engine: Engine, scripts: Path) -> None:
    """Every start migrates."""
    migrate(engine, scripts, TABLE)
    require_schema(engine, scripts, TABLE)


def test_a_migration_that_fails_leaves_nothing(engine: Engine, scripts: Path) -> None:
    """Half a migration can be neither repeated nor undone."""
    (scripts / "versions" / "0002_second.py").write_text(BREAKING)
    with pytest.raises(StorageUnavailable):
        migrate(engine, scripts, TABLE)
    assert "contract_half" not in inspect(engine).get_table_names()


def test_a_transaction_is_whole_or_nothing(engine: Engine) -> None:
    """A credential without its decision must never be there."""
    with pytest.raises(KeyError), transaction(engine) as connection:
        connection.execute(insert(note).values(id=1, words="lost"))
        raise KeyError
    with reading(engine) as connection:
        assert connection.execute(select(note)).all() == []


def test_the_same_words_from_every_driver(engine: Engine) -> None:
    """Callers tell "done already" from "try again" by the class alone."""
    with transaction(engine) as connection:
        connection.execute(insert(note).values(id=1, words="first"))
    with pytest.raises(Conflict), transaction(engine) as connection:
        connection.execute(insert(note).values(id=1, words="twice"))
    with pytest.raises(StorageUnavailable), reading(engine) as connection:
        connection.execute(insert(note).values(id=2, words="while reading"))
    with pytest.raises(InvalidRequest), transaction(engine) as connection:
        connection.execute(insert(note).values(id=10**30, words="x"))
    with pytest.raises(InvalidRequest), transaction(engine) as connection:
        connection.execute(insert(note).values(id=2, words="\ud800"))


def test_what_is_being_written_is_not_seen(engine: Engine) -> None:
    """Readers see what is committed, and wait for nobody."""
    with transaction(engine) as writer:
        writer.execute(insert(note).values(id=1, words="not yet"))
        with reading(engine) as connection:
            assert connection.execute(select(note)).all() == []


def test_threads_share_an_engine(engine: Engine) -> None:
    """Every request has its thread; the pool must hand no connection to two."""

    def write(start: int) -> None:
        for number in range(start, start + 10):
            with transaction(engine) as connection:
                connection.execute(insert(note).values(id=number, words="x"))

    threads = [threading.Thread(target=write, args=(10 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert len(connection.execute(select(note)).all()) == 80


def test_a_lost_server_is_noticed(postgresql: str) -> None:
    """In a failover the old server falls silent; two hours of waiting is TCP's default."""
    engine = connect(postgresql)
    with reading(engine) as connection:
        told = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    assert int(told["tcp_user_timeout"]) == SILENCE_SECONDS * 1000
    silence = int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"])
    assert silence <= SILENCE_SECONDS
    engine.dispose()


def test_a_connection_that_died_is_replaced(postgresql: str) -> None:
    """After a failover the pool is full of dead ones; the next request must not pay for it."""
    engine, other = connect(postgresql), connect(postgresql)
    with reading(engine) as connection:
        own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with transaction(other) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
    with reading(engine) as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != own
    engine.dispose()
    other.dispose()


def _write_until_full(url: str, acknowledged: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, most))
    engine = connect(url)
    done = 0
    try:
        while done < 1000:
            with transaction(engine) as connection:
                connection.execute(insert(note).values(id=done, words="x" * 4000))
            done += 1
    except TongxingError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        acknowledged.write_text(f"{done} {type(error).__name__}")


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path, scripts: Path) -> None:
    """What a client was told is done is done; the rest is told as storage, and not half there."""
    url = f"sqlite:///{tmp_path}/data.sqlite"
    engine = connect(url)
    migrate(engine, scripts, TABLE)
    engine.dispose()
    assert run((_write_until_full, url, tmp_path / "acknowledged")) == [0]
    done, error = (tmp_path / "acknowledged").read_text().split()
    assert error in (StorageFull.__name__, StorageUnavailable.__name__)
    engine = connect(url)
    with reading(engine) as connection:
        assert connection.execute(select(note.c.id)).scalars().all() == list(range(int(done)))
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    with transaction(engine) as connection:
        connection.execute(insert(note).values(id=5000, words="there is room again"))
    engine.dispose()
