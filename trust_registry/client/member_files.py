"""What members publish for gates, verified: withdrawals (``status.cose``) and rule sets (``rules.jws``).

The mirror that serves them is believed in nothing. A file counts when its kid is listed for this member with
the right use, is not denied, and its signature holds; and, when it is new to this gate, when the key is
active and the member has not just changed. A file taken earlier stays good after its key has been retired,
but not after its key has been denied.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.errors import (
    IssuerMismatch,
    KeyDenied,
    KeyNotActive,
    KeyUseMismatch,
    Malformed,
    MemberChanged,
    UnknownKey,
)
from credentials.keys import VerificationKey
from credentials.limits import CLOCK_SKEW_SECONDS, MAX_JWS_CHARACTERS, MAX_SIGNED_BYTES
from credentials.recognition.document import read_rule_set
from credentials.recognition.ruleset import RuleSet
from credentials.status import snapshot as status
from credentials.wire import cose, jws
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.metadata.denials import kid_from_text

STATUS, RULES = "status.cose", "rules.jws"
TRUST = "trust"
"""Stands beside members' ids for the trust list: in failures, and in announcements of news."""
MEMBER_FILES = (STATUS, RULES)
"""What a member's folder on a mirror holds for gates."""
_USES = {STATUS: "status", RULES: "rules"}


class MemberFile(NamedTuple):
    """A verified file: its content, the key that signed it, the signed payload and the very bytes.

    Two files say the same when their payloads are equal; their bytes may differ, since anybody can turn a
    signature (r, s) into (r, n-s).
    """

    content: status.StatusSnapshot | RuleSet
    kid: bytes
    payload: bytes
    data: bytes

    @property
    def sequence(self) -> int:
        return self.content.sequence


def read_member_file(name: str, data: bytes, member: str, trust: TrustSnapshot) -> MemberFile:
    """Verify ``status.cose`` or ``rules.jws`` of ``member``.

    Raises TooLarge, Malformed, KeyDenied, UnknownKey, IssuerMismatch, KeyUseMismatch, WrongSignature,
    RuleSetInvalid and what else the readers of the two formats raise: all below TongxingError.
    """
    if name == STATUS:
        envelope = cose.open_layout(data, MAX_SIGNED_BYTES)
        key = listed_key(envelope.kid, member, name, trust)
        snapshot = status.open(data, key.public_key, member)
        return MemberFile(snapshot, envelope.kid, envelope.payload, data)
    compact = _text(data)
    unverified = jws.read(compact)
    key = listed_key(kid_from_text(unverified.kid), member, name, trust)
    rules = read_rule_set(compact, key.public_key, member)
    return MemberFile(rules, key.kid, unverified.payload, data)


def listed_key(kid: bytes, member: str, name: str, trust: TrustSnapshot) -> VerificationKey:
    """The key ``kid``, when ``member`` may sign the file ``name`` with it.

    Raises KeyDenied, UnknownKey, IssuerMismatch, KeyUseMismatch.
    """
    if kid in trust.denied:
        raise KeyDenied("the registry has denied this key")
    found = trust.find(kid)
    if found is None:
        raise UnknownKey("no member has this key")
    if found.key.member != member:
        raise IssuerMismatch("another member's key")
    if found.key.use != _USES[name]:
        raise KeyUseMismatch(f"a key for {found.key.use}")
    return found.key


def check_new(file: MemberFile, trust: TrustSnapshot, at: int) -> None:
    """Whether a file that is new to this gate may be taken at ``at``. Raises KeyNotActive, MemberChanged."""
    found = trust.keys[file.kid]
    if not found.key.not_before - CLOCK_SKEW_SECONDS <= at < found.key.not_after:
        raise KeyNotActive("signed with a key that is not active")
    if found.is_changed(at):
        raise MemberChanged("the member's root key changed too recently")


def _text(data: bytes) -> str:
    if len(data) > MAX_JWS_CHARACTERS or not data.isascii():
        raise Malformed("not a compact JWS")
    return data.decode("ascii")
