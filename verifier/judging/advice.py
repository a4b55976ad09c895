"""Whom to call: reasons about which a guard or a holder may want to ask carry the hotlines of those who can answer."""

from __future__ import annotations

from collections.abc import Iterator

from credentials import errors
from credentials.model import StatusCredential
from credentials.verdict import DecidingRules, Finding
from trust_registry.client.trust.snapshot import TrustSnapshot

_CALL_ISSUER = frozenset(
    error.code
    for error in (
        errors.Malformed, errors.AlgorithmMismatch, errors.IssuerMismatch, errors.KeyUseMismatch, errors.KeyNotActive,
        errors.KeyDenied, errors.NotPermitted, errors.Expired, errors.LifetimeTooLong, errors.Withdrawn,
        errors.StatusReferenceInvalid, errors.PresentationMissing, errors.PresentationSignature,
        errors.StatusNotAccepted, errors.MemberChanged, errors.StatusMissing, errors.StatusStale, errors.NoDecision,
    )
)  # fmt: skip
"""Its issuer can mend the code, give another, hear an appeal, or confirm it to a guard who checks by hand.

Not a wrong signature: whose code it pretends to be, nobody vouches for.
"""
_CALL_HOST = frozenset(
    error.code for error in (errors.RecognitionDenied, errors.RuleFailed, errors.StatusNotAccepted, errors.RuleOpen)
)
"""The member whose rules decided can say what it takes."""


def with_hotlines(
    findings: tuple[Finding, ...],
    credential: StatusCredential | None,
    kid: bytes | None,
    rules: DecidingRules | None,
    trust: TrustSnapshot | None,
) -> tuple[Finding, ...]:
    """The findings with the hotlines that help, as far as they are known.

    ``kid``: of the key that the code names, for findings before there is a credential.
    """
    if trust is None or not findings:
        return findings
    return tuple(
        _with(finding, [member for member in _asked(finding.code, credential, kid, rules, trust) if member], trust)
        for finding in findings
    )


def _asked(
    code: str, credential: StatusCredential | None, kid: bytes | None, rules: DecidingRules | None, trust: TrustSnapshot
) -> Iterator[str | None]:
    if code in _CALL_HOST and rules is not None:
        yield rules.member
    if code == errors.SourceWithdrawn.code and credential is not None and credential.source is not None:
        yield credential.source.issuer
    if code in _CALL_ISSUER:
        key = trust.keys.get(kid) if kid is not None else None
        yield credential.issuer if credential is not None else key and key.entry.id


def _with(finding: Finding, members: list[str], trust: TrustSnapshot) -> Finding:
    entries = [trust.members[member].entry for member in dict.fromkeys(members) if member in trust.members]
    if not entries:
        return finding
    zh = "，".join(f"{entry.names.zh}热线 {entry.hotline}" for entry in entries)
    en = ", ".join(f"{entry.names.en} hotline {entry.hotline}" for entry in entries)
    return Finding(finding.code, f"{finding.zh} {zh}。".strip(), f"{finding.en} {en}.".strip())
