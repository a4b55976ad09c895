"""Issuing (签发): decide, allocate, sign, check our own output, record, and only then release.

A crash between allocation and record leaves an unused index and nothing else; a crash after the record leaves a
credential that the same idempotency key returns again. Of two that use one key at once the record of one is kept, and
both get its code. Nothing is released that this module's own reader would not accept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from credentials.decisions.leaves import SALT_BYTES
from credentials.decisions.staff import SignedDecision
from credentials.errors import (
    Conflict,
    DecisionRejected,
    IdempotencyConflict,
    InvalidRequest,
    NotFound,
    SelfCheckFailed,
    TongxingError,
)
from credentials.identity import Document
from credentials.keys import VerificationKey
from credentials.model import StatusCredential
from credentials.profile.characters import is_shown
from credentials.profile.limits import CTI_BYTES
from credentials.profile.lists import Form, Status
from credentials.signing import Signer
from credentials.wire.strict_json import json_bytes
from issuer.decisions.deciding import Decision, sealed_by
from issuer.issuing.consequences import (
    NOTHING,
    OUTDONE,
    Considered,
    Decided,
    cap_reached,
    in_force,
    is_outdone,
    is_overtaken,
    learn,
    withdraw_contradicted,
    within_cap,
)
from issuer.issuing.idempotency import bind_keys, find_replays
from issuer.issuing.places import allocate
from issuer.issuing.ready import Ready, Wanted
from issuer.issuing.rules_in_force import BuiltInRules, Rules
from issuer.issuing.self_check import sealed_texts
from issuer.requests.request import IssueRequest, read_request
from issuer.staff.hands import Hands
from issuer.storage.indices import StatusPlace, group_end, reference_of
from issuer.storage.ports.holders import HolderFacts, PersonStore
from issuer.storage.ports.issuing import Entry, IssuedRow, IssuerStore, Made, Replay, StandingDecision
from service_kit.storage.retrying import retried

HANDLE_BYTES = 16
RECORD_ATTEMPTS = 5
"""How often a batch is signed anew because others have used some of its keys in the meantime."""
MAX_IDEMPOTENCY_KEY_CHARACTERS = 64

T = TypeVar("T")


class Secrets(NamedTuple):
    """The province's secret keys besides the signing key, 32 bytes each, and a digest that tells their secret apart."""

    index_key: bytes
    subject_key: bytes
    digest: bytes
    claim_key: bytes
    sign_in_key: bytes
    report_key: bytes
    record_key: bytes
    bond_key: bytes
    desk_key: bytes

    @classmethod
    def derived_from(cls, secret: bytes) -> Secrets:
        """All from one secret of at least 32 random bytes: HMAC-SHA256 under distinct labels."""
        labels = (b"index", b"subject", b"digest", b"claim", b"sign-in", b"report", b"record", b"bond", b"desk")
        return cls(*(hmac.digest(secret, b"tongxing-" + label, "sha256") for label in labels))


class Ask(NamedTuple):
    """One request, not yet read, under its idempotency key (scoped to the client). Made by :func:`ask_for`."""

    key: str
    fields: Mapping[str, Any]
    body_hash: bytes
    """SHA-256 of the request as canonical JSON: the same key with another hash is a conflict."""


def ask_for(fields: Mapping[str, Any], key: str | None = None) -> Ask:
    """A request under ``key`` (1 to 64 characters that people see); without one, under the digest of its content.

    Raises InvalidRequest for a bad key, or a request that cannot be written as JSON.
    """
    try:
        body_hash = hashlib.sha256(json_bytes(fields)).digest()
    except ValueError as error:
        raise InvalidRequest("half a surrogate pair, or a number that JSON does not have") from error
    if key is None:
        key = body_hash.hex()
    if not isinstance(key, str) or not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not is_shown(key):
        raise InvalidRequest(f"key: 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} characters that people see")
    return Ask(key, fields, body_hash)


