"""The registry's log (日志): what it did, in order, for good.

Each deed has its function here, and leaves its leaf in a logbook within the deed's own transaction. What a leaf says
names members, keys and digests and no person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from credentials.log.keys import NoteKey
from credentials.profile.words import labels
from service_kit.storage.ports import LeafRecord, Logbook
from service_kit.terminal import in_words
from trust_registry.enrolment.difference import ListChange
from trust_registry.metadata.denials import KeyDenial
from trust_registry.metadata.list_proof import LIST_PUBLISHED
from trust_registry.metadata.statement import Statement
from trust_registry.storage.ports import DraftRecord, Storage

DEEDS: Final = labels("registry-deed")
"""What a kind of leaf says was done."""
MAX_PAGE = 256
"""Leaves of one answer."""
MAX_LEAF_NUMBER = 2**53 - 1
"""What every reader of JSON can count to."""


def statement_received(log: Logbook, statement: Statement, at: int) -> None:
    """A province's statement was taken into a draft for the first time. What strangers submit leaves no leaf."""
    content = {
        "member": statement.member,
        "sequence": statement.sequence,
        "digest": statement.digest,
        "root": statement.root_kid.hex(),
    }
    log.append("statement-received", at, content)


def draft_made(log: Logbook, draft: DraftRecord) -> None:
    """An officer put a list before the officers."""
    content = {
        "draft": draft.id,
        "base": draft.base,
        "trust_list": _sha256(draft.trust_list),
        "signed_bytes": _sha256(draft.message),
        "statements": list(draft.statement_ids),
        "by": draft.created_by,
    }
    log.append("draft-made", draft.created_at, content)


def draft_approved(log: Logbook, draft: DraftRecord, keyid: str, at: int) -> None:
    """An officer (TUF key id) signed a draft."""
    log.append("draft-approved", at, {"draft": draft.id, "by": keyid})


def list_published(
    log: Logbook,
    draft: DraftRecord,
    version: int,
    approved_by: Sequence[str],
    changes: Sequence[ListChange],
    at: int,
) -> None:
    """A list was put into force as this version of the targets, and with it each change of a member's root key."""
    content = {
        "draft": draft.id,
        "version": version,
        "trust_list": _sha256(draft.trust_list),
        "approved_by": sorted(approved_by),
    }
    log.append(LIST_PUBLISHED, at, content)
    for change in changes:
        if change.what == "root-changed":
            announced = {"member": change.member, "root": change.kid, "version": version}
            log.append("root-change-announced", at, announced)


def list_named(log: Logbook, version: int, trust_list: bytes, signed_by: Sequence[str], at: int) -> None:
    """The list in force has no leaf: it is from before there was a log."""
    content = {"version": version, "trust_list": _sha256(trust_list), "approved_by": sorted(signed_by)}
    log.append(LIST_PUBLISHED, at, content)


def root_published(log: Logbook, version: int, root: bytes, at: int) -> None:
    """The next root was put into force: who is an officer, and which keys are the server's."""
    log.append("root-published", at, {"version": version, "root": _sha256(root)})


def key_denied(log: Logbook, denial: KeyDenial, asker: str, request: str) -> None:
    """A key was denied. ``asker``: an officer's TUF key id, or the member; ``request``: its signed words."""
    content = {
        "kid": denial.kid.hex(),
        "sequence": denial.sequence,
        "reason": denial.reason,
        "asked_by": asker,
        "request": _sha256(request.encode()),
    }
    log.append("key-denied", denial.denied_at, content)


def log_key_changed(log: Logbook, old: NoteKey, new: NoteKey, at: int) -> None:
    """The log is signed by another key from the checkpoint on that holds this leaf."""
    log.append("log-key-changed", at, {"from": old.vkey, "to": new.vkey})


def recovered(log: Logbook, behind: int, version: int, at: int) -> None:
    """A backup was restored at version ``behind`` of the timestamp, and what the mirror held taken over: the leaves
    that were published in between too. Those that were not published are lost."""
    log.append("recovered", at, {"behind": behind, "version": version})


def read_page(storage: Storage, since: int) -> list[LeafRecord]:
    """The leaves from number ``since`` (from 0) on, at most :data:`MAX_PAGE`; none beyond the end."""
    with storage.reading() as records:
        return records.log.read(since, MAX_PAGE)


def words(leaves: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line for each leaf, for people."""
    for leaf in leaves:
        yield f"{leaf['number']:>6}  {leaf['at']}  {_deed(leaf['kind'])}  {leaf['content']}"


def _deed(kind: str) -> str:
    return in_words(DEEDS[kind]) if kind in DEEDS else kind


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
