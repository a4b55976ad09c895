"""What a phone asks the issuer for (领取、续码): its first code by a claim code, the next one, one on paper, the end.

A phone is known by its key alone. What it gets follows from what is on file, judged anew each time: facts age, and a
decision by hand that stands binds. Of two requests at once one is recorded, and the other finds what that one left.
"""

from __future__ import annotations

from collections.abc import Callable
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
from credentials.model import MAX_LIFETIME_SECONDS, Form, Status
from issuer.causes import DEVICE_REPLACED, HOLDER_REQUEST, LOST_DEVICE, WALLET
from issuer.holder_proof import Proven
from issuer.issuance import RECORD_ATTEMPTS, Issuance
from issuer.storage.holder_ports import Device, DeviceStore, Holder, HolderFacts, HolderStore
from issuer.storage.ports import IssuedRow, Made
from service_kit.clock import DAY_SECONDS

YOUNG_SHARE = 0.5
"""A code with more of its life left than this is answered again instead of a new one: two codes a day and phone."""
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

    people: HolderStore
    devices: DeviceStore
    issuance: Issuance

    def claim(self, digest: bytes, point: bytes, at: int) -> Held:
        """The code that a claim code stands for, bound to the key ``point``; the phone before this one ends.

        ``digest``: of the claim code (:meth:`issuer.claim_codes.ClaimCodes.digest`). A phone that lost the answer may
        ask again. Raises ClaimCodeUnknown, ClaimCodeUsed, ClaimCodeExpired, InvalidRequest for a key that holds another
        code, and what issuing and renewing raise.
        """
        return _settled(lambda: self._claim(digest, point, at))

    def renew(self, point: bytes, at: int) -> Held:
        """The code that the phone should show from now on: the present one while it is young and says what is known.

        Raises RenewalRefused, and what issuing raises.
        """
        return _settled(lambda: self._renew(point, at))

    def paper(self, proven: Proven, at: int) -> Held:
        """A paper code of the same person. A proof that asked for one is good for no other.

        Raises RenewalRefused, RateLimited above :data:`PAPERS_A_DAY`, ProofOfPossessionFailed for a proof that is not
        newer than the last one, and what issuing raises.
        """
        return _settled(lambda: self._paper(proven, at))

    def release(self, point: bytes, at: int) -> bool:
        """The phone gives its code up: it is withdrawn. False when it had none any more. Raises DeviceUnknown."""
        return self.devices.end(self._known(point), at, HOLDER_REQUEST, WALLET)

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
        device = self.devices.find_device(point)
        if device and device.holder.holder_id != holder.holder_id:
            raise InvalidRequest("holder_proof: this key holds the code of another person or form")
        made = self.issuance.make(holder.facts, point, at)
        self.devices.record_claim(digest, holder, point, made)
        return self._told(made, holder)

    def _renew(self, point: bytes, at: int) -> Held:
        device = self._active(point)
        if _is_good(device, at):
            return Held(device.present, device.status, device.holder.facts)
        made = self.issuance.make(device.holder.facts, point, at)
        self.devices.record_renewal(device, made)
        return self._told(made, device.holder)

    def _paper(self, proven: Proven, at: int) -> Held:
        device = self._active(proven.point)
        if proven.made_at <= device.paper_proved_at:
            raise ProofOfPossessionFailed("a proof asks for one paper code")
        lifetime = MAX_LIFETIME_SECONDS[Form.PAPER]
        facts = device.holder.facts._replace(form=Form.PAPER, guardian=None, lifetime=lifetime)
        made = self.issuance.make(facts, None, at)
        if not self.devices.record_paper(device, made, proven.made_at, PAPERS_A_DAY):
            raise RateLimited(f"more than {PAPERS_A_DAY} paper codes a day", retry_after=DAY_SECONDS)
        return self._told(made, device.holder)

    def _known(self, point: bytes) -> Device:
        device = self.devices.find_device(point)
        if device is None:
            raise DeviceUnknown("no code was claimed by this key")
        return device

    def _active(self, point: bytes) -> Device:
        device = self._known(point)
        if device.ended_as is not None:
            raise _ENDED.get(device.ended_as, CodeTakenBack)(device.ended_as)
        return device

    def _told(self, made: Made, holder: Holder) -> Held:
        self.issuance.tell([made.issued])
        return Held(made.issued, made.decision.status, holder.facts)


def _is_good(device: Device, at: int) -> bool:
    """Whether the phone's present code will do: not withdrawn, nothing new known, and young."""
    present = device.present
    left, life = present.expires_at - at, present.expires_at - present.issued_at
    return not device.is_withdrawn and device.version == device.holder.version and left > YOUNG_SHARE * life


def _settled(deed: Callable[[], Held]) -> Held:
    """Do again what somebody else overtook: it is read anew, and what was signed in vain is dropped."""
    for _ in range(1, RECORD_ATTEMPTS):
        try:
            return deed()
        except Conflict:
            continue
    return deed()
