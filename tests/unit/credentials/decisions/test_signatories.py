"""Who signed a decision is judged by what the log held when it took it, never by a moment that somebody states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from credentials.decisions.leaves import Leaf, decided_by_hand, hour_of, staff_key, staff_key_ended
from credentials.decisions.signatories import Counted, Signatories, check_signatures
from credentials.decisions.staff import RootKeys, revocation_text
from credentials.errors import Malformed, RecordProofFailed
from credentials.log.checkpoint import Checkpoint
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from credentials.wire.strict_json import json_bytes
from tests.staff import DAY, NOW, Person, Staff, decision

STAFF = Staff()
HOUR = hour_of(NOW)
TEXT = decision().to_bytes()
Entry = tuple[Leaf, int]


def key_leaf(person: Person, at: int, in_force_at: int) -> Entry:
    text = person.key.to_bytes()
    return staff_key(text.decode(), [each.to_json() for each in STAFF.vouchers(person)], in_force_at), at


def ended(person: Person, at: int) -> Entry:
    text = revocation_text(person.key.member, person.key.kid, at)
    return staff_key_ended(person.key.kid, text.decode(), STAFF.administrators[0].sign(text).to_json()), at


KEYS = [key_leaf(person, NOW - (20 - n) * DAY, NOW - (19 - n) * DAY) for n, person in enumerate(STAFF.people[:4])]


class Log(NamedTuple):
    """What the log held: leaves of staff before the decision, the decision's own, and the text that both signed."""

    before: list[Entry] = KEYS
    hour: int = HOUR
    people: int = 1
    text: bytes = TEXT
    seen: int | None = None
    root: RootKeys | None = STAFF.root
    author: Person = STAFF.author

    def judged(self, change: Callable[[dict[str, Any]], Mapping[str, Any]] = lambda each: each) -> Signatories:
        own = decided_by_hand(decision().status, self.hour, self.people, bytes(32))
        leaves = [*self.before, (own, self.hour), (Leaf("note", {}), NOW)]
        entries = [
            json_bytes({"at": at, "content": leaf.content, "kind": leaf.kind, "number": n})
            for n, (leaf, at) in enumerate(leaves)
        ]
        nodes = nodes_of([leaf_hash(each) for each in entries])
        staff = [
            {"index": n, "leaf": each.decode(), "hashes": [h.hex() for h in prove_inclusion(nodes, n, len(entries))]}
            for n, each in enumerate(entries)
        ]
        signers = {"author": self.author, "approver": STAFF.approver}
        signatures = {name: person.sign(self.text).to_json() for name, person in signers.items()}
        checkpoint = Checkpoint("tongxing/CN-41/log", len(entries), root_of(nodes, len(entries)))
        counted = Counted(len(self.before), own, checkpoint, self.seen)
        given = change({**signatures, "staff": staff[: len(self.before)]})
        return check_signatures(given, self.text, counted, self.root)


def test_two_whose_keys_the_log_held_have_signed() -> None:
    """With a witness, and where nobody cosigned."""
    for log in (Log(), Log(seen=NOW + 90), Log(seen=NOW + 400 * DAY)):
        assert log.judged() == Signatories("cdc/zhang", "health-commission/li", ())


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (Log(before=[*KEYS, ended(STAFF.author, NOW)]), "author: signed by a key that had ended"),
        # The issuer states an hour in which the key still stood; its place in the log says otherwise.
        (Log(before=[*KEYS, ended(STAFF.approver, NOW + 3 * 3600)]), "approver: signed by a key that had ended"),
        (Log(before=[*KEYS[:3], key_leaf(STAFF.approver, NOW - 60, NOW + DAY)]), "not in force yet"),
        # A key's leaf that says it counted before the log held it.
        (Log(before=[*KEYS[:3], key_leaf(STAFF.approver, NOW + 2 * 3600, NOW - DAY)]), "not in force yet"),
        # The decision's leaf says a later hour, in which the waiting time was over; a witness had seen it before.
        (
            Log(before=[*KEYS[:3], key_leaf(STAFF.approver, NOW - 60, NOW + DAY)], hour=HOUR + DAY, seen=NOW + 90),
            "not in force yet",
        ),
        (Log(hour=HOUR + 7200, seen=NOW), "an hour that had not begun"),
        (Log(hour=HOUR - 3600), "before the text was proposed"),
        (Log(hour=HOUR + 26 * 3600), "more than 24 hours"),
        (Log(people=2), "more people"),
        (Log(before=KEYS[1:]), "author: signed by a key that no two"),
        (Log(before=[*KEYS[:2], *KEYS[3:]]), "author: signed by a key that no two"),
        (Log(before=[ended(STAFF.author, NOW), *KEYS[:2], *KEYS[3:]]), "author: signed by a key that no two"),
        (Log(root=None), "approver: signed by a key that no two"),
        (Log(root=Staff().root), "approver: signed by a key that no two"),
        (Log(text=decision(author_unit="center").to_bytes()), "other units"),
        (Log(author=STAFF.approver), "operator"),
        (Log(text=decision(ends_at=NOW - 1).to_bytes()), "end"),
    ],
)
def test_a_moment_that_is_only_stated_makes_no_signature_hold(log: Log, fault: str) -> None:
    """A key that had ended or waited, an hour that log or witness contradicts, people who were not in the text."""
    assert any(fault in each for each in log.judged().faults), log.judged().faults


