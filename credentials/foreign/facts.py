"""What a foreign card says, in the terms of native evidence, so that a host's rules judge both alike."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from credentials.profile.lists import EvidenceKind, EvidenceResult

COVID_19 = "840539006"
"""SNOMED CT: the disease that a host's rules are about."""


class CardKind(StrEnum):
    """What a foreign card is about; keys may be for some of them only."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"
    OTHER = "other"
    """Of several kinds, or of none of these: no EU card is, and no rule is about it as a whole."""


class ForeignEvidence(NamedTuple):
    """One fact. ``kind`` and ``result`` None: the card has a code there that no list has.

    ``sampled_at``: seconds UTC, when the dose was given, the sample taken, or the first positive test was.
    ``disease``: SNOMED CT. ``product``: a vaccine's or a test's, as the card has it. ``dose`` of ``doses`` on a
    vaccination. ``valid_from``, ``valid_until``: dates on a recovery, as the card has them. ``country``: two letters.
    ``source``: who says so. ``identifier`` names one person's card for ever, so that it stays out of logs and of every
    printed form. None, and an empty ``identifier``: the card does not say.
    """

    kind: EvidenceKind | None
    result: EvidenceResult | None
    sampled_at: int
    disease: str | None
    country: str | None
    source: str | None
    identifier: str
    product: str | None = None
    dose: int | None = None
    doses: int | None = None
    valid_from: str | None = None
    valid_until: str | None = None

    def __repr__(self) -> str:
        return f"ForeignEvidence({self.kind!r}, {self.result!r}, {self.sampled_at})"

    @property
    def is_about(self) -> bool:
        """Whether it is of the disease that rules are about."""
        return self.disease == COVID_19

    @property
    def is_known(self) -> bool:
        """Whether a rule can be about it: the disease is the one that rules are about, and its codes are on a list."""
        return self.is_about and self.kind is not None and self.result is not None


class ForeignFacts(NamedTuple):
    """A foreign card whose signature holds. Times are seconds UTC; None where the card has none.

    ``issuer``: of the key that verified it. ``claimed_issuer``: what the card says, None where it says nothing.
    ``birth_date``: as the card has it, which may be a year, or a year and month, or nothing. ``leniences``: what was
    odd about it and is allowed, by the names of its format's table. ``revocation``: by what its issuer would withdraw
    it; None: it cannot be withdrawn.
    """

    format: str
    kind: CardKind
    issuer: str
    claimed_issuer: str | None
    issued_at: int | None
    expires_at: int | None
    name: str
    birth_date: str
    evidence: tuple[ForeignEvidence, ...]
    leniences: tuple[str, ...] = ()
    revocation: str | None = None

    def __repr__(self) -> str:
        # Neither name nor date of birth, nor by what it is withdrawn: what is printed ends in logs.
        return f"ForeignFacts({self.format!r}, {self.kind!r}, {self.issuer!r}, {self.evidence!r}, {self.leniences!r})"
