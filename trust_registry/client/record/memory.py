"""What a gate remembers of the public record, on its disk: ``record.json`` beside its pins, and ``fork.json``.

``record.json``
    The policy that counts and one that waits, since when each member is known, the proof of the list in use, the newest
    checkpoint of the one history, and since when a list is not proven.
``fork.json``
    Two checkpoints of one log that tell two histories, both signed by it: evidence, to be kept. The alarm stays until
    an operator takes the file away.

Who can write here can make the gate believe the registry alone. Losing ``record.json`` costs what was known: the next
list's policy counts as it comes, as at a gate that was just unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import CredentialError, StorageUnavailable
from credentials.log.keys import from_base64, to_base64
from credentials.log.note import MAX_NOTE_BYTES
from credentials.log.policy import MAX_POLICY_BYTES
from credentials.wire.strict_json import json_bytes
from service_kit.durable import read_if_there, write_atomic
from trust_registry.client.record.policy import PolicyInForce, PolicySeen
from trust_registry.metadata import fields
from trust_registry.metadata.list_proof import MAX_LIST_PROOF_BYTES

RECORD, FORK = "record.json", "fork.json"
MAX_RECORD_BYTES = 2 * (2 * MAX_POLICY_BYTES + MAX_NOTE_BYTES + MAX_LIST_PROOF_BYTES) + 65_536
"""Twice each of what is kept, since it is written in base64, and the members."""


class RecordMemory(NamedTuple):
    """``known_since``: by member, seconds UTC; 0 for members of the first list that was seen. ``proof``: of the list in
    use, as it came; ``checkpoint``: a signed note; both empty where there is none yet."""

    policy: PolicyInForce = PolicyInForce()
    known_since: Mapping[str, int] = {}
    proof: bytes = b""
    checkpoint: bytes = b""
    unproven_since: int | None = None

    def with_members(self, members: Iterable[str], at: int) -> RecordMemory:
        """The same, with these members known. A time to come was written by a clock that ran ahead."""
        first = 0 if not self.known_since else at
        known = {member: min(since, at) for member, since in self.known_since.items()}
        return self._replace(known_since={**dict.fromkeys(members, first), **known})


def read_memory(folder: Path) -> RecordMemory:
    """What is remembered in ``folder``. Raises StorageUnavailable where it is damaged: to begin anew without a word
    would be to trust whoever damaged it."""
    data = read_if_there(folder / RECORD)
    if data is None:
        return RecordMemory()
    try:
        return _from_json(fields.read_object(data, MAX_RECORD_BYTES))
    except CredentialError as error:
        raise StorageUnavailable(
            f"{RECORD} is damaged ({error}): put back a copy, or remove it, and the next list's witness policy counts "
            "as it comes"
        ) from error


def write_memory(folder: Path, memory: RecordMemory) -> None:
    """Keep it durably. Raises StorageFull, StorageUnavailable."""
    waiting = memory.policy.waiting
    document = {
        "policy": _of_text(memory.policy.text),
        "waiting": waiting and {"policy": _of_text(waiting.text), "seen_at": waiting.seen_at},
        "known_since": dict(memory.known_since),
        "proof": to_base64(memory.proof),
        "checkpoint": to_base64(memory.checkpoint),
        "unproven_since": memory.unproven_since,
    }
    write_atomic(folder / RECORD, json_bytes(document))


def has_fork(folder: Path) -> bool:
    """Whether two histories were seen here."""
    return (folder / FORK).exists()


def keep_fork(folder: Path, held: bytes, other: bytes, at: int) -> None:
    """Keep the evidence: two signed notes. The first that was found stays. Raises StorageFull, StorageUnavailable."""
    if not has_fork(folder):
        document = {"held": to_base64(held), "other": to_base64(other), "found_at": at}
        write_atomic(folder / FORK, json_bytes(document))


def _from_json(document: Mapping[str, Any]) -> RecordMemory:
    known = fields.mapping(document.get("known_since"), "known_since")
    since = document.get("unproven_since")
    return RecordMemory(
        PolicyInForce(_policy(document, "policy"), _waiting(document.get("waiting"))),
        {member: fields.number(known, member, least=0) for member in known},
        _bytes(document, "proof", MAX_LIST_PROOF_BYTES),
        _bytes(document, "checkpoint", MAX_NOTE_BYTES),
        None if since is None else fields.time(document, "unproven_since"),
    )


def _waiting(value: object) -> PolicySeen | None:
    if value is None:
        return None
    document = fields.mapping(value, "waiting")
    return PolicySeen(_policy(document, "policy"), fields.time(document, "seen_at"))


def _policy(document: Mapping[str, Any], name: str) -> str:
    return _bytes(document, name, MAX_POLICY_BYTES).decode(errors="replace")


def _of_text(text: str) -> str:
    return to_base64(text.encode())


def _bytes(document: Mapping[str, Any], name: str, most: int) -> bytes:
    value = document.get(name)
    return b"" if value == "" else from_base64(fields.text(document, name, 2 * most))
