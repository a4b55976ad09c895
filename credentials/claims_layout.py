"""The claims as issuers write them, matched in one go: the way of nearly every code that a gate sees.

The deterministic encoding of :mod:`credentials.claims` leaves no choice but which optional parts are there, so it is
one pattern over bytes, and matching it checks most types, lists and bounds at once, at a third of what reading it
item by item costs. What does not match is not refused: it is left to the general reader, which alone knows why
something is wrong. Nothing may be read here that is read otherwise there (``tests/properties/test_claims_layout.py``).

Left to the general reader as well: converted codes, codes without a status reference, names of 24 bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from credentials.characters import is_shown
from credentials.limits import EVIDENCE_TIME_STEP_SECONDS, MIN_TIME_SECONDS
from credentials.model import (
    Evidence,
    EvidenceKind,
    EvidenceResult,
    Form,
    Guardian,
    Reason,
    RuleSetReference,
    Status,
    StatusCredential,
    StatusReference,
)
from credentials.regions import MEMBERS, REGION_CODES

_NUMBER = rb"[\0-\x17]|\x18.|\x19.."
"""Of up to 16 bits."""
_LAYOUT = re.compile(
    rb"([\xa5\xa6])"
    rb"\x01([\x65\x67]CN-[0-9A-Z-]{2,4})"
    rb"(\x04\x1a.{4}\x06\x1a.{4}\x07\x48.{8})"
    rb"(?:\x08\xa1\x01\xa4\x01\x02\x20\x01\x21\x58\x20(.{32})\x22([\xf4\xf5]))?"
    rb"\x3a\0\x01\0\0([\xa9-\xab])"
    rb"\0([\x01-\x04])\x01([\x01-\x0c])"
    rb"\x02\x82([\0-\x17])(" + _NUMBER + rb")"
    rb"\x03(" + _NUMBER + rb")"
    rb"\x04([\x80-\x82])((?:\x84[\x01-\x06][\x01-\x04]\x1a.{4}\x1a.{4}){0,2})"
    rb"\x05([\x61-\x77])([^\0-\x1f]{1,23})"
    rb"\x06\x64([0-9A-Za-z]{4})"
    rb"\x07([\x01-\x03])"
    rb"\x08\x82(" + _NUMBER + rb")(" + _NUMBER + rb"|\x1a\0[\0-\x0f]..)"
    rb"(?:\x09\x50(.{16}))?"
    rb"(?:\x0b([\x01-\x06]))?",
    re.DOTALL,
)
"""In the order of the keys. Lengths and what hangs together are looked at afterwards."""
_TIMES = struct.Struct(">2xI2xI2x8s")
_PIECE = struct.Struct(">xBBxIxI")
_ARRAY, _TEXT = 0x80, 0x60
_PROVINCE = 10_000
_MEMBERS = {bytes([_TEXT + len(member)]) + member.encode(): member for member in MEMBERS}
_STATUSES = {bytes([member]): member for member in Status}
_REASONS = {bytes([member]): member for member in Reason}
_FORMS = {bytes([member]): member for member in Form}
_KINDS = {int(member): member for member in EvidenceKind}
_RESULTS = {int(member): member for member in EvidenceResult}
_GUARDIANS = {bytes([member]): member for member in Guardian}
_SIGNS = {b"\xf4": b"\x02", b"\xf5": b"\x03"}


def _shapes() -> Iterator[tuple[bytes, bytes, bytes, bool, bool, bool]]:
    """What hangs together: the sizes of both maps, the form, and which of key, decision and guardian are there."""
    for form in Form:
        with_key, with_guardian = form is not Form.PAPER, form is Form.ASSISTED
        for with_decision in (False, True):
            sizes = bytes([0xA5 + with_key]), bytes([0xA9 + with_decision + with_guardian])
            yield *sizes, bytes([form]), with_key, with_decision, with_guardian


_SHAPES = frozenset(_shapes())
# Made without the detour by way of keywords.
_credential: Callable[[tuple[Any, ...]], StatusCredential] = partial(tuple.__new__, StatusCredential)
_reference: Callable[[tuple[int, int]], StatusReference] = partial(tuple.__new__, StatusReference)
_rule_set: Callable[[tuple[int, int]], RuleSetReference] = partial(tuple.__new__, RuleSetReference)
_piece: Callable[[tuple[Any, ...]], Evidence] = partial(tuple.__new__, Evidence)


def read(payload: bytes) -> StatusCredential | None:
    """The credential that these claims are, or None where the general reader must say."""
    match = _LAYOUT.fullmatch(payload)
    if match is None:
        return None
    (
        size, issuer, times, x, sign, our_size, status, reason, rule_set, version, before, count, pieces, name_size,
        name, tail, form, status_list, index, decision, guardian,
    ) = match.groups()  # fmt: skip
    expires_at, issued_at, cti = _TIMES.unpack(times)
    shape = (size, our_size, form, x is not None, decision is not None, guardian is not None)
    if (
        shape not in _SHAPES
        or not MIN_TIME_SECONDS <= issued_at < expires_at
        or len(pieces) != _PIECE.size * (count[0] - _ARRAY)
        or len(name) != name_size[0] - _TEXT
    ):
        return None
    try:
        return _credential((
            _MEMBERS[issuer], issued_at, expires_at, cti, _STATUSES[status], _REASONS[reason],
            _rule_set((rule_set[0], _number(version))), _number(before), _evidence(pieces),
            _shown(name), tail.decode(), _FORMS[form], _reference((_number(status_list), _number(index))),
            decision, None, guardian and _GUARDIANS[guardian], None if x is None else _SIGNS[sign] + x,
        ))  # fmt: skip
    except (KeyError, ValueError):
        return None


def _number(item: bytes) -> int:
    return int.from_bytes(item[1:] or item, "big")


def _shown(name: bytes) -> str:
    """Raises ValueError, of which UnicodeDecodeError is one."""
    text = name.decode()
    if not is_shown(text):
        raise ValueError
    return text


def _evidence(pieces: bytes) -> tuple[Evidence, ...]:
    """Raises ValueError."""
    found = []
    for kind, result, sampled_at, region in _PIECE.iter_unpack(pieces):
        rounded = not sampled_at % EVIDENCE_TIME_STEP_SECONDS
        if sampled_at < MIN_TIME_SECONDS or not rounded or region // _PROVINCE not in REGION_CODES:
            raise ValueError
        found.append(_piece((_KINDS[kind], _RESULTS[result], sampled_at, region)))
    return tuple(found)
