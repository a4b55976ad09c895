"""Who signed a decision by hand (经办签名), as its file carries it: both signatures, and the staff keys down from the
root key, each as the leaf by which the province's log holds it.

::

    {"author": {signature}, "approver": {signature},
     "staff": [{"index": 3, "leaf": "{…}", "hashes": ["<64 hex>", …]}, …]}

``staff`` are leaves ``staff-key`` and ``staff-key-ended`` (:mod:`credentials.decisions.leaves`) of the two and of the
administrators above them, in the order of the log, all before the leaf of the decision and in its checkpoint.

No moment that the file states is believed. A key counts from when its leaf says, an ended key signs nothing behind the
leaf that ended it, whatever hour that decision claims, and the decision is of the hour of its own leaf, or earlier
where a witness had cosigned it earlier: a file carries the first checkpoint that enough witnesses cosigned. That no
leaf which ended a key was left out is for those to see who read the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from credentials.decisions.by_hand import (
    CLOCKS_APART_SECONDS,
    MAX_PROPOSED_SECONDS,
    DecisionText,
    read_decision,
    require_sound,
)
from credentials.decisions.leaves import HOUR_SECONDS, STAFF_KEY, STAFF_KEY_ENDED, Leaf, count_in
from credentials.decisions.signatures import Signature, read_signature, verify_text
from credentials.decisions.staff import RootKeys, StaffKey, Vouched, believed, read_staff_key, require_signatories
from credentials.errors import DecisionRejected, Malformed, TongxingError
from credentials.log.checkpoint import Checkpoint
from credentials.log.tree import HASH_BYTES, check_inclusion, leaf_hash
from credentials.profile.limits import KID_BYTES
from credentials.wire.strict_json import hex_bytes, parse_json

AUTHOR: Final = "author"
APPROVER: Final = "approver"
STAFF: Final = "staff"
_LEAF = frozenset({"index", "leaf", "hashes"})


class Counted(NamedTuple):
    """Where a log counts a decision, proved. ``number``, ``leaf``: its leaf; ``seen``: when a witness first cosigned
    the checkpoint (seconds UTC), None: nobody has."""

    number: int
    leaf: Leaf
    checkpoint: Checkpoint
    seen: int | None


class Signatories(NamedTuple):
    """Who signed (``unit/pseudonym``, empty where nobody is believed), and what of it does not hold."""

    author: str
    approver: str
    faults: tuple[str, ...]


Known = Mapping[bytes, tuple[StaffKey, Vouched]]
"""Staff keys that are believed, by kid."""


class StaffLeaf(NamedTuple):
    """A leaf about a staff key, as it stands in the log. ``at``: seconds UTC."""

    number: int
    at: int
    leaf: Leaf


def check_signatures(
    signatures: Mapping[str, Any], text: bytes, counted: Counted, root: RootKeys | None
) -> Signatories:
    """Whether both have signed ``text`` by keys below ``root`` that were in force. ``root``: None: nobody knows the
    member's root keys, and nobody is believed.

    Raises Malformed, TooLarge for what are no signatures, RecordProofFailed for leaves that are not in the checkpoint.
    """
    if signatures.keys() != {AUTHOR, APPROVER, STAFF} or type(signatures[STAFF]) is not list:
        raise Malformed(f"signatures: an object of {AUTHOR}, {APPROVER} and {STAFF}")
    given = [read_signature(signatures[name]) for name in (AUTHOR, APPROVER)]
    leaves = [_proved(value, counted.checkpoint) for value in signatures[STAFF]]
    known = known_before(counted.number, leaves, read_decision(text).member, root)
    return signatories_of(text, given, known, counted.leaf, counted.seen)


def known_before(number: int, leaves: Iterable[StaffLeaf], member: str, root: RootKeys | None) -> Known:
    """The keys below ``root`` as a log of ``member`` held them when it took its leaf of this number, from its leaves
    about keys in their order. Raises Malformed, KeyRejected for leaves that are none of these."""
    return believed(_records(leaves, number), member, root)


def signatories_of(
    text: bytes, given: Sequence[Signature], known: Known, leaf: Leaf, seen: int | None = None
) -> Signatories:
    """Whether author and approver have signed ``text`` by keys that are ``known`` and were in force when the log took
    its ``leaf``. ``given``: their signatures, in this order; ``seen``: when a witness first cosigned the leaf.

    Raises Malformed, TooLarge for what is no decision, or a leaf that counts none.
    """
    said = read_decision(text)
    at, faults = _latest(leaf, seen), _faults_of_time(said, leaf, seen)
    signers: list[StaffKey] = []
    for name, signature in zip((AUTHOR, APPROVER), given, strict=True):
        try:
            signers.append(_signer(signature, text, known, at))
        except TongxingError as error:
            faults.append(f"{name}: {error.detail or error.code}")
    faults += _faults_of_text(said, signers)
    author, approver = (known[each.kid][0].staff if each.kid in known else "" for each in given)
    return Signatories(author, approver, tuple(faults))


def _latest(leaf: Leaf, seen: int | None) -> int:
    """The last second at which the decision can have been made."""
    end = _hour(leaf) + HOUR_SECONDS - 1
    return end if seen is None else min(end, seen + CLOCKS_APART_SECONDS)


def _faults_of_time(said: DecisionText, leaf: Leaf, seen: int | None) -> list[str]:
    hour, at = _hour(leaf), _latest(leaf, seen)
    faults = []
    if at < hour:
        faults.append("the leaf states an hour that had not begun when a witness cosigned it")
    if said.starts_at > at + CLOCKS_APART_SECONDS or hour - said.starts_at > MAX_PROPOSED_SECONDS:
        faults.append("the leaf states an hour before the text was proposed, or more than 24 hours after it")
    if count_in(leaf) > said.people:
        faults.append("the leaf counts more people than the text is about")
    return faults


def _faults_of_text(said: DecisionText, signers: list[StaffKey]) -> list[str]:
    try:
        require_sound(said)
        if len(signers) == 2:
            require_signatories(said, *signers)
    except DecisionRejected as error:
        return [error.detail]
    return []


def _signer(signature: Signature, text: bytes, known: Known, at: int) -> StaffKey:
    if signature.kid not in known:
        raise DecisionRejected("signed by a key that no two administrators below this root key have signed")
    key, record = known[signature.kid]
    verify_text(signature, key.signing, text)
    if record.revoked_at is not None:
        raise DecisionRejected("signed by a key that had ended: the log says so before it holds the decision")
    if not record.is_in_force(at):
        raise DecisionRejected("signed by a key that was not in force yet")
    return key


def _records(leaves: Iterable[StaffLeaf], before: int) -> list[Vouched]:
    """The keys as the log held them below this number, in the order in which they were vouched for."""
    records: dict[bytes, Vouched] = {}
    last = -1
    for number, at, leaf in leaves:
        if not last < number < before:
            raise Malformed("staff: leaves in the order of the log, all before that of the decision")
        last = number
        if leaf.kind == STAFF_KEY:
            record = _vouched(leaf.content, at)
            records.setdefault(read_staff_key(record.text).kid, record)
        elif leaf.kind == STAFF_KEY_ENDED:
            kid = hex_bytes(leaf.content.get("kid"), KID_BYTES, STAFF)
            if kid in records:
                records[kid] = records[kid]._replace(revoked_at=at)
        else:
            raise Malformed(f"staff: leaves of {STAFF_KEY} and {STAFF_KEY_ENDED}")
    return [*records.values()]


def _proved(value: Any, checkpoint: Checkpoint) -> StaffLeaf:
    """A leaf that is in the checkpoint."""
    if type(value) is not dict or value.keys() != _LEAF or type(value["hashes"]) is not list:
        raise Malformed(f"staff: objects of {', '.join(sorted(_LEAF))}")
    number, entry = value["index"], _text(value, "leaf").encode()
    if type(number) is not int:
        raise Malformed("staff: index is no number")
    hashes = [hex_bytes(each, HASH_BYTES, STAFF) for each in value["hashes"]]
    check_inclusion(leaf_hash(entry), number, checkpoint.size, checkpoint.root, hashes)
    fields = parse_json(entry)
    if type(fields) is not dict or type(fields.get("content")) is not dict or type(fields.get("at")) is not int:
        raise Malformed("staff: no leaf of a log")
    return StaffLeaf(number, fields["at"], Leaf(_text(fields, "kind"), fields["content"]))


def _vouched(content: Mapping[str, Any], at: int) -> Vouched:
    vouchers, in_force_at = content.get("vouchers"), content.get("in_force_at")
    if type(vouchers) is not list or type(in_force_at) is not int:
        raise Malformed("staff: a key's leaf has text, vouchers and in_force_at")
    # Nothing counts before the log holds it, whatever its leaf says.
    text = _text(content, "text").encode()
    return Vouched(text, tuple(read_signature(each) for each in vouchers), at, max(at, in_force_at))


def _hour(leaf: Leaf) -> int:
    hour = leaf.content.get("hour")
    if type(hour) is not int:
        raise Malformed("the leaf names no hour")
    return hour


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if type(value) is not str:
        raise Malformed(f"{name} is no text")
    return value
