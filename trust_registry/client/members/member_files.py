"""What members publish for gates, verified: withdrawals and rule sets.

::

    status.cose               the newest status snapshot
    segments/<number>.cose    what was withdrawn since, one after the other
    rules.jws                 the newest rule set
    rules/<sequence>.jws      every rule set that is in force or will be
    foreign-keys.jws          the newest list of whose foreign cards the member's gates read

The mirror that serves them is believed in nothing. A file counts when its kid is listed for this member with
the right use, is not denied, and its signature holds; and, when it is new to this gate, when the key is
active and the member has not just changed. A file taken earlier stays good after its key has been retired,
but not after its key has been denied.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from credentials.errors import (
    AheadOfTime,
    IssuerMismatch,
    KeyDenied,
    KeyNotActive,
    KeyUseMismatch,
    Malformed,
    MemberChanged,
    UnknownKey,
    Untrusted,
)
from credentials.foreign.document import read_foreign_keys
from credentials.foreign.keys import ForeignKeys
from credentials.keys import VerificationKey
from credentials.profile.limits import (
    MAX_KEY_EARLY_SECONDS,
    MAX_SEGMENT_BYTES,
    MAX_SIGNED_BYTES,
    MAX_STATUS_AHEAD_SECONDS,
)
from credentials.recognition.document import read_rule_set
from credentials.recognition.ruleset import RuleSet
from credentials.status import segment as segments
from credentials.status import snapshot as status
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusSnapshot
from credentials.wire import cose, jws
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.denials import kid_from_text
from trust_registry.metadata.file_names import parse_name

MAX_SNAPSHOT_AHEAD_SECONDS = 24 * 3600
"""How far a snapshot may be ahead of a gate's clock. A slow gate must be able to begin at all; of segments it takes
those whose time has come, one by one, and so is only late."""


class MemberFile(NamedTuple):
    """A verified file: its content, the key that signed it, the signed payload and the very bytes.

    Two files say the same when their payloads are equal; their bytes may differ, since anybody can turn a
    signature (r, s) into (r, n-s).
    """

    content: StatusSnapshot | Segment | RuleSet | ForeignKeys
    kid: bytes
    payload: bytes
    data: bytes

    @property
    def sequence(self) -> int:
        return self.content.sequence

    @property
    def snapshot(self) -> StatusSnapshot:
        """The content of ``status.cose``."""
        return cast(StatusSnapshot, self.content)

    @property
    def segment(self) -> Segment:
        """The content of a file in ``segments``."""
        return cast(Segment, self.content)

    @property
    def rule_set(self) -> RuleSet:
        """The content of ``rules.jws`` and of a file in ``rules``."""
        return cast(RuleSet, self.content)

    @property
    def foreign_keys(self) -> ForeignKeys:
        """The content of ``foreign-keys.jws``."""
        return cast(ForeignKeys, self.content)


def read_member_file(name: str, data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    """Verify one of the files above of ``member``.

    Raises TooLarge, Malformed, KeyDenied, UnknownKey, IssuerMismatch, KeyUseMismatch, WrongSignature,
    RuleSetInvalid and what else the readers of the formats raise: all below TongxingError.
    """
    parsed = parse_name(name)
    number, file = parsed.number, _READERS[parsed.kind](data, member, trust)
    if number not in (None, file.sequence):
        # Else whoever serves it could put one in the place of another.
        raise Malformed("another number than its name says")
    return file


def listed_key(kid: bytes, member: str, use: str, trust: TrustSnapshot) -> VerificationKey:
    """The key ``kid``, when ``member`` may sign with it for ``use``.

    Raises KeyDenied, UnknownKey, IssuerMismatch, KeyUseMismatch.
    """
    if kid in trust.denied:
        raise KeyDenied("the registry has denied this key")
    found = trust.find(kid)
    if found is None:
        raise UnknownKey("no member has this key")
    if found.key.member != member:
        raise IssuerMismatch("another member's key")
    if found.key.use != use:
        raise KeyUseMismatch(f"a key for {found.key.use}")
    return found.key


def is_listed(file: MemberFile, member: str, use: str, trust: TrustSnapshot) -> bool:
    """Whether the key that signed a file taken earlier is still listed for ``member`` and ``use``, and not denied."""
    try:
        listed_key(file.kid, member, use, trust)
    except Untrusted:
        return False
    return True


def check_active(key: VerificationKey, at: int) -> None:
    """Raise KeyNotActive unless ``key`` may sign something new at ``at``."""
    if not key.not_before - MAX_KEY_EARLY_SECONDS <= at < key.not_after:
        raise KeyNotActive("signed with a key that is not active")


def check_new(file: MemberFile, trust: TrustSnapshot, at: int) -> None:
    """Whether a file that is new to this gate may be taken at ``at``. Raises KeyNotActive, MemberChanged."""
    found = trust.keys[file.kid]
    check_active(found.key, at)
    if found.is_changed(at):
        raise MemberChanged("the member's root key changed too recently")


def check_not_ahead(file: MemberFile, at: int) -> None:
    """Raise AheadOfTime for status data as of a time to come, as a gate at ``at`` sees it."""
    if isinstance(file.content, Segment) and file.content.as_of > at + MAX_STATUS_AHEAD_SECONDS:
        raise AheadOfTime(f"{file.content.as_of - at} s ahead of this clock")
    if isinstance(file.content, StatusSnapshot) and file.content.as_of > at + MAX_SNAPSHOT_AHEAD_SECONDS:
        raise AheadOfTime(f"{file.content.as_of - at} s ahead of this clock")


def _read_snapshot(data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    envelope = cose.open_layout(data, MAX_SIGNED_BYTES)
    key = listed_key(envelope.kid, member, "status", trust)
    return MemberFile(status.read(cose.verify(envelope, key)), envelope.kid, envelope.payload, data)


def _read_segment(data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    envelope = cose.open_layout(data, MAX_SEGMENT_BYTES)
    key = listed_key(envelope.kid, member, "status", trust)
    return MemberFile(segments.read(cose.verify(envelope, key)), envelope.kid, envelope.payload, data)


def _read_rules(data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    compact = _text(data)
    unverified = jws.read(compact)
    key = listed_key(kid_from_text(unverified.kid), member, "rules", trust)
    return MemberFile(read_rule_set(compact, key.public_key, member), key.kid, unverified.payload, data)


def _read_foreign_keys(data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    compact = _text(data)
    unverified = jws.read(compact)
    key = listed_key(kid_from_text(unverified.kid), member, "rules", trust)
    return MemberFile(read_foreign_keys(compact, key.public_key, member), key.kid, unverified.payload, data)


_READERS = {
    "status": _read_snapshot,
    "segment": _read_segment,
    "rules": _read_rules,
    "foreign-keys": _read_foreign_keys,
}
"""By kind of file."""


def _text(data: bytes) -> str:
    if not data.isascii():
        raise Malformed("not a compact JWS")
    return data.decode("ascii")
