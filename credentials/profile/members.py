"""Members (成员): who may sign, and the two-digit codes of GB/T 2260 behind their names.

The table is closed: a member id that does not stand here is malformed. Being in it gives no right to sign;
that comes from the trust registry alone.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.profile.words import Label, labels


class Member(NamedTuple):
    """A member's id, its two-digit GB/T 2260 code (0 for a department) and its name."""

    id: str
    code: int
    names: Label


_OTHER_CODES = {"CN-XPCC": 66}
"""Of members whose id does not say their code."""


def _member(name: str, names: Label) -> Member:
    place = name.removeprefix("CN-")
    return Member(name, int(place) if place.isdigit() else _OTHER_CODES.get(name, 0), names)


MEMBERS: dict[str, Member] = {name: _member(name, names) for name, names in labels("member").items()}
"""By id, as the catalogues have them: ``member.<id>``."""
REGION_CODES = frozenset(member.code for member in MEMBERS.values() if member.code)


def shown_name(member: str) -> Label | str:
    """The names of the member with this id; the id itself where there is none."""
    return MEMBERS[member].names if member in MEMBERS else member


def is_member_id(text: object) -> bool:
    """Whether ``text`` is the id of a member, exactly: upper case, no spaces (verifier-app #275)."""
    return isinstance(text, str) and text in MEMBERS


def no_member_id(text: object) -> str:
    """Why ``text`` is no member id, and where those that are stand: for a message."""
    close = text.strip().upper() if isinstance(text, str) else ""
    meant = f"did you mean {close}? " if close in MEMBERS and close != text else ""
    return f"not a member id, as CN-41 for Henan: {meant}`tongxing registry members` lists them"


def is_region(code: object) -> bool:
    """Whether ``code`` is built like a GB/T 2260 code: a six-digit integer in a known province."""
    return type(code) is int and 110_000 <= code <= 829_999 and code // 10_000 in REGION_CODES
