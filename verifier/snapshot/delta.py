"""What has changed since a browser's gate last asked: a minute's refresh in kilobytes instead of megabytes.

::

    {"since": the position that it follows, "position": the one that it leads to,
     "trust": {"anchor", "versions", "registry_time", "expiries", "whole", "unproven_since"; "members", "denied",
               "record" when they have changed},
     "statuses": {member: a newer status.cose}, "segments": {member: [those that follow what is held then]},
     "gone": [members of which nothing is held any more],
     "member", "gate", "policy", or "rules", or "foreign_keys", or "reasons", when they have changed}

A *position* says what a gate holds, by its content: a mark for each part of the snapshot, and of each member's status
the number of its newest segment, how many of them follow its ``status.cose``, and the beginning of its hash::

    <mark><mark>…~41.1042.17.Qx3_AbCd~44.…

So nobody has to remember what was answered to whom: any worker, after any restart, makes of a position what is new. It
says nothing of the gate but how fresh it is. One that cannot be read is answered with the whole.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.base64url import to_base64url
from credentials.wire.strict_json import json_bytes
from trust_registry.client.members.mirror import MemberState

MAX_POSITION_CHARACTERS = 4096
"""Of a URL: half as much again as all members of the country together take."""
MAX_SEGMENTS_AT_A_GATE = 128
"""Segments that a gate has applied to one ``status.cose``, from which it is given a newer one."""
MAX_STATUSES_IN_A_DELTA = 8
"""Whole ``status.cose`` in one; who needs more is answered with the whole, which is at hand."""
_MARK_BYTES, _HEAD_BYTES = 12, 6
_PARTS = (("member", "gate", "policy"), ("rules",), ("foreign_keys",), ("reasons",))
_TRUST_PARTS = ("members", "denied", "record")
_MARKS = re.compile(r"[0-9A-Za-z_-]{16}")
_HEAD = re.compile(r"([0-9A-Z-]+)\.([0-9]{1,16})\.([0-9]{1,5})\.([0-9A-Za-z_-]{8})")
_COUNTRY = "CN-"


class Head(NamedTuple):
    """Where somebody stands in a member's chain: the newest segment's number, how many of them follow the snapshot that
    is held, and the beginning of the newest one's hash."""

    number: int
    following: int
    mark: str


class Position(NamedTuple):
    """What somebody holds: a mark for each part of the snapshot, and each member's head."""

    marks: tuple[str, ...]
    heads: Mapping[str, Head]

    def __str__(self) -> str:
        heads = (f"~{member.removeprefix(_COUNTRY)}.{'.'.join(map(str, head))}" for member, head in self.heads.items())
        return "".join(self.marks) + "".join(heads)


def read_position(text: str) -> Position | None:
    """The position; None for a text that is none, or one of another version of this service."""
    if len(text) > MAX_POSITION_CHARACTERS:
        return None
    marks, *rest = text.split("~")
    heads = [_HEAD.fullmatch(each) for each in rest]
    found = tuple(_MARKS.findall(marks))
    if "".join(found) != marks or len(found) != len(_PARTS) + len(_TRUST_PARTS):
        return None
    return Position(found, {_COUNTRY + each[1]: Head(int(each[2]), int(each[3]), each[4]) for each in heads if each})


def position_of(document: Mapping[str, Any], members: Mapping[str, MemberState]) -> Position:
    """Of a gate that holds the whole snapshot ``document``, made of ``members``."""
    marks = tuple(_mark(json_bytes(part), _MARK_BYTES) for part in _parts(document))
    return Position(marks, {member: _head(members[member]) for member in document["statuses"]})


def delta_to_json(
    document: Mapping[str, Any], now: Position, members: Mapping[str, MemberState], held: Position
) -> dict[str, Any] | None:
    """What leads from ``held`` to the snapshot ``document`` at ``now``, made of ``members``; None: better the whole."""
    parts = zip(_parts(document), held.marks, now.marks, strict=True)
    changed = [part if before != after else {} for part, before, after in parts]
    trust = {name: each for name, each in document["trust"].items() if name not in _TRUST_PARTS}
    for part in changed[len(_PARTS) :]:
        trust |= part
    delta: dict[str, Any] = {"trust": trust, "statuses": {}, "segments": {}}
    heads = {}
    for member, head in now.heads.items():
        heads[member] = _add_status(delta, member, members[member], head, held.heads.get(member))
        if len(delta["statuses"]) > MAX_STATUSES_IN_A_DELTA:
            return None
    delta["gone"] = [member for member in held.heads if member not in heads]
    for part in changed[: len(_PARTS)]:
        delta |= part
    return {**delta, "since": str(held), "position": str(Position(now.marks, heads))}


def _add_status(delta: dict[str, Any], member: str, state: MemberState, now: Head, held: Head | None) -> Head:
    """Put what is new of a member's status into ``delta``. The head to which that leads."""
    if held is not None and held.number > now.number:
        # Another worker has told it more than this one knows yet.
        return held
    at = -1 if held is None else now.following - (now.number - held.number)
    follows = held is not None and at >= 0 and _mark_of(state.status_heads[at]) == held.mark
    if held is None or not follows or _is_long(held, now):
        assert state.status_file is not None, "a status that is held has its file"
        delta["statuses"][member] = base64.b64encode(state.status_file).decode()
        at, following = 0, now.following
    else:
        following = held.following + now.number - held.number
    if at < now.following:
        delta["segments"][member] = [base64.b64encode(data).decode() for data in state.segment_files[at:]]
    return Head(now.number, following, now.mark)


def _is_long(held: Head, now: Head) -> bool:
    """Whether a gate applies so many segments to an old snapshot that a newer one is due."""
    begins_later = now.number - now.following > held.number - held.following
    return begins_later and held.following > MAX_SEGMENTS_AT_A_GATE


def _parts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is told whole or not at all."""
    trust = document["trust"] or dict.fromkeys(_TRUST_PARTS)
    of_the_gate = [{name: document[name] for name in names} for names in _PARTS]
    return [*of_the_gate, *({name: trust[name]} for name in _TRUST_PARTS)]


def _head(state: MemberState) -> Head:
    assert state.status is not None, "only members whose status is held have a head"
    return Head(state.status.sequence, len(state.segment_files), _mark_of(state.status.head))


def _mark_of(head: bytes) -> str:
    return to_base64url(head[:_HEAD_BYTES])


def _mark(data: bytes, count: int) -> str:
    return to_base64url(hashlib.sha256(data).digest()[:count])
