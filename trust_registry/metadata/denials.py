"""``denials.json``: the keys that verify nothing any more (停用密钥), whatever the time in a code says.

::

    {"sequence": n, "issued_at": s,
     "denied": [{"kid": hex16, "sequence": n, "reason": label, "denied_at": s}]}

The set is cumulative: an entry never leaves it, and a gate never forgets one that it has seen. An entry's
``sequence`` is the sequence of the file that brought it. The file is a TUF target under an online key, so
that key can only take trust away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from credentials.errors import Malformed
from credentials.profile.limits import KID_BYTES
from credentials.wire.strict_json import json_bytes
from trust_registry.metadata import fields

TARGET = "denials.json"
"""Name of the target."""
ROLE = "denials"
"""Name of the TUF role that ``targets`` delegates it to."""
MAX_DENIALS_BYTES = 4 * 1024 * 1024
MAX_DENIED = 32_768
"""Denied keys, over the whole life of the registry."""
DENIAL_REASONS = ("compromised", "lost", "withdrawn-by-member", "misused", "member-suspended")
"""Why a key is denied. A reason that a gate does not know denies no less."""
_KID = re.compile(rf"[0-9a-f]{{{2 * KID_BYTES}}}")
_LABEL = re.compile(r"[a-z][a-z-]{0,31}")


class KeyDenial(NamedTuple):
    """One denied key: ``kid`` 8 bytes, the sequence that brought it, why, since when (seconds UTC)."""

    kid: bytes
    sequence: int
    reason: str
    denied_at: int


class DenialList(NamedTuple):
    """The whole set by kid, and what could not be read of it (position and detail)."""

    sequence: int
    issued_at: int
    denied: Mapping[bytes, KeyDenial]
    bad_entries: tuple[str, ...] = ()


def kid_from_text(text: object) -> bytes:
    """The 8 bytes of a kid written as 16 lower-case hex digits. Raises Malformed."""
    if not isinstance(text, str) or not _KID.fullmatch(text):
        raise Malformed("kid is not 16 lower-case hex digits")
    return bytes.fromhex(text)


def read_denials(data: bytes) -> DenialList:
    """Read ``denials.json`` (at most 4 MiB, 32 768 entries).

    An entry whose kid can be read denies, however odd the rest of it is: the doubt is the key's, not ours.
    Raises TooLarge and Malformed for the file as a whole; unknown fields are ignored.
    """
    document = fields.read_object(data, MAX_DENIALS_BYTES)
    denied: dict[bytes, KeyDenial] = {}
    bad: list[str] = []
    for position, value in enumerate(fields.items(document, "denied", MAX_DENIED)):
        try:
            denial = read_denial(value)
        except Malformed as error:
            bad.append(f"denial {position}: {error.detail}")
        else:
            denied.setdefault(denial.kid, denial)
    return DenialList(
        fields.number(document, "sequence", least=0),
        fields.time(document, "issued_at"),
        denied,
        tuple(bad),
    )


def read_denial(value: object) -> KeyDenial:
    """One entry; what is odd besides the kid becomes ``unspecified`` or 0. Raises Malformed for the kid."""
    document = fields.mapping(value, "entry")
    kid = kid_from_text(document.get("kid"))
    reason = document.get("reason")
    if not isinstance(reason, str) or not _LABEL.fullmatch(reason):
        reason = "unspecified"
    return KeyDenial(kid, _natural(document.get("sequence")), reason, _natural(document.get("denied_at")))


def write_denials(sequence: int, issued_at: int, denied: Iterable[KeyDenial]) -> bytes:
    """``denials.json`` of these entries, sorted by kid. Raises Malformed when they do not read back whole."""
    entries = sorted(denied)
    data = json_bytes(
        {
            "sequence": sequence,
            "issued_at": issued_at,
            "denied": [denial_to_json(denial) for denial in entries],
        }
    )
    if list(read_denials(data).denied.values()) != entries:
        raise Malformed("denials do not read back as written")
    return data


def denial_to_json(denial: KeyDenial) -> dict[str, Any]:
    """The entry as it stands in the file."""
    return {**denial._asdict(), "kid": denial.kid.hex()}


def _natural(value: object) -> int:
    return value if type(value) is int and 0 <= value <= fields.MAX_SEQUENCE else 0
