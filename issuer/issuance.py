"""Issuing (签发): decide, allocate, sign, check our own output, commit, and only then release.

A crash between allocation and signing leaves an unused index and nothing else; a crash after the commit leaves a
credential that the same idempotency key returns again (edge cases 33, 49). Nothing is released that this module's own
reader would not accept.
"""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from credentials import claims
from credentials.errors import CredentialError, IdempotencyConflict, SelfCheckFailed, TongxingError
from credentials.formats import native
from credentials.identity import mask_name
from credentials.keys import VerificationKey
from credentials.limits import CTI_BYTES
from credentials.model import Status, StatusCredential
from credentials.signing import Signer
from credentials.wire import cose
from issuer.decisions import Decision, decide_by_hand, decide_by_rule
from issuer.indices import Place, group_end, reference_of
from issuer.request import IssueRequest
from issuer.storage.ports import IssuedRow, IssuerStore, IssueTransaction, Replay

HANDLE_BYTES = 16
MAX_IDEMPOTENCY_KEY_CHARACTERS = 64


class Secrets(NamedTuple):
    """The province's secret keys besides the signing key, 32 bytes each."""

    index_key: bytes
    subject_key: bytes

    @classmethod
    def derived_from(cls, secret: bytes) -> Secrets:
        """Both keys from one secret of at least 32 random bytes: HMAC-SHA256 under distinct labels."""
        return cls(*(hmac.digest(secret, label, "sha256") for label in (b"tongxing-index", b"tongxing-subject")))


class Ask(NamedTuple):
    """One request under its idempotency key (1 to 64 characters, scoped to the client)."""

    key: str
    request: IssueRequest


@dataclass(frozen=True, slots=True)
class Issuance:
    """Issues for one member. Safe to call from several threads and processes at once."""

    store: IssuerStore
    signer: Signer
    own_key: VerificationKey
    """The public half of ``signer`` as the registry lists it: the self-check verifies with it."""
    unit: str
    secrets: Secrets

    def issue(self, client_id: str, ask: Ask, at: int) -> IssuedRow:
        """Issue for one request at ``at`` (seconds UTC), or return what its idempotency key gave before.

        Raises IdempotencyConflict, DecisionRejected, SelfCheckFailed, StorageUnavailable or StorageFull.
        """
        (result,) = self.issue_many(client_id, [ask], at)
        if isinstance(result, TongxingError):
            raise result
        return result

    def issue_many(self, client_id: str, asks: Sequence[Ask], at: int) -> list[IssuedRow | TongxingError]:
        """Issue for many in one transaction: a row or an error for each, in order; a bad one stops no other."""
        with self.store.issuing() as issuing:
            known = issuing.replays(client_id, [ask.key for ask in asks])
            results: dict[int, IssuedRow | TongxingError] = {}
            fresh: dict[str, _Fresh] = {}
            for number, ask in enumerate(asks):
                try:
                    if ask.key in known:
                        results[number] = _replayed(known[ask.key], ask)
                    elif ask.key in fresh:
                        raise IdempotencyConflict("the same key twice in one batch")
                    else:
                        fresh[ask.key] = _Fresh(number, ask, *self._decide(ask.request, at))
                except TongxingError as error:
                    results[number] = error
            results |= self._issue_fresh(issuing, client_id, list(fresh.values()), at)
        return [results[number] for number in range(len(asks))]

    def _decide(self, request: IssueRequest, at: int) -> tuple[Decision, int]:
        """The decision, and when the code expires: with its lifetime, or with a manual decision if that ends first."""
        subject = hmac.digest(self.secrets.subject_key, request.document.identity.encode(), "sha256")
        expires_at = at + request.lifetime
        manual = request.manual
        if manual is None:
            return decide_by_rule(subject, self.unit, request.evidence, at, expires_at), expires_at
        made = decide_by_hand(
            subject,
            manual.status,
            manual.reason,
            basis=manual.basis,
            author=manual.author,
            approver=manual.approver,
            evidence=request.evidence,
            at=at,
            ends_at=manual.ends_at,
        )
        return made, min(expires_at, made.ends_at)

    def _issue_fresh(
        self, issuing: IssueTransaction, client_id: str, fresh: Sequence[_Fresh], at: int
    ) -> dict[int, IssuedRow | TongxingError]:
        if not fresh:
            return {}
        counts = Counter(group_end(entry.expires_at) for entry in fresh)
        places = {end: iter(issuing.allocate(end - 1, count)) for end, count in counts.items()}
        rows = [self._sign(entry, next(places[group_end(entry.expires_at)]), at) for entry in fresh]
        issuing.record(
            client_id,
            [
                (entry.ask.key, entry.ask.request.body_hash, entry.decision, row)
                for entry, row in zip(fresh, rows, strict=True)
            ],
        )
        return {entry.number: row for entry, row in zip(fresh, rows, strict=True)}

    def _sign(self, entry: _Fresh, place: Place, at: int) -> IssuedRow:
        credential = self._credential(entry, place, at)
        text = native.issue_text(credential, self.signer)
        self._check(text, credential)
        return IssuedRow(
            place, secrets.token_bytes(HANDLE_BYTES), int(credential.form), at, credential.expires_at, text
        )

    def _credential(self, entry: _Fresh, place: Place, at: int) -> StatusCredential:
        request, decision = entry.ask.request, entry.decision
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
            evidence=request.evidence,
            holder_name=mask_name(request.name),
            document_tail=request.document.tail,
            form=request.form,
            status_reference=reference_of(place, self.secrets.index_key),
            decision_reference=None if decision.status is Status.GREEN else decision.reference(cti),
            guardian=request.guardian,
            holder_key=request.holder_point,
        )

    def _check(self, text: str, credential: StatusCredential) -> None:
        """Read our own output as a gate would, and ask for the one deterministic encoding besides.

        A signer with a wrong key, or a faulty security module, must not be found out by the gates of 33 provinces.
        Raises SelfCheckFailed.
        """
        try:
            verified = cose.verify(native.unwrap(text), self.own_key)
            if claims.decode(verified) != credential or claims.encode(credential) != verified.payload:
                raise SelfCheckFailed("what was signed is not what was decided")
        except CredentialError as error:
            raise SelfCheckFailed(error.code) from error


class _Fresh(NamedTuple):
    """A request on its way: its number in the batch, what was decided, and when the code will expire."""

    number: int
    ask: Ask
    decision: Decision
    expires_at: int


def _replayed(known: Replay, ask: Ask) -> IssuedRow:
    if known.body_hash != ask.request.body_hash:
        raise IdempotencyConflict("the key was used for another request")
    return known.issued
