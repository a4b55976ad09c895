"""Which witnesses officers ask for: a policy from the keys that the members' own statements name."""

from __future__ import annotations

from collections.abc import Sequence

from credentials.errors import InvalidRequest
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.metadata.witness_policy import policy_of, read_witness_policy
from trust_registry.repository.published import Published


def next_policy(held: Published, members: Sequence[str], least: int, now: int, log_of: str | None = None) -> str:
    """The policy for ``least`` of these members' witnesses, else of all that have one; the logs are those of the policy
    in force, or those that the member ``log_of`` names. Raises InvalidRequest for a member without a witness that works
    at ``now`` (seconds UTC), or without a log."""
    if not held.trust_list.witness_policy:
        raise InvalidRequest("the list in force is of before witnesses: publish it anew (`registry draft`) first")
    logs = [log.key.vkey for log in read_witness_policy(held.trust_list.witness_policy).logs]
    if log_of is not None:
        named = log_keys_of(held.statements[log_of]) if log_of in held.statements else []
        logs = [each.key.vkey for each in named if each.use == "log"]
        if not logs:
            raise InvalidRequest(f"{log_of[:16]}: no listed member that names a log")
    witnesses = {member: key for member in held.statements for key in _witness_of(held, member, now)}
    for member in members:
        if member not in witnesses:
            raise InvalidRequest(
                f"{member[:16]}: no listed member that names a witness, as one does by `tongxing province statement`"
            )
    return policy_of(logs, [witnesses[member] for member in members or sorted(witnesses)], least)


def _witness_of(held: Published, member: str, now: int) -> list[LogKey]:
    """The one that begins last of those that work now."""
    keys = [key for key in log_keys_of(held.statements[member]) if key.use == "witness" and key.is_active(now)]
    return sorted(keys, key=lambda key: key.not_before)[-1:]
