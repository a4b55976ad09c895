"""What may be known of a person: the closed lists of a timeline, and the words that people read for them.

The first numbers are those of evidence on a code (:mod:`credentials.profile.lists`). Those from 64 on never leave the
issuer: with whom somebody was, where they stayed and how they feel is nobody's business at a gate.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from credentials.profile.lists import KIND_LABELS, RESULT_LABELS, ClosedList, EvidenceKind, EvidenceResult
from credentials.profile.words import Label, label


class FactKind(ClosedList):
    """What kind of fact it is."""

    NUCLEIC_ACID = 1
    ANTIGEN = 2
    VACCINATION = 3
    RECOVERY = 4
    QUARANTINE = 5
    TRAVEL = 6
    EXEMPTION = 7
    ARRIVAL = 64
    STAY = 65
    CONTACT = 66
    SYMPTOMS = 67


class FactResult(ClosedList):
    """What came of it."""

    NEGATIVE = 1
    POSITIVE = 2
    INCONCLUSIVE = 3
    COMPLETED = 4
    BEGUN = 64
    REPORTED = 65


class Fact(NamedTuple):
    """One piece of a person's timeline. ``sampled_at``: seconds UTC, when it was so, never when it was reported;
    ``region``: where, a six-digit code of GB/T 2260."""

    kind: FactKind
    result: FactResult
    sampled_at: int
    region: int


_FIRST_OF_OURS = 64
_OF_TESTS = (FactResult.NEGATIVE, FactResult.POSITIVE, FactResult.INCONCLUSIVE)
RESULTS_OF: Final[dict[FactKind, tuple[FactResult, ...]]] = {
    FactKind.NUCLEIC_ACID: _OF_TESTS,
    FactKind.ANTIGEN: _OF_TESTS,
    FactKind.EXEMPTION: (FactResult.COMPLETED,),
    FactKind.RECOVERY: (FactResult.COMPLETED,),
    FactKind.VACCINATION: (FactResult.COMPLETED,),
    FactKind.QUARANTINE: (FactResult.BEGUN, FactResult.COMPLETED),
    FactKind.TRAVEL: (FactResult.NEGATIVE, FactResult.POSITIVE),
    FactKind.ARRIVAL: (FactResult.REPORTED,),
    FactKind.STAY: (FactResult.REPORTED,),
    FactKind.CONTACT: (FactResult.REPORTED,),
    FactKind.SYMPTOMS: (FactResult.REPORTED,),
}
"""What may come of each kind. The kinds stand in the order in which hosts ask for them: where not all fit on a code,
the first ones stay."""

FACT_LABELS: Final[dict[FactKind, Label]] = {
    kind: KIND_LABELS[EvidenceKind(kind)] if kind < _FIRST_OF_OURS else label(f"fact-kind.{kind.label}")
    for kind in FactKind
}
FACT_RESULT_LABELS: Final[dict[FactResult, Label]] = {
    result: RESULT_LABELS[EvidenceResult(result)] if result < _FIRST_OF_OURS else label(f"fact-result.{result.label}")
    for result in FactResult
}

_ON_A_CODE = frozenset(map(int, EvidenceKind)), frozenset(map(int, EvidenceResult))


def may_leave(fact: Fact) -> bool:
    """Whether it may stand on a code: the rest stays with the issuer."""
    kinds, results = _ON_A_CODE
    return fact.kind in kinds and fact.result in results
