"""Drafting (起草): the members of a new trust list, from what is in force and what an officer asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from credentials.errors import CredentialError, InvalidRequest, Malformed, NotFound, TongxingError
from credentials.log.keys import NoteKey
from trust_registry.enrolment.examination import check_may_follow, is_vouched
from trust_registry.enrolment.waiting import waiting_statements
from trust_registry.metadata.log_keys import witness_keys_of
from trust_registry.metadata.statement import read_statement
from trust_registry.metadata.trust_list import MemberEntry, entry_to_json, read_entry, write_trust_list
from trust_registry.metadata.witness_policy import founding_policy, read_witness_policy, require_named
from trust_registry.repository.published import Published
from trust_registry.storage.ports import Records, StatementRecord

MAX_STATEMENTS_PER_DRAFT = 64


class DraftRequest(NamedTuple):
    """What an officer asks for. ``additions``: what the officers say of a member, as in the trust list,
    without its id and statement. ``removals``: member ids. All empty: the same list, signed anew.
    ``all_submitted``: also every statement that waits and can be drafted with; the others are named.
    ``witness_policy``: whose signatures gates are to ask for (C2SP tlog-policy); None: as before."""

    statement_ids: Sequence[str]
    additions: Mapping[str, Mapping[str, Any]]
    removals: Sequence[str] = ()
    all_submitted: bool = False
    witness_policy: str | None = None


class Skipped(NamedTuple):
    """A statement that was left out of a draft, and why, in English."""

    id: str
    member: str
    why: str


def choose(
    records: Records, request: DraftRequest, published: Published, now: int
) -> tuple[DraftRequest, list[Skipped]]:
    """The request, with the statements that wait and can be drafted with where it asks for all, and the others.

    What strangers submit must hold up nobody else's enrolment, and must not come into a list because an officer asked
    for all that waits. A statement that is named is never left out. Raises NotFound.
    """
    if not request.all_submitted:
        return request, []
    chosen = {record.member: record for record in statements_of(records, request.statement_ids)}
    named, skipped = set(chosen), []
    # What the member's own root key stands behind goes before a stranger's.
    for record in sorted(waiting_statements(records), key=lambda each: not each.vouched):
        if record.id in request.statement_ids:
            continue
        why = _hindrance(record, request, published, now, chosen)
        if why:
            skipped.append(Skipped(record.id, record.member, why))
        else:
            chosen[record.member] = record
    several = {each.member for each in skipped if each.why == _SEVERAL} - named
    contested = [chosen.pop(member) for member in sorted(several) if not chosen[member].vouched]
    skipped += [Skipped(record.id, record.member, _SEVERAL) for record in contested]
    # What is said of a member whose statement was left out would be a member without a statement.
    left_out = {each.member for each in skipped} - chosen.keys() - published.trust_list.members.keys()
    additions = {member: said for member, said in request.additions.items() if member not in left_out}
    return request._replace(statement_ids=[each.id for each in chosen.values()], additions=additions), skipped


_SEVERAL = "several wait for this member: name the right one with --statement"


def _hindrance(
    record: StatementRecord,
    request: DraftRequest,
    published: Published,
    now: int,
    chosen: Mapping[str, StatementRecord],
) -> str:
    """Why a statement cannot be drafted with, or nothing."""
    statement = read_statement(record.compact)
    if record.member not in published.trust_list.members:
        if record.member not in request.additions:
            return "not enrolled, and nothing is said of it: give --additions"
    elif not is_vouched(statement, published):
        return "its root key is new and the old one did not sign for it: name it with --statement if it is right"
    try:
        check_may_follow(statement, published, now)
    except TongxingError as error:
        return f"{error.code}: {error}"
    return _SEVERAL if record.member in chosen else ""


def listed_entries(records: Records, request: DraftRequest, published: Published, now: int) -> list[MemberEntry]:
    """The members of the new list.

    Raises NotFound for an unknown statement, InvalidRequest, or what enrolment refuses by now.
    """
    if len(request.statement_ids) > MAX_STATEMENTS_PER_DRAFT:
        raise InvalidRequest(f"more than {MAX_STATEMENTS_PER_DRAFT} statements")
    entries = dict(published.trust_list.members)
    statements = _new_statements(records, request.statement_ids, published, now)
    for member in {*statements, *request.additions}:
        entries[member] = _entry(member, entries.get(member), statements.get(member), request.additions.get(member))
    for member in dict.fromkeys(request.removals):
        if member not in published.trust_list.members:
            raise InvalidRequest(f"{member[:16]} is not listed; `tongxing registry state` lists who is")
        del entries[member]
    return list(entries.values())


def _new_statements(records: Records, ids: Sequence[str], published: Published, now: int) -> dict[str, str]:
    compacts: dict[str, str] = {}
    for record in statements_of(records, ids):
        if record.member in compacts:
            raise InvalidRequest(f"two statements of {record.member}")
        check_may_follow(read_statement(record.compact), published, now)
        compacts[record.member] = record.compact
    return compacts


def _entry(
    member: str, held: MemberEntry | None, compact: str | None, addition: Mapping[str, Any] | None
) -> MemberEntry:
    known = entry_to_json(held) if held else {}
    fields = {**known, **(addition or {}), "id": member}
    if compact is not None:
        fields["statement"] = compact
    if "statement" not in fields:
        raise InvalidRequest(f"{member} has no statement: it makes one (`tongxing province statement`, `submit`) first")
    if held is None and addition is None:
        raise InvalidRequest(f"{member} is new: say what the officers know of it (`registry draft --additions FILE`)")
    try:
        return read_entry(fields)
    except Malformed as error:
        raise InvalidRequest(f"{member}: {error.detail}") from error


def listed_policy(request: DraftRequest, published: Published, entries: list[MemberEntry], log: NoteKey) -> str:
    """The policy of the new list: the one that is asked for, else the one in force, else that of a new registry.

    Raises InvalidRequest for one that is asked for and that no gate could go by.
    """
    if request.witness_policy is None:
        return published.trust_list.witness_policy or founding_policy(log)
    try:
        policy = read_witness_policy(request.witness_policy)
    except CredentialError as error:
        raise InvalidRequest(f"witness policy: {error.detail}") from error
    if log not in [each.key for each in policy.logs]:
        raise InvalidRequest(f"witness policy: it lacks the line of this registry's log: log {log.vkey}")
    require_named(policy, witness_keys_of([read_statement(entry.statement) for entry in entries]))
    return request.witness_policy


def write_list(version: int, now: int, entries: list[MemberEntry], witness_policy: str) -> bytes:
    """The new list. Raises InvalidRequest."""
    try:
        return write_trust_list(version, now, entries, witness_policy)
    except Malformed as error:
        raise InvalidRequest(f"trust list: {error.detail}") from error


def statements_of(records: Records, ids: Sequence[str]) -> list[StatementRecord]:
    """The statements of these ids. Raises NotFound."""
    found = {record.id: record for record in records.statements.named(ids)}
    if not found.keys() >= set(ids):
        raise NotFound("statement: none of this id (32 hex digits); `tongxing registry state` lists those that wait")
    return [found[id] for id in ids]
