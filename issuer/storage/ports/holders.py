"""What the store of persons promises: of the people on file, of their phones, and of what is decided about anybody.

As :mod:`issuer.storage.ports.issuing`: durable when a call returns, safe to call from several threads and processes,
each call one transaction. Losing it means that everybody claims anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from credentials.model import Evidence
from credentials.profile.lists import Form, Guardian, Status
from issuer.storage.ports.evidence import Report, ReportDeed, Timeline
from issuer.storage.ports.issuing import Entry, IssuedRow, Made, StandingDecision
from issuer.storage.ports.log import ProvinceLog
from issuer.storage.ports.staff import AuditRow, ByHandRow


class HolderFacts(NamedTuple):
    """What it takes to issue to somebody again. ``subject``: the keyed digest of the document; ``name`` is masked.

    ``lifetime``: seconds, of phone codes. ``form``: phone or assisted.
    """

    subject: bytes
    name: str
    document_tail: str
    form: Form
    guardian: Guardian | None
    lifetime: int
    evidence: tuple[Evidence, ...]


class Holder(NamedTuple):
    """Somebody on file. ``version`` grows with whatever becomes known of them."""

    holder_id: int
    version: int
    facts: HolderFacts


class ClaimCodeRow(NamedTuple):
    """A claim code as it is kept: ``digest`` and not the code. ``author``: the client, or the command.

    ``point``: the key of the phone that used it.
    """

    digest: bytes
    author: str
    expires_at: int
    point: bytes | None = None


class Device(NamedTuple):
    """A phone by its key, and the code that it should show. ``version``: what was known of the holder when that was
    made; ``paper_proved_at``: when the proof was made that last asked for paper; ``ended_as``: the cause for which the
    phone gets no further code."""

    device_id: int
    holder: Holder
    present: IssuedRow
    status: Status
    version: int
    paper_proved_at: int
    is_withdrawn: bool
    ended_as: str | None


class Given(NamedTuple):
    """That a phone was given a code."""

    device_id: int
    form: Form


class PersonCode(NamedTuple):
    """A code of somebody. ``device_id``: the phone that was given it, if one was."""

    serial: int
    subject: bytes
    status: Status
    form: Form
    device_id: int | None
    expires_at: int
    is_withdrawn: bool


class PhoneRow(NamedTuple):
    """A phone of somebody on file, by its key (33 bytes); when it was claimed on. ``has_ended``: it gets no further
    code."""

    device_id: int
    point: bytes
    claimed_at: int
    has_ended: bool


class PersonDeed(ReportDeed, Protocol):
    """One transaction about persons, whom nobody else can change until it ends.

    Whatever follows from a decision, a lost phone or a new one is written in one of these, so that what was read in it
    still is so when it is committed. What follows is for :mod:`issuer.issuing.consequences` to say; here it is only
    kept.
    """

    @property
    def log(self) -> ProvinceLog:
        """The province's log, in this transaction."""

    def decisions(self, ending_after: int) -> Mapping[bytes, Sequence[StandingDecision]]:
        """As :meth:`PersonStore.decisions`, for the persons of the deed."""

    def codes(self, ending_after: int) -> Sequence[PersonCode]:
        """Their codes by decisions that end after this moment, however they were had. No code outlives its decision."""

    def record(self, client_id: str, made: Sequence[Made | Entry]) -> None:
        """Keep codes with their decisions. Raises Conflict when a place is taken, or a decision lacks what it must."""

    def drop_keys(self, client_id: str, keys: Sequence[str], expired_by: int) -> None:
        """Drop those of these idempotency keys whose codes have expired by this moment."""

    def record_keys(self, client_id: str, entries: Sequence[Entry]) -> None:
        """Keep what keys were used for. Raises Conflict for one that is there already."""

    def record_decisions(self, decided: Sequence[StandingDecision]) -> None:
        """Keep decisions that come with no code. Raises Conflict when one lacks what it must have, or its number was
        used."""

    def change_by_hand(self, row: ByHandRow, outcomes: Mapping[int, str], did: AuditRow) -> None:
        """Keep who signed a decision by hand and what came of it, by the positions of its persons, and who did it.
        Its state changes with :meth:`record_decisions`. Raises Conflict when it has changed since it was read."""

    def spend(self, approver: str, day: int, people: int, most: int, at: int) -> int:
        """Count people whom ``approver`` (``unit/pseudonym``) decides about by hand on a day (of UTC, from 1970), up to
        ``most`` altogether; of how many that may be. Nobody else spends the same day's until this deed ends. Where the
        cap bites for the first time, it leaves a leaf."""

    def withdraw(self, serials: Iterable[int], at: int, cause: str, author: str) -> list[int]:
        """Set bits for good; which of them were not set before: the first withdrawal stands."""

    def holders(self) -> Sequence[Holder]:
        """Those of them who are on file, in each form."""

    def record_holder(self, facts: HolderFacts) -> int:
        """Put one of them on file, or these facts in place of the former; their number."""

    def record_news(self, holder_id: int, evidence: tuple[Evidence, ...]) -> None:
        """Something new is known of somebody on file: these facts, and a decision perhaps."""

    def drop_unused_claim_codes(self, holder_id: int) -> None:
        """Drop the holder's claim codes that no phone has used."""

    def drop_claim_codes(self, expired_by: int) -> None:
        """Drop all claim codes, of anybody, that had ended by this moment."""

    def record_claim_code(self, holder_id: int, row: ClaimCodeRow) -> None:
        """Keep a claim code. Raises Conflict when there is one of this digest."""

    def use_claim_code(self, digest: bytes, point: bytes) -> None:
        """Use a claim code up. Raises Conflict when it is used, or is no more."""

    def phones(self, holder_id: int) -> Sequence[PhoneRow]:
        """The holder's phones."""

    def activate(self, holder: Holder, point: bytes, made: Made) -> int:
        """The phone of this key as its holder's active one, and its number. The database refuses a second active one.

        Raises Conflict for a key that holds the code of another person or form.
        """

    def renew(self, device: Device, made: Made) -> None:
        """The phone's next code in place of its present one. Raises Conflict unless both are as they were read."""

    def record_paper_proof(self, device: Device, proved_at: int) -> None:
        """Note when the proof was made that asks for paper. Raises Conflict when another was noted since the phone was
        read, or it has ended."""

    def count_given(self, device_id: int, form: Form, after: int) -> int:
        """How many codes of this form, issued after this moment, the phone was given."""

    def drop_given(self, device_id: int, expired_by: int) -> None:
        """Drop what is noted of codes of this phone that had expired by this moment."""

    def record_given(self, device_id: int, made: Made) -> None:
        """Note that a phone was given a code."""

    def find_given(self, serial: int) -> Given | None:
        """To which phone a code was given, if to one; also of one that is withdrawn by now."""

    def end_phone(self, device_id: int, at: int, cause: str) -> bool:
        """End a phone. False when it had ended before."""


