"""What a gate knows, as one JSON document: for gates in browsers, and for the test vectors that both judges share.

::

    {"member": host, "gate": its name, "policy": {…limits in seconds},
     "trust": {"anchor", "versions": {role: n}, "registry_time", "expiries": {role: s}, "whole": bool,
               "unproven_since": s or null, "record": null or {"digest", "policy", "proof": base64,
                "witnesses": [{"vkey", "not_before", "not_after"}]},
               "members": [{"id", "names", "region", "hotline",
               "environment", "may_issue": {"statuses", "forms"}, "changed_until",
               "logs": [vkeys of its log and witness],
               "keys": [{"kid", "algorithm", "use", "not_before", "not_after", "jwk"}]}],
               "denied": [{"kid", "reason", "denied_at"}]},
     "statuses": {member: base64 of its status.cose}, "segments": {member: [base64 of each that follows it, in order]},
     "rules": [the host's rule sets as JWS, those in force and to come, the newest last],
     "foreign_keys": the host's list of foreign keys as JWS, or null,
     "reasons": [{"code", "outcome", "zh", "zh_hk", "en", "what", "advice", "more", "of_card"}, most important first],
     "position": what this is, by which the next answer may tell what is new only (:mod:`verifier.snapshot.delta`)}

Times are seconds UTC, so ages follow by subtraction and the same knowledge gives the same bytes (and ETag). Whoever
serves it has checked it all; statuses, segments, rules and foreign keys are handed on as they were signed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from credentials.keys import VerificationKey, jwk_of
from credentials.profile.languages import field_of
from credentials.profile.reasons import REASONS, ReasonText
from trust_registry.client.members.mirror import MemberState
from trust_registry.client.trust.snapshot import TrustedMember, TrustSnapshot
from trust_registry.metadata.log_keys import log_keys_of
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import Policy


def snapshot_to_json(
    knowledge: Knowledge, members: Mapping[str, MemberState], host: str, policy: Policy, gate: str
) -> dict[str, Any]:
    """The document, for the gate named ``gate`` of member ``host``. ``members``: what is held of each."""
    trust = knowledge.trust
    files = {member: state.status_file for member, state in members.items() if member in knowledge.statuses}
    return {
        "member": host,
        "gate": gate,
        "policy": policy_to_json(policy),
        "trust": trust_to_json(trust) if trust else None,
        "statuses": {member: base64.b64encode(data).decode() for member, data in files.items() if data},
        "segments": {
            member: [base64.b64encode(data).decode() for data in state.segment_files]
            for member, state in members.items()
            if member in knowledge.statuses
        },
        "rules": [data.decode("ascii") for data in members[host].rules_files] if host in members else [],
        "foreign_keys": _foreign_keys(members.get(host)),
        "reasons": reasons_to_json(),
    }


def _foreign_keys(host: MemberState | None) -> str | None:
    data = None if host is None else host.foreign_keys_file
    return None if data is None else data.decode("ascii")


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """A profile's limits; forms as labels."""
    fields = {name: getattr(policy, name) for name in Policy.__slots__}
    return {**fields, "forms": [form.label for form in sorted(policy.forms)]}


def trust_to_json(trust: TrustSnapshot) -> dict[str, Any]:
    """Members with their keys, and what is denied."""
    return {
        "anchor": trust.anchor,
        "versions": dict(trust.versions),
        "registry_time": trust.registry_time,
        "expiries": dict(trust.expiries),
        "whole": trust.is_whole,
        "unproven_since": trust.unproven_since,
        "record": _record(trust),
        "members": [_member(member, trust) for member in trust.members.values()],
        "denied": [
            {"kid": kid.hex(), "reason": denial.reason, "denied_at": denial.denied_at}
            for kid, denial in sorted(trust.denied.items())
        ],
    }


def reasons_to_json() -> list[dict[str, Any]]:
    """The table of reasons, most important first; notes have no outcome."""
    return [
        {
            "code": row.code,
            "outcome": row.outcome and row.outcome.value,
            **_words(row),
            **({} if row.of_card is None else {"of_card": _words(row.of_card)}),
        }
        for row in REASONS.values()
    ]


def _record(trust: TrustSnapshot) -> dict[str, Any] | None:
    """By what a gate in a browser checks that the public record proves the list."""
    evidence = trust.evidence
    return evidence and {
        "digest": trust.listed.digest,
        "policy": evidence.policy,
        "proof": base64.b64encode(evidence.proof).decode(),
        "witnesses": [
            {"vkey": each.key.vkey, "not_before": each.not_before, "not_after": each.not_after}
            for each in evidence.witnesses
        ],
    }


def _words(row: ReasonText) -> dict[str, Any]:
    return {**row.whole.fields(), "what": row.what, "advice": row.advice, "more": row.more}


def _member(member: TrustedMember, trust: TrustSnapshot) -> dict[str, Any]:
    entry = member.entry
    return {
        "id": entry.id,
        "names": {field_of(language): name for language, name in entry.names.by_language().items()},
        "region": entry.region,
        "hotline": entry.hotline,
        "environment": entry.environment,
        "may_issue": {
            "statuses": [status.label for status in sorted(entry.may_issue.statuses)],
            "forms": [form.label for form in sorted(entry.may_issue.forms)],
        },
        "changed_until": member.changed_until,
        "logs": [each.key.vkey for each in log_keys_of(member.statement)],
        "keys": [_key(trusted.key) for trusted in trust.keys.values() if trusted.entry.id == entry.id],
    }


def _key(key: VerificationKey) -> dict[str, Any]:
    return {
        "kid": key.kid.hex(),
        "algorithm": key.algorithm,
        "use": key.use,
        "not_before": key.not_before,
        "not_after": key.not_after,
        "jwk": jwk_of(key.public_key),
    }
