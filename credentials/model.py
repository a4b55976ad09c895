"""What a credential says, once it has been read: plain values, and members of the closed lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status


class Evidence(NamedTuple):
    """One fact. ``sampled_at``: seconds UTC, a multiple of ten minutes (when the sample was taken, not when
    it was reported: quicktest-onboarding #60). ``region``: six-digit GB/T 2260 code."""

    kind: EvidenceKind
    result: EvidenceResult
    sampled_at: int
    region: int


class StatusReference(NamedTuple):
    """Where the withdrawal bit stands: list 0..65535, index 0..2^20-1, both the issuer's."""

    list: int
    index: int  # type: ignore[assignment]  # hides a tuple's search, which nobody needs


class RuleSetReference(NamedTuple):
    """The issuer's own rule set that decided: number 0..23, version 0..65535."""

    rule_set: int
    version: int


@dataclass(frozen=True, slots=True)
class Source:
    """The code from which a converted one (转码) was made."""

    issuer: str
    kid: bytes
    list: int
    index: int
    expires_at: int


class StatusCredential(NamedTuple):
    """A credential whose issuer's signature has been verified, or one about to be signed.

    Times are seconds UTC; ``evaluated_before`` is seconds before ``issued_at``. ``holder_name`` is masked.
    ``holder_key`` is a compressed point (33 bytes), present exactly on phone and assisted codes.
    """

    issuer: str
    issued_at: int
    expires_at: int
    cti: bytes
    status: Status
    reason: Reason
    rule_set: RuleSetReference
    evaluated_before: int
    evidence: tuple[Evidence, ...]
    holder_name: str
    document_tail: str
    form: Form
    status_reference: StatusReference | None = None
    decision_reference: bytes | None = None
    source: Source | None = None
    guardian: Guardian | None = None
    holder_key: bytes | None = None
