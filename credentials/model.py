"""What a credential says, once it has been read: closed lists and plain values.

Wire numbers are the values of the enums; ``label`` is their name in JSON, on the command line and in rules.
The lists are closed: an unknown number or label is malformed, never guessed, and no colour is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import NamedTuple, Self

from credentials.errors import Malformed
from credentials.limits import MAX_LIFETIME_PAPER_SECONDS, MAX_LIFETIME_PHONE_SECONDS


class ClosedList(IntEnum):
    """An enum whose members have a kebab-case label."""

    @cached_property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: object) -> Self:
        """The member with this label. Raises Malformed for any other."""
        member = _by_label(cls).get(label) if type(label) is str else None
        if member is None:
            raise Malformed(f"unknown {cls.__name__} label")
        return member  # type: ignore[return-value]

    @classmethod
    def from_number(cls, number: object) -> Self:
        """The member with this wire number. Raises Malformed for any other, and for booleans and floats."""
        if type(number) is not int or number not in cls._value2member_map_:
            raise Malformed(f"unknown {cls.__name__}")
        return cls._value2member_map_[number]  # type: ignore[return-value]


@cache
def _by_label(closed_list: type[ClosedList]) -> dict[str, ClosedList]:
    return {member.label: member for member in closed_list}


class Status(ClosedList):
    """The colour that the issuer signed."""

    GREEN = 1
    YELLOW = 2
    RED = 3
    PENDING = 4

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return ("绿", "黄", "红", "待定")[self - 1]


class Form(ClosedList):
    """How the code is carried: the holder's phone, a relative's phone, paper."""

    PHONE = 1
    ASSISTED = 2
    PAPER = 3

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return ("手机码", "代持码", "纸质码")[self - 1]


MAX_LIFETIME_SECONDS: Mapping[Form, int] = {
    Form.PHONE: MAX_LIFETIME_PHONE_SECONDS,
    Form.ASSISTED: MAX_LIFETIME_PHONE_SECONDS,
    Form.PAPER: MAX_LIFETIME_PAPER_SECONDS,
}
"""From iat to exp at most: issuers keep it, gates check it."""


class Reason(ClosedList):
    """Why the issuer gave this status. The issuer's words; never the verdict's."""

    NO_FINDING = 1
    TEST_RECENT = 2
    TEST_MISSING = 3
    TEST_POSITIVE = 4
    CLOSE_CONTACT = 5
    CONTACT_OF_CONTACT = 6
    RISK_AREA_STAY = 7
    SYMPTOMS = 8
    QUARANTINE = 9
    INBOUND_TRAVEL = 10
    REVIEW_OPEN = 11
    CONVERTED = 12


class EvidenceKind(ClosedList):
    """What kind of fact a piece of evidence is."""

    NUCLEIC_ACID = 1
    ANTIGEN = 2
    VACCINATION = 3
    RECOVERY = 4
    QUARANTINE = 5
    TRAVEL = 6


class EvidenceResult(ClosedList):
    """What came of it."""

    NEGATIVE = 1
    POSITIVE = 2
    INCONCLUSIVE = 3
    COMPLETED = 4


class Guardian(ClosedList):
    """Whose phone shows an assisted code, seen from the holder."""

    PARENT = 1
    CHILD = 2
    SPOUSE = 3
    RELATIVE = 4
    CARE_HOME = 5
    SCHOOL = 6


class Evidence(NamedTuple):
    """One fact. ``sampled_at``: seconds UTC, a multiple of ten minutes (when the sample was taken, not when
    it was reported: quicktest-onboarding #60). ``region``: six-digit GB/T 2260 code."""

    kind: EvidenceKind
    result: EvidenceResult
    sampled_at: int
    region: int


class StatusReference(NamedTuple):
    """Where the withdrawal bit stands: list 0..65535, index 0..2^20-1, both the issuer's."""

    list: int
    index: int  # type: ignore[assignment]  # hides a tuple's search, which nobody needs


class RuleSetReference(NamedTuple):
    """The issuer's own rule set that decided: number 0..23, version 0..65535."""

    rule_set: int
    version: int


@dataclass(frozen=True, slots=True)
class Source:
    """The code from which a converted one (转码) was made."""

    issuer: str
    kid: bytes
    list: int
    index: int
    expires_at: int


class StatusCredential(NamedTuple):
    """A credential whose issuer's signature has been verified, or one about to be signed.

    Times are seconds UTC; ``evaluated_before`` is seconds before ``issued_at``. ``holder_name`` is masked.
    ``holder_key`` is a compressed P-256 point (33 bytes), present exactly on phone and assisted codes.
    """

    issuer: str
    issued_at: int
    expires_at: int
    cti: bytes
    status: Status
    reason: Reason
    rule_set: RuleSetReference
    evaluated_before: int
    evidence: tuple[Evidence, ...]
    holder_name: str
    document_tail: str
    form: Form
    status_reference: StatusReference | None = None
    decision_reference: bytes | None = None
    source: Source | None = None
    guardian: Guardian | None = None
    holder_key: bytes | None = None
