"""What the registry's storage promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from credentials.errors import Conflict, SchemaOutdated, StorageUnavailable
from service_kit.storage.database import connect, transaction
from service_kit.storage.ports import LeafRecord
from tests.contract.schema import require_same_tables
from trust_registry.enrolment.waiting import waiting_statements
from trust_registry.storage import tables
from trust_registry.storage.ports import (
    DenialRecord,
    DraftRecord,
    MemberFileRecord,
    StatementRecord,
)
from trust_registry.storage.sql import MIGRATIONS, VERSION_TABLE, SqlStorage, open_storage

NOW = 1_795_000_000
STATEMENT = StatementRecord("a" * 32, "CN-41", 1, "d" * 64, "compact", ("proof", "另"), NOW, "submitted")
DRAFT = DraftRecord("b" * 32, 7, b"\x00list", b"message\xff", ("a" * 32,), NOW, "officer", "open")
THREADS = 4


@pytest.fixture
def storages(database_url: str) -> Iterator[list[SqlStorage]]:
    """One database as several processes have it."""
    storages = [open_storage(database_url) for _ in range(THREADS)]
    yield storages
    for storage in storages:
        storage.engine.dispose()


@pytest.fixture
def storage(storages: list[SqlStorage]) -> SqlStorage:
    return storages[0]


def at_once(storages: list[SqlStorage], work: Callable[[SqlStorage], None]) -> None:
    threads = [threading.Thread(target=work, args=(storage,)) for storage in storages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_migrations_make_the_tables_of_the_program(storage: SqlStorage) -> None:
    """A bound that stands in the program's tables alone protects nobody."""
    require_same_tables(storage.engine, tables.metadata)


def test_statements_are_kept_and_closed(storages: list[SqlStorage]) -> None:
    """By id and by digest, for every process, as they came."""
    later = STATEMENT._replace(id="c" * 32, digest="e" * 64, received_at=NOW + 1)
    with storages[0].writing() as records:
        records.statements.add(later)
        records.statements.add(STATEMENT)
    with storages[1].writing() as records:
        assert waiting_statements(records) == [STATEMENT, later]
        records.statements.close(STATEMENT.id, "published")
    with storages[2].reading() as records:
        assert records.statements.get(STATEMENT.id) == STATEMENT._replace(state="published")
        assert records.statements.find("CN-41", "e" * 64) == later
        assert records.statements.find("CN-44", "e" * 64) is records.statements.get("f" * 32) is None
    with pytest.raises(Conflict), storages[0].writing() as records:
        records.statements.add(later._replace(id="f" * 32))


def test_drafts_and_their_approvals(storage: SqlStorage) -> None:
    """The bytes that officers sign are kept to the byte, and an officer's signature counts once."""
    with storage.writing() as records:
        records.drafts.add(DRAFT)
        records.drafts.approve(DRAFT.id, "officer", "ab", NOW)
    with pytest.raises(Conflict), storage.writing() as records:
        records.drafts.approve(DRAFT.id, "officer", "cd", NOW)
    with pytest.raises(Conflict), storage.writing() as records:
        records.drafts.approve("f" * 32, "officer", "cd", NOW)
    with storage.writing() as records:
        assert records.drafts.get(DRAFT.id) == DRAFT
        assert records.drafts.approvals(DRAFT.id) == {"officer": "ab"}
        records.drafts.close(DRAFT.id, "published")
        assert records.drafts.get(DRAFT.id) == DRAFT._replace(state="published")
        assert records.drafts.get("f" * 32) is None


def test_denials_files_and_the_repository(storage: SqlStorage) -> None:
    """What was asked for stays; of what changes the newest counts."""
    denial = DenialRecord("ab" * 8, "CN-41", "signed words", NOW)
    files = [MemberFileRecord("CN-41", name, 1, "0" * 64, 10, NOW) for name in ("rules", "status")]
    with storage.writing() as records:
        records.denials.add(denial)
        for file in (*reversed(files), files[1]._replace(sequence=2)):
            records.member_files.put(file)
        records.repository.write([("a", b"1"), ("b", b"2")])
        records.repository.write([("b", b"\x00\xff")])
    with storage.reading() as records:
        assert (records.denials.get(denial.kid), records.denials.get("0")) == (denial, None)
        assert records.member_files.get("CN-41", "status") == files[1]._replace(sequence=2)
        assert records.member_files.get("CN-44", "status") is None
        assert records.member_files.of_member("CN-41") == [files[0], files[1]._replace(sequence=2)]
        assert [records.repository.read(path) for path in "abc"] == [b"1", b"\x00\xff", None]


def test_writing_is_whole_or_nothing(storage: SqlStorage) -> None:
    """A leaf of the log without what it tells of, or the other way round, would be a lie for good."""
    with pytest.raises(KeyError), storage.writing() as records:
        records.statements.add(STATEMENT)
        assert records.log.append("kind", NOW, {}) == 0
        raise KeyError
    with storage.reading() as records:
        assert records.statements.get(STATEMENT.id) is None
        assert records.log.read(0, 10) == []


