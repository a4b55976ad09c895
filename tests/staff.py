"""People of staff for tests: keys in files and passkeys, vouched for as in earnest, and what they sign."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from credentials.base64url import to_base64url
from credentials.decisions.by_hand import BASES, DecisionText, PersonEntry, people_root, person_digest
from credentials.decisions.leaves import sealed
from credentials.decisions.signatures import PasskeySignature, Signature, SigningKey, rp_id_of, sign_text
from credentials.decisions.staff import ADMINISTRATOR, APPROVER, OPERATOR, RootKeys, StaffKey, Vouched
from credentials.keys import kid_of, new_private_key
from credentials.profile.lists import Reason, Status
from credentials.signing import PemSigner
from issuer.storage.ports.staff import StaffKeyRow

MEMBER = "CN-41"
ORIGIN = "https://code.example"
NOW = 1_795_000_000
DAY = 86_400
SALT = bytes(range(32))


class Person:
    """Somebody of staff with a key in a file (``origin`` empty), or with a passkey of this site."""

    def __init__(
        self, pseudonym: str, unit: str, *roles: str, origin: str = "", key: Any = None, member: str = MEMBER
    ) -> None:
        self.private_key = key or new_private_key()
        algorithm = "RS256" if isinstance(self.private_key, rsa.RSAPrivateKey) else "ES256"
        public_key = self.private_key.public_key()
        self.key = StaffKey(
            member, pseudonym, unit, tuple(sorted(roles)), algorithm, public_key, origin, NOW - 30 * DAY
        )

    def sign(self, text: bytes, **changes: Any) -> Signature:
        """The text signed; ``changes``: of what the authenticator says."""
        if self.key.origin:
            return assertion(self, text, **changes)
        return sign_text(text, PemSigner(self.private_key, self.key.kid))


def assertion(
    person: Person, text: bytes, *, flags: int = 0x05, rp_id: str | None = None, **said: Any
) -> PasskeySignature:
    """What an authenticator answers; ``said``: other client data."""
    origin = person.key.origin
    client = {"type": "webauthn.get", "challenge": to_base64url(hashlib.sha256(text).digest()), "origin": origin,
              "crossOrigin": False} | said  # fmt: skip
    client_data = json.dumps(client).encode()
    scope = rp_id_of(origin) if rp_id is None else rp_id
    data = hashlib.sha256(scope.encode()).digest() + bytes([flags]) + bytes(4)
    message = data + hashlib.sha256(client_data).digest()
    if isinstance(person.private_key, rsa.RSAPrivateKey):
        signature = person.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = person.private_key.sign(message, ec.ECDSA(hashes.SHA256()))
    return PasskeySignature(person.key.kid, data, client_data, signature)


class Staff:
    """A province's root key, two administrators, and an operator and an approver of two units."""

    def __init__(self, origin: str = "", member: str = MEMBER) -> None:
        self.root_key = new_private_key()
        public_key = self.root_key.public_key()
        self.root = RootKeys(SigningKey(kid_of(member, public_key), "ES256", public_key))
        self.administrators = [
            Person(f"admin-{n}", f"office-{n}", ADMINISTRATOR, origin=origin, member=member) for n in (1, 2)
        ]
        self.author = Person("zhang", "cdc", OPERATOR, origin=origin, member=member)
        self.approver = Person("li", "health-commission", APPROVER, origin=origin, member=member)

        self.others = [
            Person("zhao", "cdc", OPERATOR, origin=origin, member=member),
            Person("qian", "cdc", APPROVER, origin=origin, member=member),
            Person("wu", "health-commission", APPROVER, origin=origin, member=member),
            Person("sun", "center", APPROVER, origin=origin, member=member),
        ]

    @property
    def people(self) -> list[Person]:
        """All of them, administrators first."""
        return [*self.administrators, self.author, self.approver, *self.others]

    def named(self, staff: str) -> Person:
        """Somebody by ``unit/pseudonym``."""
        return next(each for each in self.people if each.key.staff == staff)

    def vouchers(self, person: Person) -> tuple[Signature, ...]:
        """Who signs somebody's key."""
        text = person.key.to_bytes()
        if person in self.administrators:
            return (sign_text(text, PemSigner(self.root_key, self.root.kid)),)
        return tuple(each.sign(text) for each in self.administrators)

    def vouched(self, person: Person, at: int = NOW - 2 * DAY, delay: int = DAY) -> Vouched:
        """The key as it is vouched for."""
        return Vouched(person.key.to_bytes(), self.vouchers(person), at, at + delay)

    def records(self) -> list[Vouched]:
        """All keys, long in force."""
        return [self.vouched(each, NOW - (20 - number) * DAY) for number, each in enumerate(self.people)]

    def rows(self) -> list[StaffKeyRow]:
        """All keys as they are kept."""
        return [
            StaffKeyRow(
                person.key.kid, record.text.decode(), [each.to_json() for each in record.vouchers], None, record.at,
                record.at, record.in_force_at,
            )
            for person, record in zip(self.people, self.records(), strict=True)
        ]  # fmt: skip


def decision(entries: Sequence[PersonEntry] = (), **changes: Any) -> DecisionText:
    """A decision that is in order, about one person if no other ``entries``."""
    entries = entries or [PersonEntry(person_digest(SALT, "CN:1"), "green")]
    before: dict[str, int] = {}
    for entry in entries:
        before[entry.before] = before.get(entry.before, 0) + 1
    made = DecisionText(
        MEMBER, bytes(range(16)), len(entries), people_root(entries), before, Status.RED, Reason.CLOSE_CONTACT,
        BASES["infectious-diseases-law-39"], "cdc", "health-commission", NOW, NOW + 3 * DAY, NOW + 60 * DAY,
    )  # fmt: skip
    return made._replace(**changes)


def changed(text: bytes, change: Mapping[str, Any]) -> bytes:
    """The JSON of a text with other fields, canonical; a field of None is left out."""
    said = {**json.loads(text), **change}
    said = {name: value for name, value in said.items() if value is not LEFT_OUT}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


LEFT_OUT = object()
SEALED = sealed(SALT, decision().to_bytes())