class PersonStore(Protocol):
    """Persons: what is decided about them, what is on file of them, and their phones.

    Who can write it can have codes of others bound to a phone of theirs at the next claim; who can read it learns
    masked names and facts, but no document and no claim code.
    """

    def deed(self, subjects: Iterable[bytes]) -> AbstractContextManager[PersonDeed]:
        """Begin a transaction about these persons; commits on leaving, rolls back on an error."""

    def decisions(self, subjects: Collection[bytes], ending_after: int) -> Mapping[bytes, Sequence[StandingDecision]]:
        """What was decided about them: by rule, what ends after this moment; by hand, what may stand then or replaced
        what may, as far as it holds (:class:`issuer.staff.scrutiny.Scrutiny`)."""

    def timelines(self, subjects: Collection[bytes]) -> Mapping[bytes, Timeline]:
        """What is known of them besides the facts that requests bring."""

    def reported(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Report]:
        """What stands under these reporters and references."""

    def holders(self, subjects: Collection[bytes]) -> Sequence[Holder]:
        """Those of them who are on file, in each form."""

    def find_holder(self, subject: bytes, form: Form) -> Holder | None:
        """Somebody on file."""

    def find_claim_code(self, digest: bytes) -> tuple[ClaimCodeRow, Holder] | None:
        """A claim code, and for whom it is."""

    def find_device(self, point: bytes) -> Device | None:
        """A phone by its key (33 bytes)."""
