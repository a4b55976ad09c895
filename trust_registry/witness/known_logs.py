"""Which logs a witness cosigns: those that the members of the trust list name, and those that its operator does."""

from __future__ import annotations

from collections.abc import Iterable

from credentials.log.keys import NoteKey
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.log_keys import log_keys_of
from trust_registry.witness.cosigning import KnownLogs


def known_logs(trust: TrustSnapshot, at: int, others: Iterable[NoteKey] = ()) -> KnownLogs:
    """The keys by origin that count at ``at`` (seconds UTC). ``others``: of the operator's own policy file.

    A member whose root key is in doubt has no log, and an origin belongs to the member that is listed first, so that
    nobody takes over another's by naming it.
    """
    logs: dict[str, list[NoteKey]] = {}
    owners: dict[str, str] = {}
    for key in others:
        logs.setdefault(key.name, []).append(key)
        owners[key.name] = ""
    for member, trusted in trust.members.items():
        if at < trusted.changed_until or trusted.statement.root_kid in trust.denied:
            continue
        for listed in log_keys_of(trusted.statement):
            is_ours = owners.setdefault(listed.key.name, member) == member
            if listed.use == "log" and listed.is_active(at) and is_ours:
                logs.setdefault(listed.key.name, []).append(listed.key)
    return logs
