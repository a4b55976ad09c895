"""Who signed a decision by hand is judged on a phone as everywhere, but for what takes the province's root key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from credentials.base64url import from_base64url, to_base64url
from credentials.decisions.leaves import decided_by_hand, staff_key
from credentials.decisions.staff import APPROVER, OPERATOR
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.wire.strict_json import json_bytes
from tests.dcc import RSA_KEY
from tests.staff import DAY, NOW, ORIGIN, Person, Staff, decision
from tests.unit.credentials.decisions.test_signatories import HOUR, KEYS, STAFF, TEXT, Entry, ended, key_leaf
from tests.web.twin import NodeTwin

PASSKEYS = Staff(ORIGIN)
RSA = Person("wu", "health-commission", APPROVER, origin=ORIGIN, key=RSA_KEY)
Change = Callable[[dict[str, Any]], Mapping[str, Any]]


def asked(
    judge: NodeTwin,
    before: list[Entry] = KEYS,
    *,
    author: Person = STAFF.author,
    approver: Person = STAFF.approver,
    text: bytes = TEXT,
    over: bytes | None = None,
    change: Change = lambda each: each,
    **said: Any,
) -> Any:
    """What a phone says; ``over``: the text that the approver signed in truth, ``said``: by the authenticator."""
    leaves = [*before, (decided_by_hand(decision().status, HOUR, 1, bytes(32)), HOUR)]
    entries = [
        json_bytes({"at": at, "content": leaf.content, "kind": leaf.kind, "number": n})
        for n, (leaf, at) in enumerate(leaves)
    ]
    nodes, size = nodes_of([leaf_hash(each) for each in entries]), len(entries)
    staff = [
        {"index": n, "leaf": each.decode(), "hashes": [h.hex() for h in prove_inclusion(nodes, n, size)]}
        for n, each in enumerate(entries[:-1])
    ]
    signatures = {
        "author": author.sign(text).to_json(),
        "approver": approver.sign(over or text, **said).to_json(),
        "staff": staff,
    }
    return judge(
        "signedBy", signatures=change(signatures), text=text.decode(), hour=HOUR, number=len(before), size=size,
        root=root_of(nodes, size).hex(),
    )  # fmt: skip


def vouched(staff: Staff, *people: Person) -> list[Entry]:
    """The administrators' leaves, and in time those of others."""

    def leaf(person: Person, days: int) -> Entry:
        vouchers = [each.to_json() for each in staff.vouchers(person)]
        return staff_key(person.key.to_bytes().decode(), vouchers, NOW - (days - 1) * DAY), NOW - days * DAY

    return [*(leaf(each, 20) for each in staff.administrators), *(leaf(each, 5) for each in people)]


BY_PASSKEY = vouched(PASSKEYS, PASSKEYS.author, PASSKEYS.approver, RSA)
TWO: dict[str, Any] = {"author": PASSKEYS.author, "approver": PASSKEYS.approver}


def test_what_two_people_signed_holds_by_key_file_by_passkey_and_by_rsa(node_judge: NodeTwin) -> None:
    """ES256 as 64 bytes and in DER, RS256 as it is."""
    assert asked(node_judge) == [None, None]
    assert asked(node_judge, BY_PASSKEY, **TWO) == [None, None]
    assert asked(node_judge, BY_PASSKEY, author=PASSKEYS.author, approver=RSA) == [None, None]
    assert asked(node_judge, BY_PASSKEY, **TWO, flags=0x1D, androidPackageName="x") == [None, None]


