"""Members' files on the mirror: what a member may put there, checked on the way in.

A file authenticates itself: it is signed by a listed key of that member, of the right use, active and not
denied, and it is newer than the one it replaces. Who replays an old file, or one member's as another's, is
refused; the gates check all of it again.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from credentials.errors import (
    Conflict,
    InvalidRequest,
    KeyDenied,
    KeyNotActive,
    Malformed,
    QuotaExceeded,
    SequenceNotNewer,
    TooLarge,
    UnknownKey,
)
from credentials.keys import VerificationKey
from credentials.limits import (
    CLOCK_SKEW_SECONDS,
    MAX_JWS_CHARACTERS,
    MAX_STATUS_LIST,
    MAX_STATUS_TOKEN_CHARACTERS,
)
from credentials.status.token import read_token, unwrap_token
from credentials.wire import jws
from trust_registry.client.member_files import RULES, STATUS, listed_key, read_member_file
from trust_registry.client.pins import NOTHING_SEEN
from trust_registry.client.repository import verify_repository
from trust_registry.client.snapshot import TrustSnapshot, build_snapshot
from trust_registry.metadata.denials import kid_from_text
from trust_registry.mirror import Mirror
from trust_registry.publication import current
from trust_registry.repository import MirrorFiles
from trust_registry.storage.ports import MemberFileRecord, Records, Storage

MAX_STATUS_FILE_BYTES = 4 * 1024 * 1024
MAX_RULES_FILE_BYTES = MAX_JWS_CHARACTERS
MAX_TOKEN_LIST_BYTES = MAX_STATUS_TOKEN_CHARACTERS
MAX_TOKEN_LISTS = 4096
MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""All files of one member."""
_LIST_FOLDER = "token-status-lists"


class Offered(NamedTuple):
    """A verified file: the kid that signed it and its sequence (a token list's: its iat)."""

    kid: bytes
    sequence: int


def accept_status(storage: Storage, mirror: Mirror, member: str, content: bytes, now: int) -> MemberFileRecord:
    """Take a member's signed status snapshot (COSE, at most 4 MiB). Raises what :func:`_accept` does."""
    _check_size(content, MAX_STATUS_FILE_BYTES)
    return _accept(storage, mirror, member, STATUS, content, now)


def accept_rules(storage: Storage, mirror: Mirror, member: str, content: bytes, now: int) -> MemberFileRecord:
    """Take a member's signed rule set (JWS, at most 1.5 MB). Raises what :func:`_accept` does."""
    _check_size(content, MAX_RULES_FILE_BYTES)
    return _accept(storage, mirror, member, RULES, content, now)


def accept_token_list(
    storage: Storage, mirror: Mirror, member: str, number: int, content: bytes, now: int
) -> MemberFileRecord:
    """Take a member's Token Status List (JWT). Raises what :func:`_accept` does."""
    _check_size(content, MAX_TOKEN_LIST_BYTES)
    if not 0 <= number <= MAX_STATUS_LIST:
        raise InvalidRequest("no such list number")
    return _accept(storage, mirror, member, f"{_LIST_FOLDER}/{number}.jwt", content, now)


def _accept(storage: Storage, mirror: Mirror, member: str, name: str, content: bytes, now: int) -> MemberFileRecord:
    """Verify a file and put it on the mirror.

    The mirror is written before the commit: a stop between the two leaves a newer file than is known, which
    is signed and good, and the member's retry is taken. The very same file again changes nothing.

    Raises SequenceNotNewer, Conflict (another file of the same sequence), QuotaExceeded, and every
    CredentialError of a file that a gate would refuse.
    """
    # Verified before the write lock is taken: a file that does not hold must not keep others waiting.
    with storage.reading() as records:
        trust = trust_of(records, now)
    offered = _read(name, content, member, trust)
    _check_active(trust.keys[offered.kid].key, now)
    with storage.writing() as records:
        held = _held(records, mirror, member, name, trust)
        digest = hashlib.sha256(content).hexdigest()
        if held and (held.sequence, held.sha256) == (offered.sequence, digest):
            return held
        _check_newer(held, offered.sequence)
        record = MemberFileRecord(member, name, offered.sequence, digest, len(content), now)
        _check_quota(records, record)
        mirror.put_member_file(member, name, content)
        records.member_files.put(record)
    return record


def _held(records: Records, mirror: Mirror, member: str, name: str, trust: TrustSnapshot) -> MemberFileRecord | None:
    """The file that a new one must be newer than.

    One whose key has been denied since does not count: who stole the key may have set the sequence so high
    that the member could never publish again.
    """
    held = records.member_files.get(member, name)
    content = mirror.read_member_file(member, name)
    if held and content:
        try:
            _read(name, content, member, trust)
        except (KeyDenied, UnknownKey):
            return None
    return held


def trust_of(records: Records, now: int) -> TrustSnapshot:
    """What a gate that comes fresh would trust now."""
    verified = verify_repository(MirrorFiles(records.repository.read), current(records).root)
    return build_snapshot(verified, NOTHING_SEEN, now)[0]


def _read(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    if name.startswith(_LIST_FOLDER):
        return _read_token_list(name, content, member, trust)
    file = read_member_file(name, content, member, trust)
    return Offered(file.kid, file.sequence)


def _read_token_list(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    if not content.isascii():
        raise Malformed("not a compact JWS")
    envelope = unwrap_token(content.decode("ascii"))
    key = listed_key(kid_from_text(envelope.kid), member, STATUS, trust)
    claimed = jws.parse_json(envelope.payload)
    subject = claimed.get("sub") if isinstance(claimed, dict) else None
    number = name.removeprefix(f"{_LIST_FOLDER}/").removesuffix(".jwt")
    if not isinstance(subject, str) or subject.removesuffix(".jwt").rpartition("/")[2] != number:
        # Else anybody could put one list of a member in the place of another.
        raise Malformed("sub does not end in the number of this list")
    return Offered(key.kid, read_token(envelope, key.public_key, subject).issued_at)


def _check_active(key: VerificationKey, now: int) -> None:
    if not key.not_before - CLOCK_SKEW_SECONDS <= now < key.not_after:
        raise KeyNotActive("signed with a key that is not active")


def _check_size(content: bytes, most: int) -> None:
    if len(content) > most:
        raise TooLarge(f"more than {most} bytes")


def _check_newer(held: MemberFileRecord | None, sequence: int) -> None:
    if held is None or sequence > held.sequence:
        return
    if sequence == held.sequence:
        raise Conflict(f"another file of sequence {sequence} is held")
    raise SequenceNotNewer(f"sequence {held.sequence} is held")


def _check_quota(records: Records, record: MemberFileRecord) -> None:
    others = [file for file in records.member_files.of_member(record.member) if file.name != record.name]
    if len(others) >= MAX_TOKEN_LISTS or sum(file.size for file in others) + record.size > MAX_MEMBER_BYTES:
        raise QuotaExceeded(f"at most {MAX_TOKEN_LISTS} files and {MAX_MEMBER_BYTES} bytes for a member")
