"""Whom to call: reasons about which somebody may want to complain carry a hotline."""

from __future__ import annotations

from credentials import errors
from credentials.model import StatusCredential
from credentials.verdict import DecidingRules, Finding
from trust_registry.client.snapshot import TrustSnapshot

_ASK_ISSUER = frozenset({errors.Withdrawn.code, errors.SourceWithdrawn.code, errors.NoDecision.code})
_ASK_HOST = frozenset(
    {errors.RecognitionDenied.code, errors.StatusNotAccepted.code, errors.RuleFailed.code, errors.RuleOpen.code}
)


def with_hotline(
    finding: Finding, credential: StatusCredential, rules: DecidingRules | None, trust: TrustSnapshot | None
) -> Finding:
    """The finding with the hotline of the issuer, or of the host whose rules decided; as it is where none fits."""
    member = credential.issuer if finding.code in _ASK_ISSUER else None
    if rules is not None and finding.code in _ASK_HOST:
        member = rules.member
    known = trust.members.get(member) if trust is not None and member is not None else None
    if known is None:
        return finding
    hotline = known.entry.hotline
    return Finding(finding.code, f"{finding.zh} 热线 {hotline}".strip(), f"{finding.en} Hotline {hotline}.".strip())
