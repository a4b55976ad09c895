"""What a new trust list would change, in words that an officer can read.

Both sides compute it: the registry for show, the approving officer from the very bytes that are about to be
signed. Only the officer's own counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from credentials.errors import StatementRejected
from credentials.keys import VerificationKey
from credentials.log.keys import NoteKey
from credentials.log.policy import WitnessPolicy
from credentials.profile.lists import FORM_LABELS, STATUS_LABELS, Form, Status
from credentials.profile.words import Label, from_fields, label
from service_kit.locale import beijing_time, reader_languages
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.metadata.statement import Statement, verify_root_change
from trust_registry.metadata.trust_list import MayIssue, MemberEntry, Names
from trust_registry.metadata.witness_policy import read_witness_policy
from trust_registry.repository.published import Published

_Listed = TypeVar("_Listed", Status, Form)
_FIELDS = ("names", "region", "hotline", "environment")


class ListChange(NamedTuple):
    """One change: the member, what kind of change (kebab-case), the kid it concerns, and the words."""

    member: str
    what: str
    kid: str | None
    text: Label


def compare(held: Published, new: Published) -> list[ListChange]:
    """Every change from ``held`` to ``new``, by member. An empty list: the same content, signed anew."""
    old_members, new_members = held.trust_list.members, new.trust_list.members
    changes: list[ListChange] = []
    for member in sorted(old_members.keys() | new_members.keys()):
        if member not in new_members:
            changes.append(_removed(old_members[member]))
        elif member not in old_members:
            changes += _added(new_members[member], new.statements[member])
        else:
            changes += _entry_changes(old_members[member], new_members[member])
            changes += _statement_changes(held.statements[member], new.statements[member])
    return changes + list(_policy_changes(held.trust_list.witness_policy, new.trust_list.witness_policy))


def change_to_json(change: ListChange) -> dict[str, Any]:
    """The change as it goes over HTTP and into ``--json``."""
    return {"member": change.member, "what": change.what, "kid": change.kid, **change.text.fields()}


def change_from_json(change: Mapping[str, Any]) -> ListChange:
    """The same read; a registry may not know all of our languages."""
    return ListChange(change["member"], change["what"], change["kid"], from_fields(change))


def words(changes: Iterable[ListChange]) -> Iterator[str]:
    """A change in each of the reader's languages, a line each, the member before the first."""
    for change in changes:
        lines = [change.text.of(language) for language in reader_languages(os.environ)]
        yield f"{change.member}  {lines[0]}"
        yield from (f"{' ' * len(change.member)}  {line}" for line in lines[1:])


def _policy_changes(old: str, new: str) -> Iterator[ListChange]:
    if old != new:
        said = label("changes.witness-policy", old=_policy_in_words(old), new=_policy_in_words(new))
        yield ListChange("policy", "witness-policy-changed", None, said)


def _policy_in_words(text: str) -> str:
    """Whose log, and so many of which witnesses, each by its key: what a drafting officer called them says nothing."""
    if not text:
        return "-"
    policy = read_witness_policy(text)
    logs = " / ".join(_key_in_words(log.key) for log in policy.logs)
    return f"{logs}: {'0' if policy.quorum is None else _quorum_in_words(policy, policy.quorum)}"


def _quorum_in_words(policy: WitnessPolicy, name: bytes) -> str:
    group = policy.groups.get(name)
    if group is None:
        return _key_in_words(policy.witnesses[name].key)
    members = ", ".join(_quorum_in_words(policy, member) for member in group.members)
    return f"{group.least}/{len(group.members)} ({members})"


def _key_in_words(key: NoteKey) -> str:
    return f"{_quoted(key.name)} {key.id.hex()}"


def _added(entry: MemberEntry, statement: Statement) -> Iterator[ListChange]:
    said = label(
        "changes.member-added",
        key=statement.root_kid.hex(),
        environment=entry.environment,
        hotline=entry.hotline,
        name=_plain(entry.names),
    )
    yield ListChange(entry.id, "member-added", statement.root_kid.hex(), said)
    yield from _permissions(entry.id, MayIssue(frozenset(), frozenset()), entry.may_issue)
    for key in statement.keys:
        yield _key_added(key)
    for each in log_keys_of(statement):
        yield _log_key(each, "added")


def _removed(entry: MemberEntry) -> ListChange:
    return ListChange(entry.id, "member-removed", None, label("changes.member-removed", name=_plain(entry.names)))


