"""Real databases that are not there, refuse, break off or may only be read: each in words that name the setting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from credentials.errors import SchemaOutdated, SettingInvalid, StorageFull, StorageUnavailable
from service_kit.storage.database import (
    ANSWER_SECONDS,
    SILENCE_SECONDS,
    STATEMENT_SECONDS,
    _migrating,
    connect,
    migrate,
    reading,
    require_schema,
    transaction,
)
from service_kit.storage.errors import READ_ONLY, UNDECIDED
from service_kit.storage.retrying import BROKEN_OFF, retried
from tests.contract.schema import engine_on
from tests.servers import PostgreSQL
from trust_registry.storage.sql import MIGRATIONS, VERSION_TABLE


def start(url: str) -> None:
    """What every service does with its database first."""
    with engine_on(url) as engine:
        migrate(engine, MIGRATIONS, VERSION_TABLE)


@pytest.fixture
def table(postgresql: str) -> Iterator[Engine]:
    """A table of two rows."""
    with engine_on(postgresql) as engine:
        with transaction(engine) as connection:
            connection.execute(text("CREATE TABLE kept (id integer PRIMARY KEY, value integer)"))
            connection.execute(text("INSERT INTO kept VALUES (1, 0), (2, 0)"))
        yield engine


def values(engine: Engine) -> list[int]:
    with reading(engine) as connection:
        return list(connection.execute(text("SELECT value FROM kept ORDER BY id")).scalars())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda server: server.url(password="wrong"), "refuses this user, password or database"),
        (lambda server: server.url().replace(f":{server.password}@", "@"), "refuses this user, password or database"),
        (lambda server: server.url("nowhere"), "refuses this user, password or database"),
        (lambda server: server.url().replace("127.0.0.1", "nowhere.invalid"), "no database answers"),
        (lambda server: server.url().replace(str(server.port), "1"), "no database answers"),
    ],
)
def test_a_wrong_url_is_named_at_the_start(
    postgresql_server: PostgreSQL, spoil: Callable[[PostgreSQL], str], words: str
) -> None:
    """Which setting, and what about it; never what stands in it, for messages end in logs and tickets."""
    with pytest.raises(StorageUnavailable, match=f"TONGXING_DATABASE_URL: .*{words}") as caught:
        start(spoil(postgresql_server))
    for part in (postgresql_server.password, "wrong", "nowhere", "127.0.0.1", "tongxing:", "postgresql:"):
        assert part not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "postgresql://u:secret@h:port/d", "sqlite", "", "postgresql"])
def test_what_is_no_url_is_named(url: str) -> None:
    """A typing error must not look like a server that is down."""
    with pytest.raises(SettingInvalid, match="TONGXING_DATABASE_URL") as caught:
        connect(url)
    assert "secret" not in str(caught.value)


def test_a_stopped_server_is_named_and_found_again(stoppable_postgresql: PostgreSQL) -> None:
    """Nobody should have to restart a service because its database was restarted."""
    url = stoppable_postgresql.url()
    with engine_on(url) as engine:
        with reading(engine) as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        stoppable_postgresql.stop()
        with pytest.raises(StorageUnavailable, match="no database answers"), reading(engine):
            pass
        with pytest.raises(StorageUnavailable, match="no database answers"):
            start(url)
        stoppable_postgresql.start()
        with reading(engine) as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    """An old program that is started by mistake must not write into what it does not understand."""
    start(database_url)
    with engine_on(database_url) as engine:
        with transaction(engine) as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
        with pytest.raises(SchemaOutdated, match="later version"):
            start(database_url)
        with reading(engine) as connection:
            assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one() == "9999"


@pytest.mark.parametrize("was_made", [True, False])
def test_a_read_only_database_is_named_at_the_start(postgresql: str, was_made: bool) -> None:
    """A standby by mistake: told before the first code that cannot be issued, whether its tables are there or not."""
    if was_made:
        start(postgresql)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StorageUnavailable, match="TONGXING_DATABASE_URL: the database is read-only"):
        start(postgresql)


def test_a_read_only_file_is_named_at_the_start(tmp_path: Path) -> None:
    """The same for SQLite: a file restored with the wrong rights, a disk mounted read-only."""
    start(f"sqlite:///{tmp_path}/data.sqlite")
    with (
        pytest.raises(StorageUnavailable, match="read-only"),
        engine_on(f"sqlite:///file:{tmp_path}/data.sqlite?mode=ro&uri=true") as engine,
    ):
        migrate(engine, MIGRATIONS, VERSION_TABLE)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder should be, or a mount that is missing."""
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(StorageUnavailable, match="TONGXING_DATA_DIR"):
        start(f"sqlite:///{tmp_path}/data/data.sqlite")


