"""Claim codes (领取码): sixteen digits that staff hand to a person, and that give one phone their code, once.

Fourteen digits are random and two are the check digits of ISO 7064 MOD 97-10: read as one number, a claim code leaves
the remainder 1 when divided by 97. Any wrong digit, any two that changed places and 96 of 97 other slips are found on
the phone before a try is used up. Digits alone, in fours as on a bank card, can be read out over the phone, and typed
on the largest keyboard that a phone has.

The arithmetic. 10^14 codes; at most :data:`issuer.service.ALL_FAILED_CLAIMS` wrong ones an hour are answered in all,
36,000, from whatever addresses: 864,000 a day. With a million claim codes out at once, of which each lives a day, a
thief who uses all of that up finds one in 116 days (10^14 / (10^6 · 864,000)), whose it is he cannot choose, and its
owner hears of it: their own claim is refused, with the hotline. Tries are the only way: kept is the HMAC of a claim
code under a key that is not in the database, so that a stolen database gives none away.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from credentials.decisions.staff import SignedDecision
from credentials.errors import ClaimCodeMistyped, HolderUnknown, SignInNameDiffers
from credentials.identity import same_masked_name
from credentials.profile.lists import Form
from issuer.issuing.consequences import put_on_file
from issuer.issuing.issuance import Issuance, settled
from issuer.requests.request import read_registration
from issuer.storage.ports.holders import ClaimCodeRow, HolderFacts, PersonDeed, PersonStore
from service_kit.clock import DAY_SECONDS
from service_kit.storage.retrying import retried

RANDOM_DIGITS = 14
DIGITS = RANDOM_DIGITS + 2
CLAIM_CODE_SECONDS = DAY_SECONDS
"""How long one that staff hand out is good: until it was carried home, and somebody is there to help."""
SIGN_IN_CLAIM_CODE_SECONDS = 600
"""How long one is good that a sign-in gives to the phone itself."""
NAMED_SECONDS = 7 * DAY_SECONDS
"""So long after its end a claim code can still be named expired or used; then it is unknown."""
MAX_TYPED_CHARACTERS = 64
_BETWEEN = re.compile(r"[\s\-_.·]")
_TYPED = re.compile(rf"[0-9]{{{DIGITS}}}")


class ClaimCode(NamedTuple):
    """A claim code as it is handed out, ``1234 5678 9012 3456``, and when it ends (seconds UTC)."""

    text: str
    expires_at: int


def draw_claim_code() -> str:
    """A new one: sixteen digits."""
    body = secrets.randbelow(10**RANDOM_DIGITS) * 100
    return f"{body + 98 - body % 97:0{DIGITS}d}"


def read_claim_code(typed: str) -> str:
    """The sixteen digits of what somebody typed: in whatever groups, and in full-width digits as well.

    Raises ClaimCodeMistyped. Source: ISO/IEC 7064, MOD 97-10.
    """
    digits = _BETWEEN.sub("", unicodedata.normalize("NFKC", typed[:MAX_TYPED_CHARACTERS]))
    if not _TYPED.fullmatch(digits) or int(digits) % 97 != 1:
        raise ClaimCodeMistyped(f"{DIGITS} digits, of which the last two check the others")
    return digits


@dataclass(frozen=True, slots=True)
class ClaimCodes:
    """Makes claim codes. Safe to call from several threads and processes at once."""

    store: PersonStore
    issuance: Issuance

    def make(self, fields: Mapping[str, Any], author: str, at: int) -> ClaimCode:
        """Put a person on file, or what is new of them, and make a claim code; the one before, if unused, ends.

        ``fields``: a request as for issuing (:mod:`issuer.requests.request`) without ``holder_proof``. ``author``: the
        client, or the command. A decision by hand in it is made now, and so is one by rule that is not green: it
        stands, and reaches the codes that the person has, whether the claim code is used or not.

        Raises what :func:`issuer.requests.request.read_registration` does, DecisionRejected, Conflict when a graver or
        newer decision by hand stands, StorageUnavailable, StorageFull.
        """
        request = read_registration(fields, at)
        facts = self.issuance.facts_of(request)
        row = ClaimCodeRow(b"", author, at + CLAIM_CODE_SECONDS)
        return settled(lambda: self._register(facts, request.manual, row, at))

    def make_for(self, subject: bytes, holder_name: str, author: str, at: int) -> ClaimCode:
        """A claim code of ten minutes for a person on file, who has been recognised in another way.

        ``subject``: their keyed digest (:meth:`issuer.issuing.issuance.Issuance.subject_of`); ``holder_name``: masked.
        Raises HolderUnknown when nothing is on file for a phone of theirs, SignInNameDiffers when it is under another
        name.
        """
        holder = self.store.find_holder(subject, Form.PHONE)
        if holder is None:
            raise HolderUnknown("nobody on file")
        if not same_masked_name(holder.facts.name, holder_name):
            raise SignInNameDiffers("another name on file")
        row = ClaimCodeRow(b"", author, at + SIGN_IN_CLAIM_CODE_SECONDS)
        return self._keep(subject, lambda deed: holder.holder_id, row, at)

    def digest(self, digits: str) -> bytes:
        """What is kept of a claim code."""
        return hmac.digest(self.issuance.secrets.claim_key, digits.encode(), "sha256")

    def _register(self, facts: HolderFacts, manual: SignedDecision | None, row: ClaimCodeRow, at: int) -> ClaimCode:
        considered = self.issuance.decide(facts, manual, at)

        def register(deed: PersonDeed) -> int:
            return put_on_file(deed, facts, considered, row.author, at, self.issuance.people_a_day)

        return self._keep(facts.subject, register, row, at)

    @retried
    def _keep(self, subject: bytes, holder: Callable[[PersonDeed], int], row: ClaimCodeRow, at: int) -> ClaimCode:
        digits = draw_claim_code()
        with self.store.deed([subject]) as deed:
            _record(deed, holder(deed), row._replace(digest=self.digest(digits)), at)
        return ClaimCode(" ".join(digits[place : place + 4] for place in range(0, DIGITS, 4)), row.expires_at)


def _record(deed: PersonDeed, holder_id: int, row: ClaimCodeRow, at: int) -> None:
    """One claim code is out for somebody at a time, and what ended long ago is named no more."""
    deed.drop_unused_claim_codes(holder_id)
    deed.drop_claim_codes(expired_by=at - NAMED_SECONDS)
    deed.record_claim_code(holder_id, row)
