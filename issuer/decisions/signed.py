"""A decision by hand as it is handed in: its text, its salt and two signatures. A client's word is none.

::

    "decision": {"text": "<canonical JSON>", "salt": "<64 hex>", "author": {signature}, "approver": {signature}}

``salt`` is also that of the one person it is about, so that whoever holds the document and the file can compute all.
"""

from __future__ import annotations

from typing import Any, Final

from credentials.decisions.by_hand import (
    CLOCKS_APART_SECONDS,
    MAX_PROPOSED_SECONDS,
    DecisionText,
    PersonEntry,
    people_root,
    person_digest,
    read_decision,
    require_sound,
)
from credentials.decisions.leaves import SALT_BYTES, sealed
from credentials.decisions.signatures import Signature, read_signature
from credentials.decisions.staff import SignedDecision, StaffKey
from credentials.errors import CredentialError, DecisionRejected, InvalidRequest
from credentials.model import Evidence
from issuer.decisions.deciding import MANUAL, Decision

UNSIGNED: Final = (
    "decision: a decision by hand needs its text and the signatures of its author and its approver, two persons of "
    "two units; what a client says of them is no signature. Make the text by `tongxing issuer decision text`, have "
    "each sign it by `tongxing issuer decision sign`, or decide at the desk (docs/operations.md, Decisions by hand)"
)
_FIELDS = frozenset({"text", "salt", "author", "approver"})


def read_signed(value: object) -> SignedDecision:
    """Read a decision that was handed in. Raises InvalidRequest, saying why and what to do."""
    if type(value) is not dict or value.keys() != _FIELDS:
        raise InvalidRequest(UNSIGNED)
    salt = _salt(value["salt"])
    if type(value["text"]) is not str:
        raise InvalidRequest("decision.text: the canonical JSON as one text")
    try:
        text = value["text"].encode()
        said = read_decision(text)
        author, approver = (_signature(value, name) for name in ("author", "approver"))
    except (CredentialError, UnicodeEncodeError) as error:
        raise InvalidRequest(f"decision.text: {getattr(error, 'detail', 'not UTF-8')}") from error
    return SignedDecision(text, salt, author, approver, said)


def require_about(signed: SignedDecision, identity: str) -> None:
    """Return when the decision is about the one person of this identity. Raises DecisionRejected."""
    said = signed.said
    (before,) = said.before if len(said.before) == 1 else ("",)
    entry = PersonEntry(person_digest(signed.salt, identity), before)
    if said.people != 1 or people_root([entry]) != said.root:
        raise DecisionRejected("the decision is about another person than the request, by the digest that was signed")


def require_in_time(said: DecisionText, member: str, at: int) -> None:
    """Raise DecisionRejected for a text that may not come into force at ``at``: of another member, without what a
    decision must have, proposed too long ago or in a time to come, or over."""
    if said.member != member:
        raise DecisionRejected("the decision is another member's")
    require_sound(said)
    if said.starts_at > at + CLOCKS_APART_SECONDS:
        raise DecisionRejected("the decision starts in a time to come")
    if at - said.starts_at > MAX_PROPOSED_SECONDS:
        raise DecisionRejected("the decision was proposed more than 24 hours ago; propose it anew")
    if said.ends_at <= at:
        raise DecisionRejected("the decision has ended already")


def decision_of(
    subject: bytes,
    signed: SignedDecision,
    by: tuple[StaffKey, StaffKey],
    evidence: tuple[Evidence, ...],
    at: int,
) -> Decision:
    """The decision about one person, in force from ``at`` on. ``by``: author and approver, who have been checked."""
    said, (author, approver) = signed.said, by
    return Decision(
        subject, said.status, said.reason, MANUAL, said.basis.article, evidence, author.unit, author.staff,
        approver.staff, at, said.ends_at, said.appeal_until, text=signed.text.decode(),
        sealed=sealed(signed.salt, signed.text), signed=signed,
    )  # fmt: skip


def _salt(value: Any) -> bytes:
    try:
        salt = bytes.fromhex(value) if type(value) is str else b""
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise InvalidRequest(f"decision.salt: {2 * SALT_BYTES} hex digits")
    return salt


def _signature(value: dict[str, Any], name: str) -> Signature:
    try:
        return read_signature(value[name])
    except CredentialError as error:
        raise InvalidRequest(f"decision.{name}: {error.detail}") from error