@pytest.mark.parametrize(
    "said",
    [
        {"type": "webauthn.create"}, {"challenge": "AAAA"}, {"origin": "https://code.example.evil"},
        {"origin": ORIGIN + "/"}, {"crossOrigin": True}, {"crossOrigin": None}, {"topOrigin": "https://evil.example"},
        {"rp_id": "example"}, {"flags": 0x04}, {"flags": 0x01}, {"over": decision(number=bytes(16)).to_bytes()},
    ],
)  # fmt: skip
def test_each_part_of_an_assertion_is_looked_at(node_judge: NodeTwin, said: dict[str, Any]) -> None:
    """And which of both does not hold is said."""
    assert asked(node_judge, BY_PASSKEY, **TWO, **said) == [None, "signature"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([*KEYS, ended(STAFF.author, NOW)], ["ended", None]),
        ([*KEYS, ended(STAFF.approver, NOW + 3 * 3600)], [None, "ended"]),
        ([*KEYS[:3], key_leaf(STAFF.approver, NOW - 60, NOW + DAY)], [None, "waiting"]),
        ([*KEYS[:3], key_leaf(STAFF.approver, NOW + 2 * 3600, NOW - DAY)], [None, "waiting"]),
        ([*KEYS[:2], *KEYS[3:]], ["unknown", None]),
        (KEYS[1:], ["unknown", "unknown"]),
        ([*KEYS[:3], vouched(Staff(), STAFF.approver)[-1]], [None, "unknown"]),
        ([*KEYS[:2], KEYS[3], ended(STAFF.author, NOW), KEYS[2]], [None, None]),
    ],
)
def test_keys_count_as_the_log_held_them(node_judge: NodeTwin, before: list[Entry], expected: list[Any]) -> None:
    """Ended, waiting, of nobody, or vouched for by administrators who are none in this log."""
    assert asked(node_judge, before) == expected


def test_two_persons_of_the_two_units_of_the_text(node_judge: NodeTwin) -> None:
    """One person twice, a role that may not, another unit than the text names."""
    assert asked(node_judge, approver=STAFF.author) == [None, "role"]
    assert asked(node_judge, author=STAFF.approver) == ["role", None]
    assert asked(node_judge, text=decision(author_unit="center").to_bytes()) == ["role", None]
    both = Person("zhou", "health-commission", OPERATOR, APPROVER)
    text = decision(author_unit="health-commission").to_bytes()
    before = [*KEYS, key_leaf(both, NOW - 10 * DAY, NOW - 9 * DAY)]
    assert asked(node_judge, before, author=both, approver=both, text=text) == [None, "role"]
    assert asked(node_judge, before, author=both, text=text) == [None, "role"]


def _of_passkey(part: str, change: Callable[[str], str]) -> Change:
    return lambda each: each | {"approver": each["approver"] | {part: change(each["approver"][part])}}


@pytest.mark.parametrize(
    "der",
    [
        lambda der: der + b"\0",
        lambda der: b"\x30\x81" + der[1:],
        lambda der: b"\x30\x26\x02\x21" + b"\x01" * 33 + b"\x02\x01\x01",
        lambda der: b"\x30\x06\x02\x01\x00\x02\x01\x00",
        lambda der: b"\x30\x07\x02\x02\x00\x01\x02\x01\x01",
        lambda der: b"\x30\x06\x02\x01\x81\x02\x01\x01",
        lambda der: b"",
    ],
)
def test_a_signature_is_strict_der(node_judge: NodeTwin, der: Callable[[bytes], bytes]) -> None:
    """As in Python: no other spelling of the same numbers, and no numbers of another length."""
    signed = PASSKEYS.approver.sign(TEXT).to_json()["signature"]
    other = to_base64url(der(from_base64url(signed)))
    assert asked(node_judge, BY_PASSKEY, **TWO, change=_of_passkey("signature", lambda _: other)) == [None, "signature"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda each: {**each, "staff": {}}, "malformed"),
        (lambda each: {"author": each["author"], "staff": each["staff"]}, "malformed"),
        (lambda each: {**each, "author": {"jws": 1}}, "malformed"),
        (lambda each: {**each, "author": {"jws": "a" * 5000}}, "too-large"),
        (lambda each: {**each, "staff": each["staff"][::-1]}, "malformed"),
        (lambda each: {**each, "staff": [each["staff"][0] | {"hashes": []}]}, "record-proof-failed"),
        (lambda each: {**each, "staff": [each["staff"][0] | {"index": 2}]}, "record-proof-failed"),
    ],
)
def test_what_are_no_signatures_prove_nothing(node_judge: NodeTwin, change: Change, code: str) -> None:
    """They come from strangers."""
    assert asked(node_judge, change=change) == code
