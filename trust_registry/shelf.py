"""One member's files on the mirror, with what the database knows of them, and the news of them for gates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from credentials.errors import KeyDenied, Malformed, QuotaExceeded, TongxingError, UnknownKey
from credentials.status.token import read_token, unwrap_token
from credentials.wire.strict_json import parse_json
from trust_registry.client.member_files import STATUS, MemberFile, listed_key, read_member_file
from trust_registry.client.news import MAX_RULE_SETS, News
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.metadata.denials import kid_from_text
from trust_registry.mirror import Mirror
from trust_registry.storage.ports import MemberFileRecord, Records

MAX_FILES = 4096
MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""All files of one member."""
LIST_FOLDER, SEGMENT_FOLDER, RULES_FOLDER = "token-status-lists/", "segments/", "rules/"


class Offered(NamedTuple):
    """A verified file: the kid that signed it, its sequence (a token list's: its iat), and its payload's SHA-256."""

    kid: bytes
    sequence: int
    digest: str
    file: MemberFile | None = None


class Shelf:
    """One member's files on the mirror and what is known of them, within one transaction."""

    def __init__(self, records: Records, mirror: Mirror, member: str, trust: TrustSnapshot) -> None:
        self._records, self._mirror, self._member, self._trust = records, mirror, member, trust

    def held(self, name: str) -> MemberFileRecord | None:
        """The file that a new one must be newer than.

        One whose key has been denied since does not count: who stole the key may have set the sequence so high
        that the member could never publish again.
        """
        record = self._records.member_files.get(self._member, name)
        content = self._mirror.read_member_file(self._member, name)
        if record and content:
            try:
                read_offered(name, content, self._member, self._trust)
            except (KeyDenied, UnknownKey):
                return None
        return record

    def read(self, name: str) -> MemberFile | None:
        """A file for gates that is there and holds."""
        content = self._mirror.read_member_file(self._member, name)
        try:
            return read_member_file(name, content, self._member, self._trust) if content else None
        except TongxingError:
            return None

    def put(self, name: str, content: bytes, offered: Offered, now: int) -> MemberFileRecord:
        """Keep a file. Raises QuotaExceeded.

        The mirror is written before the commit: a stop between the two leaves a newer file than is known, which
        is signed and good, and the member's retry is taken.
        """
        record = MemberFileRecord(self._member, name, offered.sequence, offered.digest, len(content), now)
        self._check_quota(record)
        self._mirror.put_member_file(self._member, name, content)
        self._records.member_files.put(record)
        return record

    def drop(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            self._mirror.drop_member_file(self._member, name)
            self._records.member_files.drop(self._member, name)

    def numbers(self, folder: str) -> dict[int, MemberFileRecord]:
        """What is held in ``segments/`` or ``rules/``, by number."""
        return {each.sequence: each for each in self._all() if each.name.startswith(folder)}

    def token_lists(self) -> dict[int, str]:
        """Names of token lists by the list's number."""
        names = [each.name for each in self._all() if each.name.startswith(LIST_FOLDER)]
        return {int(name.removeprefix(LIST_FOLDER).removesuffix(".jwt")): name for name in names}

    def tell(self) -> None:
        """Write what is new of this member for the gates to see."""
        status = self._records.member_files.get(self._member, STATUS)
        segments = max(self.numbers(SEGMENT_FOLDER), default=0)
        snapshot = status.sequence if status else 0
        rules = sorted(self.numbers(RULES_FOLDER))[-MAX_RULE_SETS:]
        self._mirror.put_news(self._member, News(max(segments, snapshot), snapshot, tuple(rules)))

    def _all(self) -> list[MemberFileRecord]:
        return self._records.member_files.of_member(self._member)

    def _check_quota(self, record: MemberFileRecord) -> None:
        others = [file for file in self._all() if file.name != record.name]
        if len(others) >= MAX_FILES or sum(file.size for file in others) + record.size > MAX_MEMBER_BYTES:
            raise QuotaExceeded(f"at most {MAX_FILES} files and {MAX_MEMBER_BYTES} bytes for a member")


def read_offered(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    """Verify a file by its name. Raises every CredentialError of one that a gate, or an outsider, would refuse."""
    if name.startswith(LIST_FOLDER):
        return _read_token_list(name, content, member, trust)
    file = read_member_file(name, content, member, trust)
    return Offered(file.kid, file.sequence, _digest(file.payload), file)


def _read_token_list(name: str, content: bytes, member: str, trust: TrustSnapshot) -> Offered:
    if not content.isascii():
        raise Malformed("not a compact JWS")
    envelope = unwrap_token(content.decode("ascii"))
    key = listed_key(kid_from_text(envelope.kid), member, "status", trust)
    claimed = parse_json(envelope.payload)
    subject = claimed.get("sub") if isinstance(claimed, dict) else None
    number = name.removeprefix(LIST_FOLDER).removesuffix(".jwt")
    if not isinstance(subject, str) or subject.removesuffix(".jwt").rpartition("/")[2] != number:
        # Else anybody could put one list of a member in the place of another.
        raise Malformed("sub does not end in the number of this list")
    token = read_token(envelope, key.public_key, subject)
    return Offered(key.kid, token.issued_at, _digest(envelope.payload))


def _digest(payload: bytes) -> str:
    # Of what was signed, never of the signature: anybody can turn that into another good one.
    return hashlib.sha256(payload).hexdigest()
