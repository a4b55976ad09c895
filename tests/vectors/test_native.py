"""The Python judge over the vectors that it shares with every other judge."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.profile.reasons import REASONS, ReasonText
from credentials.verdict import to_json
from service_kit.locale import TEXTS
from tests.profile.reasons_page import other_errors
from tests.vectors.native import write_vectors
from tests.vectors.reading import NATIVE, read_challenge, read_knowledge, read_policy, read_vectors
from verifier.judging.recipe import judge

VECTORS = read_vectors()
SAMPLES = {sample["name"]: sample for sample in VECTORS["samples"]}
OF_THE_GATE = {"replayed", "replay-unchecked", "replay-not-shared", "shown-again"}
"""Found by the gate's memory, which no vector has: tests/unit/verifier/gate/test_gate.py."""


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(name: str) -> None:
    """Two judges that disagree on one code leave a person standing between two gates."""
    sample = SAMPLES[name]
    policy = read_policy(VECTORS["policies"][sample["policy"]])
    knowledge = read_knowledge(VECTORS, sample["knowledge"])
    verdict = to_json(
        judge(
            sample["text"], knowledge, sample["at"], policy,
            clock_in_doubt=sample["clock_in_doubt"], challenge=read_challenge(sample["challenge"]),
        ),
    )  # fmt: skip
    assert _comparable(verdict) == sample["expected"]


def test_each_reason_has_a_bad_sample() -> None:
    """A reason that nothing shows is a reason that nobody has seen working: no vector, no merge."""
    shown = {
        code for sample in SAMPLES.values() for code in sample["expected"]["reasons"] + sample["expected"]["notes"]
    }
    assert {code for code in REASONS if code not in shown} == OF_THE_GATE
    named = {sample["of"] for sample in SAMPLES.values() if sample["of"]}
    assert named == set(REASONS) - OF_THE_GATE


@pytest.mark.parametrize("code", REASONS)
def test_each_reason_is_said_in_all_languages(code: str) -> None:
    """A guard in a hurry reads one language, a traveller perhaps another; and Hong Kong does not read 简体."""
    for row in filter(None, (REASONS[code], REASONS[code].of_card)):
        _is_said_in_all_languages(row)


def _is_said_in_all_languages(row: ReasonText) -> None:
    assert any("一" <= character <= "鿿" for character in row.whole.of("zh-CN"))
    assert row.whole.of("zh-CN").encode("gb2312").decode("gb2312") != row.whole.of("zh-HK").encode("big5hkscs").decode(
        "big5hkscs"
    )
    assert row.whole.of("en").isascii()
    assert row.whole.of("en").endswith(".")


def test_each_other_error_is_said_in_both_languages() -> None:
    """An error without words is told as a number, and somebody calls at night to ask what it means."""
    assert [code for code, _ in other_errors() if code not in TEXTS] == []


def test_the_files_are_what_the_code_writes() -> None:
    """A table that was changed in one place only is wrong in the other; and the same bytes do not diff for ever."""
    assert NATIVE.read_text("utf-8") == write_vectors(), "run `make vectors`"


def _comparable(verdict: dict[str, Any]) -> dict[str, Any]:
    return {
        "outcome": verdict["outcome"],
        "reasons": [reason["code"] for reason in verdict["reasons"]],
        "notes": [note["code"] for note in verdict["notes"]],
        "status": verdict["status"],
    }
