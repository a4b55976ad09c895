"""A decision by hand counts by what two people have signed about this person, and never by its row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from credentials.decisions.leaves import staff_key_ended
from credentials.decisions.staff import APPROVER, RootKeys, revocation_text
from credentials.identity import parse_document
from credentials.profile.lists import Status
from issuer.issuing.issuance import ask_for
from issuer.staff.scrutiny import (
    NOT_BONDED,
    NOT_COUNTED,
    NOT_SIGNED,
    OTHERWISE,
    UNREADABLE,
    DisregardedRows,
    Findings,
    Scrutiny,
)
from issuer.storage.by_hand import bond_all
from issuer.storage.holders import SqlPersonStore
from issuer.storage.log import SqlProvinceLog
from service_kit.storage.database import transaction
from tests.staff import Person
from tests.unit.issuer.desk.at_desk import APPROVER as LI
from tests.unit.issuer.desk.at_desk import NUMBERS, Office
from tests.unit.issuer.office import MEMBER, NOW, SECRETS, STAFF, by_hand, log_staff, paper

VICTIM = NUMBERS[1]
LATER = NOW + 90


class Guarded(Office):
    """An office that follows no row; whoever has its database's password is ``write``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.engine = self.issuer.engines[0]
        log_staff(self.engine)
        self.root: RootKeys | None = STAFF.root
        self.anew()

    def anew(self, member: str = MEMBER) -> None:
        """As another process begins: it has checked nothing yet."""
        self.scrutiny = Scrutiny(member, SECRETS.bond_key, lambda: self.root)
        self.findings = Findings(self.scrutiny, self.store.in_force)
        people = SqlPersonStore(self.engine, self.scrutiny)
        self.issuance = replace(self.issuance, people=people)
        self.desk = replace(self.desk, issuance=self.issuance)

    def write(self, change: str, *values: Any) -> int:
        with self.engine.begin() as connection:
            return connection.exec_driver_sql(change, values).rowcount

    def status(self, number: str, key: str, at: int = LATER) -> Status:
        return self.issuer.read(self.issue(number, key, at).text).status

    def why(self, at: int = LATER) -> list[str]:
        return [each.why for each in Findings(self.scrutiny, self.store.in_force).at(at).named]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Guarded]:
    office = Guarded(tmp_path)
    yield office
    for engine in office.issuer.engines:
        engine.dispose()


@pytest.fixture
def red(office: Guarded) -> Guarded:
    """Somebody is red, as two people of the desk decided."""
    office.approve(office.propose(NUMBERS[0]))
    assert (office.status(NUMBERS[0], "honest"), office.why()) == (Status.RED, [])
    return office


COPIED = """INSERT INTO issuer_decision SELECT 99, ?, status, reason, rule_set, rule_set_version, basis, evidence, unit,
    author, approver, starts_at, ends_at, appeal_until, bond FROM issuer_decision WHERE approver IS NOT NULL LIMIT 1"""
COPIED_RECORD = """INSERT INTO issuer_decision_record SELECT 99, status, region, basis, commitment, sealed, text, leaf
    FROM issuer_decision_record WHERE basis <> 'rule' LIMIT 1"""


def copy_to(office: Guarded, number: str) -> None:
    subject = office.issuance.subject_of(parse_document(None, number))
    assert office.write(COPIED, subject) == office.write(COPIED_RECORD) == 1


def test_a_row_copied_to_another_person_turns_nobody_red(red: Guarded) -> None:
    """As 1,317 times in Zhengzhou: text, signatures and leaf are honest, and about somebody else."""
    copy_to(red, VICTIM)
    with capture_logs() as logs:
        assert red.status(VICTIM, "victim") is Status.GREEN
        assert red.status(VICTIM, "again") is Status.GREEN
    assert [(each["row"], each["why"]) for each in logs if each["event"] == "decision-disregarded"] == [
        (99, NOT_BONDED)
    ]
    assert red.status(NUMBERS[0], "honest too") is Status.RED
    found = Findings(red.scrutiny, red.store.in_force).at(LATER)
    assert found.rows == 1 and [(each.row, len(each.decision)) for each in found.named] == [(99, 32)]


