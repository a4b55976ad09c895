"""What a logbook promises to any service that keeps one in tables of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, select

from credentials.errors import Conflict, StorageUnavailable
from service_kit.storage.database import connect, reading, transaction
from service_kit.storage.logbook import LogbookTables, SqlLogbook, logbook_tables
from service_kit.storage.ports import LeafRecord, Logbook

NOW = 1_795_000_000
THREADS, LEAVES = 4, 6
METADATA = MetaData()
DECISIONS, OTHERS = (logbook_tables(METADATA, prefix) for prefix in ("decisions", "others"))
DEED = Table("deed", METADATA, Column("number", Integer, primary_key=True))


@pytest.fixture
def engines(database_url: str, tmp_path: Path) -> Iterator[list[Engine]]:
    """One database, with two logbooks and a table of deeds, as several processes have it."""
    # Where SQLite has its file: no migration makes it here.
    (tmp_path / "new").mkdir()
    engines = [connect(database_url) for _ in range(THREADS)]
    with transaction(engines[0]) as connection:
        METADATA.create_all(connection)
        for book in (DECISIONS, OTHERS):
            connection.execute(insert(book.counter).values(id=1, size=0))
    yield engines
    for engine in engines:
        engine.dispose()


def leaves(engine: Engine, tables: LogbookTables = DECISIONS) -> list[LeafRecord]:
    with reading(engine) as connection:
        book: Logbook = SqlLogbook(connection, tables)
        return book.read(0, 1000)


def test_the_same_content_is_the_same_text(engines: list[Engine]) -> None:
    """It is hashed one day: neither the order of names nor the interpreter may change it."""
    with transaction(engines[0]) as connection:
        book = SqlLogbook(connection, DECISIONS)
        book.append("decided", NOW, {"b": 1, "a": {"d": "绿", "c": None}})
        book.append("decided", NOW, {"a": {"c": None, "d": "绿"}, "b": 1})
    first, second = leaves(engines[1])
    assert first.content == second.content == '{"a":{"c":null,"d":"绿"},"b":1}'


def test_two_logbooks_of_one_database_count_by_themselves(engines: list[Engine]) -> None:
    """A province's decisions beside a registry's deeds."""
    with transaction(engines[0]) as connection:
        decisions, others = SqlLogbook(connection, DECISIONS), SqlLogbook(connection, OTHERS)
        assert [decisions.append("decided", NOW, {}), others.append("made", NOW, {})] == [0, 0]
        assert decisions.append("decided", NOW, {}) == 1
    assert [leaf.kind for leaf in leaves(engines[1], OTHERS)] == ["made"]


def test_a_page_begins_at_any_leaf_and_ends_at_the_last(engines: list[Engine]) -> None:
    """Readers go on from where they stood."""
    with transaction(engines[0]) as connection:
        for number in range(5):
            SqlLogbook(connection, DECISIONS).append("decided", NOW + number, {"n": number})
    with reading(engines[1]) as connection:
        book = SqlLogbook(connection, DECISIONS)
        assert book.read(1, 2) == [LeafRecord(n, "decided", NOW + n, f'{{"n":{n}}}') for n in (1, 2)]
        assert [leaf.number for leaf in book.read(3, 10)] == [3, 4]
        assert book.read(5, 10) == []


def test_no_leaf_without_its_deed_and_no_deed_without_its_leaf(engines: list[Engine]) -> None:
    """The service's own transaction holds both, and a number that is given up is given again."""
    with pytest.raises(Conflict), transaction(engines[0]) as connection:
        assert SqlLogbook(connection, DECISIONS).append("decided", NOW, {"deed": 1}) == 0
        for _ in range(2):
            connection.execute(insert(DEED).values(number=1))
    assert leaves(engines[1]) == []
    with transaction(engines[1]) as connection:
        connection.execute(insert(DEED).values(number=2))
        assert SqlLogbook(connection, DECISIONS).append("decided", NOW, {"deed": 2}) == 0
    with reading(engines[0]) as connection:
        assert connection.execute(select(DEED.c.number)).scalars().all() == [2]


def test_no_gap_and_no_number_twice_however_many_append(engines: list[Engine]) -> None:
    """With no lock but the logbook's own counter, and every third of them given up."""

    def work(engine: Engine) -> None:
        for number in range(LEAVES):
            try:
                with transaction(engine) as connection:
                    SqlLogbook(connection, DECISIONS).append("decided", NOW, {})
                    if number % 3 == 0:
                        raise KeyError
            except KeyError:
                pass

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = THREADS * LEAVES * 2 // 3
    assert [leaf.number for leaf in leaves(engines[0])] == list(range(kept))


def test_a_reader_appends_nothing(engines: list[Engine]) -> None:
    """It would be rolled back without a word."""
    with pytest.raises(StorageUnavailable), reading(engines[0]) as connection:
        SqlLogbook(connection, DECISIONS).append("decided", NOW, {})


def test_the_counter_is_one_row(engines: list[Engine]) -> None:
    """A second one would number leaves by itself."""
    with pytest.raises(Conflict), transaction(engines[0]) as connection:
        connection.execute(insert(DECISIONS.counter).values(id=2, size=0))
