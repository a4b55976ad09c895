"""What this gate has itself seen: each member's root key and newest statement, and every denied key.

The registry's officers could list another root key for a member, by force or by mistake. A gate that knew
the member before takes the new one only when the old root signed the change, or when the gate has itself
known of it for 72 hours: time enough for the member to notice and to protest. Until then the member is
*changed*, and its codes are undetermined. A member seen for the first time is taken as listed.

A statement older than one that was seen, or a second one of the same sequence, makes the member changed
until a newer one comes: retired keys must not come back by serving old words. A denied key that a statement lists
stays denied even if a later list, signed by a stolen online key, has forgotten it. A denial of a key that no statement
ever listed counts while the registry lists it and is not remembered: a thief of that key can make up thirty thousand
with each signature.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any, NamedTuple

from credentials.algorithms.table import PublicKey
from credentials.errors import CredentialError, StatementRejected, StorageUnavailable
from credentials.keys import jwk_of, kid_of, public_key_from_jwk
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.wire.strict_json import json_bytes
from trust_registry.metadata import fields
from trust_registry.metadata.denials import KeyDenial, denial_to_json, kid_from_text, read_denial
from trust_registry.metadata.statement import Statement, verify_root_change

CHANGE_WAIT_SECONDS = 72 * 3600
"""How long a gate must know of a new root key that the old one did not sign."""
MAX_PINNED_DENIALS = 16_384
"""More than all keys that a list of the members can hold; of more, those go that no statement lists now."""
MAX_PINS_BYTES = 64 * 1024 * 1024
"""Twenty times what is written: earlier versions remembered every denial that was ever made up."""


class Announcement(NamedTuple):
    """A root key that the old one did not sign, and when this gate first saw it (seconds UTC)."""

    kid: bytes
    seen_at: int


class Pin(NamedTuple):
    """What is known of one member: its root key, the sequence and digest of its newest statement."""

    root_kid: bytes
    root_key: PublicKey
    sequence: int
    digest: str
    announced: Announcement | None = None


class Pins(NamedTuple):
    """The gate's memory: members by id, denied keys by kid."""

    members: Mapping[str, Pin]
    denied: Mapping[bytes, KeyDenial]


NOTHING_SEEN = Pins({}, {})


def denials_to_keep(denied: Mapping[bytes, KeyDenial], pins: Pins, listed: Collection[bytes]) -> dict[bytes, KeyDenial]:
    """Which of the denials that count now are to be remembered. ``listed``: the kids of all statements and roots."""
    kept = {kid: denial for kid, denial in denied.items() if kid in listed or kid in pins.denied}
    if len(kept) > MAX_PINNED_DENIALS:
        kept = {kid: denial for kid, denial in kept.items() if kid in listed}
    return dict(islice(kept.items(), MAX_PINNED_DENIALS))


class MemberStanding(NamedTuple):
    """How a member stands: ``changed_until`` is the time (seconds UTC) before which it is changed, 0 when it
    is not; the memory to keep; and why it is changed."""

    changed_until: int
    pin: Pin
    detail: str = ""


def review(
    pins: Pins, statement: Statement, denied: Mapping[bytes, KeyDenial], at: int, wait: int = CHANGE_WAIT_SECONDS
) -> MemberStanding:
    """Judge one member's verified statement at ``at`` by what was seen before, denials included."""
    fresh = Pin(statement.root_kid, statement.root_key, statement.sequence, statement.digest)
    pin = pins.members.get(statement.member)
    if pin is None:
        return MemberStanding(0, fresh)
    if pin.root_kid != statement.root_kid:
        return _review_root(pin, statement, fresh, pin.root_kid in denied, at, wait)
    if statement.sequence > pin.sequence or fresh == pin._replace(announced=None):
        return MemberStanding(0, fresh)
    return MemberStanding(MAX_TIME_SECONDS, pin, "statement is older than, or contradicts, one that was seen")


def _review_root(
    pin: Pin, statement: Statement, fresh: Pin, old_root_denied: bool, at: int, wait: int
) -> MemberStanding:
    if not old_root_denied and _handed_over(statement, pin.root_key):
        return MemberStanding(0, fresh)
    seen_at = at
    if pin.announced and pin.announced.kid == statement.root_kid:
        # min: a clock that once ran far ahead must not put the member off for ever.
        seen_at = min(pin.announced.seen_at, at)
    if at >= seen_at + wait:
        return MemberStanding(0, fresh)
    announced = Announcement(statement.root_kid, seen_at)
    return MemberStanding(seen_at + wait, pin._replace(announced=announced), "root key changed")


def _handed_over(statement: Statement, old_root: PublicKey) -> bool:
    try:
        verify_root_change(statement, old_root)
    except StatementRejected:
        return False
    return True


def write_pins(pins: Pins) -> bytes:
    """The memory as JSON, to be kept durably; a twentieth of what is read at most."""
    members = {member: _pin_to_json(pin) for member, pin in pins.members.items()}
    return json_bytes({"members": members, "denied": [denial_to_json(denial) for denial in pins.denied.values()]})


def read_pins(data: bytes) -> Pins:
    """Read what :func:`write_pins` wrote.

    Raises StorageUnavailable when it is damaged: to begin anew without a word would be to trust whoever
    damaged it.
    """
    try:
        document = fields.read_object(data, MAX_PINS_BYTES)
        members = fields.mapping(document.get("members"), "members")
        denied = [read_denial(value) for value in fields.items(document, "denied", MAX_PINS_BYTES)]
        return Pins(
            {member: _pin_from_json(member, value) for member, value in members.items()},
            {denial.kid: denial for denial in denied},
        )
    except CredentialError as error:
        raise StorageUnavailable(
            f"pins.json is damaged ({error}): put back a copy, or remove it and compare the members' root keys anew"
        ) from error


def _pin_to_json(pin: Pin) -> dict[str, Any]:
    announced = pin.announced and {"kid": pin.announced.kid.hex(), "seen_at": pin.announced.seen_at}
    root = jwk_of(pin.root_key)
    return {"root_key": root, "sequence": pin.sequence, "digest": pin.digest, "announced": announced}


def _pin_from_json(member: str, value: object) -> Pin:
    document = fields.mapping(value, "pin")
    root_key = public_key_from_jwk(document.get("root_key"))
    sequence, digest = fields.number(document, "sequence"), fields.text(document, "digest", 64)
    return Pin(kid_of(member, root_key), root_key, sequence, digest, _announced(document.get("announced")))


def _announced(value: object) -> Announcement | None:
    if value is None:
        return None
    document = fields.mapping(value, "announced")
    return Announcement(kid_from_text(document.get("kid")), fields.time(document, "seen_at"))
