"""Every two deeds about one person, stopped at every point where one may be stopped, on SQLite and on PostgreSQL.

A deed is stopped before each of its transactions, and the other one runs in between: to its end, or until it has only
to record what it has signed. Whatever the order, the person has one status at the end, and red reaches everything.

No transaction is ever open while another one runs, so that a database cannot change the order: PostgreSQL is asked
where it matters most, when a deed has signed and has only to record it, and SQLite everywhere.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest
from sqlalchemy import QueuePool, event, text

from credentials.errors import ClaimCodeRefused, ProofOfPossessionFailed, RenewalRefused, TongxingError
from credentials.keys import compressed_point, new_private_key
from credentials.profile.lists import Form, Status
from issuer.evidence.intake import Intake
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.consequences import in_force, living
from issuer.publishing.withdrawal import withdraw
from issuer.requests.holder_proof import Proven
from issuer.requests.request import read_request
from issuer.storage.tables import log, metadata
from tests.contract.test_holders import Office
from tests.unit.issuer.office import DAY, NOW, by_hand, paper, resident_numbers, sampled

LATER = NOW + DAY // 2
"""When the deeds are done: a code of NOW is not young any more, and is renewed."""
SOON_SECONDS = 120
"""However busy the machine is, a transaction ends by then."""
NEEDS = {
    "paper": "phone",
    "renew": "phone",
    "report lost": "phone",
    "claim": "claim code",
    "relative renews": "relative's phone",
}
"""What of a person the deeds need that need more than a paper."""
TABLES = [table for table in metadata.sorted_tables if table.name != "issuer_staff_key"]
CORRECTION_STEPS = 8
"""More than a correction, a claim or a renewal has transactions."""
_numbers, _documents = count(), iter(resident_numbers(50_000))


class Person(NamedTuple):
    """Somebody with a phone, a relative's phone, a paper from an application, and a claim code not yet used."""

    fields: dict[str, Any]
    phone: bytes
    relatives: bytes
    claim_code: str
    paper: bytes
    phone_code: bytes
    subject: bytes


def somebody(office: Office, names: set[str]) -> Person:
    """A new person, with what these deeds need: nobody's deeds are in the way of another's."""
    fields: dict[str, Any] = {"document": {"number": next(_documents)}, "evidence": [sampled()]}
    phone, relatives = new_point(), new_point()
    printed = office.issue(f"{next(_numbers)}", **fields)
    needs = {NEEDS[name] for name in names if name in NEEDS}
    held = office.claim(office.code(**fields), phone) if needs & {"phone", "claim code"} else None
    if "relative's phone" in needs:
        office.claim(office.code(form="assisted", guardian="child", **fields), relatives)
    code = office.code(**fields) if "claim code" in needs else ""
    lost = held.issued.handle if held else b""
    return Person(fields, phone, relatives, code, printed.handle, lost, subject_of(office, fields))


class People:
    """One person for each set of needs, made once: the whole database as it was then is put back for each walk."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._kept: dict[frozenset[str], tuple[Person, dict[str, list[dict[str, Any]]]]] = {}

    def put_back(self, names: set[str]) -> Person:
        needs = frozenset(NEEDS[name] for name in names if name in NEEDS)
        if needs not in self._kept:
            self._empty_and_fill({})
            self._kept[needs] = somebody(self._office, names), self._rows()
        person, rows = self._kept[needs]
        self._empty_and_fill(rows)
        return person

    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        with self._office.engine.connect() as connection:
            found = {table.name: connection.execute(table.select()).mappings().all() for table in TABLES}
        return {name: [dict(row) for row in rows] for name, rows in found.items()}

    def _empty_and_fill(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        # The migration makes this row, and without it no leaf is numbered.
        rows = {log.counter.name: [{"id": 1, "size": 0}], **rows}
        with self._office.engine.begin() as connection:
            for table in reversed(TABLES):
                connection.exec_driver_sql(f"DELETE FROM {table.name}")
            for table in TABLES:
                if rows.get(table.name):
                    connection.execute(table.insert(), rows[table.name])


def new_point() -> bytes:
    return compressed_point(new_private_key().public_key())


def issue(office: Office, person: Person, **changes: Any) -> Any:
    return office.issue(f"{next(_numbers)}", LATER, **{**person.fields, **changes})


def register(office: Office, person: Person, **changes: Any) -> Any:
    return office.code(LATER, **{**person.fields, **changes})


def take_back(office: Office, handle: bytes, cause: str) -> bool:
    return withdraw(office.issuance.store, office.store, handle, cause, "desk/li", LATER)


def report(office: Office, person: Person, result: str) -> Any:
    """A laboratory's word about somebody, under one reference: a second one corrects the first."""
    told = sampled(result=result, sampled_at=LATER - 3600)
    said = {"reference": "r1", "document": person.fields["document"], **told}
    (taken,) = Intake(office.issuance, Laboratories(office.engine)).take("app", [said], LATER)
    if isinstance(taken, TongxingError):
        raise taken
    return taken