def test_a_primary_that_became_a_standby_is_let_go(table: Engine) -> None:
    """After a failover every pooled connection leads to the old one; the next must be made anew."""
    with table.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
        connection.commit()
    with pytest.raises(StorageUnavailable) as caught, transaction(table) as writer:
        writer.execute(text("UPDATE kept SET value = 1"))
    assert caught.value.detail == READ_ONLY
    with transaction(table) as writer:
        writer.execute(text("UPDATE kept SET value = 1"))
    assert values(table) == [1, 1]


def test_restarted_in_the_middle_of_a_transaction(table: Engine, stoppable_postgresql: PostgreSQL) -> None:
    """Nothing of the first attempt stays, and nobody hears of it but the log of the server."""
    attempts: list[int] = []

    @retried
    def deed() -> None:
        with transaction(table) as connection:
            connection.execute(text("UPDATE kept SET value = value + 1 WHERE id = 1"))
            attempts.append(len(attempts))
            if len(attempts) == 1:
                stoppable_postgresql.restart()
            connection.execute(text("UPDATE kept SET value = value + 1 WHERE id = 2"))

    deed()
    assert (values(table), attempts) == ([1, 1], [0, 1])


def test_lost_at_the_commit_is_not_done_twice(table: Engine, postgresql: str) -> None:
    """Whether it was kept nobody can know then: who asks again must have a key to be recognised by."""
    calls: list[int] = []

    @retried
    def deed() -> None:
        calls.append(1)
        with transaction(table) as connection:
            own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with engine_on(postgresql) as other, transaction(other) as killer:
                killer.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})

    with pytest.raises(StorageUnavailable) as caught:
        deed()
    assert (caught.value.detail, len(calls)) == (UNDECIDED, 1)


