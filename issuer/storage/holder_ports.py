"""What the stores of people on file and of their phones promise.

As :mod:`issuer.storage.ports`: durable when a call returns, safe to call from several threads and processes, each call
one transaction. Losing it means that everybody claims anew.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from credentials.model import Evidence, Form, Guardian, Status
from issuer.storage.ports import IssuedRow, Made, Standing


class HolderFacts(NamedTuple):
    """What it takes to issue to somebody again. ``subject``: the keyed digest of the document; ``name`` is masked.

    ``lifetime``: seconds, of phone codes. ``form``: phone or assisted.
    """

    subject: bytes
    name: str
    document_tail: str
    form: Form
    guardian: Guardian | None
    lifetime: int
    evidence: tuple[Evidence, ...]


class Holder(NamedTuple):
    """Somebody on file. ``version`` grows with whatever becomes known of them."""

    holder_id: int
    version: int
    facts: HolderFacts


class ClaimCodeRow(NamedTuple):
    """A claim code as it is kept: ``digest`` and not the code. ``author``: the client, or the command.

    ``point``: the key of the phone that used it.
    """

    digest: bytes
    author: str
    expires_at: int
    point: bytes | None = None


class Device(NamedTuple):
    """A phone by its key, and the code that it should show. ``version``: what was known of the holder when that was
    made; ``paper_proved_at``: when the proof was made that last asked for paper; ``ended_as``: the cause for which the
    phone gets no further code."""

    device_id: int
    holder: Holder
    present: IssuedRow
    status: Status
    version: int
    paper_proved_at: int
    is_withdrawn: bool
    ended_as: str | None


class HolderStore(Protocol):
    """People on file and their claim codes.

    Who can write it can have codes of others bound to a phone of theirs at the next claim; who can read it learns
    masked names and facts, but no document and no claim code.
    """

    def keep_holder(self, facts: HolderFacts, decided: Standing | None, author: str, at: int) -> int:
        """Put somebody on file, or what is new of them; their number. Facts stay where no new ones come.

        ``decided``: a decision by hand that is kept with it, and stands from now on; codes of theirs that say another
        status are withdrawn. Raises Conflict when its number is taken, or it lacks what it must have.
        """

    def find_holder(self, subject: bytes, form: Form) -> Holder | None:
        """Somebody on file."""

    def keep_claim_code(self, holder_id: int, row: ClaimCodeRow, at: int) -> None:
        """Keep a claim code; the holder's unused ones end. Raises Conflict when there is one of this digest."""

    def find_claim_code(self, digest: bytes) -> tuple[ClaimCodeRow, Holder] | None:
        """A claim code, and for whom it is."""


class DeviceStore(Protocol):
    """Phones. One alone is active for each holder on file: the database itself refuses a second.

    What records a code raises Conflict when the holder, the claim code or the phone is
    not as it was read any more, and keeps nothing then.
    """

    def find_device(self, point: bytes) -> Device | None:
        """A phone by its key (33 bytes)."""

    def record_claim(self, digest: bytes, holder: Holder, point: bytes, made: Made) -> None:
        """Use the claim code up: the phone becomes the holder's active one, and the one before it ends."""

    def record_renewal(self, device: Device, made: Made) -> None:
        """Keep the phone's next code. The one before it is left to expire unless it says another status."""

    def record_paper(self, device: Device, made: Made, proved_at: int, most: int) -> bool:
        """Keep a paper code. False, and nothing is kept, when it is one more than ``most`` within a day.

        ``proved_at``: when the proof was made that asked for it. Raises Conflict unless it is newer than the last one.
        """

    def end(self, device: Device, at: int, cause: str, author: str) -> bool:
        """End a phone and withdraw its codes. False when it had ended before."""
