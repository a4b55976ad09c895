"""``news.json`` on a mirror: which files of which member are new, so that a gate asks for nothing else.

::

    {"CN-41": {"segment": 17, "snapshot": 10, "rules": [3, 4], "foreign_keys": 2}, …}

It is signed by nobody and believed in nothing: it only says what to ask for. How fresh the data is follows from the
signed times in it alone, so that a lie here can withhold, as a mirror can anyway, and never freshen. A gate that gets
none, or a broken one, asks for each file itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from credentials.errors import Malformed, Unreadable
from credentials.profile.limits import MAX_STATUS_SEQUENCE
from credentials.wire.strict_json import json_bytes
from trust_registry.metadata import fields

NEWS = "news.json"
MAX_NEWS_BYTES = 262_144
MAX_RULE_SETS = 64
"""Rule sets of one member that are in force or to come."""


class MemberNews(NamedTuple):
    """Numbers of one member's newest segment and snapshot, of the rule sets that matter, ascending, and of its list of
    foreign keys. 0: none."""

    segment: int = 0
    snapshot: int = 0
    rules: tuple[int, ...] = ()
    foreign_keys: int = 0


def write_news(news: Mapping[str, MemberNews]) -> bytes:
    """The file."""
    return json_bytes({member: entry._asdict() for member, entry in sorted(news.items())})


def read_news(data: bytes) -> dict[str, MemberNews]:
    """What it says; a member whose entry is odd is left out. Raises TooLarge or Malformed when it cannot be read."""
    entries = fields.read_object(data, MAX_NEWS_BYTES)
    return {member: entry for member, content in entries.items() if (entry := _entry(content)) is not None}


def read_news_if_sound(data: bytes | None) -> dict[str, MemberNews]:
    """As :func:`read_news`, but nothing for one that cannot be read."""
    try:
        return read_news(data or b"")
    except Unreadable:
        return {}


def _entry(content: Any) -> MemberNews | None:
    try:
        rules = content["rules"]
        if type(rules) is not list or len(rules) > MAX_RULE_SETS:
            return None
        return MemberNews(
            _number(content["segment"]),
            _number(content["snapshot"]),
            tuple(sorted({*map(_number, rules)})),
            # Mirrors of earlier versions have none.
            _number(content.get("foreign_keys", 0)),
        )
    except (KeyError, TypeError, AttributeError, Malformed):
        return None


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_STATUS_SEQUENCE:
        raise Malformed("not a number of a file")
    return value
