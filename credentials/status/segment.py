"""Status segments (分段): what was withdrawn since the segment before, as a chain that gates follow.

A COSE_Sign1 (:mod:`credentials.wire.cose`) by the member's status key, ``segments/<number>.cose`` on mirrors, over

====  ====================================================================================================
key   value
====  ====================================================================================================
1     ``"status-segment"``
2     member id
3     number: 1, 2, 3, … without a gap
4     as-of, integer seconds, never before that of the segment before: every withdrawal up to then is in the chain
5     SHA-256 of the payload of the segment before; 32 zero bytes for number 1
6     lists opened since: array of [list, group expiry], lists ascending
7     newly set: array of [list, count, Rice parameter, bytes], lists ascending, count 1 or more; bytes as in ``gaps``
====  ====================================================================================================

A segment only ever sets bits; an empty one is a heartbeat. The chain hangs on payloads and never on signatures: ECDSA
is malleable, and whoever carries a segment could turn its signature into another good one and so break the chain.
The same content has one payload, and any other coding of it is refused, for the same reason.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from credentials.errors import (
    IssuerMismatch,
    Malformed,
    StatusReferenceInvalid,
    TooLarge,
)
from credentials.keys import VerificationKey
from credentials.profile.limits import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_CHANGES,
    MAX_STATUS_LIST,
    MAX_STATUS_LISTS,
    MAX_STATUS_SEQUENCE,
    MAX_STATUS_WITHDRAWN,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
    STATUS_LIST_SIZE,
)
from credentials.signing import Signer
from credentials.status import gaps
from credentials.status.chain import NO_SEGMENT, End, check_follows
from credentials.status.snapshot import StatusList, StatusSnapshot, check_hash, check_number
from credentials.wire import cbor, cose
from credentials.wire.cose import VerifiedPayload

_KIND = "status-segment"
_FIELDS = 7
_OPENED_ITEMS, _CHANGE_ITEMS = 2, 4


@dataclass(frozen=True)
class Segment:
    """What one segment says. ``opened``: list -> group expiry; ``withdrawn``: list -> newly set indices, ascending.

    Never changed once made; times in seconds UTC.
    """

    member: str
    number: int
    as_of: int
    previous: bytes
    opened: Mapping[int, int]
    withdrawn: Mapping[int, array[int]]

    @property
    def sequence(self) -> int:
        """The number, by the name that all signed files have for it."""
        return self.number

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the payload: what the next segment names."""
        return hashlib.sha256(encode(self)).digest()

    @property
    def end(self) -> End:
        """Where the chain stands with it."""
        return End(self.number, self.as_of, self.digest)


def seal(segment: Segment, signer: Signer) -> bytes:
    """Sign a segment. Raises what :func:`encode` raises."""
    return cose.seal(encode(segment), signer)


def open(data: bytes, key: VerificationKey) -> Segment:
    """Verify and read a signed segment; the caller has looked up the status key by its kid.

    Raises TooLarge above 1 MiB, what :func:`credentials.wire.cose.verify` raises, and what :func:`read` raises.
    """
    return read(cose.verify(cose.open_layout(data, MAX_SEGMENT_BYTES), key))


def read(verified: VerifiedPayload) -> Segment:
    """The segment of a payload whose signature holds.

    Raises IssuerMismatch when it speaks for another member than the key's, and what :func:`decode` raises.
    """
    segment = decode(verified.payload)
    if segment.member != verified.key.member:
        raise IssuerMismatch("the segment of another member")
    return segment


def read_link(verified: VerifiedPayload) -> tuple[End, bytes]:
    """Where the chain of the key's member stands with a segment, and the hash of the one before, without the work of
    reading what it sets. Raises Malformed, IssuerMismatch.
    """
    kind, member, number, as_of, previous, _, _ = cbor.load_fields(verified.payload, MAX_SEGMENT_BYTES, _FIELDS)
    if kind != _KIND:
        raise Malformed("not a status segment")
    if member != verified.key.member:
        raise IssuerMismatch("the segment of another member")
    _check_head(number, as_of, previous)
    return End(number, as_of, hashlib.sha256(verified.payload).digest()), previous


def encode(segment: Segment) -> bytes:
    """The payload as deterministic CBOR: the same segment gives the same bytes.

    Raises Malformed, TooLarge or StatusReferenceInvalid for what :func:`decode` would not take.
    """
    opened = [[list_id, segment.opened[list_id]] for list_id in sorted(segment.opened)]
    lists = [(list_id, segment.withdrawn[list_id]) for list_id in sorted(segment.withdrawn)]
    _check_head(segment.number, segment.as_of, segment.previous)
    _check_opened(opened, segment.as_of)
    _check_changes([[list_id, len(indices)] for list_id, indices in lists])
    changes = [[list_id, len(indices), *gaps.encode(indices)] for list_id, indices in lists]
    fields = [_KIND, segment.member, segment.number, segment.as_of, segment.previous, opened, changes]
    return cbor.dump_fields(fields)


