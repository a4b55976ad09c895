"""The text of a decision by rule: one spelling, and nothing but that spelling is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from credentials.decisions.rules.rule_text import MAX_TEXT_BYTES, RuleText, read_rule_text
from credentials.errors import Malformed
from credentials.model import Evidence, RuleSetReference
from credentials.profile.lists import EvidenceKind, EvidenceResult, Reason, Status
from credentials.wire.strict_json import json_bytes

NOW = 1_795_000_000
TEXT = RuleText(
    "CN-41",
    "health-commission",
    RuleSetReference(1, 2),
    "test-positive",
    Status.RED,
    Reason.TEST_POSITIVE,
    (Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.POSITIVE, NOW - 9, 410102),),
    NOW,
    NOW + 3600,
    NOW + 86_400,
)
FIELDS: dict[str, Any] = json.loads(TEXT.to_bytes())


def test_a_text_is_read_as_it_was_written() -> None:
    """The person, a court and another province read the same words."""
    assert read_rule_text(TEXT.to_bytes()) == TEXT
    assert TEXT.to_bytes().startswith(b'{"appeal_until":1795086400,"ends_at":1795003600,"evidence":[{"kind":')


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "decision"},
        {"member": "CN-99"},
        {"member": 7},
        {"unit": ""},
        {"unit": "u" * 65},
        {"status": "blue"},
        {"reason": "because"},
        {"evidence": None},
        {"evidence": [None]},
        {"evidence": FIELDS["evidence"] * 3},
        {"starts_at": "1"},
        {"starts_at": True},
        {"ends_at": NOW},
        {"appeal_until": 2**32},
        {"rules": {"rule_set": 1, "version": 2, "entry": ""}},
        {"rules": {"rule_set": 1, "version": 2}},
        {"rules": []},
        {"more": 1},
    ],
)
def test_what_is_not_such_a_text_is_refused(changes: dict[str, Any]) -> None:
    """A page shows what it reads, and must read the same as everybody."""
    with pytest.raises(Malformed):
        read_rule_text(json_bytes(FIELDS | changes))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"7", b"null", TEXT.to_bytes() + b" ", b" " * (MAX_TEXT_BYTES + 1)], ids=range(6)
)
def test_another_spelling_is_another_text(text: bytes) -> None:
    """Two spellings would have two digests."""
    with pytest.raises(Malformed):
        read_rule_text(text)
