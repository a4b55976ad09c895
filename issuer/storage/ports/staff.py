"""What the stores of staff and of decisions by hand promise.

As :mod:`issuer.storage.ports.issuing`: durable when a call returns, safe to call from several threads and processes,
each call one transaction. Who can write them can dismiss staff, spend their day's decisions and read what is proposed;
a key that is written there by anybody is nobody's, because administrators did not sign it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from credentials.decisions.by_hand import DecisionText, read_decision
from credentials.decisions.leaves import Leaf
from issuer.decisions.deciding import Decision
from service_kit.storage.ports import LeafRecord

PROPOSED, HELD, DECIDED, REFUSED = "proposed", "held", "decided", "refused"
"""States of a decision by hand: waits for its approver, waits for a second authority, in force, not to be."""


class StaffKeyRow(NamedTuple):
    """A key as it is kept. ``text``: what is vouched for; ``vouchers``: signatures as JSON, so far; ``credential_id``:
    of a passkey; ``vouched_at`` and ``in_force_at``: None while administrators are missing. Seconds UTC."""

    kid: bytes
    text: str
    vouchers: Sequence[Mapping[str, str]]
    credential_id: bytes | None
    asked_at: int
    vouched_at: int | None = None
    in_force_at: int | None = None
    revoked_at: int | None = None


class Invitation(NamedTuple):
    """A one-time link, by the digest of its secret: who may enrol a passkey by it, until when (seconds UTC)."""

    digest: bytes
    pseudonym: str
    unit: str
    roles: str
    expires_at: int


class SessionRow(NamedTuple):
    """Somebody signed in, by the digest of the session's secret; ``seen_at``: when they were last active."""

    digest: bytes
    kid: bytes
    began_at: int
    seen_at: int


class AuditRow(NamedTuple):
    """What somebody of staff did. ``number``: of the decision it was about."""

    at: int
    staff: str
    act: str
    number: bytes | None = None


class Shown(NamedTuple):
    """The persons of ``member`` whom somebody of staff is shown, by their keyed digests."""

    member: str
    subjects: Sequence[bytes]


NOBODY_SHOWN = Shown("", ())


class PersonRow(NamedTuple):
    """A person in a decision by hand. ``subject``: the keyed digest; ``person``: the digest in the text, and its salt;
    ``name`` masked, ``tail``: of the document; ``outcome``: None while nothing came of it."""

    subject: bytes
    person: bytes
    salt: bytes
    before: str
    name: str
    tail: str
    outcome: str | None = None


class ByHandRow(NamedTuple):
    """A decision by hand. Signatures as JSON, None while they are missing; who signed, as ``unit/pseudonym``."""

    number: bytes
    text: str
    salt: bytes
    state: str
    proposed_at: int
    author: str
    author_signature: Mapping[str, str] | None
    approver: str | None = None
    approver_signature: Mapping[str, str] | None = None
    releaser: str | None = None
    releaser_signature: Mapping[str, str] | None = None
    decided_at: int | None = None

    @property
    def said(self) -> DecisionText:
        """What its text says."""
        return read_decision(self.text.encode())

    @property
    def digest(self) -> bytes:
        """What passkeys sign, and leaves name it by: the SHA-256 of its text."""
        return hashlib.sha256(self.text.encode()).digest()


class KeptByHand(NamedTuple):
    """The row of a decision by hand about one person, not believed yet, with all by which it can be. ``number``: the
    row's; ``text_number``: of the decision by its text, empty for one that has none; ``subject``: of its person;
    ``decision``: None for a row that cannot be read; ``bond``: empty where it has none; ``signatures``: the author's
    and the approver's, as JSON, None where nobody signed; ``leaf``: that which counts it; ``staff``: all leaves about
    staff keys, in order, one list for all that are read at once."""

    number: int
    text_number: bytes
    subject: bytes
    decision: Decision | None
    bond: bytes
    signatures: Sequence[str] | None
    leaf: LeafRecord | None
    staff: Sequence[LeafRecord]