def positive() -> list[dict[str, Any]]:
    return [sampled(result="positive", sampled_at=LATER - 3600)]


DEEDS: dict[str, Callable[[Office, Person], Any]] = {
    "issue": issue,
    "paper": lambda office, person: office.holding.paper(Proven(person.phone, LATER), LATER),
    "claim": lambda office, person: office.claim(person.claim_code, new_point(), LATER),
    "renew": lambda office, person: office.holding.renew(person.phone, LATER),
    "relative renews": lambda office, person: office.holding.renew(person.relatives, LATER),
    "decide": lambda office, person: issue(office, person, decision=by_hand()),
    "register red": lambda office, person: register(office, person, decision=by_hand()),
    "test positive": lambda office, person: issue(office, person, evidence=positive()),
    "register positive": lambda office, person: register(office, person, evidence=positive()),
    "report positive": lambda office, person: report(office, person, "positive"),
    "withdraw": lambda office, person: take_back(office, person.paper, "superseded"),
    "report lost": lambda office, person: take_back(office, person.phone_code, "lost-device"),
}
RED = {"decide", "register red", "test positive", "register positive", "report positive"}


class Walk:
    """A deed in a thread of its own, which stops before each transaction until it may go on."""

    def __init__(self, office: Office, deed: Callable[[], Any]) -> None:
        self._may_go: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopped: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.found: Any = None
        self.steps = 0
        self.is_over = False
        self._thread = threading.Thread(target=self._run, args=(office, deed))
        self._thread.start()
        self._wait()

    def step(self) -> None:
        """One transaction, if there is another."""
        if not self.is_over:
            self.steps += 1
            self._may_go.put(None)
            self._wait()

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self.step()

    def finish(self) -> Any:
        while not self.is_over:
            self.step()
        self._thread.join()
        return self.found

    def _wait(self) -> None:
        self.is_over = self._stopped.get(timeout=SOON_SECONDS)

    def _run(self, office: Office, deed: Callable[[], Any]) -> None:
        pool = office.engine.pool
        assert isinstance(pool, QueuePool)

        def stop(*_: Any) -> None:
            assert pool.checkedout() == 1, "a deed has one transaction at a time"
            self._stopped.put(False)
            self._may_go.get()

        event.listen(office.engine, "checkout", stop)
        try:
            self.found = deed()
        except TongxingError as error:
            self.found = error
        finally:
            event.remove(office.engine, "checkout", stop)
            self._stopped.put(True)


@pytest.fixture
def offices(database_url: str) -> Iterator[list[Office]]:
    offices = [Office(database_url) for _ in range(3)]
    yield offices
    for office in offices:
        office.engine.dispose()


@pytest.mark.parametrize("first", DEEDS)
def test_every_two_deeds(offices: list[Office], first: str) -> None:
    """Red that is overtaken by a green signed before it, or withdrawn by one, is the fault that is looked for."""
    one, two, third = offices
    people = People(third)
    for number, second in enumerate(DEEDS):
        # Both with the other one in the middle; that both are stopped at once, in one of the two orders.
        is_grave = bool({first, second} & RED) and number <= [*DEEDS].index(first)
        ways = [True, False] if is_grave else [True]
        for is_whole in ways:
            for steps in stops(first, third, is_whole):
                person = people.put_back({first, second})
                walk, other = (
                    Walk(office, lambda o=office, n=name, p=person: DEEDS[n](o, p))  # type: ignore[misc]
                    for office, name in ((one, first), (two, second))
                )
                walk.go(steps)
                assert not walk.is_over
                other.go(100 if is_whole else last_step(second, third) - 1)
                found = [walk.finish(), other.finish()]
                check(third, person, {first, second}, found, f"{first}, stopped after {steps}; {second}")


def stops(first: str, office: Office, is_whole: bool) -> range:
    """After how many of its transactions a deed is stopped."""
    last = last_step(first, office)
    if office.engine.dialect.name == "postgresql":
        return range(last - 1, last)
    # Whole and stopped after its last step, or both whole, is the other one's walk with this one in it.
    return range(0 if is_whole else 1, last)


_last_steps: dict[str, int] = {}


