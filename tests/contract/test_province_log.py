"""The province's log on SQLite and PostgreSQL: no gap, each decision in one leaf, and sums that are the leaves' own."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import insert, select

from credentials.decisions.counters import check_counted
from credentials.decisions.leaves import (
    LOOKED_UP,
    UNREPLACED,
    Leaf,
    decided_by_hand,
    laboratory_ended,
    staff_key_ended,
)
from credentials.decisions.look_ups import LOOKED
from credentials.errors import StoreBehind
from credentials.profile.lists import Status
from issuer.decisions.causes import WALLET
from issuer.publishing.withdrawal import withdraw
from issuer.record.counting import content_of, count_due
from issuer.record.sealing import seal
from issuer.storage import tables
from issuer.storage.by_hand import SqlByHandStore
from issuer.storage.log_storage import SqlLogStorage
from issuer.storage.ports.log import Cell
from issuer.storage.ports.staff import AuditRow, Shown
from issuer.storage.staff import SqlStaffStore
from service_kit.storage.database import transaction
from tests.contract.test_holders import Office, Offices, offices
from tests.unit.issuer.office import DAY, NOW, by_hand, resident_numbers, sampled

__all__ = ["offices"]
HOUR = 3600
KEY = bytes(32)


def storage(office: Office) -> SqlLogStorage:
    return SqlLogStorage(office.engine)


def leaves(office: Office) -> dict[int, Leaf]:
    with storage(office).reading() as records:
        return {leaf.number: content_of(leaf) for leaf in records.log.read(0, 10_000)}


def red(office: Office, number: str, at: int = NOW, **changes: Any) -> Any:
    evidence = [sampled(result="positive", sampled_at=at - DAY)]
    return office.issue(number, at, document={"number": number}, evidence=evidence, **changes)


def another(office: Office, number: str, at: int) -> Any:
    """One more code of the same person."""
    evidence = [sampled(result="positive", sampled_at=NOW - DAY)]
    return office.issue(f"{number}-{at}", at, document={"number": number}, evidence=evidence)


def test_many_who_decide_and_seal_at_once_leave_each_decision_in_one_leaf(offices: Offices) -> None:
    """Workers issue while two seal: nothing is counted twice, nothing is left out, no number is missing."""
    numbers = resident_numbers(24)

    def issue(part: list[str]) -> Any:
        return lambda office: [red(office, number) for number in part]

    def seals(office: Office) -> None:
        for _ in range(4):
            seal(storage(office).appending, KEY, NOW)

    offices.at_once(issue(numbers[:8]), issue(numbers[8:16]), issue(numbers[16:]), seals, seals)
    seal(storage(offices.one).appending, KEY, NOW)
    found = leaves(offices.one)
    assert list(found) == list(range(len(found)))
    assert sum(leaf.content["count"] for leaf in found.values()) == 24
    rows = offices.rows("SELECT leaf, count(*) FROM issuer_decision_record GROUP BY leaf")
    assert dict(rows) == {number: leaf.content["count"] for number, leaf in found.items()}


def test_hourly_sums_cover_every_leaf_once(offices: Offices) -> None:
    """From the first leaf on, over hours with nothing in them, and never the same leaf again."""
    office, log = offices.one, storage(offices.one)
    numbers = resident_numbers(25)
    assert count_due(log.appending, NOW) is False
    for hour, part in enumerate((numbers[:12], [], numbers[12:])):
        at = NOW + hour * HOUR
        for number in part:
            red(office, number, at)
        seal(log.appending, KEY, at)
        count_due(log.appending, at + 5)
    with log.appending() as deed:
        deed.append(decided_by_hand(Status.RED, NOW, 3, bytes(32)), NOW, {Cell(410102, "article"): 3})
    seal(log.appending, KEY, NOW + 3 * HOUR)
    assert count_due(log.appending, NOW + 3 * HOUR)
    found = leaves(office)
    counted = [place for place, leaf in found.items() if leaf.kind == "counted"]
    totals = Counter[Any]()
    for place in counted:
        totals.update(check_counted(found[place], place, found))
    assert totals["decided-by-rule", "red"] == 25
    assert totals["decided-by-hand", "red"] == 3
    assert len(counted) >= 2


def test_a_withdrawal_without_another_code_is_counted_once_and_its_neighbours_are_not(offices: Offices) -> None:
    """One who is left with nothing; one who has another code in time, or had one all along; one whose own phone asked;
    one whose other code came a minute late."""
    office, numbers = offices.one, resident_numbers(5)
    _bare, replaced, older, _asked, late = numbers
    codes = [red(office, number) for number in numbers]
    another(office, older, NOW)
    authors = ["app", "app", "app", f"{WALLET}phone", "app"]
    with office.engine.begin() as connection:
        for code, author in zip(codes, authors, strict=True):
            row = {"serial": code.place.serial, "withdrawn_at": NOW + 60, "cause": "superseded", "author": author}
            connection.execute(tables.withdrawal.insert().values(row))
    another(office, replaced, NOW + 600)
    another(office, late, NOW + 60 + 960)
    found = []
    for at in (NOW + 60 + 899, NOW + 60 + 900, NOW + 5000):
        seal(storage(office).appending, KEY, at)
        found.append([leaf.content["count"] for leaf in leaves(office).values() if leaf.kind == UNREPLACED])
    assert found == [[], [2], [2]]
    office_counts = [leaf for leaf in leaves(office).values() if leaf.kind == "withdrawn"]
    assert sum(leaf.content["count"] for leaf in office_counts) == 5


def test_what_is_kept_of_a_decision_is_found_by_its_code_and_goes_in_time(offices: Offices) -> None:
    """By rule with what stands below the root beside it; nothing of a green one."""
    office, log = offices.one, storage(offices.one)
    row, green = red(office, resident_numbers(1)[0]), office.issue("green")
    seal(log.appending, KEY, NOW)
    with log.reading() as records:
        kept, none = (records.province.find(each.place.serial) for each in (row, green))
    assert none is None
    assert kept is not None
    assert (json.loads(kept.text)["status"], kept.leaf is not None, len(kept.batch)) == ("red", True, 32)
    with log.appending() as deed:
        assert deed.drop_texts(NOW + 61 * DAY, 10) == 1
    with log.reading() as records:
        assert records.province.find(row.place.serial) is None


def test_the_first_cosigned_checkpoint_that_holds_a_decision_by_hand_is_kept_and_no_other(offices: Offices) -> None:
    """Neither one with rules' decisions alone, nor a later one; it goes when nobody can appeal any more."""
    log = storage(offices.one)
    with log.appending() as deed:
        deed.append(laboratory_ended("lab"), NOW)
        deed.note_cosigned(NOW, 1, b"one")
        first = deed.append(decided_by_hand(Status.RED, NOW, 1, bytes(32)), NOW)
        second = deed.append(decided_by_hand(Status.RED, NOW, 1, bytes(32)), NOW)
    for size, note in ((3, b"three"), (3, b"three, by more"), (2, b"an older one"), (4, b"four")):
        with log.appending() as deed:
            deed.note_cosigned(NOW + size, size, note)
    with log.reading() as records:
        assert [records.province.first_cosigned(each) for each in (0, first, second)] == [b"three"] * 3
        assert records.province.first_cosigned(3) is None
    with log.appending() as deed:
        deed.drop_texts(NOW + 3 + 60 * DAY, 10)
        assert deed.first_cosigned(first) == b"three"
        deed.drop_texts(NOW + 4 + 60 * DAY, 10)
        assert deed.first_cosigned(first) is None


