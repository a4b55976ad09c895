"""The signed status snapshot: all withdrawals of one member that still matter, as gates hold them.

A COSE_Sign1 (:mod:`credentials.wire.cose`) by the member's status key, ``status.cose`` on mirrors, over

====  ====================================================================================================
key   value
====  ====================================================================================================
1     ``"status-snapshot"``, so that nothing else signed by that key can be taken for one
2     member id
3     sequence, 1 or more: the number of the newest segment (:mod:`credentials.status.segment`) that is in it
4     as-of, integer seconds: every withdrawal up to then is in it
5     expiry, integer seconds, after as-of
6     array of [list, group expiry, count, Rice parameter, bytes], lists ascending; bytes as in ``gaps``
7     SHA-256 of that segment's payload, 32 bytes: where the next segment goes on
====  ====================================================================================================

Lists are grouped by the expiry of their codes. A list is retired when that has passed and stands in no later
snapshot; it is then refused like one that never was, and no expired withdrawal lives on.
A list in which nothing is withdrawn is named as well, with count 0: absent and empty are different things.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any, Self

from credentials.errors import IssuerMismatch, Malformed, StatusReferenceInvalid, TooLarge
from credentials.keys import VerificationKey
from credentials.model import StatusReference
from credentials.profile.limits import (
    MAX_SIGNED_BYTES,
    MAX_STATUS_LIST,
    MAX_STATUS_LISTS,
    MAX_STATUS_SEQUENCE,
    MAX_STATUS_WITHDRAWN,
    MAX_TIME_SECONDS,
    MIN_TIME_SECONDS,
    STATUS_HASH_BYTES,
    STATUS_LIST_SIZE,
)
from credentials.signing import Signer
from credentials.status import gaps
from credentials.status.chain import End
from credentials.wire import cbor, cose
from credentials.wire.cose import VerifiedPayload

_KIND = "status-snapshot"
_FIELDS = 7
_LIST_ITEMS = 5
_SHARE_BITS = 16
_SHARES, _LOW = STATUS_LIST_SIZE >> _SHARE_BITS, (1 << _SHARE_BITS) - 1
_NOTHING_SET = (array("H"),) * _SHARES


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list of 2^20 and its set indices; never changed once made.

    ``expires_at``: when the last code of its group has expired, seconds UTC. ``shares``: the list in 16 parts of 2^16
    neighbours, each with the low 16 bits of its set indices, ascending. A list with a few more set has all parts in
    common with the one before but those that changed: somebody's smallest news costs no gate a copy of the list.
    """

    list_id: int
    expires_at: int
    shares: tuple[array[int], ...] = field(default=_NOTHING_SET, repr=False)

    @classmethod
    def of(cls, list_id: int, expires_at: int, indices: Iterable[int]) -> Self:
        """From indices in any order. Raises StatusReferenceInvalid for one outside 0..2^20-1."""
        return cls.of_ascending(list_id, expires_at, gaps.ascending(indices))

    @classmethod
    def of_ascending(cls, list_id: int, expires_at: int, indices: array[int]) -> Self:
        """From indices as :func:`credentials.status.gaps.ascending` gives them."""
        edges = [bisect_left(indices, number << _SHARE_BITS) for number in range(_SHARES + 1)]
        shares = (indices[start:end] for start, end in pairwise(edges))
        return cls(list_id, expires_at, tuple(array("H", [index & _LOW for index in share]) for share in shares))

    def with_set(self, indices: Iterable[int]) -> Self:
        """The list with these set as well. One that was set already stays set."""
        shares = list(self.shares)
        for number, group in groupby(indices, lambda index: index >> _SHARE_BITS):
            shares[number] = _with_set(shares[number], group)
        return replace(self, shares=tuple(shares))

    def is_set(self, index: int) -> bool:
        """Whether this very index is. Raises StatusReferenceInvalid for one outside 0..2^20-1."""
        if not 0 <= index < STATUS_LIST_SIZE:
            raise StatusReferenceInvalid("index outside the list")
        share, low = self.shares[index >> _SHARE_BITS], index & _LOW
        at = bisect_left(share, low)
        return at < len(share) and share[at] == low

    @property
    def count(self) -> int:
        """How many are set."""
        return sum(map(len, self.shares))

    @property
    def withdrawn(self) -> array[int]:
        """All that are set, ascending: a new array, whose cost is that of the list."""
        return array("I", [number << _SHARE_BITS | low for number, share in enumerate(self.shares) for low in share])


def _with_set(share: array[int], indices: Iterable[int]) -> array[int]:
    more = share[:]
    for index in indices:
        low = index & _LOW
        at = bisect_left(more, low)
        if at == len(more) or more[at] != low:
            more.insert(at, low)
    return more


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """A member's current lists by number, as of one moment. Never changed once made; times in seconds UTC.

    ``sequence`` and ``head``: number of the newest segment that is in it, and SHA-256 of that segment's payload.
    """

    member: str
    sequence: int
    as_of: int
    expires_at: int
    lists: Mapping[int, StatusList]
    head: bytes = bytes(STATUS_HASH_BYTES)

    def is_withdrawn(self, reference: StatusReference) -> bool:
        """Whether the bit is set. Exact: never true for a neighbour.

        Raises StatusReferenceInvalid for a list that is not current and for an index past its end.
        """
        held = self.lists.get(reference.list)
        if held is None:
            raise StatusReferenceInvalid("no such list, or a retired one")
        return held.is_set(reference.index)

    @property
    def end(self) -> End:
        """Where its member's chain stands."""
        return End(self.sequence, self.as_of, self.head)

    @property
    def withdrawn_count(self) -> int:
        """How many indices are set in all current lists."""
        return sum(each.count for each in self.lists.values())

    def memory_bytes(self) -> int:
        """What it takes in memory, in bytes: two for each index, and some 1,600 for each list."""
        lists = sum(
            sys.getsizeof(each) + sys.getsizeof(each.shares) + sum(map(sys.getsizeof, each.shares))
            for each in self.lists.values()
        )
        return sys.getsizeof(self) + sys.getsizeof(self.lists) + lists


