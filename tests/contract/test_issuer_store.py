"""What every store of an issuer promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, text

from credentials.decisions.by_hand import APPEAL_DAYS, MAX_DAYS
from credentials.decisions.rules.document import BUILT_IN, parse_status_rules
from credentials.decisions.rules.template import built_in
from credentials.errors import Conflict, SettingInvalid, StorageUnavailable
from credentials.model import Evidence
from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from issuer.decisions.deciding import MANUAL, Decision, decide_by_rule, facts_of
from issuer.issuing import idempotency
from issuer.issuing.idempotency import bind_keys, drop_free_keys, find_replays
from issuer.issuing.places import allocate, open_ahead
from issuer.publishing.claiming import claim_work
from issuer.publishing.lists import UnpublishedWithdrawals, carry, changed_lists, current_lists, overview
from issuer.storage.feed import SqlStatusFeed
from issuer.storage.holders import SqlPersonStore
from issuer.storage.indices import StatusPlace, group_end
from issuer.storage.ports.issuing import Delivery, Entry, IssuedRow, IssuerStore, SegmentRow
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from issuer.storage.tables import metadata
from service_kit.storage.database import connect, migrate, reading, transaction
from tests.contract.schema import require_same_tables

NOW = 1_795_000_000
DAY = 24 * 3600
END = group_end(NOW + DAY)
CLIENT = "app"
RULES = parse_status_rules(built_in("CN-41"))
EVIDENCE = (Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, NOW - NOW % 600, 410102),)


class Stores:
    """A database, and the store as any number of processes have it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engines: list[Engine] = []
        self.store = self.another()

    @property
    def engine(self) -> Engine:
        return self.engines[0]

    def another(self) -> IssuerStore:
        self.engines.append(connect(self.url))
        migrate(self.engines[-1], MIGRATIONS, VERSION_TABLE)
        return SqlIssuerStore(self.engines[-1])

    def close(self) -> None:
        for engine in self.engines:
            engine.dispose()


@pytest.fixture
def stores(database_url: str) -> Iterator[Stores]:
    stores = Stores(database_url)
    yield stores
    stores.close()


@pytest.fixture
def store(stores: Stores) -> IssuerStore:
    return stores.store


def row(place: StatusPlace, at: int = NOW, lifetime: int = DAY) -> IssuedRow:
    return IssuedRow(place, secrets.token_bytes(16), 3, at, at + lifetime, f"TX1:{place.serial}")


def entry(place: StatusPlace, key: str = "", at: int = NOW, lifetime: int = DAY) -> Entry:
    made = decide_by_rule(bytes(32), "unit", RULES, facts_of(EVIDENCE), at, at + lifetime)[0]
    return Entry(key or f"{place}", bytes(32), made, row(place, at, lifetime))


def issue(store: IssuerStore, keys: Sequence[str], at: int = NOW, lifetime: int = DAY) -> list[Entry]:
    places = allocate(store, group_end(at + lifetime), len(keys))
    entries = [entry(place, key, at, lifetime) for place, key in zip(places, keys, strict=True)]
    keep(store, entries)
    return entries


def keep(store: IssuerStore, entries: Sequence[Entry]) -> None:
    """Codes and what their keys were used for, in one transaction."""
    with persons(store).deed([each.decision.subject for each in entries]) as deed:
        if entries:
            deed.record(CLIENT, entries)
            bind_keys(deed, CLIENT, entries, entries[0].issued.issued_at)


def withdraw(store: IssuerStore, place: StatusPlace, at: int, cause: str, author: str) -> bool:
    with persons(store).deed([bytes(32)]) as deed:
        return bool(deed.withdraw([place.serial], at, cause, author))


def persons(store: IssuerStore) -> SqlPersonStore:
    assert isinstance(store, SqlIssuerStore)
    return SqlPersonStore(store._engine)


