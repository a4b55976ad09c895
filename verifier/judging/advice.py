"""Whom to call: reasons about which a guard or a holder may want to ask carry the hotlines of those who can answer."""

from __future__ import annotations

from collections.abc import Iterator

from credentials.model import StatusCredential
from credentials.profile.reasons import REASONS, Call
from credentials.verdict import DecidingRules, Finding
from trust_registry.client.trust.snapshot import TrustSnapshot


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
    for call in REASONS[code].call:
        if call is Call.HOST:
            yield rules and rules.member
        elif call is Call.SOURCE:
            source = credential and credential.source
            yield source.issuer if source else None
        else:
            key = trust.keys.get(kid) if kid is not None else None
            yield credential.issuer if credential is not None else key and key.entry.id


def _with(finding: Finding, members: list[str], trust: TrustSnapshot) -> Finding:
    entries = [trust.members[member].entry for member in dict.fromkeys(members) if member in trust.members]
    if not entries:
        return finding
    zh = "，".join(f"{entry.names.zh}热线 {entry.hotline}" for entry in entries)
    en = ", ".join(f"{entry.names.en} hotline {entry.hotline}" for entry in entries)
    return Finding(finding.code, f"{finding.zh} {zh}。".strip(), f"{finding.en} {en}.".strip())