class Scrutinises(Protocol):
    """Says which rows of decisions by hand count: :class:`issuer.staff.scrutiny.Scrutiny`."""

    def bond(self, number: int, decision: Decision) -> bytes:
        """What ties a row together that is about to be kept (32 bytes)."""

    def holds(self, kept: KeptByHand) -> bool:
        """Whether a row counts; one that does not is as none."""


class StaffStore(Protocol):
    """Keys of staff, links to enrol by, sessions, and what staff did: ``did`` is kept with the deed, or neither is."""

    def all_keys(self) -> Sequence[StaffKeyRow]:
        """All keys, in the order in which they were vouched for, those that wait last."""

    def add_key(self, row: StaffKeyRow, did: AuditRow) -> None:
        """Keep a key that waits for its vouchers. Raises Conflict when it is there."""

    def keep_vouchers(
        self, row: StaffKeyRow, vouchers: Sequence[Mapping[str, str]], done: tuple[int, int] | None, did: AuditRow
    ) -> bool:
        """Keep these signatures over a key in place of those that ``row`` has; False, and nothing is changed, where
        others stand there by now, or the key waits for none. ``done``: they are enough, since when, and from when on
        the key counts."""

    def revoke_key(self, kid: bytes, at: int, revocation: Mapping[str, Any], did: AuditRow) -> None:
        """End a key for good, and its sessions. Raises NotFound for one that is not there or has ended."""

    def invite(self, invitation: Invitation) -> None:
        """Keep a link."""

    def invitation(self, digest: bytes, at: int) -> Invitation | None:
        """A link that can be used at ``at``."""

    def enrol(self, digest: bytes, row: StaffKeyRow, did: AuditRow) -> None:
        """Use a link up for a key. Raises Conflict for a link that was used or has ended."""

    def use_challenge(self, digest: bytes, expires_at: int, at: int) -> bool:
        """Use a challenge up that ends at ``expires_at``, by its digest; False when it was used before."""

    def begin_session(self, row: SessionRow, did: AuditRow) -> None:
        """Keep a session."""

    def session(self, digest: bytes, began_after: int, seen_after: int, at: int) -> SessionRow | None:
        """A session that has not ended, which is seen at ``at``."""

    def end_session(self, digest: bytes, did: AuditRow) -> None:
        """End a session."""

    def note(self, row: AuditRow, leaf: Leaf | None = None, shown: Shown = NOBODY_SHOWN) -> None:
        """Keep what somebody did; ``leaf``: of the province's log; ``shown``: whom they were shown, which these persons
        are told."""

    def did(self, staff: str | None, most: int) -> Sequence[AuditRow]:
        """What somebody did, or everybody, the newest first."""


class ByHandStore(Protocol):
    """Decisions by hand before they are in force, and the signatures behind those that are."""

    def propose(self, row: ByHandRow, people: Sequence[PersonRow], did: AuditRow) -> None:
        """Keep a proposal, and who made it; the persons in it are told. Raises Conflict for a number that is taken."""

    def find(self, number: bytes) -> ByHandRow | None:
        """A decision."""

    def people(self, number: bytes) -> Sequence[PersonRow]:
        """The persons of a decision, in the order of their entries."""

    def used(self, numbers: Sequence[bytes]) -> set[bytes]:
        """Those of these numbers whose decisions are in force, or were."""

    def regions(self, subjects: Sequence[bytes]) -> Mapping[bytes, int]:
        """Where people on file are by the newest that is known of them; who is not on file is not in it."""

    def on_file(self, regions: Sequence[int]) -> Mapping[int, int]:
        """How many people are on file in these regions."""

    def waiting(self, since: int) -> Sequence[ByHandRow]:
        """What was proposed since then and is neither in force nor refused, the newest first."""

    def in_force(self, at: int) -> Iterator[Sequence[KeptByHand]]:
        """All rows of decisions by hand that may stand at ``at`` (seconds UTC), or replaced what may, some at a time,
        each time in a transaction of its own."""

    def change(self, row: ByHandRow, was: str, did: AuditRow, leaf: Leaf | None = None) -> None:
        """Keep it so, if its state was this one, and who did it; ``leaf``: of the province's log. Raises Conflict."""
