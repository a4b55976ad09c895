"""Staff keys (经办密钥): by whom decisions are signed, each vouched for, so that nobody can make a signatory up.

A key is a canonical JSON text, signed (:mod:`credentials.decisions.signatures`) by two administrators, who are two
persons. The first two administrators are signed by the root key of the province, which the registry lists, or by one
that it followed (:class:`RootKeys`)::

    {"type": "staff-key", "member": "CN-41", "pseudonym": "zhang-7", "unit": "cdc", "roles": ["operator"],
     "algorithm": "…", "key": {JWK}, "origin": "https://code.henan.example", "made_at": s}

and is in force from when the province's log held it, and a delay later, until a text by an administrator or the root
key ends it::

    {"type": "staff-key-revocation", "member": "CN-41", "kid": "<16 hex>", "made_at": s}

A pseudonym is a person: two keys of one pseudonym are one person, of one unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from credentials.algorithms.table import FOR_STAFF
from credentials.decisions.by_hand import DecisionText, is_unit_name
from credentials.decisions.signatures import Signature, SigningKey, verify_text
from credentials.errors import DecisionRejected, KeyRejected, Malformed, NotAuthorised, TongxingError
from credentials.keys import key_from_jwk, kid_of
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.profile.members import is_member_id
from credentials.wire.strict_json import json_bytes, parse_json

STAFF_KEY: Final = "staff-key"
REVOCATION: Final = "staff-key-revocation"
OPERATOR: Final = "operator"
APPROVER: Final = "approver"
AUDITOR: Final = "auditor"
ADMINISTRATOR: Final = "administrator"
ROLES: Final = (OPERATOR, APPROVER, AUDITOR, ADMINISTRATOR)
VOUCHERS = 2
"""Administrators who must have signed a key, and as many at most who are signed by the root key."""
MAX_PSEUDONYM_CHARACTERS = 15
MAX_ORIGIN_CHARACTERS = 128
_PSEUDONYM = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_PSEUDONYM_CHARACTERS - 1}}}")
_ORIGIN = re.compile(r"(https?://[a-z0-9.-]+(:[0-9]{1,5})?)?")
_FIELDS = frozenset({"type", "member", "pseudonym", "unit", "roles", "algorithm", "key", "origin", "made_at"})


class StaffKey(NamedTuple):
    """A key as it is vouched for. ``roles``: sorted; ``origin``: where a passkey signs, or empty for a key file."""

    member: str
    pseudonym: str
    unit: str
    roles: tuple[str, ...]
    algorithm: str
    public_key: Any
    origin: str
    made_at: int

    @property
    def kid(self) -> bytes:
        """Its name: as of every key of the member (8 bytes)."""
        return kid_of(self.member, self.public_key)

    @property
    def staff(self) -> str:
        """``unit/pseudonym``, as decisions name who made them."""
        return f"{self.unit}/{self.pseudonym}"

    @property
    def signing(self) -> SigningKey:
        """As what signatures are checked with."""
        return SigningKey(self.kid, self.algorithm, self.public_key, self.origin)

    def to_bytes(self) -> bytes:
        """The canonical text."""
        jwk = FOR_STAFF[self.algorithm].jwk_of(self.public_key)
        said = self._asdict() | {"type": STAFF_KEY, "roles": list(self.roles), "key": jwk}
        del said["public_key"]
        return json_bytes(said)


class RootKeys(NamedTuple):
    """A member's root key, and those that it followed: ``former``, each with the moment (seconds UTC) from which on it
    signs nothing."""

    present: SigningKey
    former: tuple[tuple[SigningKey, int], ...] = ()

    @property
    def kid(self) -> bytes:
        """Of the present one."""
        return self.present.kid

    def at(self, kid: bytes, at: int) -> SigningKey | None:
        """The root key of this kid, if it signed for the member at ``at``. Whoever finds an old root key years later
        makes no administrator by it."""
        if kid == self.present.kid:
            return self.present
        return next((key for key, until in self.former if key.kid == kid and at < until), None)


class SignedDecision(NamedTuple):
    """A decision by hand as it is handed in, of which nothing is believed yet. ``said``: what ``text`` says."""

    text: bytes
    salt: bytes
    author: Signature
    approver: Signature
    said: DecisionText


class Vouched(NamedTuple):
    """A key's text with who signed it, as the log holds it. ``at``: since when; ``in_force_at``: when the delay ends;
    ``revoked_at``: None while nobody has ended it. Seconds UTC."""

    text: bytes
    vouchers: tuple[Signature, ...]
    at: int
    in_force_at: int
    revoked_at: int | None = None

    def is_in_force(self, at: int) -> bool:
        """Whether it counts at ``at``."""
        return self.in_force_at <= at and (self.revoked_at is None or at < self.revoked_at)


def read_staff_key(text: bytes) -> StaffKey:
    """Read a key's text. Raises Malformed, naming the field, and KeyRejected for a key that is odd."""
    fields = parse_json(text)
    if type(fields) is not dict or fields.keys() != _FIELDS or fields["type"] != STAFF_KEY:
        raise Malformed(f"staff key: object of {', '.join(sorted(_FIELDS))}, type {STAFF_KEY}")
    member, origin, algorithm = fields["member"], fields["origin"], fields["algorithm"]
    if not is_member_id(member) or not _is_pseudonym(fields["pseudonym"]) or not _is_unit(fields["unit"]):
        raise Malformed("staff key: member, pseudonym (1 to 15 of a-z, 0-9 and -) or unit is none")
    roles = fields["roles"]
    if type(roles) is not list or not roles or not all(role in ROLES for role in roles) or roles != sorted({*roles}):
        raise Malformed(f"staff key: roles, sorted, each once, of {', '.join(ROLES)}")
    if type(algorithm) is not str or algorithm not in FOR_STAFF:
        raise KeyRejected(f"staff key: algorithm, one of {', '.join(FOR_STAFF)}")
    if type(origin) is not str or len(origin) > MAX_ORIGIN_CHARACTERS or not _ORIGIN.fullmatch(origin):
        raise Malformed("staff key: origin, as https://code.henan.example, or empty for a key file")
    made_at = fields["made_at"]
    if type(made_at) is not int or not MIN_TIME_SECONDS <= made_at <= MAX_TIME_SECONDS:
        raise Malformed("staff key: made_at, seconds UTC")
    public_key = key_from_jwk(fields["key"], FOR_STAFF[algorithm])
    key = StaffKey(
        member, fields["pseudonym"], fields["unit"], tuple(roles), algorithm, public_key, origin, made_at
    )  # fmt: skip
    if key.to_bytes() != text:
        raise Malformed("staff key: not its canonical spelling")
    return key


