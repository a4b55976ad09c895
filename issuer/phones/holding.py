"""What a phone asks the issuer for (领取、续码): its first code by a claim code, the next one, one on paper, the end.

A phone is known by its key alone. What it gets follows from what is on file, judged anew each time: facts age, and a
decision by hand that stands binds. Of two requests at once one is recorded, and the other finds what that one left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from credentials.errors import (
    ClaimCodeExpired,
    ClaimCodeUnknown,
    ClaimCodeUsed,
    CodeTakenBack,
    Conflict,
    DeviceLost,
    DeviceReplaced,
    DeviceUnknown,
    InvalidRequest,
    ProofOfPossessionFailed,
    RateLimited,
    RenewalRefused,
)
from credentials.profile.forms import FORMS
from credentials.profile.lists import Form, Status
from issuer.decisions.causes import DEVICE_REPLACED, HOLDER_REQUEST, LOST_DEVICE, WALLET
from issuer.issuing.consequences import NOTHING, end_phone, in_force, is_overtaken, withdraw_contradicted
from issuer.issuing.issuance import Issuance, settled
from issuer.requests.holder_proof import Proven
from issuer.storage.ports.holders import Device, Holder, HolderFacts, PersonDeed, PersonStore, PhoneRow
from issuer.storage.ports.issuing import IssuedRow, Made
from service_kit.clock import DAY_SECONDS
from service_kit.storage.retrying import retried

YOUNG_SHARE = 0.5
"""A code with more of its life left than this is answered again instead of a new one: two codes a day and phone."""
PHONES_A_PERSON = 1
"""Phones that hold a person's code at once: a stolen one must not go on beside the one its owner claims on. The index
``issuer_device_active`` refuses a second one too."""
PAPERS_A_DAY = 3
"""Paper codes for one phone within 24 hours: enough for a printer that jams, too few to hand around."""
_ENDED: Final[dict[str, type[RenewalRefused]]] = {DEVICE_REPLACED: DeviceReplaced, LOST_DEVICE: DeviceLost}


class Held(NamedTuple):
    """A code as a phone is given it."""

    issued: IssuedRow
    status: Status
    facts: HolderFacts


@dataclass(frozen=True, slots=True)
class Holding:
    """Serves the phones of one member. Safe to call from several threads and processes at once."""

    people: PersonStore
    issuance: Issuance

    def claim(self, digest: bytes, point: bytes, at: int) -> Held:
        """The code that a claim code stands for, bound to the key ``point``; the phone before this one ends.

        ``digest``: of the claim code (:meth:`issuer.phones.claim_codes.ClaimCodes.digest`). A phone that lost the
        answer may ask again. Raises ClaimCodeUnknown, ClaimCodeUsed, ClaimCodeExpired, InvalidRequest for a key that
        holds another code, and what issuing and renewing raise.
        """
        return settled(lambda: self._claim(digest, point, at))

    def renew(self, point: bytes, at: int) -> Held:
        """The code that the phone should show from now on: the present one while it is young and says what is known.

        Raises RenewalRefused, and what issuing raises.
        """
        return settled(lambda: self._renew(point, at))

    def paper(self, proven: Proven, at: int) -> Held:
        """A paper code of the same person. A proof that asked for one is good for no other.

        Raises RenewalRefused, RateLimited above :data:`PAPERS_A_DAY`, ProofOfPossessionFailed for a proof that is not
        newer than the last one, and what issuing raises.
        """
        return settled(lambda: self._paper(proven, at))

    def release(self, point: bytes, at: int) -> bool:
        """The phone gives its code up: it is withdrawn. False when it had none any more. Raises DeviceUnknown."""
        return self._end(self._known(point), at)

    def present(self, point: bytes) -> IssuedRow:
        """The code that the phone has. Raises DeviceUnknown, and RenewalRefused for a phone that has ended."""
        return self._active(point).present

    def person(self, point: bytes) -> bytes:
        """The keyed digest of the person whose code the phone has. Raises as :meth:`present`."""
        return self._active(point).holder.facts.subject

    def _claim(self, digest: bytes, point: bytes, at: int) -> Held:
        found = self.people.find_claim_code(digest)
        if found is None:
            raise ClaimCodeUnknown("never given out, or replaced by a newer one")
        row, holder = found
        if row.point == point:
            return self._renew(point, at)
        if row.point is not None:
            raise ClaimCodeUsed("used by another key")
        if row.expires_at <= at:
            raise ClaimCodeExpired("given out too long ago")
        device = self.people.find_device(point)
        if device and device.holder.holder_id != holder.holder_id:
            raise InvalidRequest("holder_proof: this key holds the code of another person or form")
        made = self.issuance.make(holder.facts, point, at)
        self._record_claim(digest, holder, point, made)
        return self._counted(made, holder)

    def _renew(self, point: bytes, at: int) -> Held:
        device = self._active(point)
        if _is_good(device, at):
            return Held(device.present, device.status, device.holder.facts)
        made = self.issuance.make(device.holder.facts, point, at)
        self._record_renewal(device, made)
        return self._counted(made, device.holder)

    def _paper(self, proven: Proven, at: int) -> Held:
        device = self._active(proven.point)
        if proven.made_at <= device.paper_proved_at:
            raise ProofOfPossessionFailed("a proof asks for one paper code")
        lifetime = FORMS[Form.PAPER].max_lifetime_seconds
        facts = device.holder.facts._replace(form=Form.PAPER, guardian=None, lifetime=lifetime)
        made = self.issuance.make(facts, None, at)
        if not self._record_paper(device, made, proven.made_at):
            raise RateLimited(f"more than {PAPERS_A_DAY} paper codes a day", retry_after=DAY_SECONDS)
        return self._counted(made, device.holder)

    @retried
    def _record_claim(self, digest: bytes, holder: Holder, point: bytes, made: Made) -> None:
        """Use the claim code up: the phone becomes the holder's active one, and the one before it ends."""
        at = made.issued.issued_at
        with self.people.deed([holder.facts.subject]) as deed:
            _require_unchanged(deed, holder, made)
            deed.use_claim_code(digest, point)
            for phone in surplus(deed.phones(holder.holder_id), point):
                end_phone(deed, phone.device_id, at, DEVICE_REPLACED, WALLET)
            deed.record(WALLET, [made])
            _hand_over(deed, deed.activate(holder, point, made), made)

    @retried
    def _record_renewal(self, device: Device, made: Made) -> None:
        """Keep the phone's next code. The one before it is left to expire unless it says another status."""
        with self.people.deed([device.holder.facts.subject]) as deed:
            _require_unchanged(deed, device.holder, made)
            deed.record(WALLET, [made])
            deed.renew(device, made)
            _hand_over(deed, device.device_id, made)

    @retried
    def _record_paper(self, device: Device, made: Made, proved_at: int) -> bool:
        """Keep a paper code. False, and only the proof is used up, when it is one too many within a day."""
        with self.people.deed([device.holder.facts.subject]) as deed:
            _require_unchanged(deed, device.holder, made)
            deed.record_paper_proof(device, proved_at)
            if deed.count_given(device.device_id, Form.PAPER, made.issued.issued_at - DAY_SECONDS) >= PAPERS_A_DAY:
                return False
            deed.record(WALLET, [made])
            _hand_over(deed, device.device_id, made)
            return True

    @retried
    def _end(self, device: Device, at: int) -> bool:
        with self.people.deed([device.holder.facts.subject]) as deed:
            return end_phone(deed, device.device_id, at, HOLDER_REQUEST, WALLET)

    def _known(self, point: bytes) -> Device:
        device = self.people.find_device(point)
        if device is None:
            raise DeviceUnknown("no code was claimed by this key")
        return device

    def _active(self, point: bytes) -> Device:
        device = self._known(point)
        if device.ended_as is not None:
            raise _ENDED.get(device.ended_as, CodeTakenBack)(device.ended_as)
        return device

    def _counted(self, made: Made, holder: Holder) -> Held:
        self.issuance.count([made.issued])
        return Held(made.issued, made.decision.status, holder.facts)


