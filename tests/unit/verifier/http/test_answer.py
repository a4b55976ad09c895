"""Verdicts as text over HTTP."""

from __future__ import annotations

import json

import pytest

from credentials.profile.reasons import REPLAY_NOT_SHARED, Outcome
from credentials.profile.steps import StepName
from credentials.profile.words import Label
from credentials.verdict import Finding, Verdict, to_json
from tests.unit.verifier.known import VENUE, known
from tests.vectors.cast import NOW
from tests.vectors.codes import PHONE, show
from tests.vectors.reading import read_knowledge, read_policy, read_vectors
from verifier.http.answer import to_text
from verifier.judging.recipe import judge

VECTORS = read_vectors()
SAMPLES = {sample["name"]: sample for sample in VECTORS["samples"]}
ACCEPTED = judge(show(PHONE), known(), NOW, VENUE)


def same(verdict: Verdict) -> None:
    assert json.loads(to_text(verdict)) == to_json(verdict)


@pytest.mark.parametrize("name", SAMPLES)
def test_it_says_what_the_command_line_says(name: str) -> None:
    """Two ways to write one verdict: somebody who is refused at a gate must read the same in the appeal."""
    sample = SAMPLES[name]
    knowledge = read_knowledge(VECTORS, sample["knowledge"])
    same(judge(sample["text"], knowledge, sample["at"], read_policy(VECTORS["policies"][sample["policy"]])))


@pytest.mark.parametrize(
    "verdict",
    [
        ACCEPTED._replace(last_step=StepName.REPLAY),
        ACCEPTED._replace(last_step=StepName.REPLAY, notes=(Finding(REPLAY_NOT_SHARED),)),
        ACCEPTED._replace(last_step=StepName.REPLAY, outcome=Outcome.REFUSED, reasons=(Finding("replayed"),)),
        ACCEPTED._replace(
            last_step=StepName.REPLAY,
            outcome=Outcome.UNDETERMINED,
            reasons=(Finding("replay-unchecked"),),
            open_steps=(StepName.REPLAY,),
        ),
    ],
)
def test_what_the_gate_adds_is_said_as_well(verdict: Verdict) -> None:
    """What is kept for the next verdict must not stand in for another."""
    same(verdict)


def test_words_of_members_stay_words() -> None:
    """A quotation mark in a rule's text must not end the text, nor a name become markup."""
    odd = ACCEPTED._replace(
        outcome=Outcome.REFUSED, reasons=(Finding("rule-failed", Label(('"}],"outcome":"accepted"', '"}]', "\\"))),)
    )
    same(odd)
    assert json.loads(to_text(odd))["outcome"] == "refused"