def test_decisions_by_hand_beyond_what_their_leaves_count_are_told(offices: Offices) -> None:
    """Copied to others with text and leaf, without a record, or below another leaf; until they end. What people
    decided, and what the rules did, is accounted for."""
    office, log = offices.one, storage(offices.one)
    red(office, resident_numbers(2)[0])
    office.issue("by hand", document={"number": resident_numbers(2)[1]}, decision=by_hand())

    def unaccounted(at: int = NOW + 1) -> int:
        with log.reading() as records:
            return records.province.unaccounted(at)

    assert unaccounted() == 0
    decision, record = tables.decision, tables.decision_record
    with transaction(office.engine) as connection:
        made = connection.execute(select(decision).where(decision.c.approver.is_not(None))).one()._asdict()
        kept = connection.execute(select(record).where(record.c.decision_id == made["decision_id"])).one()._asdict()
        for number, leaf in enumerate((kept["leaf"], -1, None), start=1 << 40):
            copied = {"decision_id": number, "subject": number.to_bytes(32)}
            connection.execute(insert(decision).values(made | copied))
            connection.execute(insert(record).values(kept | {"leaf": leaf, "decision_id": number}))
        connection.execute(insert(decision).values(made | {"decision_id": 7 << 40, "subject": bytes(32)}))
    assert unaccounted() == 4
    assert unaccounted(NOW + 3 * DAY) == 0