def _require_unchanged(deed: PersonDeed, holder: Holder, made: Made) -> None:
    """Raises Conflict when more became known of the person since they were read, or something else is in force."""
    at = made.issued.issued_at
    known = in_force(deed.decisions(at), at, deed.timelines()).get(holder.facts.subject, NOTHING)
    version = next((each.version for each in deed.holders() if each.holder_id == holder.holder_id), None)
    if version != holder.version or is_overtaken(made, known):
        raise Conflict("more became known of this person in the meantime")


def surplus(phones: Iterable[PhoneRow], point: bytes) -> list[PhoneRow]:
    """Which of a person's phones must end when the one of this key becomes theirs: the oldest beyond
    :data:`PHONES_A_PERSON`."""
    others = [phone for phone in phones if not phone.has_ended and phone.point != point]
    others.sort(key=lambda phone: phone.claimed_at)
    return others[: max(0, len(others) + 1 - PHONES_A_PERSON)]


def _hand_over(deed: PersonDeed, device_id: int, made: Made) -> None:
    # In place of what need not be counted any more.
    deed.drop_given(device_id, expired_by=made.issued.issued_at - DAY_SECONDS)
    deed.record_given(device_id, made)
    withdraw_contradicted(deed, [made.decision], WALLET, made.issued.issued_at)


def _is_good(device: Device, at: int) -> bool:
    """Whether the phone's present code will do: not withdrawn, nothing new known, and young."""
    present = device.present
    left, life = present.expires_at - at, present.expires_at - present.issued_at
    return not device.is_withdrawn and device.version == device.holder.version and left > YOUNG_SHARE * life
