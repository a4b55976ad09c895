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
from dataclasses import dataclass
from typing import Any, NamedTuple

from credentials import claims
from credentials.characters import is_shown
from credentials.errors import (
    Conflict,
    CredentialError,
    IdempotencyConflict,
    InvalidRequest,
    NotFound,
    SelfCheckFailed,
    TongxingError,
)
from credentials.formats import native
from credentials.identity import Document
from credentials.keys import VerificationKey
from credentials.limits import CTI_BYTES
from credentials.model import Form, Status, StatusCredential
from credentials.signing import Signer
from credentials.wire import cose
from credentials.wire.strict_json import json_bytes
from issuer.decisions import ManualDecision
from issuer.indices import Place, group_end, reference_of
from issuer.ready import Ready, get_ready
from issuer.request import IssueRequest, read_request
from issuer.storage.holder_ports import HolderFacts
from issuer.storage.ports import Entry, IssuedRow, IssuerStore, Made, Replay, Standing

HANDLE_BYTES = 16
RECORD_ATTEMPTS = 5
"""How often a batch is signed anew because others have used some of its keys in the meantime."""
MAX_IDEMPOTENCY_KEY_CHARACTERS = 64


class Secrets(NamedTuple):
    """The province's secret keys besides the signing key, 32 bytes each, and a digest that tells their secret apart."""

    index_key: bytes
    subject_key: bytes
    digest: bytes
    claim_key: bytes
    sign_in_key: bytes

    @classmethod
    def derived_from(cls, secret: bytes) -> Secrets:
        """All from one secret of at least 32 random bytes: HMAC-SHA256 under distinct labels."""
        labels = (b"index", b"subject", b"digest", b"claim", b"sign-in")
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
    signer: Signer
    own_key: VerificationKey
    """The public half of ``signer`` as the registry lists it: the self-check verifies with it."""
    unit: str
    secrets: Secrets
    audience: str
    """The issuer's base URL, which holders' proofs name."""
    tell: Callable[[Sequence[IssuedRow]], None] = lambda rows: None
    """Is told of codes that were issued, once they are committed; for counting."""

    def issue(self, client_id: str, ask: Ask, at: int) -> IssuedRow:
        """Issue for one request at ``at`` (seconds UTC), or return what its idempotency key gave before.

        A key is bound to its request for as long as the code lives. Raises what
        :func:`issuer.request.read_request` does, IdempotencyConflict, DecisionRejected, SelfCheckFailed,
        StorageUnavailable or StorageFull.
        """
        (outcome,) = self.issue_many(client_id, [ask], at)
        if isinstance(outcome, TongxingError):
            raise outcome
        return outcome

    def issue_many(self, client_id: str, asks: Sequence[Ask], at: int) -> list[IssuedRow | TongxingError]:
        """Issue for many, recorded together: a row or an error for each, in order; a bad one stops no other.

        Of several with one key the first good one is issued for. Raises SelfCheckFailed, StorageUnavailable or
        StorageFull when nothing at all was issued.
        """
        # Before anything is read or locked: who asks again gets the same code, though the holder's proof is old by now.
        known = self.store.replays(client_id, [ask.key for ask in asks], at)
        ready: dict[str, tuple[Ask, Ready]] = {}
        bad: dict[int, TongxingError] = {}
        for number, ask in enumerate(asks):
            try:
                if ask.key not in known and ask.key not in ready:
                    ready[ask.key] = ask, self._decide(ask, at)
            except TongxingError as error:
                bad[number] = error
        if ready:
            known = {**known, **self._issue_ready(client_id, ready, at)}
        return [bad[number] if number in bad else _outcome(known[ask.key], ask) for number, ask in enumerate(asks)]

    def used_otherwise(self, client_id: str, asks: Sequence[Ask], at: int) -> list[bool]:
        """Of each in order, whether its key was used for another request whose code has not expired at ``at``."""
        known = self.store.replays(client_id, [ask.key for ask in asks], at)
        return [ask.key in known and known[ask.key].body_hash != ask.body_hash for ask in asks]

    def make(self, facts: HolderFacts, point: bytes | None, at: int) -> Made:
        """A code for somebody on file, signed and checked, and not to be released before it is recorded.

        ``facts`` are judged anew, unless a decision by hand that stands says otherwise. Raises SelfCheckFailed,
        StorageUnavailable or StorageFull.
        """
        ready = get_ready(facts, point, None, self.unit, at)
        (made,) = self._sign_all(self._bound([ready], at), at)
        return made

    def decide(self, facts: HolderFacts, manual: ManualDecision, at: int) -> Standing:
        """A decision by hand that comes with no code, to be kept. It takes the number of a place that stays empty.

        Raises DecisionRejected, StorageUnavailable or StorageFull.
        """
        decision = get_ready(facts, None, manual, self.unit, at).decision
        (place,) = self.store.allocate(group_end(decision.ends_at), 1)
        return Standing(place.serial, decision)

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

    def _decide(self, ask: Ask, at: int) -> Ready:
        request = read_request(ask.fields, self.audience, at)
        return get_ready(self.facts_of(request), request.holder_point, request.manual, self.unit, at)

    def _bound(self, ready: Sequence[Ready], at: int) -> list[Ready]:
        """What people decided and still stands binds the rule: a red by hand is not lifted by asking for a code."""
        by_rule = {each.facts.subject for each in ready if each.decision.approver is None}
        standing = self.store.standing(by_rule, at) if by_rule else {}
        return [
            each if each.decision.approver is not None else each.under(standing.get(each.facts.subject))
            for each in ready
        ]

    def _issue_ready(self, client_id: str, asked: Mapping[str, tuple[Ask, Ready]], at: int) -> dict[str, Replay]:
        """Allocate, sign, check and record, but for what somebody else did in the meantime."""
        known: dict[str, Replay] = {}
        for attempt in range(1, RECORD_ATTEMPTS + 1):
            left = [both for key, both in asked.items() if key not in known]
            ready = self._bound([each for _, each in left], at)
            made = self._sign_all(ready, at)
            entries = [
                Entry(ask.key, ask.body_hash, *each, fresh.facts.evidence)
                for (ask, _), each, fresh in zip(left, made, ready, strict=True)
            ]
            try:
                self.store.record(client_id, entries)
                self.tell([entry.issued for entry in entries])
                return known | {entry.key: Replay(entry.body_hash, entry.issued) for entry in entries}
            except Conflict:
                if attempt == RECORD_ATTEMPTS:
                    raise
                known = dict(self.store.replays(client_id, list(asked), at))
        raise AssertionError  # pragma: no cover

    def _sign_all(self, fresh: Sequence[Ready], at: int) -> list[Made]:
        ends = [group_end(entry.expires_at) for entry in fresh]
        places = {end: iter(self.store.allocate(end, count)) for end, count in Counter(ends).items()}
        taken = [next(places[end]) for end in ends]
        credentials = [self._credential(entry, place, at) for entry, place in zip(fresh, taken, strict=True)]
        texts = self._texts(credentials)
        rows = [
            IssuedRow(place, secrets.token_bytes(HANDLE_BYTES), int(code.form), at, code.expires_at, text)
            for place, code, text in zip(taken, credentials, texts, strict=True)
        ]
        return [Made(entry.decision, row, entry.standing) for entry, row in zip(fresh, rows, strict=True)]

    def _texts(self, credentials: list[StatusCredential]) -> list[str]:
        """Sign, and read our own output as a gate would, and ask for the very bytes of the encoding besides.

        A signer with a wrong key, or a faulty security module, must not be found out by the gates of 33 provinces.
        Each part is done for all before the next part, which takes less time. Raises SelfCheckFailed.
        """
        payloads = [claims.encode(credential) for credential in credentials]
        texts = [
            native.seal_text(payload, credential.form, self.signer)
            for payload, credential in zip(payloads, credentials, strict=True)
        ]
        try:
            envelopes = [native.unwrap(text) for text in texts]
            verified = [cose.verify(envelope, self.own_key) for envelope in envelopes]
            same = [each.payload for each in verified] == payloads
            if not same or [claims.decode(each) for each in verified] != credentials:
                raise SelfCheckFailed("what was signed is not what was decided")
        except CredentialError as error:
            raise SelfCheckFailed(error.code) from error
        return texts

    def _credential(self, entry: Ready, place: Place, at: int) -> StatusCredential:
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
            evidence=facts.evidence,
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


def _outcome(known: Replay, ask: Ask) -> IssuedRow | TongxingError:
    if known.body_hash != ask.body_hash:
        return IdempotencyConflict("the key was used for another request")
    return known.issued
