"""What a gate trusts at one moment, ready for lookup: :class:`TrustSnapshot`, never changed once made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from credentials.errors import StatementRejected
from credentials.keys import VerificationKey
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS, Pin, Pins, denials_to_keep, review
from trust_registry.client.trust.repository import VerifiedRepository
from trust_registry.metadata.denials import KeyDenial
from trust_registry.metadata.log_keys import LogKey
from trust_registry.metadata.statement import Statement, read_statement
from trust_registry.metadata.trust_list import BadEntry, MemberEntry

MAX_REPORTED_DENIALS = 16
"""Denials that cannot be read and are named one by one: a thief can write thirty thousand."""


class TrustedMember(NamedTuple):
    """A member as the officers list it, its verified statement, and the time before which it is *changed*
    (``member-changed``, 0: not at all)."""

    entry: MemberEntry
    statement: Statement
    changed_until: int


class TrustedKey(NamedTuple):
    """A key with the entry of the member it belongs to; ``key.member == entry.id`` always."""

    key: VerificationKey
    entry: MemberEntry
    changed_until: int

    def is_changed(self, at: int) -> bool:
        """Whether the member's root key or statement changed in a way that this gate does not take yet."""
        return at < self.changed_until


class ListInUse(NamedTuple):
    """A trust list as the public record knows it: its own version, its SHA-256 (hex), and the text of its witness
    policy, not read yet."""

    version: int = 0
    digest: str = ""
    witness_policy: str = ""


class ListEvidence(NamedTuple):
    """By what the public record proves a list: the text of the policy that counts at this gate, the proof, and the
    witnesses that count here and have cosigned."""

    policy: str
    proof: bytes
    witnesses: tuple[LogKey, ...]


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """Members by id, keys by kid (8 bytes) with retired and denied ones included, denials by kid.

    ``verified_at``: when this gate last verified it (seconds UTC, by the gate's clock). ``registry_time``:
    when the registry signed its timestamp. ``versions`` and ``expiries`` by TUF role. ``reported``: entries
    that were left out or stand in doubt, and why; the rest is usable. ``anchor``: SHA-256 (hex) of the trusted root,
    below which alone versions are to be compared. ``listed``: which list it is.
    ``unproven_since``: since when (seconds UTC) it is not proven by the public record, though its witnesses are asked
    for (:mod:`trust_registry.client.record`); None: it is, or nobody asks. ``evidence``: what proves it; None: nothing.
    """

    members: Mapping[str, TrustedMember]
    keys: Mapping[bytes, TrustedKey]
    denied: Mapping[bytes, KeyDenial]
    verified_at: int
    registry_time: int
    versions: Mapping[str, int]
    expiries: Mapping[str, int]
    reported: tuple[BadEntry, ...]
    anchor: str = ""
    listed: ListInUse = field(default_factory=ListInUse)
    unproven_since: int | None = None
    evidence: ListEvidence | None = None

    def find(self, kid: bytes) -> TrustedKey | None:
        """The key of this kid, or None. Ask ``denied`` first: a denied key verifies nothing."""
        return self.keys.get(kid)

    @property
    def is_whole(self) -> bool:
        """Whether every entry could be read: if not, an unknown key may be one of what is missing."""
        return all(bad.entry in self.members for bad in self.reported)

    def age(self, now: int) -> int:
        """How old the trust is at ``now``, in seconds, at least 0.

        Counted from the registry's signed time, so that a mirror which serves the same timestamp for ever
        ages in the open; and from the expiry of the longer-lived roles, as if updates had stopped there.
        """
        return max(0, now - self.registry_time, *(now - expires for expires in self.expiries.values()))


def build_snapshot(
    repository: VerifiedRepository, pins: Pins, at: int, wait: int = CHANGE_WAIT_SECONDS
) -> tuple[TrustSnapshot, Pins]:
    """Make the snapshot of a verified set at ``at`` (seconds UTC), and what to remember from it.

    Each member's statement is verified again here; a member whose statement does not hold, or that brings a
    kid which is taken, is left out and reported. ``wait``: see :mod:`trust_registry.client.trust.pins`.
    """
    denied = {**repository.denials.denied, **pins.denied}
    making = _Making(pins, denied, at, wait)
    for entry in repository.trust_list.members.values():
        making.take(entry)
    denials_reported = (BadEntry("denials", detail) for detail in repository.denials.bad_entries[:MAX_REPORTED_DENIALS])
    snapshot = TrustSnapshot(
        members=MappingProxyType(making.members),
        keys=MappingProxyType(making.keys),
        denied=MappingProxyType({**denied, **making.denied_by_root}),
        verified_at=at,
        registry_time=repository.registry_time,
        versions=MappingProxyType(dict(repository.versions)),
        expiries=MappingProxyType(dict(repository.expiries)),
        reported=(*repository.trust_list.bad_entries, *making.reported, *denials_reported),
        anchor=repository.anchor,
        listed=ListInUse(repository.trust_list.version, repository.list_digest, repository.trust_list.witness_policy),
    )
    members = {**pins.members, **making.pins}
    listed = making.keys.keys() | {pin.root_kid for pin in (*pins.members.values(), *making.pins.values())}
    listed |= {member.statement.root_kid for member in making.members.values()}
    return snapshot, Pins(members, denials_to_keep(denied, pins, listed))


class _Making:
    """A snapshot half made: members are taken one by one."""

    def __init__(self, pins: Pins, denied: Mapping[bytes, KeyDenial], at: int, wait: int) -> None:
        self._known, self._denied, self._at, self._wait = pins, denied, at, wait
        self.members: dict[str, TrustedMember] = {}
        self.keys: dict[bytes, TrustedKey] = {}
        self.denied_by_root: dict[bytes, KeyDenial] = {}
        self.pins: dict[str, Pin] = {}
        self.reported: list[BadEntry] = []

    def take(self, entry: MemberEntry) -> None:
        try:
            statement = self._statement(entry)
        except StatementRejected as error:
            self.reported.append(BadEntry(entry.id, error.detail))
            return
        standing = review(self._known, statement, self._denied, self._at, self._wait)
        if standing.changed_until:
            self.reported.append(BadEntry(entry.id, standing.detail))
        self.pins[entry.id] = standing.pin
        self.members[entry.id] = TrustedMember(entry, statement, standing.changed_until)
        for key in statement.keys:
            self.keys[key.kid] = TrustedKey(key, entry, standing.changed_until)
        self._deny_below_root(statement)

    def _statement(self, entry: MemberEntry) -> Statement:
        statement = read_statement(entry.statement)
        if statement.member != entry.id:
            raise StatementRejected("statement of another member")
        if not self.keys.keys().isdisjoint([key.kid for key in statement.keys]):
            raise StatementRejected("a kid that another member has")
        return statement

    def _deny_below_root(self, statement: Statement) -> None:
        """A denied root key verifies nothing, so nothing that it lists does."""
        denial = self._denied.get(statement.root_kid)
        if denial:
            self.denied_by_root |= {key.kid: denial._replace(kid=key.kid) for key in statement.keys}