def _entry_changes(old: MemberEntry, new: MemberEntry) -> Iterator[ListChange]:
    yield from _permissions(old.id, old.may_issue, new.may_issue)
    for field in _FIELDS:
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            said = label("changes.field", field=label(f"changes.{field}"), old=_plain(before), new=_plain(after))
            yield ListChange(old.id, f"{field}-changed", None, said)


def _permissions(member: str, old: MayIssue, new: MayIssue) -> Iterator[ListChange]:
    # Each list by itself: members of closed lists compare by number, and green has that of phone.
    yield from _listed(member, "status", STATUS_LABELS, old.statuses, new.statuses)
    yield from _listed(member, "form", FORM_LABELS, old.forms, new.forms)


def _listed(
    member: str, list_name: str, labels: Mapping[_Listed, Label], old: frozenset[_Listed], new: frozenset[_Listed]
) -> Iterator[ListChange]:
    for deed, values in (("permission-added", new - old), ("permission-removed", old - new)):
        for value in sorted(values):
            said = label(f"changes.{deed}.{list_name}", value=labels[value])
            yield ListChange(member, deed, None, said)


def _statement_changes(old: Statement, new: Statement) -> Iterator[ListChange]:
    if old.digest == new.digest:
        return
    said = label("changes.statement-renewed", old=old.sequence, new=new.sequence)
    yield ListChange(new.member, "statement-renewed", None, said)
    if old.root_kid != new.root_kid:
        yield _root_changed(old, new)
    before, after = ({key.kid: key for key in statement.keys} for statement in (old, new))
    for kid in sorted(before.keys() - after.keys()):
        yield _key_removed(before[kid])
    for kid in sorted(after.keys() - before.keys()):
        yield _key_added(after[kid])
    for kid in sorted(before.keys() & after.keys()):
        if before[kid] != after[kid]:
            yield _key_changed(before[kid], after[kid])
    yield from _log_key_changes(log_keys_of(old), log_keys_of(new))


def _root_changed(old: Statement, new: Statement) -> ListChange:
    try:
        verify_root_change(new, old.root_key)
        name = "changes.root-changed.signed"
    except StatementRejected:
        name = "changes.root-changed.unsigned"
    said = label(name, old=old.root_kid.hex(), new=new.root_kid.hex())
    return ListChange(new.member, "root-changed", new.root_kid.hex(), said)


def _key_added(key: VerificationKey) -> ListChange:
    return _of_key("key-added", key, days=_days(key))


def _key_removed(key: VerificationKey) -> ListChange:
    return _of_key("key-removed", key)


def _key_changed(old: VerificationKey, new: VerificationKey) -> ListChange:
    return _of_key("key-changed", new, old=_days(old), new=_days(new))


def _of_key(deed: str, key: VerificationKey, **said: str) -> ListChange:
    kid, use = key.kid.hex(), label(f"changes.use.{key.use}")
    return ListChange(key.member, deed, kid, label(f"changes.{deed}", key=kid, use=use, **said))


def _log_key_changes(old: list[LogKey], new: list[LogKey]) -> Iterator[ListChange]:
    before, after = ({each.key: each for each in keys} for keys in (old, new))
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield _log_key(before[key], "removed")
        elif before.get(key) != after[key]:
            yield _log_key(after[key], "changed" if key in before else "added")


def _log_key(key: LogKey, what: str) -> ListChange:
    id, use, where = key.key.id.hex(), label(f"changes.use.{key.use}"), "named" if key.url else "none"
    address = {} if what == "removed" else {"address": label(f"changes.log-key-address.{where}", url=key.url or "")}
    said = label(f"changes.log-key.{what}", key=id, use=use, name=key.key.name, days=_days(key), **address)
    return ListChange(key.member, f"{key.use}-key-{what}", id, said)


def _days(key: VerificationKey | LogKey) -> str:
    return f"{beijing_time(key.not_before)} – {beijing_time(key.not_after)} UTC+8"


def _plain(value: object) -> str:
    return " / ".join(map(_quoted, value.values())) if isinstance(value, Names) else str(value)


def _quoted(name: str) -> str:
    """A name as the drafting officer wrote it, between quotes that it cannot end: it has room for another root key,
    which the approving officer would read out in place of the true one."""
    return json.dumps(name, ensure_ascii=False)
