"""Deciding by hand at the desk: two people of two units, what stood before, caps, the guard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credentials.decisions.by_hand import read_decision
from credentials.decisions.leaves import commitment
from credentials.errors import (
    Conflict,
    DecisionRejected,
    InvalidRequest,
    NotAuthorised,
    NotFound,
    RateLimited,
    TongxingError,
)
from credentials.identity import parse_document
from credentials.profile.lists import Status
from issuer.desk.desk import CAP_REACHED, CHANGED_SINCE, DONE, NamedPerson
from issuer.desk.guard import Excess, Guard
from issuer.issuing.issuance import ask_for
from issuer.phones.claim_codes import ClaimCodes
from issuer.storage.ports.staff import DECIDED, HELD, PROPOSED, REFUSED
from tests.staff import Person
from tests.unit.issuer.desk.at_desk import APPROVER, AUTHOR, NUMBERS, RED, Office
from tests.unit.issuer.office import (
    DAY,
    NOW,
    STAFF,
    by_hand,
    paper,
    sampled,
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    for engine in office.issuer.engines:
        engine.dispose()


def test_two_people_of_two_units_decide(office: Office) -> None:
    """In force with the second signature: codes that say otherwise are withdrawn, the next one is red and refers to
    the very text; one leaf."""
    green = office.issue()
    row = office.approve(office.propose(NUMBERS[0]))
    assert (row.state, office.outcomes(row)) == (DECIDED, [DONE])
    assert row.author_signature and row.approver_signature
    assert read_decision(row.text.encode()).before == {"green": 1}
    assert office.issuer.rows("issuer_withdrawal") == 1
    red = office.issuer.read(office.issue(key="again", at=NOW + 90).text)
    assert (red.status, red.expires_at - NOW) == (Status.RED, 3 * DAY)
    sealed = row.salt + hashlib.sha256(row.text.encode()).digest()
    by_hand_leaves = [content for kind, content in office.leaves() if kind == "decided-by-hand"]
    assert len(by_hand_leaves) == 1 and commitment(sealed).hex() in by_hand_leaves[0]
    assert red.decision_reference == hashlib.sha256(sealed + red.cti).digest()[:16]
    assert green.place != red.status_reference


def test_who_may_not_sign_does_not(office: Office) -> None:
    """One person, one unit, another unit than the text names, somebody without the role, an assertion over another
    text, by a passkey of another person than the one who is signed in."""
    row = office.propose(NUMBERS[0])
    text = row.text.encode()
    other = office.propose(NUMBERS[1]).text.encode()
    for person, signature in (
        (AUTHOR, AUTHOR.sign(text)),
        (STAFF.named("cdc/qian"), STAFF.named("cdc/qian").sign(text)),
        (STAFF.named("center/sun"), STAFF.named("center/sun").sign(text)),
        (STAFF.administrators[0], STAFF.administrators[0].sign(text)),
        (APPROVER, APPROVER.sign(other)),
        (APPROVER, STAFF.named("health-commission/wu").sign(text)),
        (APPROVER, Person("li", "health-commission", "approver").sign(text)),
    ):
        with pytest.raises(TongxingError):
            office.desk.approve(person.key, row.number, signature, NOW + 60)
    assert (office.desk.find(row.number).state, office.issuer.rows("issuer_decision")) == (PROPOSED, 0)


def test_what_is_not_signed_by_its_author_is_not_approved(office: Office) -> None:
    """Nor does anybody else sign in the author's place, or twice."""
    row = office.desk.propose(AUTHOR.key, [NamedPerson(parse_document(None, NUMBERS[0]))], RED, NOW)
    with pytest.raises(DecisionRejected, match="author"):
        office.approve(row)
    zhao = STAFF.named("cdc/zhao")
    with pytest.raises(NotAuthorised):
        office.desk.sign(zhao.key, row.number, zhao.sign(row.text.encode()), NOW)
    office.desk.sign(AUTHOR.key, row.number, AUTHOR.sign(row.text.encode()), NOW)
    with pytest.raises(NotAuthorised):
        office.desk.sign(AUTHOR.key, row.number, AUTHOR.sign(row.text.encode()), NOW)
    assert office.approve(row).state == DECIDED
    with pytest.raises(Conflict):
        office.approve(row)


def test_a_text_of_yesterday_is_not_approved(office: Office) -> None:
    """It is about a state of affairs that has passed."""
    row = office.propose(NUMBERS[0])
    with pytest.raises(DecisionRejected, match="24 hours"):
        office.approve(row, at=NOW + DAY + 1)
    assert office.approve(row, at=NOW + DAY).state == DECIDED


def test_what_stood_before_must_still_stand(office: Office) -> None:
    """Else two people would have signed a text that is not true."""
    row = office.propose(NUMBERS[0], NUMBERS[1])
    office.issue(decision=by_hand(status="yellow"), at=NOW + 10)
    assert office.outcomes(office.approve(row)) == [CHANGED_SINCE, DONE]


def test_a_list_is_one_text_one_leaf(office: Office) -> None:
    """And one pair of signatures; each person has a salt of their own."""
    row = office.approve(office.propose(*NUMBERS[:5]))
    assert office.outcomes(row) == [DONE] * 5
    assert len({each.salt for each in office.store.people(row.number)}) == 5
    assert [kind for kind, _ in office.leaves()].count("decided-by-hand") == 1
    assert office.issuer.rows("issuer_decision") == 5


