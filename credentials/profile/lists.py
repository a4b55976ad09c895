"""The closed lists of a credential, with the words that people read for them (``<list>.<label>`` in the catalogues).

Wire numbers are the values of the enums; ``label`` is their name in JSON, on the command line and in rules.
The lists are closed: an unknown number or label is malformed, never guessed, and no colour is inferred.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, cached_property
from typing import Final, Self, TypeVar

from credentials.errors import Malformed
from credentials.profile.words import Label, label


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
            raise Malformed(f"unknown {cls.__name__} label: one of {', '.join(each.label for each in cls)}")
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


class Form(ClosedList):
    """How the code is carried: the holder's phone, a relative's phone, paper."""

    PHONE = 1
    ASSISTED = 2
    PAPER = 3


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
    EXEMPTION = 7


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


_Entry = TypeVar("_Entry", bound=ClosedList)


def _words_of(closed_list: type[_Entry], stem: str) -> dict[_Entry, Label]:
    return {member: label(f"{stem}.{member.label}") for member in closed_list}


STATUS_LABELS: Final = _words_of(Status, "status")
REASON_LABELS: Final = _words_of(Reason, "status-reason")
FORM_LABELS: Final = _words_of(Form, "form")
KIND_LABELS: Final = _words_of(EvidenceKind, "evidence-kind")
RESULT_LABELS: Final = _words_of(EvidenceResult, "evidence-result")
GUARDIAN_LABELS: Final = _words_of(Guardian, "guardian")
