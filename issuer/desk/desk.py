"""Deciding by hand at the desk: an author proposes and signs, an approver of another unit sees what changes and signs.

A decision about many is one text, one pair of signatures and one transaction: in force for all whom it may reach, and
who is left out is named with the reason. What stood when it was proposed must stand when it comes into force.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from credentials.decisions.by_hand import (
    APPEAL_DAYS,
    BASES,
    MAX_PEOPLE,
    NOTHING_BEFORE,
    NUMBER_BYTES,
    DecisionText,
    PersonEntry,
    bases_at,
    is_unit_name,
    people_root,
    person_digest,
    require_sound,
)
from credentials.decisions.leaves import SALT_BYTES, held, released
from credentials.decisions.signatures import Signature, read_signature
from credentials.decisions.staff import (
    ADMINISTRATOR,
    APPROVER,
    OPERATOR,
    SignedDecision,
    StaffKey,
    folded,
)
from credentials.errors import Conflict, DecisionRejected, InvalidRequest, NotAuthorised, NotFound
from credentials.identity import Document
from credentials.profile.lists import Reason, Status
from issuer.decisions.signed import decision_of, require_in_time
from issuer.desk.guard import Excess, Guard
from issuer.issuing.consequences import (
    NOTHING,
    Decided,
    PersonInForce,
    in_force,
    is_outdone,
    withdraw_contradicted,
    within_cap,
)
from issuer.issuing.issuance import Issuance, settled
from issuer.issuing.places import allocate
from issuer.staff.keys import StaffKeys
from issuer.storage.indices import StatusPlace, group_end
from issuer.storage.ports.holders import PersonDeed
from issuer.storage.ports.issuing import StandingDecision
from issuer.storage.ports.staff import (
    HELD,
    PROPOSED,
    REFUSED,
    AuditRow,
    ByHandRow,
    ByHandStore,
    PersonRow,
)
from service_kit.clock import DAY_SECONDS
from service_kit.storage.retrying import retried

DONE, CHANGED_SINCE, OUTDONE, CAP_REACHED = "done", "changed-since", "outdone", "cap-reached"
"""What comes of each person: decided about; something else stands by now than the text says; a graver decision of the
same second stands; the approver's day is used up."""


class Wish(NamedTuple):
    """What an author wants decided. ``days``: until it ends."""

    status: Status
    reason: Reason
    article: str
    days: int
    approver_unit: str


