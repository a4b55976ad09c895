"""docs/verdict.md says what the judge does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from credentials.profile.reasons import REASONS, Outcome
from credentials.profile.steps import ALL_STEPS, StepName
from credentials.verdict import Finding, KnowledgeAges, Verdict, to_json
from service_kit.clock import HOUR_SECONDS
from verifier.judging.policy import PROFILES, Policy

PAGE = (Path(__file__).parents[3] / "docs" / "verdict.md").read_text("utf-8")


def rows(name: str) -> list[list[str]]:
    """The cells of a table by its mark, without the head."""
    found = re.search(rf"^<!-- {name} -->\n(.*?)\n\n", PAGE + "\n\n", re.M | re.S)
    assert found
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


def test_the_recipe_has_the_steps_of_the_judge() -> None:
    """The page is what an auditor checks the judge against."""
    assert [(int(row[0]), row[1]) for row in rows("recipe")[2:]] == list(enumerate(StepName, 1))


def test_every_reason_stands_at_a_step() -> None:
    """A reason that no step gives is dead, one that is not on the page cannot be explained."""
    named = {code for row in rows("recipe")[2:] for code in re.findall(r"`([a-z-]+)`", row[3])}
    assert named == {row.code for row in REASONS.values() if row.outcome is not None}


def test_every_note_is_named() -> None:
    """Somebody must be able to look up what a gate adds to an accepted code."""
    row = next(line for line in PAGE.splitlines() if line.startswith("| `notes`"))
    assert {row.code for row in REASONS.values() if row.outcome is None} <= set(re.findall(r"`([a-z-]+)`", row))


def test_the_fields_are_those_of_the_json() -> None:
    """Programs are written from the page."""
    verdict = Verdict(
        Outcome.REFUSED,
        (Finding("malformed"),),
        (),
        None,
        None,
        KnowledgeAges(None, None),
        ALL_STEPS,
        StepName.FORM,
        (),
        None,
    )
    table = PAGE[: PAGE.index("```json")]
    named = {
        name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([a-z_]+)`", cell)
    }
    assert named == set(to_json(verdict))


AGES = {
    "trust list: note from": "trust_warn",
    "trust list: undetermined above": "trust_refuse",
    "not proven by the public record: note above": "unproven_warn",
    "unknown key: refused below, else undetermined": "unknown_key_fresh",
    "issuer's withdrawals: undetermined above": "status_refuse",
}


@pytest.mark.parametrize(("line", "limit"), AGES.items())
def test_the_profiles_have_the_limits_of_the_code(line: str, limit: str) -> None:
    """How long a gate may be offline is what its operator plans by."""
    head, *body = rows("profiles")
    found = next(row[1:] for row in body if row[0] == line)
    expected = [f"{getattr(PROFILES[name], limit) // HOUR_SECONDS} h" for name in head[1:]]
    assert found == expected
    assert set(head[1:]) == set(PROFILES)


def test_the_table_of_profiles_is_whole() -> None:
    """What is not in the table is what an operator finds out at the gate."""
    head, *body = rows("profiles")
    table = {row[0]: row[1:] for row in body}
    profiles = [PROFILES[name] for name in head[1:]]
    window = [f"{each.presentation_ahead} s ahead to {each.presentation_age} s old" for each in profiles]
    assert table.pop("live code by the phone's clock") == window
    assert table.pop("forms") == [" ".join(form.label for form in sorted(each.forms)) for each in profiles]
    assert table.pop("not proven for longer") == [
        "undetermined" if each.proof_required else "noted" for each in profiles
    ]
    assert table.pop("answer to the gate's challenge") == [
        "required" if each.nonce_required else "when the phone gives one" for each in profiles
    ]
    assert table.pop("memory of shown codes that all lanes share") == [
        "required" if each.shared_replay_memory else "noted when missing" for each in profiles
    ]
    assert [line for line in table if not line.startswith("-")] == list(AGES)
    shown = {
        "presentation_age",
        "presentation_ahead",
        "forms",
        "proof_required",
        "nonce_required",
        "shared_replay_memory",
    }
    assert {field.name for field in fields(Policy)} == shown | set(AGES.values()) | {"name", "environment"}
