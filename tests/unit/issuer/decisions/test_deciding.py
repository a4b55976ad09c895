"""No status without a decision that names its basis, its approver and its end."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.decisions.document import parse_status_rules
from credentials.decisions.template import built_in
from credentials.errors import DecisionRejected
from credentials.model import Evidence
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from issuer.decisions.deciding import (
    APPEAL_DAYS,
    MAX_MANUAL_DAYS,
    Decision,
    decide_by_hand,
    decide_by_rule,
    facts_of,
    sealed_by,
)
from tests.unit.issuer.office import DAY, NOW

SUBJECT = bytes(32)
RULES = parse_status_rules(built_in("CN-41"))
TEST, ANTIGEN = EvidenceKind.NUCLEIC_ACID, EvidenceKind.ANTIGEN
NEGATIVE, POSITIVE, UNCLEAR = EvidenceResult.NEGATIVE, EvidenceResult.POSITIVE, EvidenceResult.INCONCLUSIVE


def piece(kind: EvidenceKind, result: EvidenceResult, age: int) -> Evidence:
    return Evidence(kind, result, NOW - age, 410102)


def by_hand(**changes: Any) -> Decision:
    given: dict[str, Any] = {
        "basis": "infectious-diseases-law-39",
        "author": "cdc/zhang",
        "approver": "health-commission/li",
        "evidence": (),
        "at": NOW,
        "ends_at": NOW + DAY,
        **changes,
    }
    return decide_by_hand(SUBJECT, Status.RED, Reason.CLOSE_CONTACT, **given)


@pytest.mark.parametrize(
    ("evidence", "status", "reason"),
    [
        ((), Status.GREEN, Reason.NO_FINDING),
        ((piece(TEST, NEGATIVE, 7 * DAY),), Status.GREEN, Reason.TEST_RECENT),
        ((piece(TEST, NEGATIVE, 7 * DAY + 1),), Status.GREEN, Reason.NO_FINDING),
        ((piece(ANTIGEN, NEGATIVE, 2 * DAY + 1),), Status.GREEN, Reason.NO_FINDING),
        ((piece(TEST, POSITIVE, 10 * DAY),), Status.RED, Reason.TEST_POSITIVE),
        ((piece(TEST, POSITIVE, 10 * DAY + 1),), Status.GREEN, Reason.NO_FINDING),
        ((piece(TEST, UNCLEAR, DAY),), Status.PENDING, Reason.REVIEW_OPEN),
        ((piece(ANTIGEN, UNCLEAR, 2 * DAY + 1),), Status.GREEN, Reason.NO_FINDING),
        ((piece(TEST, NEGATIVE, 0), piece(ANTIGEN, POSITIVE, DAY)), Status.RED, Reason.TEST_POSITIVE),
        ((piece(EvidenceKind.VACCINATION, EvidenceResult.COMPLETED, DAY),), Status.GREEN, Reason.NO_FINDING),
    ],
)
def test_rule_set_decides_by_the_age_of_the_sample(
    evidence: tuple[Evidence, ...], status: Status, reason: Reason
) -> None:
    """Validity counts from sampling, and the limit itself still counts."""
    made = decide_by_rule(SUBJECT, "unit", RULES, facts_of(evidence), NOW, NOW + DAY)[0]
    assert (made.status, made.reason) == (status, reason)
    assert (made.basis, made.approver, made.appeal_until) == ("rule", None, NOW + APPEAL_DAYS * DAY)


def test_manual_decision_names_everything() -> None:
    """Whoever turns red can read why, by whom, until when, and how long an appeal may be made."""
    made = by_hand()
    assert (made.unit, made.author, made.approver) == ("cdc", "cdc/zhang", "health-commission/li")
    assert (made.starts_at, made.ends_at, made.appeal_until) == (NOW, NOW + DAY, NOW + APPEAL_DAYS * DAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": ""},
        {"basis": "it was a system switch"},
        {"basis": "rule"},
        {"approver": "cdc/li"},
        {"approver": "CDC/li"},
        {"approver": "ｃｄｃ/li"},
        {"approver": " cdc /li"},
        {"approver": ""},
        {"approver": "li"},
        {"approver": "health-commission/"},
        {"approver": " /li"},
        {"approver": "a/b/c"},
        {"approver": "health-commission//li"},
        {"approver": "/health-commission/li"},
        {"author": "cdc/zhang/"},
        {"author": "cdc/zhang/li"},
        {"author": "cdc/zhang\n"},
        {"author": "cdc/" + "z" * 61},
        {"ends_at": NOW},
        {"ends_at": NOW + MAX_MANUAL_DAYS * DAY + 1},
    ],
)
def test_manual_decision_without_one_of_them_is_refused(changes: dict[str, Any]) -> None:
    """1,317 people turned red in Zhengzhou because three people said so."""
    with pytest.raises(DecisionRejected):
        by_hand(**changes)


def test_reference_tells_codes_apart_and_hides_the_decision() -> None:
    """Two codes of one decision cannot be linked by it, and a changed decision does not fit its reference."""
    made, again, other = (
        sealed_by(decision, salt)
        for decision, salt in (
            (by_hand(), bytes(32)),
            (by_hand(), bytes(31) + b"1"),
            (by_hand(ends_at=NOW + DAY + 1), bytes(32)),
        )
    )
    assert made.reference(b"12345678") != again.reference(b"12345678")
    assert sealed_by(made, bytes(range(32))) == made
    assert len({made.reference(b"12345678"), made.reference(b"87654321"), other.reference(b"12345678")}) == 3
    assert len(made.reference(b"12345678")) == 16
