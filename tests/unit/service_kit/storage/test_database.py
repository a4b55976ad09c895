"""One code path to SQL, and migrations that may be started by anyone at any time."""

from __future__ import annotations

import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import OperationalError

from credentials.errors import Conflict, InvalidRequest, SchemaOutdated, SettingInvalid, StorageFull, StorageUnavailable
from service_kit.storage.database import connect, migrate, reading, require_schema, transaction
from service_kit.storage.errors import translating

TABLE = "issuer_schema_version"

metadata = MetaData()
person = Table("person", metadata, Column("id", Integer, primary_key=True), Column("note", String, nullable=False))
visit = Table("visit", metadata, Column("person", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))

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
    id = sa.Column("id", sa.Integer, primary_key=True)
    op.create_table("person", id, sa.Column("note", sa.String, nullable=False))
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    op.create_table("visit", sa.Column("person", sa.Integer, owner, primary_key=True))
"""
REBUILD = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    with op.batch_alter_table("person") as batch:
        batch.alter_column("note", type_=sa.Text)
"""
BREAKING = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE half (id INTEGER)")
    op.execute("{statement}")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "100%" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "0001_first.py").write_text(FIRST)
    return folder


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path}/data/issuer.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(engine: Engine, scripts: Path) -> Engine:
    migrate(engine, scripts, TABLE)
    return engine


def never_wait(engine: Engine) -> None:
    """Make new connections give up at once where a real one waits for ten seconds."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))


def add_script(scripts: Path, content: str) -> None:
    (scripts / "versions" / "0002_second.py").write_text(content)


def test_sqlite_keeps_what_was_committed(migrated: Engine) -> None:
    """WAL with synchronous=FULL survives a power cut; SQLite checks references only when it is told to."""
    with reading(migrated) as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        answers = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked]
    assert answers == ["wal", 2, 1, 10_000]


def test_a_transaction_is_whole_or_nothing(migrated: Engine) -> None:
    """A credential without its decision, or an index without its credential, must never be there."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="kept"))
    with pytest.raises(KeyError), transaction(migrated) as connection:
        connection.execute(insert(person).values(id=2, note="lost"))
        raise KeyError
    with reading(migrated) as connection:
        assert connection.execute(select(person.c.id)).scalars().all() == [1]


@pytest.mark.parametrize("values", [{"id": 1, "note": "twice"}, {"id": 2, "note": None}])
def test_a_broken_constraint_is_a_conflict_without_the_row(migrated: Engine, values: dict[str, object]) -> None:
    """The driver's message repeats the row, which may be a person."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="first"))
    with pytest.raises(Conflict) as caught, transaction(migrated) as connection:
        connection.execute(insert(person), [values])
    assert "twice" not in str(caught.value)


def test_a_reference_to_nothing_is_a_conflict(migrated: Engine) -> None:
    """Foreign keys hold in every connection of the pool."""
    with pytest.raises(Conflict), transaction(migrated) as connection:
        connection.execute(insert(visit).values(person=7))


def test_two_writers_take_turns(migrated: Engine) -> None:
    """Read-then-write by many threads must lose no step and never fail with "locked"."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="0"))

    def count_up() -> None:
        for _ in range(20):
            with transaction(migrated) as connection:
                count = int(connection.execute(select(person.c.note)).scalar_one())
                connection.execute(person.update().values(note=str(count + 1)))

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(migrated) as connection:
        assert connection.execute(select(person.c.note)).scalar_one() == "160"


