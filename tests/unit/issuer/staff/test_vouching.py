from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from credentials.decisions.signatures import sign_text
from credentials.decisions.staff import ADMINISTRATOR, APPROVER, revocation_text
from credentials.errors import Conflict, NotAuthorised, StorageFull
from credentials.signing import PemSigner
from issuer.staff.enrolment import enrol, invite
from issuer.staff.keys import StaffKeys
from issuer.storage import staff as storage
from issuer.storage.ports.staff import AuditRow, SessionRow, StaffKeyRow
from issuer.storage.staff import SqlStaffStore
from tests.staff import Person
from tests.unit.issuer.office import DAY, MEMBER, NOW, STAFF, issuer_on_disk, staff_keys

FIRST, SECOND = STAFF.administrators
NEW = Person("friend", "bureau", APPROVER)
KID, TEXT = NEW.key.kid, NEW.key.to_bytes()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with issuer_on_disk(tmp_path) as issuer:
        yield issuer.engines[0]


class Overtaken(SqlStaffStore):
    """A database in which somebody else does ``deed`` just before signatures are kept, once."""

    deed: Callable[[], object] | None = None

    def keep_vouchers(
        self, row: StaffKeyRow, vouchers: Sequence[Mapping[str, str]], done: tuple[int, int] | None, did: AuditRow
    ) -> bool:
        deed, self.deed = self.deed, None
        if deed is not None:
            deed()
        return super().keep_vouchers(row, vouchers, done, did)


def state(keys: StaffKeys, at: int = NOW) -> str:
    return next(each.state for each in keys.all(at) if each.row.kid == KID)


def test_two_administrators_who_sign_in_the_same_moment_have_vouched_for_a_key(engine: Engine) -> None:
    """It waited for ever: each had read it before the other signed, and neither could sign again."""
    keys, store = staff_keys(engine), Overtaken(engine)
    keys.add(NEW.key, NOW)
    store.deed = lambda: keys.vouch(KID, SECOND.sign(TEXT), NOW)
    row = replace(keys, store=store).vouch(KID, FIRST.sign(TEXT), NOW)
    assert row.vouched_at == NOW and len(row.vouchers) == 2
    assert keys.in_force(KID, NOW + DAY) == NEW.key
    acts = [(each.staff, each.act) for each in keys.store.did(None, 2)]
    assert acts == [(FIRST.key.staff, "key-vouch"), (SECOND.key.staff, "key-vouch")]


def test_one_administrator_who_sends_twice_in_the_same_moment_has_signed_once(engine: Engine) -> None:
    keys, store = staff_keys(engine), Overtaken(engine)
    keys.add(NEW.key, NOW)
    store.deed = lambda: keys.vouch(KID, FIRST.sign(TEXT), NOW)
    with pytest.raises(Conflict, match="another one signs next"):
        replace(keys, store=store).vouch(KID, FIRST.sign(TEXT), NOW)
    assert state(keys) == "waiting" and len(keys.row(KID).vouchers) == 1


def test_two_signatures_that_stood_there_without_counting_are_ended_by_either_administrator(engine: Engine) -> None:
    keys = staff_keys(engine)
    row, both = keys.add(NEW.key, NOW), [each.sign(TEXT).to_json() for each in (FIRST, SECOND)]
    assert keys.store.keep_vouchers(row, both, None, AuditRow(NOW, "office-1/admin-1", "key-vouch"))
    assert keys.vouch(KID, FIRST.sign(TEXT), NOW).vouched_at == NOW and state(keys, NOW + DAY) == "in-force"


def test_the_signature_of_an_administrator_who_has_gone_bars_nobody_elses(engine: Engine) -> None:
    """Two others sign, and that is enough: the one that counts no more is left out."""
    keys = staff_keys(engine)
    third = Person("admin-3", "office-3", ADMINISTRATOR)
    keys.add(third.key, NOW)
    for each in (FIRST, SECOND):
        keys.vouch(third.key.kid, each.sign(third.key.to_bytes()), NOW)
    at = NOW + 2 * DAY
    keys.add(NEW.key, at)
    keys.vouch(KID, third.sign(TEXT), at)
    end = revocation_text(MEMBER, third.key.kid, at)
    keys.revoke(third.key.kid, at, FIRST.sign(end), at)
    assert keys.vouch(KID, FIRST.sign(TEXT), at).vouched_at is None
    assert keys.vouch(KID, SECOND.sign(TEXT), at).vouched_at == at


def test_the_root_key_signs_nobody_but_the_first_administrators_and_bars_no_key(engine: Engine) -> None:
    keys = staff_keys(engine)
    keys.add(NEW.key, NOW)
    with pytest.raises(NotAuthorised):
        keys.vouch(KID, sign_text(TEXT, PemSigner(STAFF.root_key, STAFF.root.kid)), NOW)
    assert keys.row(KID).vouchers == ()
    for each in (FIRST, SECOND):
        keys.vouch(KID, each.sign(TEXT), NOW)
    assert state(keys, NOW + DAY) == "in-force"


def test_no_deed_about_a_key_or_a_session_is_kept_without_who_did_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, a key was ended, or somebody signed in, and the audit log did not know."""
    keys, invited = staff_keys(engine), Person("guest", "bureau", APPROVER)
    keys.add(NEW.key, NOW)
    link = invite(keys, "guest", "bureau", [APPROVER], NOW)
    begun = AuditRow(NOW, FIRST.key.staff, "signed-in")
    keys.store.begin_session(SessionRow(b"held", FIRST.key.kid, NOW, NOW), begun)

    def full(*_: Any) -> None:
        raise StorageFull

    monkeypatch.setattr(storage, "insert_audit", full)
    end = revocation_text(MEMBER, SECOND.key.kid, NOW)
    deeds: list[Callable[[], object]] = [
        lambda: keys.add(Person("other", "bureau", APPROVER).key, NOW),
        lambda: keys.vouch(KID, FIRST.sign(TEXT), NOW),
        lambda: keys.revoke(SECOND.key.kid, NOW, FIRST.sign(end), NOW),
        lambda: enrol(keys, link.secret, (b"id", "ES256", invited.key.public_key, ""), NOW),
        lambda: keys.store.begin_session(SessionRow(b"new", FIRST.key.kid, NOW, NOW), begun),
        lambda: keys.store.end_session(b"held", begun._replace(act="signed-out")),
    ]
    for deed in deeds:
        with pytest.raises(StorageFull):
            deed()
    assert len(keys.store.all_keys()) == len(STAFF.people) + 1 and keys.row(KID).vouchers == ()
    assert keys.in_force(SECOND.key.kid, NOW) == SECOND.key
    held, new = (keys.store.session(each, 0, 0, NOW) for each in (b"held", b"new"))
    assert held is not None and new is None
