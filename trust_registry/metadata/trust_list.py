"""``trust-list.json``: the members (成员), what the officers say of each, and each member's own statement.

::

    {"version": n, "issued_at": s, "members": [
      {"id": "CN-41", "kind": "province", "names": {"zh": "河南", "zh-HK": "河南", "en": "Henan"},
       "region": 410000, "hotline": "0371-12320", "environment": "production",
       "may_issue": {"statuses": ["green", …], "forms": ["phone", …]}, "statement": "<compact JWS>"}],
     "witness_policy": "<C2SP tlog-policy>"}

``witness_policy`` says whose signatures gates ask for on the public record; lists of before it have none.

The file is a TUF target signed by two officers. Unknown fields are ignored, so that a newer registry does
not blind older gates; unknown labels are not, since they decide what a member may do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeVar

from credentials.errors import Malformed
from credentials.profile.languages import LANGUAGE_TAG, MAX_LANGUAGES
from credentials.profile.lists import ClosedList, Form, Status
from credentials.profile.members import MEMBERS, is_member_id, is_region, no_member_id
from credentials.profile.words import Label, translated
from credentials.wire.strict_json import json_bytes
from service_kit.settings import ENVIRONMENTS
from trust_registry.metadata import fields
from trust_registry.metadata.statement import MAX_STATEMENT_CHARACTERS

TARGET = "trust-list.json"
"""Name of the target."""
MAX_TRUST_LIST_BYTES = 4 * 1024 * 1024
MAX_MEMBERS = 256
KINDS = ("province", "corps", "sar", "department")
_MAX_NAME = 64
_TAG = re.compile(LANGUAGE_TAG)
_HOTLINE = re.compile(r"[0-9][0-9 +-]{2,23}")
_SARS = ("CN-81", "CN-82")
_Label = TypeVar("_Label", bound=ClosedList)


class Names(dict[str, str]):
    """A member's name as the document has it: by language tag, zh-CN and English and others, at most MAX_LANGUAGES.

    Each has 1 to 64 characters that people see. zh-CN may be called ``zh``, which older gates ask for."""

    def by_language(self) -> dict[str, str]:
        """By language tag."""
        return {"zh-CN": self["zh"]} | self if "zh" in self else dict(self)

    def label(self, member: str) -> Label:
        """What the member with this id is called: by the officers, else by the profile."""
        return translated({**MEMBERS[member].names.by_language(), **self.by_language()})


class MayIssue(NamedTuple):
    """What a member's credentials may say."""

    statuses: frozenset[Status]
    forms: frozenset[Form]


class MemberEntry(NamedTuple):
    """One member as the officers list it. ``statement`` is not verified here: ``statement.read_statement``.

    ``region``: six-digit GB/T 2260 code in the member's own province; 0 for a department.
    """

    id: str
    kind: str
    names: Names
    region: int
    hotline: str
    environment: str
    may_issue: MayIssue
    statement: str


class BadEntry(NamedTuple):
    """An entry that was left out: which one (member id, or its place in the file) and why."""

    entry: str
    detail: str


class TrustList(NamedTuple):
    """What could be read, by member id, and what could not. ``witness_policy``: its text, not read yet; empty: none."""

    version: int
    issued_at: int
    members: dict[str, MemberEntry]
    bad_entries: tuple[BadEntry, ...]
    witness_policy: str = ""


def read_trust_list(data: bytes) -> TrustList:
    """Read ``trust-list.json`` (at most 4 MiB, 256 members).

    A bad or repeated entry is reported and does not stop the rest. Raises TooLarge and Malformed for the
    file as a whole.
    """
    document = fields.read_object(data, MAX_TRUST_LIST_BYTES)
    members: dict[str, MemberEntry] = {}
    bad: list[BadEntry] = []
    for position, value in enumerate(fields.items(document, "members", MAX_MEMBERS)):
        try:
            entry = read_entry(value)
            if entry.id in members:
                raise Malformed("member listed twice; the first entry counts")
            members[entry.id] = entry
        except Malformed as error:
            bad.append(BadEntry(_name_of(value, position), error.detail))
    return TrustList(
        version=fields.number(document, "version"),
        issued_at=fields.time(document, "issued_at"),
        members=members,
        bad_entries=tuple(bad),
        witness_policy=_witness_policy(document),
    )


def read_entry(value: object) -> MemberEntry:
    """One member entry. Raises Malformed, naming the field."""
    document = fields.mapping(value, "entry")
    entry = MemberEntry(**{name: read(document) for name, read in _READERS.items()})
    _check_place(entry)
    return entry


def faults_of(member: str, addition: object, *, is_new: bool) -> list[tuple[str, str]]:
    """All that is wrong with what the officers say of a member, by the path of the field: before it is sent.

    Of a new member everything must be there, of a listed one only what changes.
    """
    if not isinstance(addition, dict):
        return [(member, "not an object")]
    wanted = MemberEntry._fields[1:-1]
    found = [(f"{member}.{name}", "no such field") for name in addition if name not in wanted]
    if not is_member_id(member):
        found.append((member, no_member_id(member)))
    for name in wanted:
        if name in addition:
            found += _faults_within(member, name, addition)
        elif is_new:
            found.append((f"{member}.{name}", "missing"))
    return found


def read_member_id(document: dict[str, Any], name: str) -> str:
    """The member id in the field ``name``. Raises Malformed."""
    member = document.get(name)
    if not isinstance(member, str) or not is_member_id(member):
        raise Malformed(f"{name} is not a member id")
    return member


