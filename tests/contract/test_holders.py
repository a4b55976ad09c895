"""What phones may rely on, on SQLite and on PostgreSQL: one active phone for each person, whoever asks at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from credentials.algorithms.table import PrivateKey
from credentials.errors import (
    ClaimCodeUnknown,
    ClaimCodeUsed,
    Conflict,
    DeviceReplaced,
    DeviceUnknown,
    RateLimited,
    TongxingError,
)
from credentials.keys import compressed_point, new_private_key
from credentials.profile.lists import Form, Status
from credentials.signing import PemSigner
from issuer.issuing.issuance import Issuance, ask_for
from issuer.phones.claim_codes import CLAIM_CODE_SECONDS, NAMED_SECONDS, ClaimCodes, read_claim_code
from issuer.phones.holding import PAPERS_A_DAY, Held, Holding
from issuer.publishing.withdrawal import withdraw
from issuer.requests.holder_proof import Proven
from issuer.storage.holders import SqlPersonStore
from issuer.storage.ports.holders import Holder
from issuer.storage.ports.issuing import IssuedRow
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.storage.database import connect, migrate, transaction
from tests.unit.issuer.office import AUDIENCE, DAY, NOW, SECRETS, by_hand, hands, own_key, paper, sampled

KEY = new_private_key()
OTHER = "110105195001010012"


class Office:
    """The issuer as one process has it."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = connect(url)
        migrate(self.engine, MIGRATIONS, VERSION_TABLE)
        self.store = SqlPersonStore(self.engine)
        signer = PemSigner(KEY, own_key(KEY).kid)
        self.issuance = Issuance(
            SqlIssuerStore(self.engine), self.store, signer, own_key(KEY), "unit", SECRETS, AUDIENCE,
            hands=hands(self.engine, people_a_day=1000),
        )  # fmt: skip
        self.claim_codes = ClaimCodes(self.store, self.issuance)
        self.holding = Holding(self.store, self.issuance)

    def code(self, at: int = NOW, **changes: Any) -> str:
        return self.claim_codes.make(paper(**{"form": "phone", **changes}), "app", at).text

    def digest(self, code: str) -> bytes:
        return self.claim_codes.digest(read_claim_code(code))

    def claim(self, code: str, point: bytes, at: int = NOW) -> Held:
        return self.holding.claim(self.digest(code), point, at)

    def issue(self, key: str, at: int = NOW, **changes: Any) -> IssuedRow:
        return self.issuance.issue("app", ask_for(paper(**changes), key), at)

    def holder(self, code: str) -> Holder:
        found = self.store.find_claim_code(self.digest(code))
        assert found is not None
        return found[1]


