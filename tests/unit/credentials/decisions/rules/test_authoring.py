"""What an author of status rules is told: slips, parts in words, and whom another version meets."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.decisions.rules.authoring import explain_entry, status_complaints
from credentials.decisions.rules.difference import status_changes, status_tried
from credentials.decisions.rules.document import parse_status_rules
from credentials.decisions.rules.template import template
from credentials.decisions.rules.vocabulary import decision_input
from credentials.profile.facts import Fact, FactKind, FactResult
from credentials.recognition.authoring.difference import LOOSER, OTHER, STRICTER

AT = 1_795_000_000
BASE = template("CN-41")


def with_first(when: Any, **changes: Any) -> dict[str, Any]:
    first = BASE["entries"][-1] | {"id": "first", "when": when} | changes
    return BASE | {"entries": [first, *BASE["entries"]]}


@pytest.mark.parametrize(
    ("when", "slip"),
    [
        ({"===": [{"var": "payload.latest.contact.kind"}, "conact"]}, "nothing is called 'conact' there"),
        ({"===": [{"var": "payload.latest.stay.age"}, "1"]}, "a number is never equal to a text"),
        ({"<": [{"var": "payload.latest.stay.sampledAt"}, 1]}, "< takes numbers, not a date"),
    ],
)
def test_slips_are_told_by_the_name_of_the_entry(when: Any, slip: str) -> None:
    """Every issuer would take them, and none would ever be true."""
    assert any(complaint.startswith(f"entry first: {slip}") for complaint in status_complaints(with_first(when)))
    assert status_complaints(BASE) == []


def test_an_entry_is_explained_part_by_part() -> None:
    """With what each part came to, for somebody made up; without, in words alone."""
    data = decision_input([Fact(FactKind.ANTIGEN, FactResult.POSITIVE, AT - 60, 410_100)], AT)
    told = {line.text.of("en"): line.value for line in explain_entry(BASE, "test-positive", data)}
    assert told["the latest positive antigen test: seconds since sampling"] == "60"
    assert all(line.value is None for line in explain_entry(BASE, "test-positive"))


def test_changes_between_versions() -> None:
    """Entries that came, went or changed places, beside the constants."""
    entries = BASE["entries"]
    moved = BASE | {"entries": [entries[1], entries[0], *entries[2:]]}
    assert [change.text.of("en") for change in status_changes(BASE, moved)] == ["the order of the entries changed"]
    assert [change.text.of("en") for change in status_changes(BASE, with_first(False))] == ["rule first: added"]
    assert status_changes(BASE, BASE) == []


def test_whom_another_version_meets() -> None:
    """Graver, lighter, or nobody can tell."""
    rules = parse_status_rules(BASE)

    def directions(document: dict[str, Any]) -> set[str]:
        return {change.direction for change in status_tried(rules, parse_status_rules(document))}

    assert directions(BASE) == set()
    assert directions(with_first(True, status="red", reason="symptoms")) == {STRICTER}
    assert directions(with_first(True)) == {LOOSER}
    assert directions(with_first({"<": [{"var": "payload.latest.stay.age"}, 1]})) == {OTHER}
    longer = BASE | {"parameters": BASE["parameters"] | {"positive_seconds": 12 * 24 * 3600}}
    told = [change.text.of("en") for change in status_tried(rules, parse_status_rules(longer))]
    assert "antigen test, positive, 11 d – 12 d ago: Green → Red" in told
