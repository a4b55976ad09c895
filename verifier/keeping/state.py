"""How fresh a gate is, as JSON: ages in seconds, failures by member, and whose clock is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credentials.foreign.keys import ForeignKeys
from credentials.log.checkpoint import read_checkpoint
from credentials.log.keys import to_base64
from credentials.recognition.ruleset import RuleSet, in_force_at
from credentials.status.snapshot import StatusSnapshot
from trust_registry.client.members.failure import Failure
from trust_registry.client.members.mirror import MemberState
from trust_registry.client.record.comparison import Compared
from trust_registry.client.record.standing import RecordStanding
from trust_registry.client.trust.snapshot import TrustSnapshot
from verifier.gate.gate import Gate
from verifier.keeping.freshness import Freshness


def state_to_json(gate: Gate, freshness: Freshness) -> dict[str, Any]:
    """The state of a gate. ``now`` is the time it judges by; ``clock`` says whether the device's clock is believed."""
    knowledge, now = gate.knowledge, gate.now()
    members = freshness.members()
    failures = freshness.failures()
    return {
        "profile": gate.policy.name,
        "environment": gate.policy.environment,
        "now": now.now,
        "clock": {"in_doubt": now.doubt, "alarm": now.alarm},
        "replay_memory_shared": gate.is_replay_memory_shared,
        "trust": _trust(knowledge.trust, now.now) if knowledge.trust else None,
        "record": record_to_json(freshness.record),
        "rules": _rules(knowledge.rule_sets, now.now),
        "foreign_keys": _foreign_keys(knowledge.foreign_keys, now.now),
        # The withdrawals that the next verdict goes by, not those that a round under way has fetched for it.
        "members": {
            member: _member(state, knowledge.statuses.get(member), now.now) for member, state in sorted(members.items())
        },
        "failures": [_failure(failure) for failure in failures],
    }


def _trust(trust: TrustSnapshot, now: int) -> dict[str, Any]:
    return {
        "age": trust.age(now),
        "registry_time": trust.registry_time,
        "verified_at": trust.verified_at,
        "versions": dict(trust.versions),
        "expiries": dict(trust.expiries),
        "members": len(trust.members),
        "denied": len(trust.denied),
        "reported": [entry._asdict() for entry in trust.reported],
    }


def record_to_json(standing: RecordStanding | None) -> dict[str, Any] | None:
    """How the list stands in the public record, with the checkpoint that any other gate's can be compared with."""
    if standing is None:
        return None
    checkpoint = read_checkpoint(standing.held) if standing.held else None
    return {
        "state": standing.state,
        "alarm": standing.alarm,
        "code": standing.code,
        "detail": standing.detail,
        "unproven_since": standing.unproven_since,
        "policy_waits_until": standing.policy_waits_until,
        "cosigned_by": list(standing.proven.cosigned_by) if standing.proven else [],
        "checkpoint": checkpoint
        and {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": to_base64(checkpoint.root),
            "note": standing.held.content.decode() if standing.held else "",
        },
        "compared": compared_to_json(standing.compared),
        "forked": standing.forked,
    }


def compared_to_json(compared: Compared | None) -> dict[str, str] | None:
    """What came of a comparison of two checkpoints."""
    return compared and {"answer": compared.answer.value, "detail": compared.detail}


def _rules(rule_sets: Sequence[RuleSet], now: int) -> list[dict[str, Any]]:
    """All that are held; in force is the one that decides."""
    deciding = in_force_at(rule_sets, now)
    return [
        {
            "rule_set": each.rule_set,
            "version": each.version,
            "sequence": each.sequence,
            "valid_from": each.valid_from,
            "valid_until": each.valid_until,
            "in_force": each is deciding,
        }
        for each in rule_sets
    ]


def _foreign_keys(listed: ForeignKeys | None, now: int) -> dict[str, Any] | None:
    """The host's list of whose foreign cards this gate reads, by format."""
    if listed is None:
        return None
    formats = sorted({key.format for key in listed.keys})
    return {
        "sequence": listed.sequence,
        "age": max(0, now - listed.issued_at),
        "keys": len(listed.keys),
        "issuers": len({(key.format, key.issuer) for key in listed.keys}),
        "withdrawn": sum(len(key.revoked or ()) for key in listed.keys),
        "formats": {each: sum(key.format == each for key in listed.keys) for each in formats},
    }


def _member(state: MemberState, status: StatusSnapshot | None, now: int) -> dict[str, Any]:
    return {
        "status_age": max(0, now - status.as_of) if status else None,
        "status_sequence": status.sequence if status else None,
        "status_expires_at": status.expires_at if status else None,
        "status_synced_at": state.status_synced_at,
        "withdrawn": status.withdrawn_count if status else None,
        "rules_version": state.rules[-1].version if state.rules else None,
        "rules_synced_at": state.rules_synced_at,
        "failures": [_failure(failure) for failure in state.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return failure._asdict()