@dataclass(frozen=True, slots=True)
class Issuance:
    """Issues for one member. Safe to call from several threads and processes at once."""

    store: IssuerStore
    people: PersonStore
    signer: Signer
    own_key: VerificationKey
    """The public half of ``signer`` as the registry lists it: the self-check verifies with it."""
    unit: str
    secrets: Secrets
    audience: str
    """The issuer's base URL, which holders' proofs name."""
    count: Callable[[Sequence[IssuedRow]], None] = lambda rows: None
    """Is told of codes that were issued, once they are committed; for counting."""
    require_listed: Callable[[], None] = lambda: None
    """Raises KeyNotListed where gates would refuse what is signed: :meth:`issuer.issuing.listing.Listing.require`."""
    rules: Rules = field(default_factory=BuiltInRules)
    """The status rules that decide."""
    hands: Hands | None = None
    """Who decides by hand; None: nobody."""

    def issue(self, client_id: str, ask: Ask, at: int) -> IssuedRow:
        """Issue for one request at ``at`` (seconds UTC), or return what its idempotency key gave before.

        A key is bound to its request for as long as the code lives. Raises what
        :func:`issuer.requests.request.read_request` does, IdempotencyConflict, Conflict, DecisionRejected,
        SelfCheckFailed, KeyNotListed, StorageUnavailable or StorageFull.
        """
        (outcome,) = self.issue_many(client_id, [ask], at)
        if isinstance(outcome, TongxingError):
            raise outcome
        return outcome

    def issue_many(self, client_id: str, asks: Sequence[Ask], at: int) -> list[IssuedRow | TongxingError]:
        """Issue for many, recorded together: a row or an error for each, in order; a bad one stops no other.

        Of several with one key the first good one is issued for; of several about one person each finds what came of
        those before. Raises KeyNotListed, SelfCheckFailed for a signing key that is not ours, StorageUnavailable or
        StorageFull: what was issued until then is found under its key again.
        """
        # Before anything is read or locked: who asks again gets the same code, though the holder's proof is old by now.
        known: dict[str, Replay | TongxingError] = {
            **find_replays(self.store, client_id, [ask.key for ask in asks], at)
        }
        ready: dict[str, _Asked] = {}
        bad: dict[int, TongxingError] = {}
        for number, ask in enumerate(asks):
            try:
                if ask.key not in known and ask.key not in ready:
                    ready[ask.key] = _Asked(ask, self._want(ask, at))
            except TongxingError as error:
                bad[number] = error
        for turn in _turns(ready):
            known |= self._issue_ready(client_id, turn, at)
        return [bad[number] if number in bad else _outcome(known[ask.key], ask) for number, ask in enumerate(asks)]

    def used_otherwise(self, client_id: str, asks: Sequence[Ask], at: int) -> list[bool]:
        """Of each in order, whether its key was used for another request whose code has not expired at ``at``."""
        known = find_replays(self.store, client_id, [ask.key for ask in asks], at)
        return [ask.key in known and known[ask.key].body_hash != ask.body_hash for ask in asks]

    def make(self, facts: HolderFacts, point: bytes | None, at: int) -> Made:
        """A code for somebody on file, signed and checked, and not to be released before it is recorded.

        ``facts`` are judged anew, unless what is in force says otherwise. Raises SelfCheckFailed, StorageUnavailable or
        StorageFull.
        """
        (made,) = self._sign_all(self._bound([Wanted(facts, point, None)], at), at)
        if isinstance(made, SelfCheckFailed):
            raise made
        return made

    def decide(self, facts: HolderFacts, manual: SignedDecision | None, at: int) -> Considered:
        """What is decided about somebody who comes with no code: by hand, or by rule if that is not green.

        To be kept; it takes the number of a place that stays empty. Raises DecisionRejected, Conflict when a graver or
        newer decision by hand stands, StorageUnavailable or StorageFull.
        """
        (ready,) = self._bound([Wanted(facts, None, self.by_hand(facts, manual, at))], at)
        decision = ready.decision
        if ready.standing is not None or (manual is None and decision.status is Status.GREEN):
            return Considered(None, ready.seen)
        if is_outdone(
            Decided(decision), in_force(self.people.decisions([facts.subject], at), at).get(facts.subject, NOTHING)
        ):
            raise Conflict(OUTDONE)
        (place,) = allocate(self.store, group_end(decision.ends_at), 1)
        return Considered(StandingDecision(place.serial, decision), ready.seen)

    def by_hand(self, facts: HolderFacts, signed: SignedDecision | None, at: int) -> Decision | None:
        """What two people of staff decided about somebody. Raises DecisionRejected."""
        if signed is None:
            return None
        if self.hands is None:
            raise DecisionRejected("nobody of staff is registered here: `tongxing issuer staff add`")
        return self.hands.decide(facts.subject, signed, facts.evidence, at)

    @property
    def people_a_day(self) -> int:
        """How many people one approver decides about within a day."""
        return self.hands.people_a_day if self.hands is not None else 0

    def subject_of(self, document: Document) -> bytes:
        """The keyed digest by which a person is known here: without the key no document leads to it."""
        return hmac.digest(self.secrets.subject_key, document.identity.encode(), "sha256")

    def facts_of(self, request: IssueRequest) -> HolderFacts:
        """What of a request may be kept."""
        return HolderFacts(
            self.subject_of(request.document),
            request.holder_name,
            request.document.tail,
            request.form,
            request.guardian,
            request.lifetime,
            request.evidence,
        )

    def _want(self, ask: Ask, at: int) -> Wanted:
        request = read_request(ask.fields, self.audience, at)
        facts = self.facts_of(request)
        return Wanted(facts, request.holder_point, self.by_hand(facts, request.manual, at))

    def _bound(self, wanted: Sequence[Wanted], at: int) -> list[Ready]:
        """Decide, where people have not. What is in force binds the rule: a red is not lifted by asking for a code."""
        subjects = {each.facts.subject for each in wanted}
        if not subjects:
            return []
        # The timelines first: a result that comes or is corrected in between changes their number, and what was made
        # from the older one is overtaken. Read the other way round, a red by a test that was taken back went out.
        timelines = self.people.timelines(subjects)
        known = in_force(self.people.decisions(subjects, at), at, timelines)
        rules = self.rules.at(at)
        ready = [each.under(known.get(each.facts.subject, NOTHING), rules, self.unit, at) for each in wanted]
        ready = [each._replace(decision=self._sealed(each.decision)) for each in ready]
        self.rules.note(rules, [each.open_entry for each in ready if each.open_entry], at)
        return ready

    def _sealed(self, decision: Decision) -> Decision:
        named = decision if decision.member else decision._replace(member=self.own_key.member)
        return sealed_by(named, secrets.token_bytes(SALT_BYTES))

    def _issue_ready(self, client_id: str, asked: Mapping[str, _Asked], at: int) -> dict[str, Replay | TongxingError]:
        """Issue for people of whom none is there twice; again for those whom somebody else has overtaken."""
        done: dict[str, Replay | TongxingError] = {}
        for _ in range(RECORD_ATTEMPTS):
            left = {key: each for key, each in asked.items() if key not in done}
            if not left:
                return done
            now_done = self._issue_once(client_id, left, at)
            if not now_done and len(left) > 1:
                # Something is wrong with one of them, or many at once use their keys: each by itself finds out.
                now_done = {k: v for key in left for k, v in self._issue_once(client_id, {key: left[key]}, at).items()}
            done |= now_done
        overtaken = Conflict("overtaken again and again by others who issue or decide for the same person or key")
        return {key: done.get(key, overtaken) for key in asked}

    def _issue_once(self, client_id: str, asked: Mapping[str, _Asked], at: int) -> dict[str, Replay | TongxingError]:
        """Allocate, sign, check and record; what came of those that are done with."""
        ready = self._bound([each.wanted for each in asked.values()], at)
        done: dict[str, Replay | TongxingError] = {}
        entries = []
        for (ask, _), made, fresh in zip(asked.values(), self._sign_all(ready, at), ready, strict=True):
            if isinstance(made, SelfCheckFailed):
                done[ask.key] = made
            else:
                decision, row, standing, seen = made
                facts = fresh.facts.evidence
                entries.append(Entry(ask.key, ask.body_hash, decision, row, standing, facts, seen))
        try:
            kept, outdone, capped = self._record(client_id, entries, at)
        except Conflict:
            return {**done, **find_replays(self.store, client_id, [entry.key for entry in entries], at)}
        self.count([entry.issued for entry in kept])
        done |= {entry.key: Conflict(OUTDONE) for entry in outdone}
        done |= {entry.key: cap_reached(at) for entry in capped}
        return done | {entry.key: Replay(entry.body_hash, entry.issued) for entry in kept}

    @retried
    def _record(
        self, client_id: str, entries: Sequence[Entry], at: int
    ) -> tuple[list[Entry], list[Entry], list[Entry]]:
        """Keep what nobody has overtaken, with all that follows from it; which that was, what will never stand, and
        what is beyond the cap of its approver's day."""
        if not entries:
            return [], [], []
        with self.people.deed([entry.decision.subject for entry in entries]) as deed:
            known = in_force(deed.decisions(at), at, deed.timelines())
            found = [(entry, known.get(entry.decision.subject, NOTHING)) for entry in entries]
            sound = [entry for entry, standing in found if not is_overtaken(entry, standing)]
            kept, capped = within_cap(deed, sound, at, self.people_a_day)
            if kept:
                deed.record(client_id, kept)
                bind_keys(deed, client_id, kept, at)
                learn(deed, kept)
                withdraw_contradicted(deed, [entry.decision for entry in kept], client_id, at)
        return kept, [entry for entry, standing in found if is_outdone(entry, standing)], capped

    def _sign_all(self, fresh: Sequence[Ready], at: int) -> list[Made | SelfCheckFailed]:
        self.require_listed()
        ends = [group_end(entry.expires_at) for entry in fresh]
        places = {end: iter(allocate(self.store, end, count)) for end, count in Counter(ends).items()}
        taken = [next(places[end]) for end in ends]
        credentials = [self._credential(entry, place, at) for entry, place in zip(fresh, taken, strict=True)]
        texts = sealed_texts(credentials, self.signer, self.own_key)
        return [
            text
            if isinstance(text, SelfCheckFailed)
            else Made(entry.decision, _row(place, code, text), entry.standing, entry.seen)
            for entry, place, code, text in zip(fresh, taken, credentials, texts, strict=True)
        ]

    def _credential(self, entry: Ready, place: StatusPlace, at: int) -> StatusCredential:
        facts, decision = entry.facts, entry.decision
        cti = secrets.token_bytes(CTI_BYTES)
        return StatusCredential(
            issuer=self.own_key.member,
            issued_at=at,
            expires_at=entry.expires_at,
            cti=cti,
            status=decision.status,
            reason=decision.reason,
            rule_set=decision.rule_set,
            evaluated_before=0,
            evidence=entry.shown,
            holder_name=facts.name,
            document_tail=facts.document_tail,
            form=facts.form,
            status_reference=reference_of(place, self.secrets.index_key),
            decision_reference=None if decision.status is Status.GREEN else decision.reference(cti),
            guardian=facts.guardian,
            holder_key=entry.holder_point,
        )


