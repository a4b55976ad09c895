"""What a member's files on a mirror are called.

::

    status.cose               the newest status snapshot
    segments/<number>.cose    what was withdrawn since, one after the other
    rules.jws                 the newest rule set
    rules/<sequence>.jws      every rule set that is in force or will be
    foreign-keys.jws          the newest list of whose foreign cards its gates read
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from credentials.errors import Malformed

STATUS, RULES, FOREIGN_KEYS = "status.cose", "rules.jws", "foreign-keys.jws"
TRUST = "trust"
"""Stands beside members' ids for the trust list: in failures, and in announcements of news."""
_KINDS = {STATUS: "status", RULES: "rules", FOREIGN_KEYS: "foreign-keys"}
_NUMBERED = re.compile(r"(segments|rules)/([1-9][0-9]{0,15})\.(?:cose|jws)")


class FileName(NamedTuple):
    """What a file of a member is called: ``use`` of the key that signs it, ``number`` where the name has one, and of
    which ``kind`` it is: status, segment, rules or foreign-keys."""

    use: str
    number: int | None
    kind: str

    @property
    def is_segment(self) -> bool:
        return self.kind == "segment"


def segment_name(number: int) -> str:
    """Where the segment of this number stands."""
    return f"segments/{number}.cose"


def rules_name(sequence: int) -> str:
    """Where the rule set of this sequence stands."""
    return f"rules/{sequence}.jws"


def parse_name(name: str) -> FileName:
    """What the name of a member's file says. Raises Malformed for any other name."""
    if name in _KINDS:
        kind = _KINDS[name]
        return FileName("status" if kind == "status" else "rules", None, kind)
    found = _NUMBERED.fullmatch(name)
    if found is None or (found[1] == "segments") != name.endswith(".cose"):
        raise Malformed("no name of a member's file")
    kind = "segment" if found[1] == "segments" else "rules"
    return FileName("status" if kind == "segment" else "rules", int(found[2]), kind)


def is_rules(name: str) -> bool:
    """Whether it is the name of a rule set's file."""
    parsed = _parsed(name)
    return parsed is not None and parsed.kind == "rules"


def in_order(names: Iterable[str]) -> list[str]:
    """The names of files for gates, in the order in which they are to be taken: a chain from its beginning."""
    known = [(parsed.use != "status", parsed.number or 0, name) for name in names if (parsed := _parsed(name))]
    return [name for _, _, name in sorted(known)]


def _parsed(name: str) -> FileName | None:
    try:
        return parse_name(name)
    except Malformed:
        return None