def test_a_database_behind_its_mirror_leaves_no_leaf(offices: Offices) -> None:
    """Neither by hand nor by sealing; what waits goes on waiting, and is sealed once the rest is back."""
    office, log = offices.one, storage(offices.one)
    row = red(office, resident_numbers(1)[0])
    withdraw(office.issuance.store, office.store, row.handle, "superseded", "app", NOW)
    with log.appending() as deed:
        deed.note_mirrored(7)
    with pytest.raises(StoreBehind):
        seal(log.appending, KEY, NOW)
    with pytest.raises(StoreBehind), log.appending() as deed:
        deed.append(laboratory_ended("lab"), NOW)
    assert leaves(office) == {}
    with log.appending() as deed:
        deed.note_mirrored(0)
    assert seal(log.appending, KEY, NOW) == 2
    assert sorted(leaf.kind for leaf in leaves(office).values()) == ["decided-by-rule", "withdrawn"]


def test_who_was_dismissed_does_not_come_back_with_a_backup(offices: Offices) -> None:
    """A key of staff and a laboratory that ended after the backup was made: their leaves end them again."""
    office, kid = offices.one, bytes(range(8))
    key = {"kid": kid, "text": "{}", "vouchers": "[]", "asked_at": NOW, "vouched_at": NOW, "in_force_at": NOW}
    shut = {"name": "lab-1", "kid": kid, "jwk": "{}", "member": "CN-41", "added_at": NOW}
    with transaction(office.engine) as connection:
        connection.execute(insert(tables.staff_key).values(key))
        session = {"digest": bytes(32), "kid": kid, "began_at": NOW, "seen_at": NOW}
        connection.execute(insert(tables.staff_session).values(session))
        connection.execute(insert(tables.laboratory).values(shut))
    with storage(office).writing() as records:
        behind = records.log.size()
        records.province.append(staff_key_ended(kid, "{}", {"kid": "01", "jws": "a.b.c"}), NOW + 5)
        records.province.append(laboratory_ended("lab-1"), NOW + 6)
        records.province.begin_anew(behind, NOW + 9)
    assert offices.rows("SELECT revoked_at FROM issuer_staff_key WHERE revoked_at IS NOT NULL") == [(NOW + 5,)]
    assert offices.rows("SELECT revoked_at FROM issuer_laboratory") == [(NOW + 6,)]
    assert offices.rows("SELECT count(*) FROM issuer_staff_session") == [(0,)]


def test_look_ups_are_sealed_once_and_kept_for_their_persons(offices: Offices) -> None:
    """Two workers seal at the same moment; a person is given theirs, and long after nothing is left but the leaf."""
    office, store = offices.one, SqlStaffStore(offices.one.engine)
    anna, bodo = b"a" * 32, b"b" * 32
    for number, subjects in enumerate(([anna, bodo], [anna], [bodo])):
        did = AuditRow(NOW + number, "cdc/zhang", LOOKED)
        store.note(did, shown=Shown("CN-41", subjects))

    def seals(each: Office) -> None:
        seal(storage(each).appending, KEY, NOW + HOUR)

    offices.at_once(seals, seals)
    (leaf,) = leaves(office).values()
    assert (leaf.kind, leaf.content["count"]) == (LOOKED_UP, 4)
    with storage(office).appending() as log:
        found = log.look_ups_of(anna, 10)
        assert [kept.leaf for kept, _ in found] == [0, 0] and {len(batch) for _, batch in found} == {4 * 32}
        log.drop_texts(NOW + 61 * DAY, 100)
        assert log.look_ups_of(anna, 10) == []


def test_all_rows_of_decisions_by_hand_are_looked_through_page_by_page(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, however many of one person there are."""
    monkeypatch.setattr("issuer.storage.by_hand._PAGE", 2)
    for at in range(3):
        for number in resident_numbers(3):
            offices.one.issue(f"{number}-{at}", NOW + at, document={"number": number}, decision=by_hand(starts_at=NOW))
    pages = list(SqlByHandStore(offices.one.engine).in_force(NOW + 9))
    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert len({kept.number for page in pages for kept in page}) == 9
    assert list(SqlByHandStore(offices.one.engine).in_force(NOW + 20 * DAY)) == []
