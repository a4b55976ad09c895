"""A province's staff in the story: two administrators, an author and an approver of two units, each with a key file.

The keys are made, vouched for and used as the commands `tongxing issuer staff` and `decision` do it, in one process:
four people and six signatures would be fourteen commands of two seconds each.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from credentials.algorithms.table import NATIVE
from credentials.decisions.by_hand import PersonEntry, person_digest
from credentials.decisions.leaves import SALT_BYTES
from credentials.decisions.signatures import sign_text
from credentials.decisions.staff import ADMINISTRATOR, APPROVER, OPERATOR, StaffKey
from credentials.identity import parse_document
from credentials.keys import kid_of, new_private_key
from credentials.profile.lists import Reason, Status
from credentials.signing import PemSigner
from issuer.config import IssuerSettings
from issuer.desk.desk import Wish, before_of, make_text
from issuer.issuing.consequences import NOTHING, in_force
from issuer.opening import open_service
from issuer.service import IssuerService
from service_kit.settings import read_settings
from trust_registry.key_files import read_key, write_key

AUTHOR_UNIT, APPROVER_UNIT = "cdc", "health-commission"
_PEOPLE = (
    ("admin-1", "office", ADMINISTRATOR),
    ("admin-2", "personnel", ADMINISTRATOR),
    ("zhang", AUTHOR_UNIT, OPERATOR),
    ("li", APPROVER_UNIT, APPROVER),
)
_DAYS = 3


class Colleagues:
    """The staff of one province, whose key files lie in ``folder``; ``settings``: of its issuer."""

    def __init__(self, settings: Mapping[str, str], root: Path, folder: Path) -> None:
        self._settings, self._root, self._folder = settings, root, folder

    def employ(self) -> None:
        """Make the keys and have them vouched for: the administrators by the province's root key, the others by both
        administrators."""
        office = self.opened()
        try:
            for pseudonym, unit, role in _PEOPLE:
                key = new_private_key()
                write_key(self._file(pseudonym), key, None)
                self._vouch(office, StaffKey(
                    office.settings.member, pseudonym, unit, (role,), NATIVE.NAME, key.public_key(), "", office.now()
                ))  # fmt: skip
        finally:
            office.engine.dispose()

    def vouch_for_all(self) -> None:
        """Both administrators sign whatever waits for them."""
        office = self.opened()
        try:
            for listed in office.staff.all(office.now()):
                if listed.state == "waiting":
                    self._sign_key(office, listed.key)
        finally:
            office.engine.dispose()

    def decide(self, document: Mapping[str, Any], status: str, reason: str) -> dict[str, Any]:
        """What two of them decide about somebody, as it stands in a request."""
        office = self.opened()
        try:
            person, at = parse_document(document.get("kind"), document["number"]), office.now()
            subject = office.issuance.subject_of(person)
            known = in_force(office.issuance.people.decisions([subject], at), at).get(subject, NOTHING)
        finally:
            office.engine.dispose()
        salt = secrets.token_bytes(SALT_BYTES)
        entry = PersonEntry(person_digest(salt, person.identity), before_of(known))
        article = "infectious-diseases-law-39"
        wish = Wish(Status.from_label(status), Reason.from_label(reason), article, _DAYS, APPROVER_UNIT)
        text = make_text(office.settings.member, [entry], wish, AUTHOR_UNIT, at).to_bytes()
        signed = {role: self._sign(who, text) for role, who in (("author", "zhang"), ("approver", "li"))}
        return {"text": text.decode(), "salt": salt.hex(), **signed}

    def agree(self, compact: str) -> dict[str, str]:
        """What the approver signs as a second authority: rules that are held."""
        return self._sign("li", compact.encode())

    def _vouch(self, office: IssuerService, key: StaffKey) -> None:
        office.staff.add(key, office.now())
        self._sign_key(office, key)

    def _sign_key(self, office: IssuerService, key: StaffKey) -> None:
        text = key.to_bytes()
        files = [self._root] if ADMINISTRATOR in key.roles else [self._file(name) for name in ("admin-1", "admin-2")]
        for file in files:
            office.staff.vouch(key.kid, sign_text(text, self._signer(file, office.settings.member)), office.now())

    def _sign(self, pseudonym: str, text: bytes) -> dict[str, str]:
        return sign_text(text, self._signer(self._file(pseudonym), self._settings["TONGXING_MEMBER"])).to_json()

    def _signer(self, file: Path, member: str) -> PemSigner:
        key = read_key(file)
        return PemSigner(key, kid_of(member, key.public_key()))

    def _file(self, pseudonym: str) -> Path:
        return self._folder / f"{pseudonym}.pem"

    def opened(self) -> IssuerService:
        """Their issuer, as its commands open it; whoever asks disposes of its engine."""
        office = open_service(read_settings(IssuerSettings, dict(self._settings)))
        office.listing.refresh()
        return office
