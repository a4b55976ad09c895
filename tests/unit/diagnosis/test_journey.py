"""The doctor's own code is nobody's, and what a gate says of it is not explained away."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.errors import RuleFailed, StatusNotAccepted, Withdrawn
from credentials.identity import parse_document
from credentials.profile.lists import Status
from credentials.profile.reasons import Outcome
from credentials.profile.steps import ALL_STEPS, StepName
from credentials.verdict import Finding, KnowledgeAges, Verdict
from diagnosis.journey import NUMBER, is_sound
from tests.samples import typical

ROOT = Path(__file__).parents[3]


def test_its_number_is_taken_and_no_example_or_default_has_it() -> None:
    """It was that of the README's resident: a red for her was explained away, and its test could have lifted it."""
    assert parse_document(None, NUMBER).kind == "resident-id"
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("demonstration/**/*.py")]
    texts += ROOT.glob("issuer/**/*.py")
    assert not [path for path in texts if NUMBER in path.read_text()]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (Status.GREEN, RuleFailed.code, True),
        (Status.GREEN, StatusNotAccepted.code, True),
        (Status.GREEN, Withdrawn.code, False),
        (Status.RED, StatusNotAccepted.code, False),
        (Status.RED, RuleFailed.code, False),
        (Status.YELLOW, StatusNotAccepted.code, False),
        (Status.PENDING, StatusNotAccepted.code, False),
        (None, StatusNotAccepted.code, False),
    ],
)
def test_own_rules_explain_a_green_code_and_no_other_colour(status: Status | None, code: str, expected: bool) -> None:
    """A test code that is red is a decision about nobody, which somebody must look at."""
    credential = None if status is None else typical()._replace(status=status)
    verdict = Verdict(
        Outcome.REFUSED,
        (Finding(code),),
        (),
        credential,
        None,
        KnowledgeAges(30, 5),
        ALL_STEPS,
        StepName.SIGNATURE,
        (),
        None,
    )
    assert is_sound(verdict) is expected


def test_an_accepted_code_is_sound_and_a_refusal_without_reason_is_not() -> None:
    """The two ends."""
    accepted = Verdict(
        Outcome.ACCEPTED, (), (), typical(), None, KnowledgeAges(30, 5), ALL_STEPS, StepName.SIGNATURE, (), None
    )
    assert is_sound(accepted)
    assert not is_sound(accepted._replace(outcome=Outcome.REFUSED))