def test_who_writes_is_alone(storages: list[SqlStorage]) -> None:
    """Of two publications at once each must see what the other did."""

    def work(storage: SqlStorage) -> None:
        for _ in range(5):
            with storage.writing() as records:
                held = records.repository.read("count") or b"0"
                records.repository.write([("count", b"%d" % (int(held) + 1))])

    at_once(storages, work)
    with storages[0].reading() as records:
        assert records.repository.read("count") == b"%d" % (5 * THREADS)


def test_a_reader_sees_one_moment(storages: list[SqlStorage]) -> None:
    """Root of one publication and timestamp of the next would look like an attack."""
    with storages[0].writing() as records:
        records.repository.write([("a", b"old"), ("b", b"old")])
    with storages[0].reading() as reader:
        assert reader.repository.read("a") == b"old"
        with storages[1].writing() as writer:
            writer.repository.write([("a", b"new"), ("b", b"new")])
        assert reader.repository.read("b") == b"old"


def test_a_reader_writes_nothing(storage: SqlStorage) -> None:
    """What is written while reading would be rolled back without a word."""
    with pytest.raises(StorageUnavailable), storage.reading() as records:
        records.log.append("kind", NOW, {})


def test_leaves_come_in_order_by_the_page(storage: SqlStorage) -> None:
    """Numbers from 0; a page from any of them on; nothing beyond the end."""
    with storage.writing() as records:
        numbers = [records.log.append("kind", NOW + number, {"n": number}) for number in range(5)]
    assert numbers == [0, 1, 2, 3, 4]
    with storage.reading() as records:
        assert records.log.read(1, 2) == [LeafRecord(n, "kind", NOW + n, f'{{"n":{n}}}') for n in (1, 2)]
        assert [leaf.number for leaf in records.log.read(3, 10)] == [3, 4]
        assert records.log.read(5, 10) == []


def test_the_log_has_no_gap_however_many_write(storages: list[SqlStorage]) -> None:
    """A missing number would look like a leaf taken away: whoever gives up gives the number back."""

    def work(storage: SqlStorage) -> None:
        for number in range(6):
            try:
                with storage.writing() as records:
                    records.log.append("kind", NOW, {})
                    if number % 3 == 0:
                        raise KeyError
            except KeyError:
                pass

    at_once(storages, work)
    with storages[0].reading() as records:
        assert [leaf.number for leaf in records.log.read(0, 100)] == list(range(4 * THREADS))


def test_the_log_counter_is_locked_by_itself(storages: list[SqlStorage]) -> None:
    """Whoever one day forgets the registry's lock must still not give a number twice."""
    with transaction(storages[0].engine) as connection:
        connection.execute(text("UPDATE registry_log_counter SET size = size + 1"))
        assert connection.execute(text("SELECT size FROM registry_log_counter")).scalar_one() == 1
    with pytest.raises(Conflict), transaction(storages[0].engine) as connection:
        connection.execute(text("INSERT INTO registry_log_counter (id, size) VALUES (2, 0)"))


def test_upgrade_from_the_first_tables_while_another_process_serves(database_url: str) -> None:
    """Nothing is lost, and a program of before goes on writing what this one can read, until it is stopped."""
    old = connect(database_url)
    migrate_to(old, "0001")
    row = {"member": "CN-41", "sequence": 7, "sha256": "ab" * 32, "size": 9, "received_at": NOW}
    statement = {**STATEMENT._asdict(), "proofs": '["proof"]'}
    del statement["vouched"]
    with transaction(old) as connection:
        connection.execute(text(_INSERT_FILE), {**row, "name": "status.cose"})
        connection.execute(text(_INSERT_STATEMENT), statement)
        connection.execute(
            text("INSERT INTO registry_repository_file VALUES ('metadata/timestamp.json', :it)"), {"it": b"x"}
        )
    storage = open_storage(database_url)
    with transaction(old) as connection:
        connection.execute(text(_INSERT_FILE), {**row, "name": "rules.jws"})
        assert connection.execute(text("SELECT count(*) FROM registry_statement")).scalar_one() == 1
    with storage.reading() as records:
        assert {each.name for each in records.member_files.without_kid("CN-41")} == {"status.cose", "rules.jws"}
        assert waiting_statements(records) == [STATEMENT._replace(proofs=("proof",))]
        assert records.repository.read("metadata/timestamp.json") == b"x"
        assert records.log.read(0, 9) == []
    require_same_tables(storage.engine, tables.metadata)
    for engine in (old, storage.engine):
        engine.dispose()


def test_a_program_of_before_says_so_and_stops(database_url: str) -> None:
    """Else it would write into tables that it does not know."""
    newer = connect(database_url)
    migrate_to(newer, "head")
    with transaction(newer) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="later version than this program"):
        open_storage(database_url)
    newer.dispose()


_INSERT_FILE = (
    "INSERT INTO registry_member_file (member, name, sequence, sha256, size, received_at)"
    " VALUES (:member, :name, :sequence, :sha256, :size, :received_at)"
)
_INSERT_STATEMENT = (
    "INSERT INTO registry_statement (id, member, sequence, digest, compact, proofs, received_at, state)"
    " VALUES (:id, :member, :sequence, :digest, :compact, :proofs, :received_at, :state)"
)


def migrate_to(engine: Engine, revision: str) -> None:
    """As a program did whose newest migration this was."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_table", VERSION_TABLE)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