def test_what_is_recorded_is_found(stores: Stores) -> None:
    """By handle and by key, by every process, as it was given."""
    (kept,) = issue(stores.store, ["k"])
    for store in (stores.store, stores.another()):
        assert store.find(kept.issued.handle) == (kept.issued, bytes(32), CLIENT)
        assert find_replays(store, CLIENT, ["k", "other"], NOW) == {"k": (kept.body_hash, kept.issued)}
        assert find_replays(store, "another client", ["k"], NOW) == {}
        assert store.find(bytes(16)) is None


def test_places_are_sequential_and_never_given_twice(store: IssuerStore) -> None:
    """A crash between allocation and record leaves an unused place and nothing else."""
    first = issue(store, ["a", "b"])
    burned = allocate(store, END, 3)
    second = issue(store, ["c"])
    places = [*(each.issued.place for each in first), *burned, *(each.issued.place for each in second)]
    assert len({place.list_id for place in places}) == 1
    assert [place.position for place in places] == [0, 1, 2, 3, 4, 5]


def test_a_refused_record_leaves_nothing(store: IssuerStore) -> None:
    """Of a batch with one key taken no other row may stay: its codes were never handed out."""
    issue(store, ["taken"])
    places = allocate(store, END, 2)
    fresh = [entry(place, key) for place, key in zip(places, ("free", "taken"), strict=True)]
    with pytest.raises(Conflict):
        keep(store, fresh)
    assert set(find_replays(store, CLIENT, ["free", "taken"], NOW)) == {"taken"}
    assert [store.find(each.issued.handle) for each in fresh] == [None, None]
    keep(store, fresh[:1])


def test_key_is_taken_while_its_code_lives(store: IssuerStore) -> None:
    """The database is the last to refuse a second code for one key; after the expiry it is free."""
    issue(store, ["k"], lifetime=DAY)
    with pytest.raises(Conflict):
        issue(store, ["k"], at=NOW + DAY - 1)
    assert find_replays(store, CLIENT, ["k"], NOW + DAY) == {}
    (again,) = issue(store, ["k"], at=NOW + DAY)
    assert find_replays(store, CLIENT, ["k"], NOW + DAY)["k"].issued == again.issued
    issue(store, [])


def kept_keys(stores: Stores) -> int:
    with reading(stores.engine) as connection:
        return int(connection.execute(text("SELECT count(*) FROM issuer_idempotency")).scalar_one())


def test_keys_that_ended_are_forgotten_those_that_live_are_not(stores: Stores) -> None:
    """A new file of the same residents each week, each under keys of its own: one row for each code ever signed, with a
    digest of the request, would lie here for good."""
    issue(stores.store, ["a", "b", "c"], lifetime=DAY)
    issue(stores.store, ["d"], lifetime=2 * DAY)
    assert drop_free_keys(stores.store, NOW + DAY - 1) == 0
    assert drop_free_keys(stores.store, NOW + DAY) == 3
    assert kept_keys(stores) == 1
    assert set(find_replays(stores.another(), CLIENT, ["a", "d"], NOW + DAY)) == {"d"}
    (again,) = issue(stores.store, ["a"], at=NOW + DAY)
    assert find_replays(stores.store, CLIENT, ["a"], NOW + DAY)["a"].issued == again.issued


