"""An issuer's database of the first version with people's codes in it, and one of a later version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from credentials.errors import SchemaOutdated
from credentials.profile.lists import Form, Status
from issuer.decisions.causes import MIRROR, RESTORED
from issuer.issuing.consequences import in_force, living
from issuer.issuing.idempotency import find_replays
from issuer.issuing.places import allocate
from issuer.publishing.lists import carry, current_lists
from issuer.staff.scrutiny import Scrutiny
from issuer.storage.by_hand import bond_all
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.holders import SqlPersonStore
from issuer.storage.ports.issuing import SegmentRow
from issuer.storage.rows import evidence_bytes
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.storage.database import connect, migrate, require_schema, transaction

NOW = 1_795_000_000
DAY = 24 * 3600
SUBJECT, HANDLE = b"s" * 32, b"h" * 16
SERIAL = 3 << 20 | 5


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


def begin(engine: Engine, version: str) -> None:
    """The tables as the first program made them."""
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_table", VERSION_TABLE)
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def fill(engine: Engine) -> None:
    """A person with a green paper code, which a client asked for, and another code that is withdrawn."""
    decision = (
        "INSERT INTO issuer_decision VALUES (:serial, :subject, 1, 2, 1, 1, 'rule', :evidence, 'unit', 'unit/rule-set',"
        " NULL, :now, :end, :end)"
    )
    credential = "INSERT INTO issuer_credential VALUES (:serial, :handle, :serial, 3, :now, :end, 'TX1:')"
    with transaction(engine) as connection:
        for number in range(2):
            row = {
                "serial": SERIAL + number,
                "subject": SUBJECT,
                "handle": HANDLE[:-1] + bytes([number]),
                "evidence": evidence_bytes(()),
                "now": NOW,
                "end": NOW + DAY,
            }
            connection.execute(text(decision), row)
            connection.execute(text(credential), row)
        connection.execute(text("INSERT INTO issuer_status_list VALUES (3, :end, 7)"), {"end": NOW + DAY})
        connection.execute(text("INSERT INTO issuer_counter VALUES ('status-list', 3)"))
        connection.execute(
            text("INSERT INTO issuer_withdrawal VALUES (:serial, :now, 'superseded', 'app')"),
            {"serial": SERIAL + 1, "now": NOW},
        )
        connection.execute(
            text("INSERT INTO issuer_idempotency VALUES ('app', 'k', :hash, :serial, :end)"),
            {"hash": bytes(32), "serial": SERIAL, "end": NOW + DAY},
        )


def test_the_first_version_with_data_in_it(engine: Engine) -> None:
    """Nothing is lost; a red made now reaches a code of then, whose handle is its client's."""
    begin(engine, "0001")
    fill(engine)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    require_schema(engine, MIGRATIONS, VERSION_TABLE)
    store, people = SqlIssuerStore(engine), SqlPersonStore(engine)
    kept = store.find(HANDLE[:-1] + bytes([0]))
    assert kept is not None
    assert (kept.subject, kept.client_id, kept.issued.place.serial) == (SUBJECT, "app", SERIAL)
    other = store.find(HANDLE[:-1] + bytes([1]))
    assert other is not None
    assert other.client_id == ""
    with people.deed([SUBJECT]) as deed:
        (code,) = living(deed.codes(NOW), NOW)
        assert (code.serial, code.status, code.form) == (SERIAL, Status.GREEN, Form.PAPER)
        assert in_force(deed.decisions(NOW), NOW)[SUBJECT].by_rule is not None
    assert current_lists(store, NOW) == {3: (NOW + DAY, [6])}
    assert find_replays(store, "app", ["k"], NOW)["k"].issued == kept.issued


def test_what_people_decided_before_rows_had_bonds_gets_its_bond_once(engine: Engine) -> None:
    """In the transaction that brings the database up to date; no row that comes later counts so."""
    by_hand = (
        "INSERT INTO issuer_decision VALUES (:serial, :subject, 3, 4, 0, 0, 'infectious-diseases-law-39', :evidence,"
        " 'cdc', 'cdc/zhang', 'health-commission/li', :now, :end, :end)"
    )
    row = {"serial": SERIAL, "subject": SUBJECT, "evidence": evidence_bytes(()), "now": NOW, "end": NOW + DAY}
    begin(engine, "0013")
    with transaction(engine) as connection:
        connection.execute(text(by_hand), row)
    scrutiny, told = Scrutiny("CN-41", bytes(32), lambda: None), list[str]()

    def then(connection: Connection, before: str) -> None:
        told.append(before)
        assert bond_all(connection, NOW, scrutiny.bond_from_before) == 1

    for _ in range(2):
        migrate(engine, MIGRATIONS, VERSION_TABLE, then)
    assert told == ["0013"]
    people = SqlPersonStore(engine, scrutiny)
    assert [each.decision_id for each in people.decisions([SUBJECT], NOW)[SUBJECT]] == [SERIAL]
    with transaction(engine) as connection:
        connection.execute(text("UPDATE issuer_decision SET ends_at = ends_at + 1"))
    assert not people.decisions([SUBJECT], NOW).get(SUBJECT)


def test_a_later_version_is_refused(engine: Engine) -> None:
    """An older program must not write into what it does not understand: it says so and stops."""
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    with transaction(engine) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="later version"):
        migrate(engine, MIGRATIONS, VERSION_TABLE)
    with pytest.raises(SchemaOutdated):
        require_schema(engine, MIGRATIONS, VERSION_TABLE)


def test_going_on_from_what_gates_have(engine: Engine) -> None:
    """Known codes are withdrawn, lost ones' bits stay set, ours that nobody has seen are carried again."""
    begin(engine, "0001")
    fill(engine)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    feed, store = SqlStatusFeed(engine), SqlIssuerStore(engine)
    newest = SegmentRow(70, NOW + 9, b"d" * 32, b"")
    lists = {3: (NOW + DAY, [5, 900]), 8: (NOW + 2 * DAY, [4])}
    feed.adopt(newest, lists, 72, RESTORED, MIRROR)
    feed.adopt(newest, lists, 72, RESTORED, MIRROR)
    assert feed.newest() == newest
    assert feed.undelivered() == []
    carried = current_lists(store, NOW, 70)
    assert {list_id: (end, sorted(positions)) for list_id, (end, positions) in carried.items()} == lists
    assert sorted(current_lists(store, NOW)[3][1]) == [5, 6, 900]
    with feed.cutting() as cutting:
        assert [place.position for place in carry(cutting, 71, NOW + 10, 100).withdrawn] == [6]
    places = allocate(store, NOW + DAY, 2) + allocate(store, NOW + 2 * DAY, 1)
    assert min(place.list_id for place in places) > 72