def write_trust_list(version: int, issued_at: int, members: Iterable[MemberEntry], witness_policy: str = "") -> bytes:
    """``trust-list.json`` of these members, sorted by id, and of this policy, if any.

    Raises Malformed when a gate would not read every entry back as it was given.
    """
    entries = sorted(members, key=lambda entry: entry.id)
    document = {"version": version, "issued_at": issued_at, "members": [entry_to_json(entry) for entry in entries]}
    data = json_bytes(document | ({"witness_policy": witness_policy} if witness_policy else {}))
    read = read_trust_list(data)
    if read.bad_entries or list(read.members.values()) != entries:
        raise Malformed("; ".join(f"{bad.entry}: {bad.detail}" for bad in read.bad_entries))
    return data


def entry_to_json(entry: MemberEntry) -> dict[str, Any]:
    """The entry as it stands in the file; statuses and forms in the order of their numbers."""
    return {
        **entry._asdict(),
        "names": dict(entry.names),
        "may_issue": {
            "statuses": [status.label for status in sorted(entry.may_issue.statuses)],
            "forms": [form.label for form in sorted(entry.may_issue.forms)],
        },
    }


def kind_of(member: str) -> str:
    """The kind that a member id implies."""
    if member.startswith("CN-D-"):
        return "department"
    if member == "CN-XPCC":
        return "corps"
    return "sar" if member in _SARS else "province"


def _witness_policy(document: dict[str, Any]) -> str:
    """The policy's text. What is no text is given as one that no policy is: no reason to refuse the members."""
    policy = document.get("witness_policy", "")
    return policy if isinstance(policy, str) else repr(type(policy))


def _check_place(entry: MemberEntry) -> None:
    """A member listed as another kind, or with another's region, would be trusted for it (hcert-spec #52)."""
    if entry.kind != kind_of(entry.id):
        raise Malformed("kind does not fit the id")
    code = MEMBERS[entry.id].code
    if entry.region and not is_region(entry.region):
        raise Malformed("region is not a GB/T 2260 code")
    if entry.region // 10_000 != code:
        raise Malformed("region is another member's")


def _names(document: dict[str, Any]) -> Names:
    names = fields.mapping(document.get("names"), "names")
    return Names({language: fields.text(names, language, _MAX_NAME) for language in _languages(names)})


def _languages(names: dict[str, Any]) -> list[str]:
    """In which languages a name is read: those that it must have, and those that it has. Raises Malformed."""
    wanted = ["zh" if "zh" in names and "zh-CN" not in names else "zh-CN", "en"]
    wanted += [tag for tag in names if _TAG.fullmatch(tag) and tag not in wanted]
    if len(wanted) > MAX_LANGUAGES:
        raise Malformed(f"names has more than {MAX_LANGUAGES} languages")
    return wanted


def _may_issue(document: dict[str, Any]) -> MayIssue:
    allowed = fields.mapping(document.get("may_issue"), "may_issue")
    return MayIssue(_labels(allowed, "statuses", Status), _labels(allowed, "forms", Form))


def _labels(document: dict[str, Any], name: str, closed: type[_Label]) -> frozenset[_Label]:
    labels = fields.items(document, name, len(closed))
    try:
        return frozenset(closed.from_label(label) for label in labels)
    except Malformed as error:
        known = ", ".join(each.label for each in closed)
        raise Malformed(f"{name}: {error.detail}; there are {known}") from error


def _one_of(document: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = document.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise Malformed(f"{name} is not one of {', '.join(allowed)}")
    return value


def _hotline(document: dict[str, Any]) -> str:
    hotline = fields.text(document, "hotline", 24)
    if not _HOTLINE.fullmatch(hotline):
        raise Malformed("hotline is not a telephone number")
    return hotline


def _name_of(value: object, position: int) -> str:
    member = value.get("id") if isinstance(value, dict) else None
    return member if isinstance(member, str) and is_member_id(member) else f"entry {position}"


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "id": lambda document: read_member_id(document, "id"),
    "kind": lambda document: _one_of(document, "kind", KINDS),
    "names": _names,
    "region": lambda document: fields.number(document, "region", least=0, most=999_999),
    "hotline": _hotline,
    "environment": lambda document: _one_of(document, "environment", ENVIRONMENTS),
    "may_issue": _may_issue,
    "statement": lambda document: fields.text(document, "statement", MAX_STATEMENT_CHARACTERS),
}
"""How each field of an entry is read, in the order of MemberEntry."""
_PARTS: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
    "may_issue": {
        "statuses": partial(_labels, name="statuses", closed=Status),
        "forms": partial(_labels, name="forms", closed=Form),
    },
}
"""The same of what stands within a field."""


def _faults_within(member: str, name: str, addition: dict[str, Any]) -> Iterator[tuple[str, str]]:
    value, place = addition[name], f"{member}.{name}"
    is_nested = name in ("names", *_PARTS) and isinstance(value, dict)
    readers = _parts(name, value) if is_nested else {name: _READERS[name]}
    for part, read in readers.items():
        try:
            read(value if is_nested else addition)
        except Malformed as error:
            yield f"{place}.{part}" if is_nested else place, error.detail


def _parts(name: str, value: dict[str, Any]) -> dict[str, Callable[[dict[str, Any]], Any]]:
    if name in _PARTS:
        return _PARTS[name]
    return {language: partial(fields.text, name=language, most=_MAX_NAME) for language in _languages(value)}