def test_more_keys_than_one_transaction_takes_are_forgotten_over_several(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade all that ever ended is there: it is forgotten over many minutes, and no statement grows long."""
    monkeypatch.setattr(idempotency, "DROPPED_AT_ONCE", 2)
    monkeypatch.setattr(idempotency, "DROPS", 3)
    issue(stores.store, [f"key {number}" for number in range(9)])
    assert [drop_free_keys(stores.store, NOW + DAY) for _ in range(3)] == [6, 3, 0]
    assert kept_keys(stores) == 0


def test_forgetting_issuing_and_forgetting_at_once(stores: Stores) -> None:
    """Keys that ended are used again while two workers forget them: nobody waits for ever, no new key is lost."""
    keys = [f"key {number}" for number in range(60)]
    issue(stores.store, keys)
    turns = iter(["issue", "forget", "forget", "forget"])

    def work(store: IssuerStore) -> None:
        if next(turns) == "issue":
            issue(store, keys, at=NOW + DAY)
        else:
            drop_free_keys(store, NOW + DAY)

    assert len(at_once(stores, work)) == 4
    assert len(find_replays(stores.store, CLIENT, keys, NOW + DAY)) == kept_keys(stores) == len(keys)


def test_place_is_taken_for_ever(store: IssuerStore) -> None:
    """Two codes on one bit: withdrawing the one would withdraw the other."""
    (kept,) = issue(store, ["k"])
    with pytest.raises(Conflict):
        keep(store, [entry(kept.issued.place, "another")])


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": ""},
        {"basis": "  "},
        {"basis": None},
        {"basis": "rule"},
        {"rule_set": BUILT_IN},
        {"approver": None},
        {"approver": "cdc/zhang"},
        {"approver": "cdc/li"},
        {"approver": "CDC/li"},
        {"author": "somebody/zhang"},
        {"author": "cdc"},
        {"ends_at": NOW},
        {"ends_at": NOW + MAX_DAYS * DAY + 1},
    ],
)
def test_database_refuses_a_decision_without(store: IssuerStore, changes: dict[str, Any]) -> None:
    """Also whoever goes past our code needs a basis, a second approver and an end."""
    (place,) = allocate(store, END, 1)
    made = Decision(
        bytes(32), Status.RED, Reason.CLOSE_CONTACT, MANUAL, "infectious-diseases-law-39", (), "cdc", "cdc/zhang",
        "commission/li", NOW, NOW + DAY, NOW + APPEAL_DAYS * DAY,
    )  # fmt: skip
    broken = entry(place)._replace(decision=made._replace(**changes))
    with pytest.raises(Conflict):
        keep(store, [broken])
    keep(store, [broken._replace(decision=made._replace(ends_at=NOW + MAX_DAYS * DAY))])


def test_database_refuses_a_rule_with_an_approver(store: IssuerStore) -> None:
    """A decision by hand cannot pass for one by rule to escape its bounds."""
    (place,) = allocate(store, END, 1)
    sound = entry(place)
    for changes in ({"approver": "commission/li"}, {"rule_set": MANUAL}, {"author": "other/rule-set"}):
        with pytest.raises(Conflict):
            keep(store, [sound._replace(decision=sound.decision._replace(**changes))])


def test_migrations_make_the_tables_of_the_program(stores: Stores) -> None:
    """A bound that stands in the program's tables alone protects nobody."""
    require_same_tables(stores.engine, metadata)


def test_credential_needs_its_decision(stores: Stores) -> None:
    """No row of a code can be put in by hand without one."""
    with pytest.raises(Conflict), transaction(stores.engine) as connection:
        connection.execute(
            text(
                "INSERT INTO issuer_credential (serial, handle, decision_id, form, issued_at, expires_at, text)"
                " VALUES (1, :handle, 1, 3, 1, 2, 'TX1:')"
            ),
            {"handle": bytes(16)},
        )


def test_withdrawn_once(store: IssuerStore) -> None:
    """The first stands; what was never issued cannot be withdrawn."""
    first, second = issue(store, ["a", "b"])
    assert withdraw(store, second.issued.place, NOW, "lost-device", "app")
    assert not withdraw(store, second.issued.place, NOW + 1, "superseded", "other")
    assert current_lists(store, NOW)[first.issued.place.list_id] == (END, [second.issued.place.position])
    with pytest.raises(Conflict):
        withdraw(store, StatusPlace(9, 9), NOW, "superseded", "app")


def test_lists_are_retired_with_their_day(store: IssuerStore) -> None:
    """An expired withdrawal is not applied any more; a younger list keeps its own."""
    (old,) = issue(store, ["old"], lifetime=DAY)
    (young,) = issue(store, ["young"], lifetime=3 * DAY)
    for each in (old, young):
        withdraw(store, each.issued.place, NOW, "superseded", "app")
    assert set(current_lists(store, END - 1)) == {old.issued.place.list_id, young.issued.place.list_id}
    assert current_lists(store, END) == {young.issued.place.list_id: (group_end(NOW + 3 * DAY), [0])}
    assert current_lists(store, NOW + 30 * DAY) == {}


def test_full_list_has_a_successor(stores: Stores) -> None:
    """An index beyond the list is never given; the next list has a number that was never used."""
    (first,) = issue(stores.store, ["a"])
    with transaction(stores.engine) as connection:
        connection.execute(text("UPDATE issuer_status_list SET next_position = :n"), {"n": STATUS_LIST_SIZE - 1})
    second = issue(stores.store, ["b", "c", "d"])
    list_id = first.issued.place.list_id
    assert [each.issued.place for each in second] == [
        StatusPlace(list_id, STATUS_LIST_SIZE - 1),
        StatusPlace(list_id + 1, 0),
        StatusPlace(list_id + 1, 1),
    ]


def test_successor_is_opened_before_a_list_is_full(stores: Stores) -> None:
    """Gates must know a list before a code in it is shown."""
    open_ahead(stores.store, NOW, 1)
    open_ahead(stores.store, NOW, 1)
    before = current_lists(stores.store, NOW)
    assert [end for end, _ in before.values()] == [group_end(NOW), group_end(NOW + DAY)]
    with transaction(stores.engine) as connection:
        connection.execute(text("UPDATE issuer_status_list SET next_position = :n"), {"n": STATUS_LIST_SIZE - 1000})
    open_ahead(stores.store, NOW, 0)
    assert len(current_lists(stores.store, NOW)) == 3
    (place,) = (each.issued.place for each in issue(stores.store, ["a"], lifetime=60))
    assert place.list_id == min(before)


def test_list_numbers_end(stores: Stores) -> None:
    """Fail closed: no code rather than one whose list no format can name."""
    issue(stores.store, ["a"])
    with transaction(stores.engine) as connection:
        changed = text("UPDATE issuer_counter SET value = :n WHERE name = 'status-list'")
        connection.execute(changed, {"n": MAX_STATUS_LIST})
    with pytest.raises(Conflict):
        issue(stores.store, ["b"], lifetime=5 * DAY)
    issue(stores.store, ["b"])


def cut(stores: Stores, at: int = NOW, most: int = 100) -> tuple[int, UnpublishedWithdrawals]:
    """Make a segment of what is waiting, as a process of its own."""
    with SqlStatusFeed(connected(stores)).cutting() as cutting:
        last = cutting.last()
        number = last.number + 1 if last else 1
        news = carry(cutting, number, at, most)
        cutting.record(SegmentRow(number, at, bytes([number]) * 32, b"payload"))
    return number, news


def connected(stores: Stores) -> Engine:
    stores.another()
    return stores.engines[-1]


def test_each_withdrawal_is_carried_by_one_segment(stores: Stores) -> None:
    """Carried twice it would cost; skipped it would never be refused at a gate (EU reference, case 28)."""
    entries = issue(stores.store, ["a", "b", "c"])
    places = [each.issued.place for each in entries]
    for place in places[:2]:
        withdraw(stores.store, place, NOW, "superseded", "app")
    number, news = cut(stores)
    assert (number, sorted(news.withdrawn), news.is_all) == (1, places[:2], True)
    assert news.opened == {places[0].list_id: END}
    withdraw(stores.store, places[2], NOW - 1000, "superseded", "app")
    assert cut(stores) == (2, UnpublishedWithdrawals({}, [places[2]], True))
    assert cut(stores) == (3, UnpublishedWithdrawals({}, [], True))
    for upto, count in ((1, 2), (2, 3), (3, 3)):
        _, positions = current_lists(stores.store, NOW, upto)[places[0].list_id]
        assert len(positions) == count
    assert changed_lists(stores.store, NOW) == {places[0].list_id: 2}


def test_a_withdrawal_committed_late_waits_for_the_next_segment(stores: Stores) -> None:
    """It was begun before the segment was made and ends after it: it must not fall between the two."""
    (kept,) = issue(stores.store, ["a"])
    cut(stores)
    if stores.url.startswith("sqlite"):
        pytest.skip("its writers take turns: there is no transaction that could be late")
    with transaction(connected(stores)) as late:
        late.execute(
            text("INSERT INTO issuer_withdrawal (serial, withdrawn_at, cause, author) VALUES (:s, :t, 'x', 'app')"),
            {"s": kept.issued.place.serial, "t": NOW},
        )
        assert cut(stores, NOW + 1) == (2, UnpublishedWithdrawals({}, [], True))
    assert cut(stores, NOW + 2)[1].withdrawn == [kept.issued.place]


def test_what_is_retired_is_left_out_of_segments(stores: Stores) -> None:
    """Gates have dropped the list; a bit in it would break the chain there."""
    (old,) = issue(stores.store, ["old"], lifetime=DAY)
    withdraw(stores.store, old.issued.place, NOW, "superseded", "app")
    assert cut(stores, END) == (1, UnpublishedWithdrawals({}, [], True))
    assert cut(stores, END) == (2, UnpublishedWithdrawals({}, [], True))
    assert changed_lists(stores.store, END) == {}


def test_a_segment_takes_no_more_than_it_may(stores: Stores) -> None:
    """A wave of withdrawals is cut into pieces that gates can hold."""
    for each in issue(stores.store, [f"{n}" for n in range(5)]):
        withdraw(stores.store, each.issued.place, NOW, "superseded", "app")
    found = [cut(stores, most=2)[1] for _ in range(3)]
    assert [(len(news.withdrawn), news.is_all) for news in found] == [(2, False), (2, False), (1, True)]


def test_nothing_of_a_broken_segment_stays(stores: Stores) -> None:
    """A number that was not kept must not have taken withdrawals with it."""
    (kept,) = issue(stores.store, ["a"])
    withdraw(stores.store, kept.issued.place, NOW, "superseded", "app")
    with pytest.raises(KeyError), SqlStatusFeed(stores.engine).cutting() as cutting:
        assert carry(cutting, 1, NOW, 10).withdrawn
        raise KeyError
    assert cut(stores)[1].withdrawn == [kept.issued.place]
    with pytest.raises(Conflict), SqlStatusFeed(stores.engine).cutting() as cutting:
        cutting.record(SegmentRow(1, NOW, bytes(32), b"another"))


def test_what_was_brought_is_remembered(stores: Stores) -> None:
    """By every process; the newest segment stays, since the next one names it."""
    feed, other = SqlStatusFeed(stores.engine), SqlStatusFeed(connected(stores))
    assert feed.newest() is None
    for _ in range(3):
        cut(stores)
    assert [row.number for row in other.undelivered()] == [1, 2, 3]
    other.mark_delivered(3)
    assert feed.undelivered() == []
    feed.record_delivery("snapshot", Delivery(1, b"k" * 8, NOW))
    feed.record_delivery("snapshot", Delivery(3, b"k" * 8, NOW + 1))
    feed.record_delivery("token-status-lists/7", Delivery(3, b"k" * 8, NOW))
    feed.drop(99, ["token-status-lists/7"])
    assert other.deliveries() == {"snapshot": Delivery(3, b"k" * 8, NOW + 1)}
    newest = other.newest()
    assert newest is not None
    assert (newest.number, newest.digest) == (3, b"\x03" * 32)


def test_one_claim_at_a_time(stores: Stores) -> None:
    """Of many that begin at once one works; who was killed is replaced when its time is over."""
    feed = SqlStatusFeed(stores.engine)

    def work(store: Any) -> bool:
        return claim_work(SqlStatusFeed(store._engine), "w", secrets.token_hex(16), NOW, NOW + 9)

    won = at_once(stores, work)
    assert sorted(won) == [False, False, False, True]
    assert not claim_work(feed, "w", "me", NOW + 8, NOW + 20)
    assert claim_work(feed, "w", "me", NOW + 9, NOW + 20)
    assert claim_work(feed, "w", "me", NOW + 10, NOW + 21)
    assert claim_work(feed, "other work", "you", NOW, NOW + 9)


def test_bound_to_one_secret(stores: Stores) -> None:
    """Another secret would set the bits of other people."""
    assert not stores.store.is_bound()
    stores.store.bind_secret(b"a" * 32)
    stores.store.bind_secret(b"a" * 32)
    assert stores.another().is_bound()
    with pytest.raises(SettingInvalid, match="begun with"):
        stores.another().bind_secret(b"b" * 32)


def at_once(stores: Stores, work: Any) -> list[Any]:
    """``work(store)`` in four threads, each with a store of its own; what came of each."""
    found: list[Any] = []

    def run(store: IssuerStore) -> None:
        try:
            found.append(work(store))
        except (Conflict, SettingInvalid) as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(stores.another(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_many_issue_at_once(stores: Stores) -> None:
    """No place twice, and of one key one code: who comes second is refused, and finds it."""

    def work(store: IssuerStore) -> list[StatusPlace]:
        places = []
        for number in range(5):
            kept = entry(allocate(store, END, 1)[0], f"{number}")
            try:
                keep(store, [kept])
            except Conflict:
                assert set(find_replays(store, CLIENT, [f"{number}"], NOW)) == {f"{number}"}
            else:
                places.append(kept.issued.place)
        return places

    found = [place for places in at_once(stores, work) for place in places]
    assert len(set(found)) == len(found) == 5


def test_the_same_keys_in_different_orders(stores: Stores) -> None:
    """Two operators start the same file, one of them sorted the other way: neither may wait for the other for ever."""
    keys, orders = [f"{number}" for number in range(20)], iter([1, -1] * 2)

    def work(store: IssuerStore) -> int:
        return len(issue(store, keys[:: next(orders)]))

    found = at_once(stores, work)
    assert sorted(map(str, found)).count("20") == 1
    assert sum(isinstance(each, Conflict) for each in found) == 3


def test_many_bind_at_once(stores: Stores) -> None:
    """From the very first row on."""
    bound = at_once(stores, lambda store: store.bind_secret(secrets.token_bytes(32)))
    assert sum(each is None for each in bound) == 1
    assert all(each is None or isinstance(each, SettingInvalid) for each in bound)


def test_many_cut_at_once(stores: Stores) -> None:
    """No number twice and no withdrawal twice, whoever is faster."""
    entries = issue(stores.store, [f"{n}" for n in range(8)])
    for each in entries:
        withdraw(stores.store, each.issued.place, NOW, "superseded", "app")
    found = at_once(stores, lambda store: cut(stores, most=3))
    assert sorted(number for number, _ in found) == [1, 2, 3, 4]
    assert sorted(place for _, news in found for place in news.withdrawn) == [e.issued.place for e in entries]


def test_gone_is_unavailable(stores: Stores) -> None:
    """No other error leaves this room, and nothing is issued."""
    with transaction(stores.engine) as connection:
        for table in ("issuer_withdrawal", "issuer_idempotency", "issuer_status_list"):
            connection.execute(text(f"DROP TABLE {table}"))
    with pytest.raises(StorageUnavailable):
        allocate(stores.store, END, 1)
    with pytest.raises(StorageUnavailable):
        find_replays(stores.store, CLIENT, ["k"], NOW)
    with pytest.raises(StorageUnavailable):
        current_lists(stores.store, NOW)


def test_overview_tells_what_is_not_published_and_what_room_is_left(stores: Stores) -> None:
    """Alarms hang on these numbers; another process publishes than the one that is asked."""
    store = stores.store
    assert overview(store, NOW) == (None, 0, 0, MAX_STATUS_LIST, 0)
    open_ahead(store, NOW, 1)
    first, second = issue(store, ["one", "two"])
    assert overview(store, NOW)[1:4] == (0, STATUS_LIST_SIZE - 2, MAX_STATUS_LIST - 2)
    withdraw(store, first.issued.place, NOW, "superseded", "app")
    assert overview(store, NOW).withdrawals_unpublished == 1
    stores.another().record_published(NOW + 1)
    assert overview(store, NOW)[:2] == (NOW + 1, 0)
    withdraw(store, second.issued.place, NOW + 1, "superseded", "app")
    assert overview(store, NOW).withdrawals_unpublished == 1
    store.record_published(NOW + 2)
    assert overview(store, NOW)[:2] == (NOW + 2, 0)
    assert overview(store, END + 8 * DAY)[1:4] == (0, 0, MAX_STATUS_LIST - 2)