def decode(payload: bytes) -> Segment:
    """Read a payload whose signature holds.

    Raises Malformed for anything but the layout above in its one coding, with every number in range; TooLarge for more
    than 1,024 lists or 2^18 changes, counted before any is read.
    """
    kind, member, number, as_of, previous, opened, changes = cbor.load_fields(payload, MAX_SEGMENT_BYTES, _FIELDS)
    if kind != _KIND or type(member) is not str:
        raise Malformed("not a status segment")
    _check_head(number, as_of, previous)
    _check_opened(_items(opened, _OPENED_ITEMS), as_of)
    _check_changes([item[:2] for item in _items(changes, _CHANGE_ITEMS)])
    segment = Segment(member, number, as_of, previous, dict(opened), {item[0]: _indices(item) for item in changes})
    if encode(segment) != payload:
        raise Malformed("a status segment in another coding than its own")
    # Known here already: the payload is its own only coding.
    segment.__dict__["digest"] = hashlib.sha256(payload).digest()
    return segment


def apply(snapshot: StatusSnapshot, segment: Segment) -> StatusSnapshot:
    """The state after ``segment``: a new snapshot as of the segment's time, without the lists retired by then.

    It keeps its span of validity. Raises IssuerMismatch (another member), SegmentMissing (a gap), SegmentRepeated,
    ChainForked (it follows another segment, or is another one of the same number), SegmentBackdated,
    StatusReferenceInvalid (a bit of an unknown or retired list, or a list opened anew), TooLarge; nothing is changed.
    """
    if segment.member != snapshot.member:
        raise IssuerMismatch("the segment of another member")
    check_follows(snapshot.end, segment.end, segment.previous)
    lists = {number: each for number, each in snapshot.lists.items() if each.expires_at > segment.as_of}
    for number, expires_at in segment.opened.items():
        # Another expiry under the same number would bring a retired list back.
        if number in snapshot.lists:
            raise StatusReferenceInvalid(f"list {number} opened twice")
        lists[number] = StatusList(number, expires_at)
    for number, indices in segment.withdrawn.items():
        if number not in lists:
            raise StatusReferenceInvalid(f"list {number} is unknown or retired")
        lists[number] = lists[number].with_set(indices)
    if len(lists) > MAX_STATUS_LISTS or sum(each.count for each in lists.values()) > MAX_STATUS_WITHDRAWN:
        raise TooLarge("more lists or withdrawals than one member may have")
    lifetime = snapshot.expires_at - snapshot.as_of
    expires_at = min(segment.as_of + lifetime, MAX_TIME_SECONDS)
    return StatusSnapshot(snapshot.member, segment.number, segment.as_of, expires_at, lists, segment.digest)


def _indices(item: list[Any]) -> array[int]:
    _, count, parameter, data = item
    if type(parameter) is not int or type(data) is not bytes:
        raise Malformed("status list layout")
    return gaps.decode(count, parameter, data)


def _items(value: object, length: int) -> list[list[Any]]:
    if type(value) is not list or any(type(item) is not list or len(item) != length for item in value):
        raise Malformed("status list layout")
    return value


def _check_head(number: object, as_of: object, previous: object) -> None:
    check_number("number", number, 1, MAX_STATUS_SEQUENCE)
    check_number("as-of", as_of, MIN_TIME_SECONDS, MAX_TIME_SECONDS)
    check_hash(previous)
    if (number == 1) != (previous == NO_SEGMENT):
        raise Malformed("the first segment follows none, and every other one")


def _check_opened(opened: list[list[Any]], as_of: int) -> None:
    if len(opened) > MAX_STATUS_LISTS:
        raise TooLarge(f"more than {MAX_STATUS_LISTS} status lists")
    before = -1
    for list_id, expires_at in opened:
        before = check_number("list", list_id, before + 1, MAX_STATUS_LIST)
        check_number("group expiry", expires_at, as_of + 1, MAX_TIME_SECONDS)


def _check_changes(heads: list[list[Any]]) -> None:
    """Each head: list, count. All are counted here, before the work that the counts ask for."""
    if len(heads) > MAX_STATUS_LISTS:
        raise TooLarge(f"more than {MAX_STATUS_LISTS} status lists")
    before, total = -1, 0
    for list_id, count in heads:
        before = check_number("list", list_id, before + 1, MAX_STATUS_LIST)
        total += check_number("count", count, 1, STATUS_LIST_SIZE)
    if total > MAX_SEGMENT_CHANGES:
        raise TooLarge(f"more than {MAX_SEGMENT_CHANGES} changes")