class NamedPerson(NamedTuple):
    """A person whom an author names. ``name``: masked, empty when it was not given."""

    document: Document
    name: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of one member. Safe to call from several threads and processes at once."""

    issuance: Issuance
    keys: StaffKeys
    store: ByHandStore
    guard: Guard

    def propose(self, by: StaffKey, people: Sequence[NamedPerson], wish: Wish, at: int) -> ByHandRow:
        """Write a decision down, for its author to sign. Raises NotAuthorised, InvalidRequest, DecisionRejected."""
        _require_role(by, OPERATOR)
        rows = self._rows(people, at)
        row = self._row(by, rows, wish, at)
        self.store.propose(row, rows, AuditRow(at, by.staff, "proposed", row.number))
        return row

    def propose_rest(self, by: StaffKey, number: bytes, at: int) -> ByHandRow:
        """The same decision anew for those whom the cap left out. Raises as :meth:`propose`, and NotFound."""
        _require_role(by, OPERATOR)
        before = self.find(number)
        said = before.said
        left = [each._replace(outcome=None) for each in self.store.people(number) if each.outcome == CAP_REACHED]
        if not left or before.author != by.staff:
            raise InvalidRequest("nobody was left out of this decision, or another person is its author")
        days = max(1, (said.ends_at - at) // DAY_SECONDS)
        row = self._row(by, left, Wish(said.status, said.reason, said.basis.article, days, said.approver_unit), at)
        self.store.propose(row, left, AuditRow(at, by.staff, "proposed", row.number))
        return row

    def sign(self, by: StaffKey, number: bytes, signature: Signature, at: int) -> None:
        """The author signs. Raises NotAuthorised, WrongSignature, Conflict."""
        row = self._open(number, PROPOSED)
        if row.author != by.staff or row.author_signature is not None:
            raise NotAuthorised("another person is the author, or it is signed already")
        _require_by(by, self.keys.signer_of(signature, row.text.encode(), at))
        signed = row._replace(author_signature=signature.to_json())
        self.store.change(signed, PROPOSED, AuditRow(at, by.staff, "signed", number))

    def approve(self, by: StaffKey, number: bytes, signature: Signature, at: int) -> ByHandRow:
        """The approver signs, and it is in force; or it waits for a second authority. Raises DecisionRejected,
        NotAuthorised, WrongSignature, Conflict."""
        row = self._open(number, PROPOSED)
        _require_role(by, APPROVER)
        _require_by(by, self.keys.signer_of(signature, row.text.encode(), at))
        row = row._replace(approver=by.staff, approver_signature=signature.to_json())
        self._signed(row, at)
        if self.excesses(number):
            leaf = held(row.digest, row.said.people)
            self.store.change(row._replace(state=HELD), PROPOSED, AuditRow(at, by.staff, "held", number), leaf)
        else:
            self._put_in_force(row, AuditRow(at, by.staff, "approved", number), at)
        return self.find(number)

    def release(self, by: StaffKey, number: bytes, signature: Signature, at: int) -> ByHandRow:
        """A second authority agrees to what is held: an approver or administrator of a third unit. Raises as
        :meth:`approve`."""
        row = self._open(number, HELD)
        require_second_authority(by, [row.author, row.approver or ""])
        _require_by(by, self.keys.signer_of(signature, row.text.encode(), at))
        row = row._replace(releaser=by.staff, releaser_signature=signature.to_json())
        self._put_in_force(row, AuditRow(at, by.staff, "released", number), at)
        return self.find(number)

    def refuse(self, by: StaffKey, number: bytes, at: int) -> None:
        """It is not to be: its author takes it back, or who might have signed it will not. Raises NotAuthorised."""
        row = self.find(number)
        if row.state not in (PROPOSED, HELD):
            raise Conflict("this decision is in force, or was refused")
        if row.author != by.staff and not {APPROVER, ADMINISTRATOR} & {*by.roles}:
            raise NotAuthorised("its author, an approver or an administrator refuses a decision")
        self.store.change(row._replace(state=REFUSED), row.state, AuditRow(at, by.staff, "refused", number))

    def find(self, number: bytes) -> ByHandRow:
        """A decision. Raises NotFound."""
        row = self.store.find(number)
        if row is None:
            raise NotFound("no decision of this number")
        return row

    def excesses(self, number: bytes) -> list[Excess]:
        """The regions in which a decision would change too many people at once."""
        said = self.find(number).said
        changed = [each.subject for each in self.store.people(number) if each.before != said.status.label]
        regions = self.store.regions(changed)
        counts = Counter(regions.get(subject, 0) for subject in changed)
        return self.guard.excesses(counts, self.store.on_file([*counts]))

    def _rows(self, people: Sequence[NamedPerson], at: int) -> list[PersonRow]:
        if not 0 < len(people) <= MAX_PEOPLE:
            raise InvalidRequest(f"people: 1 to {MAX_PEOPLE} of one decision")
        subjects = [self.issuance.subject_of(each.document) for each in people]
        if len(set(subjects)) < len(subjects):
            raise InvalidRequest("people: somebody is named twice")
        store = self.issuance.people
        known = in_force(store.decisions(subjects, at), at)
        names = {each.facts.subject: each.facts.name for each in store.holders(subjects)}
        rows = []
        for person, subject in zip(people, subjects, strict=True):
            salt, stood = secrets.token_bytes(SALT_BYTES), before_of(known.get(subject, NOTHING))
            digest = person_digest(salt, person.document.identity)
            name = names.get(subject) or person.name
            rows.append(PersonRow(subject, digest, salt, stood, name, person.document.tail))
        return rows

    def _row(self, by: StaffKey, people: Sequence[PersonRow], wish: Wish, at: int) -> ByHandRow:
        entries = [PersonEntry(each.person, each.before) for each in people]
        text = make_text(self.keys.member, entries, wish, by.unit, at)
        return ByHandRow(
            text.number, text.to_bytes().decode(), secrets.token_bytes(SALT_BYTES), PROPOSED, at, by.staff, None
        )

    def _open(self, number: bytes, state: str) -> ByHandRow:
        row = self.find(number)
        if row.state != state:
            raise Conflict(f"this decision is {row.state}, and not {state}; look at it again")
        return row

    def _signed(self, row: ByHandRow, at: int) -> tuple[SignedDecision, tuple[StaffKey, StaffKey]]:
        """The decision by what both have signed, each key as it stands now. Raises DecisionRejected."""
        if row.author_signature is None or row.approver_signature is None:
            raise DecisionRejected("its author has not signed it yet")
        author, approver = read_signature(dict(row.author_signature)), read_signature(dict(row.approver_signature))
        text = row.text.encode()
        signed = SignedDecision(text, row.salt, author, approver, row.said)
        require_in_time(signed.said, self.keys.member, at)
        return signed, self.keys.signatories(signed, at)

    def _put_in_force(self, row: ByHandRow, did: AuditRow, at: int) -> None:
        signed, by = self._signed(row, at)
        people = self.store.people(row.number)
        settled(lambda: self._record(row, people, signed, by, did, at))

    @retried
    def _record(
        self, row: ByHandRow, people: Sequence[PersonRow], signed: SignedDecision, by: tuple[StaffKey, StaffKey],
        did: AuditRow, at: int,
    ) -> None:  # fmt: skip
        # Each takes the number of a place that stays empty; allocated before anybody is locked.
        places = allocate(self.issuance.store, group_end(signed.said.ends_at), len(people))
        with self.issuance.people.deed([each.subject for each in people]) as deed:
            outcomes, decided = self._decide(deed, people, places, signed, by, at)
            deed.change_by_hand(row, outcomes, did)
            if decided:
                deed.record_decisions(decided)
                withdraw_contradicted(deed, [each.decision for each in decided], did.staff, at)
                _tell_phones(deed, decided)
                if row.releaser_signature is not None:
                    deed.log.append(released(row.digest, row.releaser_signature), at)

    def _decide(
        self, deed: PersonDeed, people: Sequence[PersonRow], places: Sequence[StatusPlace], signed: SignedDecision,
        by: tuple[StaffKey, StaffKey], at: int,
    ) -> tuple[dict[int, str], list[StandingDecision]]:  # fmt: skip
        known = in_force(deed.decisions(at), at, deed.timelines())
        evidence = {each.facts.subject: each.facts.evidence for each in deed.holders()}
        outcomes: dict[int, str] = {}
        sound: list[tuple[int, Decided]] = []
        for position, person in enumerate(people):
            made = Decided(decision_of(person.subject, signed, by, evidence.get(person.subject, ()), at))
            standing = known.get(person.subject, NOTHING)
            if before_of(standing) != person.before:
                outcomes[position] = CHANGED_SINCE
            elif is_outdone(made, standing):
                outcomes[position] = OUTDONE
            else:
                sound.append((position, made))
        kept, _ = within_cap(deed, [made for _, made in sound], at, self.issuance.people_a_day)
        outcomes |= {position: DONE if n < len(kept) else CAP_REACHED for n, (position, _) in enumerate(sound)}
        numbered = zip(places, kept, strict=False)
        return outcomes, [StandingDecision(place.serial, made.decision) for place, made in numbered]


def make_text(member: str, entries: Sequence[PersonEntry], wish: Wish, author_unit: str, at: int) -> DecisionText:
    """A decision that can be signed. Raises InvalidRequest, DecisionRejected."""
    basis = BASES.get(wish.article)
    if basis is None:
        raise InvalidRequest(f"basis: one of {', '.join(bases_at(at))}")
    if not is_unit_name(author_unit) or not is_unit_name(wish.approver_unit):
        raise InvalidRequest("a unit is named by 1 to 48 characters that people see, without a slash")
    if folded(wish.approver_unit) == folded(author_unit):
        raise InvalidRequest("approver_unit: another unit than the author's")
    text = DecisionText(
        member, secrets.token_bytes(NUMBER_BYTES), len(entries), people_root(entries),
        Counter(entry.before for entry in entries), wish.status, wish.reason, basis, author_unit, wish.approver_unit,
        at, at + wish.days * DAY_SECONDS, at + APPEAL_DAYS * DAY_SECONDS,
    )  # fmt: skip
    require_sound(text)
    return text


def before_of(known: PersonInForce) -> str:
    """What stands about somebody: the label of a status, or ``none``."""
    standing = known.by_hand or known.by_rule
    return NOTHING_BEFORE if standing is None else standing.decision.status.label


def require_second_authority(by: StaffKey, others: Sequence[str]) -> None:
    """Raise NotAuthorised unless this is an approver or administrator of another unit than these (``unit/person``)."""
    if not {APPROVER, ADMINISTRATOR} & {*by.roles}:
        raise NotAuthorised("what is held is released by an approver or an administrator")
    if folded(by.unit) in {folded(each.partition("/")[0]) for each in others}:
        raise NotAuthorised("what is held is released by somebody of a third unit")


def difference(people: Sequence[PersonRow], status: Status) -> Mapping[tuple[str, str], int]:
    """How many change from what to what."""
    return Counter((each.before, status.label) for each in people)


def _require_role(by: StaffKey, role: str) -> None:
    if role not in by.roles:
        raise NotAuthorised(f"for {role}s alone")


def _require_by(by: StaffKey, signer: StaffKey) -> None:
    if signer.pseudonym != by.pseudonym:
        raise NotAuthorised("signed by a passkey of another person than the one who is signed in")


def _tell_phones(deed: PersonDeed, decided: Sequence[StandingDecision]) -> None:
    concerned = {each.decision.subject for each in decided}
    for holder in deed.holders():
        if holder.facts.subject in concerned:
            deed.record_news(holder.holder_id, holder.facts.evidence)