def issued_json(row: IssuedRow) -> dict[str, Any]:
    """A credential as clients and bulk files see it."""
    return {
        "handle": row.handle.hex(),
        "text": row.text,
        "form": Form(row.form).label,
        "issued_at": row.issued_at,
        "expires_at": row.expires_at,
    }


def read_handle(text: str) -> bytes:
    """The 16 bytes of a handle in hex. Raises NotFound for anything that is none."""
    try:
        handle = bytes.fromhex(text)
    except ValueError as error:
        raise NotFound("no such handle: 32 hex digits, as issuing gave it") from error
    if len(handle) != HANDLE_BYTES:
        raise NotFound("no such handle: 32 hex digits, as issuing gave it")
    return handle


def settled(deed: Callable[[], T]) -> T:
    """Do again what somebody else overtook: it is read anew, and what was signed in vain is dropped."""
    for _ in range(1, RECORD_ATTEMPTS):
        try:
            return deed()
        except Conflict:
            continue
    return deed()


class _Asked(NamedTuple):
    ask: Ask
    wanted: Wanted


def _turns(ready: Mapping[str, _Asked]) -> list[dict[str, _Asked]]:
    """One after the other, in order, so that in none of them a person is twice."""
    turns: list[dict[str, _Asked]] = []
    seen: Counter[bytes] = Counter()
    for key, each in ready.items():
        number = seen[each.wanted.facts.subject]
        seen[each.wanted.facts.subject] += 1
        if number == len(turns):
            turns.append({})
        turns[number][key] = each
    return turns


def _row(place: StatusPlace, code: StatusCredential, text: str) -> IssuedRow:
    handle = secrets.token_bytes(HANDLE_BYTES)
    return IssuedRow(place, handle, int(code.form), code.issued_at, code.expires_at, text)


def _outcome(known: Replay | TongxingError, ask: Ask) -> IssuedRow | TongxingError:
    if isinstance(known, TongxingError):
        return known
    if known.body_hash != ask.body_hash:
        return IdempotencyConflict("the key was used for another request")
    return known.issued
