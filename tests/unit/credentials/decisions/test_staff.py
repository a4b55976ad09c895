"""Staff keys: nobody is a signatory whom two administrators, and below them the province's root key, did not sign."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.decisions.signatures import sign_text
from credentials.decisions.staff import (
    ADMINISTRATOR,
    APPROVER,
    OPERATOR,
    Vouched,
    believed,
    read_staff_key,
    require_signatories,
    require_vouched,
    revocation_text,
)
from credentials.errors import CredentialError, DecisionRejected, NotAuthorised
from credentials.signing import PemSigner
from tests.staff import DAY, LEFT_OUT, MEMBER, NOW, ORIGIN, Person, Staff, changed, decision

STAFF = Staff()
KEY = STAFF.approver.key
RECORDS = STAFF.records()
KNOWN = believed(RECORDS, MEMBER, STAFF.root)


def test_a_key_is_read_back_and_has_one_spelling() -> None:
    """What administrators sign is bytes."""
    for person in (*STAFF.people, Person("feng", "cdc", OPERATOR, APPROVER, origin=ORIGIN)):
        read = read_staff_key(person.key.to_bytes())
        assert read.to_bytes() == person.key.to_bytes() and read.kid == person.key.kid
    assert KEY.staff == "health-commission/li"
    assert b'"kid":"0000000000000000"' in revocation_text(MEMBER, bytes(8), NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "decision"}, {"unit": LEFT_OUT}, {"x": 1}, {"member": "CN-00"}, {"pseudonym": "Li"}, {"pseudonym": ""},
        {"pseudonym": 1}, {"unit": "a/b"}, {"unit": 1}, {"roles": []}, {"roles": "approver"}, {"roles": ["king"]},
        {"roles": ["approver", "approver"]}, {"roles": ["operator", "approver"]}, {"algorithm": "none"},
        {"algorithm": []}, {"key": {}}, {"origin": "code.example"}, {"origin": "https://code.example/"}, {"origin": 1},
        {"origin": "https://" + "x" * 130}, {"made_at": "now"}, {"made_at": 1}, {"pseudonym": "x" * 16},
    ],
)  # fmt: skip
def test_what_is_no_staff_key_is_not_read(change: dict[str, Any]) -> None:
    """It comes from strangers, and stands in a log for ever."""
    with pytest.raises(CredentialError):
        read_staff_key(changed(KEY.to_bytes(), change))


def test_another_spelling_is_another_text() -> None:
    """A JWK with more in it would be vouched for unseen."""
    jwk = {**json.loads(KEY.to_bytes())["key"], "alg": "ES256"}
    with pytest.raises(CredentialError, match="canonical"):
        read_staff_key(changed(KEY.to_bytes(), {"key": jwk}))


def test_whom_administrators_signed_is_believed() -> None:
    """From the root key down to an approver."""
    names = [key.pseudonym for key, _ in KNOWN.values()]
    assert names == ["admin-1", "admin-2", "zhang", "li", "zhao", "qian", "wu", "sun"]
    assert believed(RECORDS, MEMBER, None) == {}
    assert believed(RECORDS, "CN-44", STAFF.root) == {}
    assert believed([*RECORDS, RECORDS[0]], MEMBER, STAFF.root) == KNOWN


def test_a_row_that_somebody_wrote_into_the_database_is_nobody() -> None:
    """Who has the database's password has no administrator's key."""
    thief, garbage = Person("thief", "cdc", APPROVER), Vouched(b"{}", (), NOW, NOW)
    records = [*RECORDS, Vouched(thief.key.to_bytes(), (), NOW, NOW), garbage]
    assert believed(records, MEMBER, STAFF.root) == KNOWN


def _vouch(person: Person, *by: Person, at: int = NOW, known: Any = None) -> None:
    text = person.key.to_bytes()
    require_vouched(person.key, [each.sign(text) for each in by], KNOWN if known is None else known, STAFF.root, at)


def test_one_administrator_alone_makes_nobody() -> None:
    """Nor twice, nor with an approver, nor for themselves, nor with one who is dismissed or not in force yet."""
    one, two = STAFF.administrators
    person = Person("feng", "cdc", APPROVER)
    _vouch(person, one, two)
    second = Person("admin-1", "office-1", ADMINISTRATOR)
    for by in ((), (one,), (one, one), (one, STAFF.approver), (one, Person("admin-2", "office-2", ADMINISTRATOR))):
        with pytest.raises(NotAuthorised):
            _vouch(person, *by)
    with pytest.raises(NotAuthorised):
        _vouch(second, one, two)
    with pytest.raises(NotAuthorised):
        _vouch(person, one, two, at=NOW - 30 * DAY)
    key, record = KNOWN[two.key.kid]
    with pytest.raises(NotAuthorised):
        _vouch(person, one, two, known={**KNOWN, key.kid: (key, record._replace(revoked_at=NOW - 1))})


def test_a_voucher_over_another_key_is_none() -> None:
    """Signed was somebody else, with fewer rights."""
    one, two = STAFF.administrators
    other = Person("feng", "cdc", APPROVER)
    vouchers = [one.sign(KEY.to_bytes()), two.sign(other.key.to_bytes())]
    with pytest.raises(NotAuthorised):
        require_vouched(other.key, vouchers, KNOWN, STAFF.root, NOW)


def test_the_root_key_makes_the_first_two_administrators_and_nobody_else() -> None:
    """Else whoever holds it alone could name approvers unseen. Where administrators were dismissed it helps again."""
    third = Person("admin-3", "office-3", ADMINISTRATOR)

    def by_root(person: Person) -> list[Any]:
        return [sign_text(person.key.to_bytes(), PemSigner(STAFF.root_key, STAFF.root.kid))]

    with pytest.raises(NotAuthorised):
        require_vouched(third.key, by_root(third), KNOWN, STAFF.root, NOW)
    with pytest.raises(NotAuthorised):
        require_vouched(STAFF.author.key, by_root(STAFF.author), {}, STAFF.root, NOW)
    with pytest.raises(NotAuthorised):
        require_vouched(third.key, by_root(STAFF.author), {}, STAFF.root, NOW)
    key, record = KNOWN[STAFF.administrators[0].key.kid]
    dismissed = {**KNOWN, key.kid: (key, record._replace(revoked_at=NOW - 1))}
    require_vouched(third.key, by_root(third), dismissed, STAFF.root, NOW)


def test_a_person_has_one_unit() -> None:
    """Else one person could be author and approver under two keys of two units."""
    one, two = STAFF.administrators
    _vouch(Person("li", "Health-Commission ", APPROVER), one, two)
    with pytest.raises(NotAuthorised, match="another unit"):
        _vouch(Person("li", "cdc", OPERATOR), one, two)


def test_a_key_counts_after_its_delay_and_until_it_is_ended() -> None:
    """In its waiting time others can see it coming; afterwards a dismissed approver decides nothing."""
    record = Vouched(b"", (), NOW, NOW + DAY, NOW + 2 * DAY)
    assert [record.is_in_force(NOW + at) for at in (0, DAY - 1, DAY, 2 * DAY - 1, 2 * DAY)] == [0, 0, 1, 1, 0]
    assert record._replace(revoked_at=None).is_in_force(NOW + 9 * DAY)


def test_two_persons_of_two_units_and_roles_decide() -> None:
    """Two passkeys of one person are one person; one unit in another spelling is one unit."""
    author, approver = STAFF.author.key, STAFF.approver.key
    require_signatories(decision(), author, approver)
    for one, two in (
        (author._replace(roles=(APPROVER,)), approver),
        (author, approver._replace(roles=(OPERATOR,))),
        (author, approver._replace(pseudonym="zhang")),
        (author, approver._replace(unit="CDC")),
        (author._replace(unit="health"), approver),
        (author, approver._replace(unit="health")),
    ):
        with pytest.raises(DecisionRejected):
            require_signatories(decision(), one, two)