def test_neighbour_a_copied_row_beside_what_stands_lifts_nothing(red: Guarded) -> None:
    """A newer row about somebody who is red, which has ended or says green: what stood before it stands."""
    copy_to(red, NUMBERS[0])
    red.write("UPDATE issuer_decision SET status = 1, starts_at = starts_at + 9 WHERE decision_id = 99")
    assert red.status(NUMBERS[0], "green") is Status.RED
    red.write("UPDATE issuer_decision SET ends_at = starts_at + 1 WHERE decision_id = 99")
    assert red.status(NUMBERS[0], "ended") is Status.RED


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE issuer_decision SET status = 2 WHERE approver IS NOT NULL", NOT_BONDED),
        ("UPDATE issuer_decision SET ends_at = ends_at + 86400 WHERE approver IS NOT NULL", NOT_BONDED),
        ("UPDATE issuer_decision SET bond = NULL", NOT_BONDED),
        ("UPDATE issuer_decision_record SET sealed = zeroblob(64) WHERE basis <> 'rule'", NOT_BONDED),
        ("UPDATE issuer_decision_record SET text = replace(text, 'red', 'yellow') WHERE basis <> 'rule'", OTHERWISE),
        ("UPDATE issuer_decision_record SET text = replace(text, 'none', 'green') WHERE basis <> 'rule'", NOT_SIGNED),
        ("UPDATE issuer_decision_record SET leaf = NULL", NOT_COUNTED),
        ("UPDATE issuer_decision_record SET leaf = 0", NOT_COUNTED),
        ("UPDATE issuer_by_hand SET approver_signature = author_signature", NOT_SIGNED),
        ("UPDATE issuer_by_hand SET approver_signature = '{}'", NOT_SIGNED),
        ("UPDATE issuer_by_hand SET approver_signature = 'x'", NOT_SIGNED),
        ("UPDATE issuer_by_hand SET author_signature = '[1, null]'", NOT_SIGNED),
        ("UPDATE issuer_by_hand SET state = 'refused'", NOT_SIGNED),
        ("UPDATE issuer_decision SET evidence = X'ff' WHERE approver IS NOT NULL", UNREADABLE),
        ("UPDATE issuer_decision SET unit = 'x', author = 'x/y' WHERE approver IS NOT NULL", NOT_BONDED),
        ("UPDATE issuer_log_leaf SET content = '{' WHERE kind = 'decided-by-hand'", NOT_SIGNED),
        ("UPDATE issuer_log_leaf SET content = '[]' WHERE kind = 'staff-key' AND number = 1", NOT_SIGNED),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_counts_as_not_there(red: Guarded, change: str, why: str) -> None:
    """Its neighbours, one change each: of the row, of what seals it, of its text, leaf or signatures."""
    red.write(change)
    for is_new in (False, True):
        red.anew() if is_new else None
        assert red.status(NUMBERS[0], f"changed {is_new}") is Status.GREEN
        assert red.why() == [why]


def test_a_decision_by_a_key_that_nobody_vouched_for_is_none(red: Guarded) -> None:
    """A row of a key put into the database, with others' vouchers, also in the log: the signatures are good, and
    the approver is nobody. As if the secret were stolen with the password, so that the bond holds."""
    friend = Person("friend", "health-commission", APPROVER)
    text = red.write("UPDATE issuer_by_hand SET approver_signature = ?", json.dumps(friend.sign(_text(red)).to_json()))
    assert text == 1
    vouchers = [each.to_json() for each in STAFF.vouchers(LI)]
    red.write(
        "INSERT INTO issuer_staff_key (kid, text, vouchers, asked_at, vouched_at, in_force_at)"
        " VALUES (?, ?, ?, 1, 1, 1)",
        friend.key.kid, friend.key.to_bytes().decode(), json.dumps(vouchers),
    )  # fmt: skip
    red.anew()
    assert (red.status(NUMBERS[0], "friend"), red.why()) == (Status.GREEN, [NOT_SIGNED])
    leaf = json.dumps({"text": friend.key.to_bytes().decode(), "vouchers": vouchers, "in_force_at": 1})
    red.write("UPDATE issuer_log_leaf SET content = ? WHERE number = 4", leaf)
    red.anew()
    assert red.why() == [NOT_SIGNED]