def last_step(name: str, office: Office) -> int:
    """How many transactions a deed has that nobody disturbs."""
    if name not in _last_steps:
        person = somebody(office, {name})
        walk = Walk(office, lambda: DEEDS[name](office, person))
        walk.finish()
        _last_steps[name] = walk.steps
    return _last_steps[name]


def check(office: Office, person: Person, names: set[str], found: list[Any], where: str) -> None:
    """What must hold, whoever came first."""
    errors = [each for each in found if isinstance(each, TongxingError)]
    told = (ClaimCodeRefused, RenewalRefused, ProofOfPossessionFailed)
    assert all(isinstance(each, told) for each in errors), (where, errors)
    with office.store.deed([person.subject]) as deed:
        alive = living(deed.codes(LATER), LATER)
        known = in_force(deed.decisions(LATER), LATER).get(person.subject)
    statuses = {each.status for each in alive}
    assert len(statuses) <= 1, (where, alive)
    is_red = bool(names & RED)
    if is_red:
        assert statuses <= {Status.RED}, (where, alive)
        assert known is not None, where
        if "relative renews" in names:
            assert office.holding.renew(person.relatives, LATER).status is Status.RED, where
        assert not withdrawn_for_a_status(office, person, Status.RED), where
    if "decide" in names or "test positive" in names:
        assert Form.PAPER in {each.form for each in alive}, (where, "a red code is gone")
    if "report lost" in names:
        with pytest.raises(RenewalRefused):
            office.holding.renew(person.phone, LATER)


@pytest.mark.parametrize("second", ["issue", "paper", "claim", "renew", "relative renews", "report lost"])
def test_a_result_is_corrected_while_somebody_asks_for_a_code(offices: list[Office], second: str) -> None:
    """Who was red by another's test has no living red code left, and is green from the next code on."""
    one, two, third = offices
    people = People(third)
    for steps in range(CORRECTION_STEPS):
        for is_first_stopped in (True, False):
            person = people.put_back({second})
            report(third, person, "positive")
            walk = Walk(one, lambda p=person: report(one, p, "negative"))  # type: ignore[misc]
            other = Walk(two, lambda p=person: DEEDS[second](two, p))  # type: ignore[misc]
            stopped, whole = (walk, other) if is_first_stopped else (other, walk)
            stopped.go(steps)
            found = [whole.finish(), stopped.finish()]
            where = (second, steps, is_first_stopped, found)
            errors = [each for each in found if isinstance(each, TongxingError)]
            assert all(isinstance(each, (ClaimCodeRefused, RenewalRefused)) for each in errors), where
            with third.store.deed([person.subject]) as deed:
                alive = living(deed.codes(LATER), LATER)
            assert {each.status for each in alive} <= {Status.GREEN}, where
            issue(third, person)
            with third.store.deed([person.subject]) as deed:
                assert {each.status for each in living(deed.codes(LATER), LATER)} == {Status.GREEN}, where


def withdrawn_for_a_status(office: Office, person: Person, status: Status) -> list[Any]:
    """Codes of this status that were withdrawn since they say another one than was decided."""
    query = (
        "SELECT serial FROM issuer_credential JOIN issuer_decision USING (decision_id) JOIN issuer_withdrawal"
        " USING (serial) WHERE subject = :subject AND status = :status AND cause = 'status-changed'"
    )
    with office.engine.connect() as connection:
        return list(connection.execute(text(query), {"subject": person.subject, "status": int(status)}))


def test_a_person_who_was_never_on_file(offices: list[Office]) -> None:
    """Paper and phone codes of an application alone: red reaches them, whoever decides it and however."""
    one, *_ = offices
    for name in ("decide", "test positive", "register red", "register positive"):
        fields: dict[str, Any] = {"document": {"number": next(_documents)}, "evidence": [sampled()]}
        for _ in range(2):
            issued = one.issue(f"{next(_numbers)}", **fields)
        person = Person(fields, b"", b"", "", issued.handle, issued.handle, subject_of(one, fields))
        DEEDS[name](one, person)
        with one.store.deed([person.subject]) as deed:
            assert {each.status for each in living(deed.codes(LATER), LATER)} <= {Status.RED}
        again = one.issue(f"{next(_numbers)}", LATER, **{**fields, "evidence": []})
        with one.store.deed([person.subject]) as deed:
            alive = living(deed.codes(LATER), LATER)
            assert {each.status for each in alive} == {Status.RED}
            assert again.place.serial in {each.serial for each in alive}


def subject_of(office: Office, fields: dict[str, Any]) -> bytes:
    return office.issuance.facts_of(read_request(paper(**fields), "", NOW)).subject