class Offices:
    """A database, and the issuer as any number of processes have it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.all: list[Office] = []
        self.one = self.another()

    def another(self) -> Office:
        self.all.append(Office(self.url))
        return self.all[-1]

    def rows(self, query: str) -> list[Any]:
        with self.one.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def at_once(self, *deeds: Callable[[Office], Any]) -> list[Any]:
        """Each deed in a thread with an office of its own; what came of each, in order."""
        found: list[Any] = [None] * len(deeds)
        offices = [self.another() for _ in deeds]
        start = threading.Barrier(len(deeds))

        def run(number: int) -> None:
            start.wait()
            try:
                found[number] = deeds[number](offices[number])
            except TongxingError as error:
                found[number] = error

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(deeds))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found


@pytest.fixture
def offices(database_url: str) -> Iterator[Offices]:
    offices = Offices(database_url)
    yield offices
    for office in offices.all:
        office.engine.dispose()


def point_of(key: PrivateKey | None = None) -> bytes:
    return compressed_point((key or new_private_key()).public_key())


def test_facts_stay_where_no_new_ones_come(offices: Offices) -> None:
    """A claim code for a new phone, made without the test at hand, must not cost its holder the test."""
    first = offices.one.holder(offices.one.code())
    second = offices.another().holder(offices.one.code(evidence=[], name="王大明"))
    assert (second.holder_id, second.version) == (first.holder_id, first.version + 1)
    assert second.facts == first.facts
    newest = offices.one.code(evidence=[sampled(result="positive")])
    newer = offices.one.holder(newest)
    assert newer.facts.evidence != first.facts.evidence
    assert offices.one.store.find_holder(first.facts.subject, Form.PHONE) == newer
    assert offices.one.store.find_holder(first.facts.subject, Form.ASSISTED) is None


def test_a_claim_code_ends_the_one_before(offices: Offices) -> None:
    """Of a slip of paper that was lost nobody can make use when the next one is made; a used one stays known."""
    first, point = offices.one.code(), point_of()
    second = offices.one.code()
    with pytest.raises(ClaimCodeUnknown):
        offices.one.claim(first, point)
    offices.one.claim(second, point)
    offices.one.code()
    with pytest.raises(ClaimCodeUsed):
        offices.one.claim(second, point_of())
    at = NOW + CLAIM_CODE_SECONDS + NAMED_SECONDS
    offices.one.code(at)
    assert offices.rows("SELECT count(*) FROM issuer_claim_code") == [(1,)]


def test_one_claim_code_at_many_phones_at_once(offices: Offices) -> None:
    """One of them gets a code, the others are told; nothing of theirs stays."""
    code, points = offices.one.code(), [point_of() for _ in range(4)]

    def claim(point: bytes) -> Callable[[Office], Any]:
        return lambda office: office.claim(code, point)

    found = offices.at_once(*map(claim, points))
    assert Counter(type(each) for each in found) == {Held: 1, ClaimCodeUsed: 3}
    assert offices.rows("SELECT count(*) FROM issuer_credential") == [(1,)]
    assert offices.rows("SELECT count(*) FROM issuer_device") == [(1,)]


def test_one_phone_claims_many_times_at_once(offices: Offices) -> None:
    """An impatient thumb: one code, however often it is asked for."""
    code, point = offices.one.code(), point_of()
    found = offices.at_once(*[lambda office: office.claim(code, point)] * 4)
    assert len({each.issued.text for each in found}) == 1
    assert offices.rows("SELECT count(*) FROM issuer_credential") == [(1,)]


def test_a_phone_and_its_successor_at_once(offices: Offices) -> None:
    """While the old phone renews, the new one claims: at the end the new one alone has a code that is not withdrawn."""
    old, new = point_of(), point_of()
    offices.one.claim(offices.one.code(), old)
    code, later = offices.one.code(), NOW + DAY // 2
    deeds = [lambda office: office.holding.renew(old, later), lambda office: office.claim(code, new, later)]
    renewed, claimed = offices.at_once(*deeds)
    assert isinstance(claimed, Held)
    assert isinstance(renewed, Held | DeviceReplaced)
    alive = "SELECT text FROM issuer_credential WHERE serial NOT IN (SELECT serial FROM issuer_withdrawal)"
    assert offices.rows(alive) == [(claimed.issued.text,)]
    with pytest.raises(DeviceReplaced):
        offices.one.holding.renew(old, later)


def test_renewals_at_once_give_one_code(offices: Offices) -> None:
    """The wallet in the background and its holder's thumb: two requests, one code."""
    point = point_of()
    offices.one.claim(offices.one.code(), point)
    later = NOW + DAY // 2
    found = offices.at_once(*[lambda office: office.holding.renew(point, later)] * 4)
    assert len({each.issued.text for each in found}) == 1
    assert offices.rows("SELECT count(*) FROM issuer_credential") == [(2,)]


def test_what_was_overtaken_is_not_kept(offices: Offices) -> None:
    """Signed as green, and red by now; for a phone that was replaced; by a claim code that ended: none is kept."""
    office, point = offices.one, point_of()
    code = office.code()
    holder = office.holder(code)
    made = office.issuance.make(holder.facts, point, NOW)
    office.issue("red", decision=by_hand())
    with pytest.raises(Conflict):
        office.holding._record_claim(office.digest(code), holder, point, made)
    assert office.claim(code, point).status is Status.RED
    device = office.store.find_device(point)
    assert device is not None
    made = office.issuance.make(device.holder.facts, point, NOW)
    office.claim(office.code(), point_of())
    with pytest.raises(Conflict):
        office.holding._record_renewal(device, made)
    with pytest.raises(Conflict):
        office.holding._record_paper(device, made, NOW)
    ended = office.code()
    office.code()
    with pytest.raises(Conflict):
        office.holding._record_claim(office.digest(ended), office.holder(office.code()), point, made)


