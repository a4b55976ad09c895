"""A member's file as it comes in: signature and head are read, in this order; the rest is not yet.

Nothing here costs by what the file holds, so it may be done for anybody who sends a file. Reading it whole, as every
gate will, is the caller's to begin when the file is one that could be taken.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from credentials.decisions.rules.document import STATUS_RULES_TYPE, read_status_rules
from credentials.errors import IssuerMismatch, Malformed, RuleSetInvalid, TooLarge
from credentials.foreign.document import FOREIGN_KEYS_TYPE, read_foreign_keys
from credentials.profile.limits import (
    MAX_JWS_CHARACTERS,
    MAX_SEGMENT_BYTES,
    MAX_STATUS_LIST,
    MAX_STATUS_SEQUENCE,
    MAX_STATUS_TOKEN_CHARACTERS,
    MAX_TIME_SECONDS,
)
from credentials.recognition.document import RULES_TYPE, read_rule_set
from credentials.status import segment, snapshot
from credentials.status.chain import End
from credentials.status.token import TYP, read_token
from credentials.wire import cose, jws
from trust_registry.client.members.member_files import listed_key
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.denials import kid_from_text
from trust_registry.metadata.file_names import parse_name
from trust_registry.storage.ports import MemberFileRecord

LIST_FOLDER, SEGMENT_FOLDER, RULES_FOLDER = "token-status-lists/", "segments/", "rules/"
STATUS_RULES_FOLDER = "status-rules/"
MAX_STATUS_FILE_BYTES = 4 * 1024 * 1024
MAX_FILE_BYTES = {
    "status": MAX_STATUS_FILE_BYTES,
    "segment": MAX_SEGMENT_BYTES,
    "rules": MAX_JWS_CHARACTERS,
    "foreign-keys": MAX_JWS_CHARACTERS,
    "status-rules": MAX_JWS_CHARACTERS,
    "token-list": MAX_STATUS_TOKEN_CHARACTERS,
}
"""The largest file of each kind."""
_JWS_DOTS = 2
_DIGEST = re.compile("[0-9a-f]{64}")
_LIST_NUMBER = re.compile("0|[1-9][0-9]{0,9}")
_STATUS_RULES = re.compile(r"status-rules/([1-9][0-9]{0,15})\.jws")


class Offered(NamedTuple):
    """``record``: as it would be kept, but for its size and time; ``previous``: of a segment or of rules, SHA-256 of
    the payload before; ``read``: reads it whole, raising what every gate would, at the cost of what it holds."""

    record: MemberFileRecord
    read: Callable[[], Any]
    previous: bytes = b""


def kind_of(name: str) -> str:
    """``status``, ``segment``, ``rules``, ``foreign-keys``, ``status-rules`` or ``token-list``.

    Raises Malformed for any other name.
    """
    if name.startswith(LIST_FOLDER):
        number = name.removeprefix(LIST_FOLDER).removesuffix(".jwt")
        if not _LIST_NUMBER.fullmatch(number) or not name.endswith(".jwt") or int(number) > MAX_STATUS_LIST:
            raise Malformed("no name of a token status list")
        return "token-list"
    if _STATUS_RULES.fullmatch(name):
        return "status-rules"
    return parse_name(name).kind


def check_form(name: str, content: bytes) -> None:
    """What can be said of a file before anything is looked up: raises TooLarge, Malformed."""
    kind = kind_of(name)
    if len(content) > MAX_FILE_BYTES[kind]:
        raise TooLarge(f"more than {MAX_FILE_BYTES[kind]} bytes")
    if kind in ("status", "segment"):
        cose.open_layout(content, MAX_FILE_BYTES[kind])
    elif content.count(b".") != _JWS_DOTS or not content.isascii():
        raise Malformed("not a compact JWS")


def open_offered(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    """Verify the signature of ``member``'s file of this name, and read its head.

    Raises TooLarge, Malformed, KeyDenied, UnknownKey, IssuerMismatch, KeyUseMismatch, AlgorithmMismatch,
    WrongSignature, RuleSetInvalid.
    """
    check_form(name, content)
    kind = kind_of(name)
    offered = _OPEN[kind](name, content, member, trust)
    number = _number_in(name, kind)
    if number not in (None, offered.record.sequence):
        # Else whoever sends it could put one in the place of another.
        raise Malformed("another number than its name says")
    return offered


def status_rules_name(sequence: int) -> str:
    """Where the status rules of this sequence stand."""
    return f"{STATUS_RULES_FOLDER}{sequence}.jws"


def _number_in(name: str, kind: str) -> int | None:
    if found := _STATUS_RULES.fullmatch(name):
        return int(found[1])
    return parse_name(name).number if kind in ("segment", "rules") else None


def _open_status(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    envelope = cose.open_layout(content, MAX_STATUS_FILE_BYTES)
    verified = cose.verify(envelope, listed_key(envelope.kid, member, "status", trust))
    return Offered(_of_chain(name, verified, snapshot.read_end(verified)), partial(snapshot.read, verified))


def _open_segment(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    envelope = cose.open_layout(content, MAX_SEGMENT_BYTES)
    verified = cose.verify(envelope, listed_key(envelope.kid, member, "status", trust))
    end, previous = segment.read_link(verified)
    return Offered(_of_chain(name, verified, end), partial(segment.read, verified), previous)


def _of_chain(name: str, verified: cose.VerifiedPayload, end: End) -> MemberFileRecord:
    record = _record(name, verified.key.member, verified.key.kid, end.number, verified.payload)
    return record._replace(as_of=end.as_of, head=end.head.hex())


def _open_rules(
    typ: str, read: Callable[..., Any], name: str, content: bytes, member: str, trust: TrustSnapshot
) -> Offered:
    envelope = jws.read(content.decode("ascii"))
    key = listed_key(kid_from_text(envelope.kid), member, "rules", trust)
    document = jws.verify(envelope, key.public_key, typ)
    if document.get("member") != member:
        raise IssuerMismatch("rule set of another member")
    sequence, begins, ends = (document.get(field) for field in ("sequence", "valid_from", "valid_until"))
    if not _is_number(sequence, MAX_STATUS_SEQUENCE) or not _is_number(begins, MAX_TIME_SECONDS):
        raise RuleSetInvalid("sequence or valid_from")
    if ends is not None and not _is_number(ends, MAX_TIME_SECONDS):
        raise RuleSetInvalid("valid_until")
    record = _record(name, member, key.kid, sequence, envelope.payload)
    record = record._replace(valid_from=begins, valid_until=ends)
    return Offered(record, partial(read, envelope.compact, key.public_key, member), _previous(document))


def _previous(document: dict[str, Any]) -> bytes:
    previous = document.get("previous")
    if previous is not None and (type(previous) is not str or not _DIGEST.fullmatch(previous)):
        raise RuleSetInvalid("previous")
    return bytes.fromhex(previous or "")


def _open_foreign_keys(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    envelope = jws.read(content.decode("ascii"))
    key = listed_key(kid_from_text(envelope.kid), member, "rules", trust)
    document = jws.verify(envelope, key.public_key, FOREIGN_KEYS_TYPE)
    if document.get("member") != member:
        raise IssuerMismatch("list of foreign keys of another member")
    sequence = document.get("sequence")
    if not _is_number(sequence, MAX_STATUS_SEQUENCE):
        raise Malformed("sequence")
    record = _record(name, member, key.kid, sequence, envelope.payload)
    return Offered(record, partial(read_foreign_keys, envelope.compact, key.public_key, member))


def _open_token_list(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    envelope = jws.read(content.decode("ascii"), MAX_STATUS_TOKEN_CHARACTERS)
    key = listed_key(kid_from_text(envelope.kid), member, "status", trust)
    claims = jws.verify(envelope, key.public_key, TYP)
    subject, issued_at = claims.get("sub"), claims.get("iat")
    number = name.removeprefix(LIST_FOLDER).removesuffix(".jwt")
    if not isinstance(subject, str) or subject.removesuffix(".jwt").rpartition("/")[2] != number:
        # Else anybody could put one list of a member in the place of another.
        raise Malformed("sub does not end in the number of this list")
    if not _is_number(issued_at, MAX_TIME_SECONDS):
        raise Malformed("iat")
    record = _record(name, member, key.kid, issued_at, envelope.payload)
    return Offered(record, partial(read_token, envelope, key.public_key, subject))


def _record(name: str, member: str, kid: bytes, sequence: Any, payload: bytes) -> MemberFileRecord:
    # The hash of what was signed, never of the signature: anybody can turn that into another good one.
    return MemberFileRecord(member, name, sequence, hashlib.sha256(payload).hexdigest(), 0, 0, kid.hex())


def _is_number(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


_OPEN: dict[str, Callable[[str, bytes, str, TrustSnapshot], Offered]] = {
    "status": _open_status,
    "segment": _open_segment,
    "rules": partial(_open_rules, RULES_TYPE, read_rule_set),
    "status-rules": partial(_open_rules, STATUS_RULES_TYPE, read_status_rules),
    "foreign-keys": _open_foreign_keys,
    "token-list": _open_token_list,
}