def seal(snapshot: StatusSnapshot, signer: Signer) -> bytes:
    """Sign a snapshot. Raises what :func:`encode` raises."""
    return cose.seal(encode(snapshot), signer)


def open(data: bytes, key: VerificationKey) -> StatusSnapshot:
    """Verify and read a signed snapshot; the caller has looked up the status key by its kid.

    Raises TooLarge above 16 MiB, what :func:`credentials.wire.cose.verify` raises, and what :func:`read` raises.
    """
    return read(cose.verify(cose.open_layout(data, MAX_SIGNED_BYTES), key))


def read(verified: VerifiedPayload) -> StatusSnapshot:
    """The snapshot of a payload whose signature holds. Whether it is fresh is for the caller to judge.

    Raises IssuerMismatch when it speaks for another member than the key's, and what :func:`decode` raises.
    """
    snapshot = decode(verified.payload)
    if snapshot.member != verified.key.member:
        raise IssuerMismatch("the snapshot of another member")
    return snapshot


def read_end(verified: VerifiedPayload) -> End:
    """Where the chain of the key's member stands by a snapshot, without the work of reading its lists.

    Raises Malformed, IssuerMismatch.
    """
    kind, member, sequence, as_of, expires_at, _, head = cbor.load_fields(verified.payload, MAX_SIGNED_BYTES, _FIELDS)
    if kind != _KIND:
        raise Malformed("not a status snapshot")
    if member != verified.key.member:
        raise IssuerMismatch("the snapshot of another member")
    check_hash(head)
    _check_times(sequence, as_of, expires_at)
    return End(sequence, as_of, head)


def encode(snapshot: StatusSnapshot) -> bytes:
    """The payload as deterministic CBOR: the same snapshot gives the same bytes.

    Raises Malformed, TooLarge or StatusReferenceInvalid for what :func:`decode` would not take.
    """
    lists = [snapshot.lists[list_id] for list_id in sorted(snapshot.lists)]
    heads = [[each.list_id, each.expires_at, each.count] for each in lists]
    fields = [_KIND, snapshot.member, snapshot.sequence, snapshot.as_of, snapshot.expires_at]
    _check_times(snapshot.sequence, snapshot.as_of, snapshot.expires_at)
    _check_lists(heads, snapshot.as_of)
    check_hash(snapshot.head)
    coded = [[*head, *gaps.encode(each.withdrawn)] for head, each in zip(heads, lists, strict=True)]
    return cbor.dump_fields([*fields, coded, snapshot.head])


def decode(payload: bytes) -> StatusSnapshot:
    """Read a payload whose signature holds.

    Raises Malformed for anything but the layout above, with every number in range and every list unexpired at
    as-of; TooLarge for more than 1,024 lists or 2^23 withdrawals, counted before any is read.
    """
    kind, member, sequence, as_of, expires_at, lists, head = cbor.load_fields(payload, MAX_SIGNED_BYTES, _FIELDS)
    if kind != _KIND or type(member) is not str or type(lists) is not list:
        raise Malformed("not a status snapshot")
    check_hash(head)
    _check_times(sequence, as_of, expires_at)
    if any(type(item) is not list or len(item) != _LIST_ITEMS for item in lists):
        raise Malformed("status list layout")
    _check_lists([item[:3] for item in lists], as_of)
    return StatusSnapshot(member, sequence, as_of, expires_at, {item[0]: _read_list(item) for item in lists}, head)


def _read_list(item: list[Any]) -> StatusList:
    list_id, expires_at, count, parameter, data = item
    if type(parameter) is not int or type(data) is not bytes:
        raise Malformed("status list layout")
    return StatusList.of_ascending(list_id, expires_at, gaps.decode(count, parameter, data))


def check_hash(head: object) -> None:
    """Raise Malformed unless it is the SHA-256 of a payload."""
    if type(head) is not bytes or len(head) != STATUS_HASH_BYTES:
        raise Malformed("not a SHA-256")


def _check_times(sequence: object, as_of: object, expires_at: object) -> None:
    check_number("sequence", sequence, 1, MAX_STATUS_SEQUENCE)
    least = check_number("as-of", as_of, MIN_TIME_SECONDS, MAX_TIME_SECONDS)
    check_number("expiry", expires_at, least + 1, MAX_TIME_SECONDS)


def _check_lists(heads: list[list[Any]], as_of: int) -> None:
    """Each head: list, group expiry, count. All are counted here, before the work that the counts ask for."""
    if len(heads) > MAX_STATUS_LISTS:
        raise TooLarge(f"more than {MAX_STATUS_LISTS} status lists")
    before, total = -1, 0
    for list_id, expires_at, count in heads:
        before = check_number("list", list_id, before + 1, MAX_STATUS_LIST)
        check_number("group expiry", expires_at, as_of + 1, MAX_TIME_SECONDS)
        total += check_number("count", count, 0, STATUS_LIST_SIZE)
    if total > MAX_STATUS_WITHDRAWN:
        raise TooLarge(f"more than {MAX_STATUS_WITHDRAWN} withdrawals")


def check_number(name: str, value: object, least: int, most: int) -> int:
    """The value, when it is an integer in its range. Raises Malformed, by ``name``."""
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{name} out of range")
    return value
