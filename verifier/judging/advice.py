"""Whom to call: reasons about which a guard or a holder may want to ask carry those who can answer, with hotlines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from credentials.model import StatusCredential
from credentials.profile.reasons import REASONS, Call
from credentials.verdict import Contact, DecidingRules, Finding
from trust_registry.client.trust.snapshot import TrustSnapshot


def with_contacts(
    findings: tuple[Finding, ...],
    credential: StatusCredential | None,
    kid: bytes | None,
    rules: DecidingRules | None,
    trust: TrustSnapshot | None,
) -> tuple[Finding, ...]:
    """The findings with the members that can help, as far as the trust list has them.

    ``kid``: of the key that the code names, for findings before there is a credential.
    """
    if trust is None:
        return findings
    return tuple(
        [
            finding._replace(call=tuple(_contacts(_asked(calls, credential, kid, rules, trust), trust)))
            if (calls := REASONS[finding.code].call)
            else finding
            for finding in findings
        ]
    )


def _asked(
    calls: tuple[Call, ...],
    credential: StatusCredential | None,
    kid: bytes | None,
    rules: DecidingRules | None,
    trust: TrustSnapshot,
) -> Iterator[str | None]:
    for call in calls:
        if call is Call.HOST:
            yield rules and rules.member
        elif call is Call.SOURCE:
            source = credential and credential.source
            yield source.issuer if source else None
        else:
            key = trust.keys.get(kid) if kid is not None else None
            yield credential.issuer if credential is not None else key and key.entry.id


def _contacts(members: Iterable[str | None], trust: TrustSnapshot) -> Iterator[Contact]:
    for member in dict.fromkeys(members):
        if member is not None and member in trust.members:
            entry = trust.members[member].entry
            yield Contact(member, entry.names.label(member), entry.hotline)
