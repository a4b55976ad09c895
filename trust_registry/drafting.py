"""Drafting (起草): the members of a new trust list, from what is in force and what an officer asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from credentials.errors import InvalidRequest, Malformed, NotFound
from trust_registry.enrolment import Published, check_may_follow
from trust_registry.metadata.statement import read_statement
from trust_registry.metadata.trust_list import MemberEntry, entry_to_json, read_entry, write_trust_list
from trust_registry.storage.ports import Records, StatementRecord

MAX_STATEMENTS_PER_DRAFT = 64


class DraftRequest(NamedTuple):
    """What an officer asks for. ``additions``: what the officers say of a member, as in the trust list,
    without its id and statement. ``removals``: member ids. All empty: the same list, signed anew."""

    statement_ids: Sequence[str]
    additions: Mapping[str, Mapping[str, Any]]
    removals: Sequence[str] = ()


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
    for member in request.removals:
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


def write_list(version: int, now: int, entries: list[MemberEntry]) -> bytes:
    """The new list. Raises InvalidRequest."""
    try:
        return write_trust_list(version, now, entries)
    except Malformed as error:
        raise InvalidRequest(f"trust list: {error.detail}") from error


def statements_of(records: Records, ids: Sequence[str]) -> list[StatementRecord]:
    """The statements of these ids. Raises NotFound."""
    found = [records.statements.get(id) for id in ids]
    if None in found:
        raise NotFound("statement: none of this id (32 hex digits); `tongxing registry state` lists those that wait")
    return [record for record in found if record is not None]
