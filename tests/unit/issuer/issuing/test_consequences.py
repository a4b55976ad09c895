"""Which codes live: the rule, without a database."""

from __future__ import annotations

import pytest

from credentials.model import Evidence, RuleSetReference
from credentials.profile.facts import Fact, FactKind, FactResult
from credentials.profile.lists import EvidenceKind, EvidenceResult, Form, Reason, Status
from issuer.decisions.deciding import Decision
from issuer.issuing.consequences import Decided, PersonInForce, is_overtaken, living
from issuer.storage.ports.evidence import Timeline
from issuer.storage.ports.holders import PersonCode
from issuer.storage.ports.issuing import StandingDecision

AT = 1_795_000_000


@pytest.mark.parametrize(
    ("expires_at", "is_withdrawn", "lives"),
    [(AT + 1, False, True), (AT, False, False), (AT + 1, True, False), (AT - 1, True, False)],
    ids=["good", "expired in this second", "withdrawn", "both"],
)
def test_a_code_lives_until_it_expires_or_is_withdrawn(expires_at: int, is_withdrawn: bool, lives: bool) -> None:
    """What lives says what gates see; what does not needs no withdrawal, and each costs every gate a bit."""
    code = PersonCode(1, bytes(32), Status.GREEN, Form.PAPER, None, expires_at, is_withdrawn)
    assert living([code], AT) == ([code] if lives else [])


def _by_rule(status: Status, result: str, hours: int, region: int = 410_102) -> Decision:
    piece = Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.from_label(result), AT - hours * 3600, region)
    return Decision(
        bytes(32), status, Reason.TEST_RECENT, RuleSetReference(1, 1), "rule", (piece,), "unit", "unit/rules", None,
        AT - 3600, AT + 3600, AT + 60 * 86_400,
    )  # fmt: skip


def _fact(decision: Decision) -> Fact:
    (piece,) = decision.evidence
    return Fact(FactKind(piece.kind), FactResult(piece.result), piece.sampled_at, piece.region)


def test_a_newer_rule_decides_over_what_stands_by_the_timeline_that_it_has_seen() -> None:
    """Else whoever has a red by a test that counts no more could never be decided about again. What stands by facts
    that the timeline lacks, and a timeline that has grown, overtake it."""
    red, green = _by_rule(Status.RED, "positive", 2), _by_rule(Status.GREEN, "negative", 5)
    facts = (_fact(red), _fact(green))
    standing = StandingDecision(7, red)
    for timeline, seen, overtaken in ((facts, 2, False), (facts, 1, True), (facts[1:], 2, True)):
        known = PersonInForce(None, standing, Timeline(2, timeline))
        assert is_overtaken(Decided(green, seen=seen), known) is overtaken
    assert is_overtaken(Decided(red, seen=2), PersonInForce(None, standing, Timeline(2, facts))) is False