def test_a_locked_database_is_unavailable_and_can_still_be_read(migrated: Engine) -> None:
    """A writer that hangs stops writers after a while, and readers never."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="there"))
    never_wait(migrated)
    with transaction(migrated) as writer:
        writer.execute(insert(person).values(id=2, note="not yet"))
        with pytest.raises(StorageUnavailable, match="locked"), transaction(migrated):
            pass
        with reading(migrated) as connection:
            assert connection.execute(select(person.c.id)).scalars().all() == [1]


def test_a_write_while_reading_is_refused(migrated: Engine) -> None:
    """It would be rolled back without a word; and the next transaction on that connection must be able to write."""
    with pytest.raises(StorageUnavailable), reading(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="lost"))
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="kept"))


@pytest.mark.parametrize("value", [10**30, "\ud800"])
def test_a_value_that_no_column_can_hold_is_the_callers_fault(migrated: Engine, value: object) -> None:
    """JSON can spell such numbers and halves of characters; the driver's errors for them are no SQLAlchemyErrors."""
    with pytest.raises(InvalidRequest), transaction(migrated) as connection:
        connection.execute(text("INSERT INTO person VALUES (1, :value)"), {"value": value})


def test_a_read_only_database_is_unavailable(migrated: Engine) -> None:
    """A disk that went read-only: told as storage, while what is there can still be read."""
    path = migrated.url.database
    read_only = connect(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(StorageUnavailable, match="read-only"), transaction(read_only) as connection:
        connection.execute(insert(person).values(id=1, note="x"))
    with reading(read_only) as connection:
        assert connection.execute(select(person)).all() == []
    read_only.dispose()


def test_the_file_is_nobody_elses_to_read(migrated: Engine) -> None:
    """It holds what was decided about people, and the write-ahead log beside it holds the latest of that."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="x"))
        files = list(Path(str(migrated.url.database)).parent.glob("issuer.sqlite*"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
    assert modes["issuer.sqlite"] == modes["issuer.sqlite-wal"] == modes["issuer.sqlite-shm"] == 0o600


def test_a_full_disk_is_storage_full(migrated: Engine) -> None:
    """SQLite's own word for no room, and nothing of the transaction stays."""
    with pytest.raises(StorageFull), transaction(migrated) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 8")
        for number in range(100):
            connection.execute(insert(person).values(id=number, note="x" * 4000))
    with reading(migrated) as connection:
        assert connection.execute(select(person)).all() == []


def test_postgresql_names_a_full_disk_by_number() -> None:
    """Its message is in the server's language."""

    class DiskFull(Exception):
        sqlstate = "53100"

    with pytest.raises(StorageFull), translating():
        raise OperationalError("INSERT", {}, DiskFull())


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    """The wrong file by mistake must neither be overwritten nor end in a foreign exception."""
    (tmp_path / "notes.txt").write_text("groceries, and more of them, " * 100)
    engine = connect(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(StorageUnavailable), transaction(engine):
        pass
    assert (tmp_path / "notes.txt").read_text().startswith("groceries")
    engine.dispose()


def test_a_folder_that_cannot_be_is_unavailable(tmp_path: Path, scripts: Path) -> None:
    """A path through a file: told as storage, not as an OSError."""
    (tmp_path / "file").write_bytes(b"")
    engine = connect(f"sqlite:///{tmp_path}/file/issuer.sqlite")
    with pytest.raises(StorageUnavailable):
        migrate(engine, scripts, TABLE)
    with pytest.raises(StorageUnavailable), reading(engine) as connection:
        connection.execute(select(1))


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:hush@db/x", "postgresql://u:hush@db:port/x", "sqlite:"])
def test_a_wrong_url_is_a_setting_and_is_not_repeated(url: str) -> None:
    """It holds a password more often than not."""
    with pytest.raises(SettingInvalid, match="DATABASE_URL") as caught:
        connect(url)
    assert "hush" not in str(caught.value)


def test_a_missing_driver_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's is an extra: whoever forgot it must read so at the start."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingInvalid, match="driver is not installed"):
        connect("postgresql://u:hush@db/x")


def test_migrates_once_and_again(migrated: Engine, scripts: Path) -> None:
    """Every start migrates; the second must find nothing to do."""
    migrate(migrated, scripts, TABLE)
    require_schema(migrated, scripts, TABLE)
    assert set(inspect(migrated).get_table_names()) == {"person", "visit", TABLE}


def test_services_share_a_database(migrated: Engine, tmp_path: Path, scripts: Path) -> None:
    """One database for all roles is the smallest installation: each keeps its own version."""
    others = tmp_path / "others"
    (others / "versions").mkdir(parents=True)
    (others / "env.py").write_text(ENV)
    (others / "versions" / "r001.py").write_text(
        FIRST.replace('"0001"', '"r001"').replace("person", "member").replace("visit", "statement")
    )
    migrate(migrated, others, "registry_schema_version")
    require_schema(migrated, others, "registry_schema_version")
    require_schema(migrated, scripts, TABLE)


def test_many_threads_migrate_at_once(engine: Engine, scripts: Path) -> None:
    """Alembic's environment is one for the process."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(engine, scripts, TABLE)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    require_schema(engine, scripts, TABLE)


def test_rebuilding_a_table_keeps_what_refers_to_it(migrated: Engine, scripts: Path) -> None:
    """SQLite alters a table by making it anew: with references on, the drop would delete every visit."""
    with transaction(migrated) as connection:
        connection.execute(insert(person).values(id=1, note="a"))
        connection.execute(insert(visit).values(person=1))
    add_script(scripts, REBUILD)
    migrate(migrated, scripts, TABLE)
    with reading(migrated) as connection:
        assert connection.execute(select(visit)).all() == [(1,)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


@pytest.mark.parametrize("statement", ["no sql at all", "INSERT INTO visit VALUES (99)"])
def test_a_migration_that_fails_leaves_nothing(migrated: Engine, scripts: Path, statement: str) -> None:
    """Half a migration can be neither repeated nor undone."""
    add_script(scripts, BREAKING.format(statement=statement))
    with pytest.raises(StorageUnavailable):
        migrate(migrated, scripts, TABLE)
    (scripts / "versions" / "0002_second.py").unlink()
    assert "half" not in inspect(migrated).get_table_names()
    require_schema(migrated, scripts, TABLE)


def test_an_older_program_does_not_touch_a_newer_database(migrated: Engine, scripts: Path) -> None:
    """After a rollback of the program: say it, instead of writing rows of the old shape."""
    with transaction(migrated) as connection:
        connection.execute(text(f"UPDATE {TABLE} SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="later version"):
        migrate(migrated, scripts, TABLE)
    with pytest.raises(SchemaOutdated):
        require_schema(migrated, scripts, TABLE)


def test_an_old_schema_is_told(migrated: Engine, scripts: Path) -> None:
    """A command that only reads must not migrate, nor fail in the middle."""
    add_script(scripts, REBUILD)
    with pytest.raises(SchemaOutdated, match="migrate it first"):
        require_schema(migrated, scripts, TABLE)


def test_missing_scripts_are_no_foreign_exception(engine: Engine, tmp_path: Path) -> None:
    """A wheel built without its migrations must say so in our words."""
    with pytest.raises(SchemaOutdated, match="cannot be run"):
        migrate(engine, tmp_path / "nowhere", TABLE)


def test_migrates_in_memory(scripts: Path) -> None:
    """Tests of the services run without a file."""
    engine = connect("sqlite://")
    migrate(engine, scripts, TABLE)
    require_schema(engine, scripts, TABLE)
    engine.dispose()


def test_the_driver_is_given_no_part_of_the_fault(migrated: Engine) -> None:
    """What SQLAlchemy raises for a fault of ours, such as a missing table, is translated as well."""
    with pytest.raises(StorageUnavailable) as caught, transaction(migrated) as connection:
        connection.execute(text("SELECT * FROM nothing_here"))
    assert isinstance(caught.value.__cause__, OperationalError)
    assert isinstance(caught.value.__cause__.orig, sqlite3.OperationalError)
    assert "nothing_here" not in str(caught.value)