def test_paper_is_limited_also_at_once(offices: Offices) -> None:
    """Five presses at one moment make three papers, each for a proof of its own."""
    point = point_of()
    offices.one.claim(offices.one.code(), point)

    def printed(made_at: int) -> Callable[[Office], Any]:
        return lambda office: office.holding.paper(Proven(point, made_at), NOW)

    for made_at in range(PAPERS_A_DAY - 1):
        printed(NOW + made_at)(offices.one)
    found = offices.at_once(*map(printed, range(NOW + 10, NOW + 14)))
    assert sum(isinstance(each, Held) for each in found) == 1
    papers = f"SELECT count(*) FROM issuer_credential WHERE form = {Form.PAPER:d}"
    assert offices.rows(papers) == [(PAPERS_A_DAY,)]
    with pytest.raises(RateLimited):
        printed(NOW + 60)(offices.one)


def test_database_refuses_a_second_active_phone(offices: Offices) -> None:
    """Also whoever goes past our code."""
    offices.one.claim(offices.one.code(), point_of())
    copied = (
        "INSERT INTO issuer_device (holder_id, point, serial, version, claimed_at, paper_proved_at)"
        " SELECT holder_id, :point, serial, version, claimed_at, 0 FROM issuer_device"
    )
    with pytest.raises(Conflict), transaction(offices.one.engine) as connection:
        connection.execute(text(copied), {"point": point_of()})


def test_a_batch_and_phones_do_not_wait_for_each_other_for_ever(offices: Offices) -> None:
    """A file turns people red in one order and in the other, and both renew meanwhile: all ends, and all is red."""
    people: list[dict[str, Any]] = [{}, {"document": {"number": OTHER}}]
    points = [point_of() for _ in people]
    for point, person in zip(points, people, strict=True):
        offices.one.claim(offices.one.code(**person), point)

    def batch(name: str, step: int) -> Callable[[Office], Any]:
        asks = [ask_for(paper(decision=by_hand(), **person), f"{name} {n}") for n, person in enumerate(people[::step])]
        return lambda office: office.issuance.issue_many("app", asks, NOW)

    def renewals(office: Office) -> list[Held]:
        return [office.holding.renew(point, NOW + DAY // 2) for point in points[::-1]]

    found = offices.at_once(batch("a", 1), batch("b", -1), renewals, renewals)
    assert not [each for each in found if isinstance(each, TongxingError)]
    for point in points:
        assert offices.one.holding.renew(point, NOW + DAY // 2).status is Status.RED
    green = f"SELECT count(*) FROM issuer_device_code WHERE status = {Status.GREEN:d}"
    kept = f"{green} AND serial NOT IN (SELECT serial FROM issuer_withdrawal)"
    assert offices.rows(kept) == [(0,)]


def test_withdrawing_and_claiming_at_once(offices: Offices) -> None:
    """Staff report the old phone lost while its owner claims on a new one."""
    old, new = point_of(), point_of()
    held = offices.one.claim(offices.one.code(), old)
    code = offices.one.code()

    def report(office: Office) -> bool:
        return withdraw(office.issuance.store, office.store, held.issued.handle, "lost-device", "desk/li", NOW)

    _, claimed = offices.at_once(report, lambda office: office.claim(code, new))
    assert isinstance(claimed, Held)
    assert offices.one.holding.renew(new, NOW) == claimed
    assert offices.rows("SELECT count(*) FROM issuer_withdrawal") == [(1,)]


def _die(url: str, code: str, point: bytes, before: bool) -> None:
    office = Office(url)

    def kill(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    deed = office.store.deed

    @contextmanager
    def recorded(subjects: Iterable[bytes]) -> Iterator[Any]:
        if before:
            event.listen(office.engine, "commit", kill)
        with deed(subjects) as found:
            yield found
        kill()

    object.__setattr__(office.store, "deed", recorded)
    office.claim(code, point)


@pytest.mark.parametrize("before", [True, False])
def test_killed_in_the_middle_of_a_claim(offices: Offices, before: bool) -> None:
    """Before the commit nothing happened; after it the phone that asks again gets its code. Never two, never none."""
    code, point = offices.one.code(), point_of()
    process = multiprocessing.get_context("spawn").Process(target=_die, args=(offices.url, code, point, before))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    if before:
        with pytest.raises(DeviceUnknown):
            offices.one.holding.renew(point, NOW)
    held = offices.one.claim(code, point)
    assert offices.rows("SELECT text FROM issuer_credential") == [(held.issued.text,)]