def test_of_two_in_a_deadlock_both_get_through(table: Engine) -> None:
    """PostgreSQL breaks one off; it is done again when the other is through."""
    both = threading.Barrier(2)
    seen: list[str] = []

    def deed(first: int, second: int) -> None:
        tries = 0

        @retried
        def crosswise() -> None:
            nonlocal tries
            tries += 1
            try:
                with transaction(table) as connection:
                    connection.execute(text("UPDATE kept SET value = value + 1 WHERE id = :id"), {"id": first})
                    if tries == 1:
                        both.wait(30)
                    connection.execute(text("UPDATE kept SET value = value + 1 WHERE id = :id"), {"id": second})
            except StorageUnavailable as error:
                seen.append(error.detail)
                raise

        crosswise()

    threads = [threading.Thread(target=deed, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (values(table), seen) == ([2, 2], [BROKEN_OFF])


@pytest.fixture
def impatient(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine that waits a second for an answer, with a table."""
    monkeypatch.setattr("service_kit.storage.database.ANSWER_SECONDS", 1)
    monkeypatch.setattr("service_kit.storage.database.CONNECT_TIMEOUT_SECONDS", 2)
    with engine_on(postgresql) as engine:
        with transaction(engine) as connection:
            connection.execute(text("CREATE TABLE kept (id integer PRIMARY KEY, value integer)"))
            connection.execute(text("INSERT INTO kept VALUES (1, 0), (2, 0)"))
        yield engine


def test_a_server_that_hangs_is_not_waited_for(impatient: Engine, stoppable_postgresql: PostgreSQL) -> None:
    """Stopped, not gone: its kernel acknowledges all that is sent, so that no limit of TCP ever ends the wait, and one
    request after the other would take a thread with it until the service is restarted."""
    stoppable_postgresql.pause()
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match="no database answers"), reading(impatient):
        pass
    assert time.monotonic() - began < 20
    stoppable_postgresql.resume()
    with transaction(impatient) as connection:
        connection.execute(text("UPDATE kept SET value = 1 WHERE id = 1"))
    assert values(impatient) == [1, 0]


@pytest.mark.parametrize(("at_commit", "words"), [(False, BROKEN_OFF), (True, UNDECIDED)])
def test_a_server_that_hangs_in_a_transaction(
    impatient: Engine, stoppable_postgresql: PostgreSQL, at_commit: bool, words: str
) -> None:
    """Before the commit nothing of it stays, and it may be done again; at the commit nobody can know."""

    def write() -> None:
        with transaction(impatient) as connection:
            connection.execute(text("UPDATE kept SET value = 7 WHERE id = 1"))
            stoppable_postgresql.pause()
            if not at_commit:
                connection.execute(text("UPDATE kept SET value = 7 WHERE id = 2"))

    with pytest.raises(StorageUnavailable) as caught:
        write()
    assert caught.value.detail == words
    stoppable_postgresql.resume()
    if not at_commit:
        assert values(impatient) == [0, 0]
        with transaction(impatient) as connection:
            # No lock of the lost transaction is left.
            connection.execute(text("UPDATE kept SET value = 1"))


def test_a_statement_that_takes_too_long_is_broken_off(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server, which then is free again, and before the client would take it for lost."""
    assert STATEMENT_SECONDS < ANSWER_SECONDS
    monkeypatch.setattr("service_kit.storage.database.STATEMENT_SECONDS", 1)
    with engine_on(postgresql) as engine:
        with pytest.raises(StorageUnavailable, match="cannot be reached, or is locked"), reading(engine) as connection:
            connection.execute(text("SELECT pg_sleep(60)"))
        with reading(engine) as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_migration_may_take_its_time(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits for the first, who may rebuild the table of a whole province."""
    monkeypatch.setattr("service_kit.storage.database.STATEMENT_SECONDS", 1)
    monkeypatch.setattr("service_kit.storage.database.ANSWER_SECONDS", 1)
    with engine_on(postgresql) as first, engine_on(postgresql) as second:
        waiting = threading.Thread(target=migrate, args=(second, MIGRATIONS, VERSION_TABLE))
        with _migrating(first):
            waiting.start()
            waiting.join(3)
            assert waiting.is_alive()
        waiting.join(60)
        require_schema(first, MIGRATIONS, VERSION_TABLE)


def test_all_connections_in_use_is_named(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads than connections, and none comes back: told after seconds, in words that are not the server's."""
    monkeypatch.setattr("service_kit.storage.database.POOL_SECONDS", 0.1)
    with (
        engine_on(postgresql) as engine,
        pytest.raises(StorageUnavailable, match="all connections to the database are in use"),
        ExitStack() as held,
    ):
        for _ in range(50):
            held.enter_context(reading(engine))


def test_a_full_disk_is_named(table: Engine) -> None:
    """The server's own message is in the server's language, so its number counts."""
    full = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'voll' USING ERRCODE = 'disk_full'; END $$"""
    with transaction(table) as connection:
        connection.execute(text(full))
        connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON kept EXECUTE FUNCTION full_disk()"))
    with pytest.raises(StorageFull), transaction(table) as connection:
        connection.execute(text("UPDATE kept SET value = 7"))
        connection.execute(text("INSERT INTO kept VALUES (3, 0)"))
    assert values(table) == [0, 0]


def test_who_dies_in_a_transaction_does_not_keep_its_locks(table: Engine) -> None:
    """A worker whose machine lost its power would stop the whole province for two hours."""
    with reading(table) as connection:
        shown = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert shown == f"{SILENCE_SECONDS}s"


def test_a_hasty_commit_is_a_commit(table: Engine) -> None:
    """Not waited for on the disk, but seen by all at once; only haste differs, and only for that transaction."""
    with transaction(table, hasty=True) as connection:
        connection.execute(text("UPDATE kept SET value = 5"))
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "off"
    with transaction(table) as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    assert values(table) == [5, 5]


def test_haste_ends_with_its_transaction_on_sqlite(tmp_path: Path) -> None:
    """A code is recorded with a full sync also on the connection that has just given out its place in haste."""
    with engine_on(f"sqlite:///{tmp_path}/data.sqlite") as engine:
        for hasty, mode in ((True, 1), (False, 2), (True, 1)):
            with transaction(engine, hasty=hasty) as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == mode


def test_a_connection_that_broke_is_put_away_without_a_word(
    impatient: Engine, stoppable_postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    """What broke it was raised; the driver's "error ignored terminating" frightened whoever read the output."""
    with pytest.raises(StorageUnavailable), transaction(impatient) as connection:
        connection.execute(text("UPDATE kept SET value = 7 WHERE id = 1"))
        stoppable_postgresql.kill()
        connection.execute(text("UPDATE kept SET value = 7 WHERE id = 2"))
    stoppable_postgresql.start()
    assert values(impatient) == [0, 0]
    assert [record.name for record in caplog.records if record.name.startswith("psycopg")] == []
