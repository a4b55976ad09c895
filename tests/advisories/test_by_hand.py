"""Zhengzhou, June 2022: three people turned 1,317 others red. Each way to it, and what stops it or shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from credentials.decisions.signatures import read_signature, verify_text
from credentials.decisions.staff import APPROVER
from credentials.errors import Conflict, DecisionRejected, InvalidRequest, NotAuthorised, TongxingError
from credentials.identity import parse_document
from credentials.profile.lists import Status
from issuer.desk.desk import CAP_REACHED, DONE, NamedPerson
from issuer.desk.guard import Guard
from issuer.issuing.issuance import ask_for
from issuer.storage.ports.staff import DECIDED, HELD
from tests.staff import Person
from tests.unit.credentials.decisions.test_signatories import HOUR, KEYS, Log, ended, key_leaf
from tests.unit.credentials.decisions.test_signatories import STAFF as SIGNER
from tests.unit.issuer.desk.at_desk import APPROVER as SECOND
from tests.unit.issuer.desk.at_desk import AUTHOR, RED, Office
from tests.unit.issuer.office import NOW, STAFF, paper, resident_numbers, staff_keys
from tests.unit.issuer.staff.test_scrutiny import Guarded

VICTIMS = resident_numbers(1317)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, people_a_day=200, guard=Guard(percent=1, people=20))
    yield office
    for engine in office.issuer.engines:
        engine.dispose()


def test_three_people_of_one_unit_turn_nobody_red(office: Office) -> None:
    """They propose as much as they like; nobody of another unit signs."""
    named = [NamedPerson(parse_document(None, each)) for each in VICTIMS[:1000]]
    row = office.desk.propose(AUTHOR.key, named, RED, NOW)
    office.desk.sign(AUTHOR.key, row.number, AUTHOR.sign(row.text.encode()), NOW)
    for colleague in ("cdc/zhao", "cdc/qian"):
        person = STAFF.named(colleague)
        with pytest.raises((DecisionRejected, NotAuthorised)):
            office.desk.approve(person.key, row.number, person.sign(row.text.encode()), NOW + 60)
    assert office.issuer.rows("issuer_decision") == 0


def test_the_password_of_the_database_turns_nobody_red(tmp_path: Path) -> None:
    """An honest red, copied to every victim with its text, signatures and leaf: each gets the code that they had."""
    with closing_engines(Guarded(tmp_path)) as office:
        office.approve(office.propose(VICTIMS[0]))
        office.write(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1317) INSERT INTO issuer_decision"
            " SELECT 1 << 40 | n, randomblob(32), status, reason, rule_set, rule_set_version, basis, evidence, unit,"
            " author, approver, starts_at, ends_at, appeal_until, bond FROM n, issuer_decision"
        )
        subject = office.issuance.subject_of(parse_document(None, VICTIMS[1]))
        office.write("UPDATE issuer_decision SET subject = ? WHERE decision_id = ?", subject, 1 << 40 | 1)
        office.write(
            "INSERT INTO issuer_decision_record SELECT decided.decision_id, kept.status, kept.region, kept.basis,"
            " kept.commitment, kept.sealed, kept.text, kept.leaf FROM issuer_decision AS decided,"
            " issuer_decision_record AS kept WHERE decided.decision_id > 1 << 40"
        )
        assert office.findings.at(NOW + 90).rows == len(VICTIMS)
        assert office.status(VICTIMS[1], "victim") is Status.GREEN
        assert office.status(VICTIMS[0], "honest") is Status.RED


@contextmanager
def closing_engines(office: Guarded) -> Iterator[Guarded]:
    yield office
    for engine in office.issuer.engines:
        engine.dispose()


def test_two_colluding_units_are_held_at_once_and_capped_by_the_day(office: Office) -> None:
    """A thousand at once wait for a third unit, with a leaf within the same second; in small lists the approver's day
    ends at two hundred, with a leaf again. Who was hit can prove both signatures to anybody, for good."""
    row = office.approve(office.propose(*VICTIMS[:1000]))
    assert row.state == HELD and office.issuer.rows("issuer_decision") == 0
    done = 0
    for start in range(0, 228, 19):
        small = office.approve(office.propose(*VICTIMS[start : start + 19]))
        done += office.outcomes(small).count(DONE)
        assert {*office.outcomes(small)} <= {DONE, CAP_REACHED}
    assert done == 200
    kinds = [kind for kind, _ in office.leaves()]
    assert kinds.count("held") == kinds.count("cap-reached") == 1
    first = office.store.find(bytes.fromhex(_first_decided(office)))
    assert first is not None and first.state == DECIDED
    for signature, person in ((first.author_signature, AUTHOR), (first.approver_signature, SECOND)):
        verify_text(read_signature(dict(signature or {})), person.key.signing, first.text.encode())


def test_a_stolen_client_key_turns_nobody_red(office: Office) -> None:
    """It can ask for codes in its client's name; it has nobody's signature."""
    stranger = Person("zhang", "cdc", "operator")
    claimed = {"status": "red", "reason": "close-contact", "basis": "infectious-diseases-law-39",
               "author": "cdc/zhang", "approver": "health-commission/li", "ends_at": NOW + 86_400}  # fmt: skip
    with pytest.raises(InvalidRequest, match=r"signatures of its author and its approver.*issuer decision text"):
        office.issuance.issue("app", ask_for(paper(decision=claimed), "k"), NOW)
    row = office.propose(VICTIMS[0])
    forged = {"text": row.text, "salt": row.salt.hex(), "author": stranger.sign(row.text.encode()).to_json()}
    for approver in (stranger, SECOND):
        decision = forged | {"approver": approver.sign(row.text.encode()).to_json()}
        with pytest.raises(TongxingError):
            office.issue(VICTIMS[0], decision=decision)
    assert office.issuer.rows("issuer_decision") == 0


def test_one_administrator_alone_makes_no_approver(office: Office) -> None:
    """Neither by one signature given twice, nor by two keys of their own."""
    friend = Person("friend", "bureau", APPROVER)
    row = office.keys.add(friend.key, NOW)
    one = STAFF.administrators[0]
    office.keys.vouch(row.kid, one.sign(row.text.encode()), NOW)
    with pytest.raises(TongxingError):
        office.keys.vouch(row.kid, SECOND.sign(row.text.encode()), NOW)
    with pytest.raises(Conflict):
        office.keys.vouch(row.kid, one.sign(row.text.encode()), NOW)
    with pytest.raises(NotAuthorised):
        office.keys.in_force(row.kid, NOW + 10 * 86_400)


def test_the_password_of_the_database_makes_no_approver(office: Office) -> None:
    """A row that says it was vouched for is listed as unsigned, and signs nothing."""
    friend = Person("friend", "health-commission", APPROVER)
    office.keys.add(friend.key, NOW)
    with office.issuer.engines[0].begin() as connection:
        copied = connection.execute(text("SELECT vouchers FROM issuer_staff_key WHERE vouched_at IS NOT NULL")).scalar()
        connection.execute(
            text("UPDATE issuer_staff_key SET vouched_at = 1, in_force_at = 1, vouchers = :v WHERE vouched_at IS NULL"),
            {"v": copied},
        )
    keys = staff_keys(office.issuer.engines[0])
    assert {each.key.pseudonym: each.state for each in keys.all(NOW)}["friend"] == "unsigned"
    row = office.propose(VICTIMS[0])
    with pytest.raises(NotAuthorised):
        office.approve(row, friend)
    assert office.issuer.rows("issuer_decision") == 0


def test_a_province_that_states_another_hour_makes_no_dismissed_approver_count() -> None:
    """Its database, its leaf and its file may say any moment: the log holds the end of the key first, or a witness had
    cosigned the decision while the key still waited."""
    dismissed = Log(before=[*KEYS, ended(SIGNER.approver, NOW)], hour=HOUR - 3600)
    waiting = [*KEYS[:3], key_leaf(SIGNER.approver, NOW - 60, NOW + 86_400)]
    for log in (dismissed, Log(before=waiting, hour=HOUR + 86_400, seen=NOW + 90)):
        assert any(each.startswith("approver: ") for each in log.judged().faults)


def _first_decided(office: Office) -> str:
    with office.issuer.engines[0].connect() as connection:
        found = connection.execute(text("SELECT hex(number) FROM issuer_by_hand WHERE state = 'decided' LIMIT 1"))
        return str(found.scalar_one())