def test_a_key_that_had_ended_signs_nothing_and_one_that_ends_later_has_signed(red: Guarded) -> None:
    """By the order of the log's leaves, whatever moments rows state."""
    signed = STAFF.administrators[0].sign(revocation_text(MEMBER, LI.key.kid, NOW + 70))
    with transaction(red.engine) as connection:
        text = revocation_text(MEMBER, LI.key.kid, NOW + 70).decode()
        SqlProvinceLog(connection).append(staff_key_ended(LI.key.kid, text, signed.to_json()), NOW + 70)
    assert (red.status(NUMBERS[0], "later"), red.why()) == (Status.RED, [])
    theirs = "(SELECT leaf FROM issuer_decision_record WHERE basis <> 'rule')"
    red.write(f"UPDATE issuer_log_leaf SET number = 1000 WHERE number = {theirs}")
    red.write("UPDATE issuer_decision_record SET leaf = 1000 WHERE basis <> 'rule'")
    assert (red.status(NUMBERS[0], "ended"), red.why()) == (Status.GREEN, [NOT_SIGNED])


def test_a_decision_of_another_member_is_none_here(red: Guarded) -> None:
    """A database that was put in the place of another province's."""
    red.anew("CN-44")
    assert red.why() == [OTHERWISE]


def test_a_decision_that_a_client_handed_in_counts_for_its_person_alone(office: Guarded) -> None:
    """The other way by which people decide; its number has no list of persons."""
    asked = paper(document={"number": NUMBERS[0]}, decision=by_hand())
    code = office.issuance.issue("app", ask_for(asked, "k"), NOW)
    assert office.issuer.read(code.text).status is Status.RED
    office.anew()
    assert office.status(NUMBERS[0], "again") is Status.RED
    copy_to(office, VICTIM)
    assert (office.status(VICTIM, "victim"), office.why()) == (Status.GREEN, [NOT_BONDED])


def test_without_a_trust_list_the_bond_alone_decides(red: Guarded) -> None:
    """A red does not end because a file is missing, and a copied one does not begin."""
    red.root = None
    red.anew()
    copy_to(red, VICTIM)
    assert (red.status(NUMBERS[0], "red"), red.status(VICTIM, "victim")) == (Status.RED, Status.GREEN)


def test_what_was_decided_before_there_were_bonds_goes_on_to_its_end(red: Guarded) -> None:
    """Signed, and from before people signed: as they stand when the database is brought up to date, and no others."""
    red.write("UPDATE issuer_decision SET bond = NULL")
    old = "UPDATE issuer_decision_record SET text = 'before people signed' WHERE decision_id = 98"
    subject = red.issuance.subject_of(parse_document(None, NUMBERS[2]))
    assert red.write(COPIED.replace("99", "98"), subject) == red.write(COPIED_RECORD.replace("99", "98")) == 1
    red.write(old)
    with transaction(red.engine) as connection:
        assert bond_all(connection, LATER, red.scrutiny.bond_from_before) == 2
    copy_to(red, VICTIM)
    red.write("UPDATE issuer_decision_record SET text = 'before people signed' WHERE decision_id = 99")
    assert [red.status(number, number) for number in (NUMBERS[0], NUMBERS[2], VICTIM)] == [
        Status.RED, Status.RED, Status.GREEN,
    ]  # fmt: skip
    assert red.why() == [NOT_SIGNED]


def test_who_has_no_decision_by_hand_costs_no_question_more(office: Guarded) -> None:
    """And what was checked once is not checked again."""
    assert list(office.store.in_force(NOW)) == []
    office.approve(office.propose(*NUMBERS[:3]))
    office.anew()
    assert office.why() == []
    checked = len(office.scrutiny._checked), len(office.scrutiny._keys)
    assert office.why() == [] and checked == (1, 1) == (len(office.scrutiny._checked), len(office.scrutiny._keys))


def test_findings_are_not_looked_for_at_each_question(red: Guarded) -> None:
    """Whoever asks for the metrics again and again does not read the database each time."""
    assert red.findings.at(LATER) == DisregardedRows(0, ())
    copy_to(red, VICTIM)
    assert red.findings.at(LATER + 14).rows == 0
    assert red.findings.at(LATER + 15).rows == 1


def _text(office: Guarded) -> bytes:
    with office.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT text FROM issuer_by_hand").scalar_one()).encode()