def revocation_text(member: str, kid: bytes, made_at: int) -> bytes:
    """The text that ends a key."""
    return json_bytes({"type": REVOCATION, "member": member, "kid": kid.hex(), "made_at": made_at})


def believed(records: Iterable[Vouched], member: str, root: RootKeys | None) -> dict[bytes, tuple[StaffKey, Vouched]]:
    """Of keys in the order in which they were vouched for, those that two administrators signed, by kid.

    ``root``: the member's root keys, which sign the first two administrators; None: nobody knows them, and nothing is
    believed. A record that anybody wrote into a database without these signatures is passed over.
    """
    found: dict[bytes, tuple[StaffKey, Vouched]] = {}
    for record in records:
        try:
            key = read_staff_key(record.text)
            if key.member == member and key.kid not in found:
                require_vouched(key, record.vouchers, found, root, record.at)
                found[key.kid] = (key, record)
        except TongxingError:
            continue
    return found


def require_vouched(
    key: StaffKey,
    vouchers: Iterable[Signature],
    known: Mapping[bytes, tuple[StaffKey, Vouched]],
    root: RootKeys | None,
    at: int,
) -> None:
    """Return when enough of those who may have signed a key. Raises NotAuthorised, saying who is missing."""
    persons = {each.pseudonym: each for each, _ in known.values()}
    if key.pseudonym in persons and folded(persons[key.pseudonym].unit) != folded(key.unit):
        raise NotAuthorised("this pseudonym is a person of another unit; give the person another pseudonym")
    signed, text = set(), key.to_bytes()
    for voucher in vouchers:
        by_root = None if root is None else root.at(voucher.kid, at)
        if by_root is not None:
            if (
                key.roles == (ADMINISTRATOR,)
                and len(_administrators(known, at)) < VOUCHERS
                and _holds(voucher, by_root, text)
            ):
                return
        elif voucher.kid in known:
            by, record = known[voucher.kid]
            if ADMINISTRATOR in by.roles and record.is_in_force(at) and _holds(voucher, by.signing, text):
                signed.add(by.pseudonym)
    if len(signed - {key.pseudonym}) < VOUCHERS:
        raise NotAuthorised(
            f"a staff key is signed by {VOUCHERS} administrators who are in force, neither its own person"
        )


def require_signatories(text: DecisionText, author: StaffKey, approver: StaffKey) -> None:
    """Raise DecisionRejected unless these two may make this decision: an operator and an approver, two persons, of the
    two units that the text names."""
    if OPERATOR not in author.roles or APPROVER not in approver.roles:
        raise DecisionRejected("the author must be an operator, and the approver an approver")
    if author.pseudonym == approver.pseudonym:
        raise DecisionRejected("author and approver are one person, under two keys")
    if folded(author.unit) == folded(approver.unit):
        raise DecisionRejected("the approver must be of another unit than the author")
    if (author.unit, approver.unit) != (text.author_unit, text.approver_unit):
        raise DecisionRejected("the text names other units than those of the two who signed it")


def folded(unit: str) -> str:
    """Two spellings of one unit are one unit: case, full width and spaces make no second approver."""
    return "".join(unicodedata.normalize("NFKC", unit).casefold().split())


def _administrators(known: Mapping[bytes, tuple[StaffKey, Vouched]], at: int) -> set[str]:
    """Those whom somebody has vouched for and nobody ended, in force yet or not."""
    return {
        key.pseudonym
        for key, record in known.values()
        if ADMINISTRATOR in key.roles and (record.revoked_at is None or at < record.revoked_at)
    }


def _holds(signature: Signature, key: SigningKey, text: bytes) -> bool:
    try:
        verify_text(signature, key, text)
    except TongxingError:
        return False
    return True


def _is_pseudonym(value: object) -> bool:
    return type(value) is str and _PSEUDONYM.fullmatch(value) is not None


def _is_unit(value: object) -> bool:
    return type(value) is str and is_unit_name(value)
