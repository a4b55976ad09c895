"""What a new trust list would change, in words that an officer can read in both languages.

Both sides compute it: the registry for show, the approving officer from the very bytes that are about to be
signed. Only the officer's own counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from credentials.errors import StatementRejected
from credentials.keys import VerificationKey
from credentials.profile.lists import Form, Status
from service_kit.locale import beijing_time
from trust_registry.metadata.log_keys import LogKey, log_keys_of
from trust_registry.metadata.statement import Statement, verify_root_change
from trust_registry.metadata.trust_list import MayIssue, MemberEntry
from trust_registry.repository.published import Published

_Listed = TypeVar("_Listed", Status, Form)
_USES = {
    "credential": "签发健康码",
    "status": "签发状态",
    "rules": "签发规则",
    "log": "签署日志",
    "witness": "见证联署",
}
_FIELDS = {
    "names": ("名称", "names"),
    "region": ("行政区划", "region"),
    "hotline": ("热线", "hotline"),
    "environment": ("环境", "environment"),
}


class ListChange(NamedTuple):
    """One change: the member, what kind of change (kebab-case), the kid it concerns, and the words."""

    member: str
    what: str
    kid: str | None
    zh: str
    en: str


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
    return changes


def change_to_json(change: ListChange) -> dict[str, Any]:
    """The change as it goes over HTTP and into ``--json``."""
    return change._asdict()


def words(changes: Iterable[ListChange]) -> Iterator[str]:
    """Two lines a change, Chinese first."""
    for change in changes:
        yield f"{change.member}  {change.zh}"
        yield f"{' ' * len(change.member)}  {change.en}"


def _added(entry: MemberEntry, statement: Statement) -> Iterator[ListChange]:
    yield ListChange(
        entry.id,
        "member-added",
        statement.root_kid.hex(),
        f"新成员，根密钥 {statement.root_kid.hex()}（{entry.environment}），热线 {entry.hotline}，"
        f"名称{_quoted(entry.names.zh)}",
        f"new member, root key {statement.root_kid.hex()} ({entry.environment}), hotline {entry.hotline}, "
        f"named {_quoted(entry.names.en)}",
    )
    yield from _permissions(entry.id, MayIssue(frozenset(), frozenset()), entry.may_issue)
    for key in statement.keys:
        yield _key_added(key)
    for each in log_keys_of(statement):
        yield _log_key(each, "added")


def _removed(entry: MemberEntry) -> ListChange:
    zh = f"移除该成员，其全部健康码失效；名称{_quoted(entry.names.zh)}"
    en = f"this member is removed, every code it signed ends; named {_quoted(entry.names.en)}"
    return ListChange(entry.id, "member-removed", None, zh, en)


def _entry_changes(old: MemberEntry, new: MemberEntry) -> Iterator[ListChange]:
    yield from _permissions(old.id, old.may_issue, new.may_issue)
    for field, (zh, en) in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            change = f"{_plain(before)} → {_plain(after)}"
            yield ListChange(old.id, f"{field}-changed", None, f"{zh}：{change}", f"{en}: {change}")


def _permissions(member: str, old: MayIssue, new: MayIssue) -> Iterator[ListChange]:
    # Each list by itself: members of closed lists compare by number, and green has that of phone.
    yield from _listed(member, "状态", "status", old.statuses, new.statuses)
    yield from _listed(member, "形式", "form", old.forms, new.forms)


def _listed(member: str, zh: str, en: str, old: frozenset[_Listed], new: frozenset[_Listed]) -> Iterator[ListChange]:
    for value in sorted(new - old):
        words = f"增加权限：可签发{zh} {value.zh}", f"may now issue {en} {value.label}"
        yield ListChange(member, "permission-added", None, *words)
    for value in sorted(old - new):
        words = f"取消权限：不可再签发{zh} {value.zh}", f"may no longer issue {en} {value.label}"
        yield ListChange(member, "permission-removed", None, *words)


def _statement_changes(old: Statement, new: Statement) -> Iterator[ListChange]:
    if old.digest == new.digest:
        return
    sequences = f"{old.sequence} → {new.sequence}"
    yield ListChange(new.member, "statement-renewed", None, f"成员声明 {sequences}", f"statement {sequences}")
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
    roots = f"{old.root_kid.hex()} → {new.root_kid.hex()}"
    try:
        verify_root_change(new, old.root_key)
    except StatementRejected:
        zh = f"根密钥更换 {roots}，没有旧密钥的签名！请与该成员当面核实"
        en = f"root key changes {roots} WITHOUT the old key's signature: ask the member in person"
    else:
        zh, en = f"根密钥更换 {roots}，由旧密钥签名", f"root key changes {roots}, signed by the old key"
    return ListChange(new.member, "root-changed", new.root_kid.hex(), zh, en)


def _key_added(key: VerificationKey) -> ListChange:
    zh = f"新增密钥 {key.kid.hex()}（{_USES[key.use]}），{_days(key)}"
    return ListChange(key.member, "key-added", key.kid.hex(), zh, f"key {_name(key)} added, {_days(key)}")


def _key_removed(key: VerificationKey) -> ListChange:
    zh = f"移除密钥 {key.kid.hex()}（{_USES[key.use]}）"
    return ListChange(key.member, "key-removed", key.kid.hex(), zh, f"key {_name(key)} removed")


def _key_changed(old: VerificationKey, new: VerificationKey) -> ListChange:
    zh = f"密钥 {new.kid.hex()}（{_USES[new.use]}）有效期 {_days(old)} → {_days(new)}"
    en = f"key {_name(new)} valid {_days(old)} → {_days(new)}"
    return ListChange(new.member, "key-changed", new.kid.hex(), zh, en)


def _log_key_changes(old: list[LogKey], new: list[LogKey]) -> Iterator[ListChange]:
    before, after = ({each.key: each for each in keys} for keys in (old, new))
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield _log_key(before[key], "removed")
        elif before.get(key) != after[key]:
            yield _log_key(after[key], "changed" if key in before else "added")


def _log_key(key: LogKey, what: str) -> ListChange:
    verbs = {"added": "新增", "removed": "移除", "changed": "变更"}
    id, until = key.key.id.hex(), f"{beijing_time(key.not_before)} – {beijing_time(key.not_after)} UTC+8"
    zh = f"{verbs[what]}公开日志密钥 {id}（{_USES[key.use]}）{key.key.name}，{until}"
    return ListChange(
        key.member, f"{key.use}-key-{what}", id, zh, f"{key.use} key {id} of {key.key.name} {what}, {until}"
    )


def _name(key: VerificationKey) -> str:
    return f"{key.kid.hex()} ({key.use})"


def _days(key: VerificationKey) -> str:
    return f"{beijing_time(key.not_before)} – {beijing_time(key.not_after)} UTC+8"


def _plain(value: object) -> str:
    return " / ".join(map(_quoted, value)) if isinstance(value, tuple) else str(value)


def _quoted(name: str) -> str:
    """A name as the drafting officer wrote it, between quotes that it cannot end: it has room for another root key,
    which the approving officer would read out in place of the true one."""
    return json.dumps(name, ensure_ascii=False)
