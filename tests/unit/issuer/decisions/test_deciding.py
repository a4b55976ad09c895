"""No status without a decision that names its basis, its approver and its end."""

from __future__ import annotations

import pytest

from credentials.decisions.by_hand import APPEAL_DAYS
from credentials.decisions.rules.document import parse_status_rules
from credentials.decisions.rules.template import built_in
from credentials.errors import DecisionRejected
from credentials.model import Evidence
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from issuer.decisions.deciding import decide_by_rule, facts_of, sealed_by, unit_of
from tests.unit.issuer.office import DAY, NOW

SUBJECT = bytes(32)
RULES = parse_status_rules(built_in("CN-41"))
TEST, ANTIGEN = EvidenceKind.NUCLEIC_ACID, EvidenceKind.ANTIGEN
NEGATIVE, POSITIVE, UNCLEAR = EvidenceResult.NEGATIVE, EvidenceResult.POSITIVE, EvidenceResult.INCONCLUSIVE


def piece(kind: EvidenceKind, result: EvidenceResult, age: int) -> Evidence:
    return Evidence(kind, result, NOW - age, 410102)


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


@pytest.mark.parametrize(
    "staff",
    ["", "li", "health-commission/", " /li", "a/b/c", "a//li", "/a/li", "cdc/zhang/", "cdc/zhang\n", "cdc/" + "z" * 61],
)
def test_who_withdraws_is_named_by_unit_and_person(staff: str) -> None:
    """With a second slash nobody could say where the unit ends."""
    assert unit_of("cdc/zhang") == "cdc"
    with pytest.raises(DecisionRejected):
        unit_of(staff)


def test_reference_tells_codes_apart_and_hides_the_decision() -> None:
    """Two codes of one decision cannot be linked by it, and a changed decision does not fit its reference."""
    first = decide_by_rule(SUBJECT, "unit", RULES, [], NOW, NOW + DAY)[0]
    made, again, other = (
        sealed_by(decision, salt)
        for decision, salt in (
            (first, bytes(32)),
            (first, bytes(31) + b"1"),
            (first._replace(ends_at=NOW + DAY + 1), bytes(32)),
        )
    )
    assert made.reference(b"12345678") != again.reference(b"12345678")
    assert sealed_by(made, bytes(range(32))) == made
    assert len({made.reference(b"12345678"), made.reference(b"87654321"), other.reference(b"12345678")}) == 3
    assert len(made.reference(b"12345678")) == 16