@pytest.mark.parametrize(("until", "holds"), [(NOW, True), (NOW - 20 * DAY + 1, False), (NOW - 20 * DAY, False)])
def test_what_staff_signed_below_a_former_root_key_holds_if_it_vouched_before_its_end(until: int, holds: bool) -> None:
    """A province that changes its root key loses no proof; a thief of the old one makes no administrator. Of two
    administrators both must have been vouched for in time."""
    root = RootKeys(Staff().root.present, ((STAFF.root.present, until),))
    assert (Log(root=root).judged().faults == ()) is holds


def test_who_is_not_believed_is_not_named() -> None:
    """And the other one is."""
    assert Log(before=[*KEYS[:2], *KEYS[3:]]).judged()[:2] == ("", "health-commission/li")


def _leaf(change: Mapping[str, Any]) -> Callable[[dict[str, Any]], Mapping[str, Any]]:
    return lambda given: {**given, "staff": [{**given["staff"][0], **change}, *given["staff"][1:]]}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda given: {**given, "decided_at": NOW}, Malformed),
        (lambda given: {**given, "staff": {}}, Malformed),
        (lambda given: {**given, "author": {}}, Malformed),
        (lambda given: {**given, "staff": given["staff"][::-1]}, Malformed),
        (lambda given: {**given, "staff": [7]}, Malformed),
        (_leaf({"more": 7}), Malformed),
        (_leaf({"hashes": 7}), Malformed),
        (_leaf({"hashes": [7]}), Malformed),
        (_leaf({"hashes": ["zz"]}), Malformed),
        (_leaf({"hashes": ["00"]}), Malformed),
        (_leaf({"index": "0"}), Malformed),
        (_leaf({"index": 1}), RecordProofFailed),
        (_leaf({"leaf": 7}), Malformed),
        (_leaf({"leaf": "{}"}), RecordProofFailed),
    ],
)
def test_leaves_that_are_not_in_the_log_prove_nothing(change: Any, error: type[Exception]) -> None:
    """Whatever somebody writes into the file, a moment above all."""
    with pytest.raises(error):
        Log().judged(change)


@pytest.mark.parametrize(
    "leaf",
    [
        Leaf("held", {}),
        Leaf("staff-key", {"text": "{}", "in_force_at": NOW}),
        Leaf("staff-key", {"text": "{}", "vouchers": []}),
        Leaf("staff-key", {"text": 7, "vouchers": [], "in_force_at": NOW}),
        Leaf("staff-key-ended", {}),
        Leaf("staff-key-ended", {"kid": "zz"}),
    ],
)
def test_leaves_of_the_log_that_are_of_no_staff_key_are_refused(leaf: Leaf) -> None:
    """A log holds what its province writes."""
    with pytest.raises(Malformed):
        Log(before=[*KEYS, (leaf, NOW)]).judged()


def test_a_leaf_must_say_when_and_of_which_hour() -> None:
    """Else no moment of it is proved."""
    entry = json_bytes({"content": {}, "kind": "staff-key"})
    one = Checkpoint("o", 1, leaf_hash(entry))
    signature = STAFF.author.sign(TEXT).to_json()
    given = {"author": signature, "approver": signature, "staff": []}
    own = decided_by_hand(decision().status, HOUR, 1, bytes(32))
    beside = {"staff": [{"index": 0, "leaf": entry.decode(), "hashes": []}]}
    with pytest.raises(Malformed, match="no leaf"):
        check_signatures(given | beside, TEXT, Counted(1, own, one, None), STAFF.root)
    with pytest.raises(Malformed, match="hour"):
        check_signatures(given, TEXT, Counted(1, Leaf("decided-by-hand", {"count": 1}), one, None), STAFF.root)