@pytest.mark.parametrize(
    ("numbers", "change"),
    [
        ([], {}),
        ([NUMBERS[0]] * 2, {}),
        ([NUMBERS[0]], {"article": "because"}),
        ([NUMBERS[0]], {"approver_unit": "ＣＤＣ"}),
        ([NUMBERS[0]], {"days": 15}),
    ],
)
def test_what_cannot_be_decided_is_not_proposed(office: Office, numbers: list[str], change: dict[str, Any]) -> None:
    """Nobody, somebody twice, without a basis, within one unit, without an end."""
    with pytest.raises((InvalidRequest, DecisionRejected)):
        office.propose(*numbers, wish=RED._replace(**change))


def test_only_operators_propose(office: Office) -> None:
    """The role is bound to the key."""
    with pytest.raises(NotAuthorised):
        office.propose(NUMBERS[0], by=APPROVER)
    with pytest.raises(NotFound):
        office.desk.find(bytes(16))


def test_who_may_refuses(office: Office) -> None:
    """The author takes it back, an approver will not; it is never approved afterwards."""
    zhao = STAFF.named("cdc/zhao")
    for by in (AUTHOR, APPROVER):
        row = office.propose(NUMBERS[0])
        with pytest.raises(NotAuthorised):
            office.desk.refuse(zhao.key, row.number, NOW)
        office.desk.refuse(by.key, row.number, NOW)
        assert office.desk.find(row.number).state == REFUSED
        for attempt in (lambda: office.approve(row), lambda: office.desk.refuse(by.key, row.number, NOW)):  # noqa: B023
            with pytest.raises(Conflict):
                attempt()


def test_a_cap_reached_in_the_middle_leaves_the_rest_named(tmp_path: Path) -> None:
    """What is done is done, the rest is named and can be decided tomorrow or by another approver; one leaf says so."""
    office = Office(tmp_path, people_a_day=3)
    row = office.approve(office.propose(*NUMBERS[:5]))
    assert office.outcomes(row) == [DONE, DONE, DONE, CAP_REACHED, CAP_REACHED]
    assert [kind for kind, _ in office.leaves()].count("cap-reached") == 1
    rest = office.desk.propose_rest(AUTHOR.key, row.number, NOW + 120)
    wu = STAFF.named("health-commission/wu")
    office.desk.sign(AUTHOR.key, rest.number, AUTHOR.sign(rest.text.encode()), NOW + 120)
    assert office.outcomes(office.approve(rest, wu, NOW + 180)) == [DONE, DONE]
    with pytest.raises(InvalidRequest):
        office.desk.propose_rest(AUTHOR.key, rest.number, NOW + 240)
    # Nothing left of the day: it stays proposed, and stands tomorrow.
    late = office.propose(NUMBERS[6], at=NOW + 300)
    assert (office.approve(late, at=NOW + 360).state, office.outcomes(late)) == (PROPOSED, [CAP_REACHED])
    assert [kind for kind, _ in office.leaves()].count("cap-reached") == 1
    assert office.approve(late, at=NOW + 300 + DAY).state == DECIDED


def test_a_cap_stops_a_machine_in_the_middle_of_its_batch(tmp_path: Path) -> None:
    """By whichever way decisions come: the machine's line is told, and those before it are issued."""
    office = Office(tmp_path, people_a_day=2)
    asks = [ask_for(paper(document={"number": each}, decision=by_hand()), each) for each in NUMBERS[:3]]
    outcomes = office.issuance.issue_many("bulk:", asks, NOW)
    assert [isinstance(each, RateLimited) for each in outcomes] == [False, False, True]
    codes = ClaimCodes(office.issuance.people, office.issuance)
    with pytest.raises(RateLimited):
        codes.make(paper(form="phone", document={"number": NUMBERS[4]}, decision=by_hand()), "app", NOW)


def test_many_people_of_a_region_wait_for_a_third_unit(tmp_path: Path) -> None:
    """Half of a region in one list: held, with a leaf, until somebody of neither unit agrees."""
    office = Office(tmp_path, guard=Guard(percent=10, people=3))
    codes = ClaimCodes(office.issuance.people, office.issuance)
    for number in NUMBERS[:10]:
        codes.make(paper(form="phone", document={"number": number}, evidence=[sampled()]), "app", NOW)
    assert office.approve(office.propose(*NUMBERS[:2])).state == DECIDED
    row = office.approve(office.propose(*NUMBERS[2:6]))
    assert (row.state, office.outcomes(row)) == (HELD, [None] * 4)
    assert office.desk.excesses(row.number) == [Excess(410102, 4, 10)]
    assert [kind for kind, _ in office.leaves()].count("held") == 1
    text = row.text.encode()
    for person in (AUTHOR, APPROVER, STAFF.named("health-commission/wu"), STAFF.named("cdc/qian")):
        with pytest.raises(NotAuthorised):
            office.desk.release(person.key, row.number, person.sign(text), NOW + 90)
    sun = STAFF.named("center/sun")
    row = office.desk.release(sun.key, row.number, sun.sign(text), NOW + 90)
    assert (row.state, row.releaser, office.outcomes(row)) == (DECIDED, "center/sun", [DONE] * 4)
    assert row.releaser_signature
    assert [kind for kind, _ in office.leaves()].count("released") == 1


def test_a_machine_cannot_use_a_decision_again(office: Office) -> None:
    """A number counts once: neither for the same person nor under another key."""
    asked = paper(decision=by_hand())
    office.issuance.issue("app", ask_for(asked, "one"), NOW)
    with pytest.raises(DecisionRejected, match="used before"):
        office.issuance.issue("app", ask_for(asked, "two"), NOW + 5)
    other = asked | {"document": {"number": NUMBERS[1]}}
    with pytest.raises(DecisionRejected, match="another person"):
        office.issuance.issue("app", ask_for(other, "three"), NOW + 5)
    assert office.issuer.rows("issuer_by_hand") == 1
