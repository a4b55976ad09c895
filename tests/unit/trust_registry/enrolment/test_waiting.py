"""What waits for the officers, and for how long: the rules, without a database."""

from __future__ import annotations

import pytest

from trust_registry.enrolment.waiting import (
    MAX_DRAFT_AGE_SECONDS,
    OPEN,
    PUBLISHED,
    WAITING_SECONDS,
    ends_at,
    has_waited_too_long,
    is_current,
    open_drafts,
)
from trust_registry.storage.ports import DraftRecord, StatementRecord

NOW = 1_795_000_000
DRAFT = DraftRecord("b" * 32, 7, b"", b"", (), NOW, "officer", OPEN)
STATEMENT = StatementRecord("a" * 32, "CN-41", 1, "d" * 64, "", (), NOW, "submitted")


@pytest.mark.parametrize(
    ("draft", "expected"),
    [(DRAFT, True), (DRAFT._replace(base=6), False), (DRAFT._replace(state=PUBLISHED), False)],
    ids=["follows what is in force", "follows what was replaced", "is in force itself"],
)
def test_a_draft_is_current_until_another_publication(draft: DraftRecord, expected: bool) -> None:
    """Signed over what is no longer there, it would take back what was published since: a denied key, perhaps."""
    assert is_current(draft, 7) is expected


def test_what_is_listed_as_open_is_what_may_be_signed() -> None:
    """The last second counts in both, or an officer would be shown what is then refused."""
    wanted = open_drafts(7, NOW)
    assert (wanted.state, wanted.base) == (OPEN, 7)
    assert ends_at(wanted.since) == NOW == wanted.since + MAX_DRAFT_AGE_SECONDS


@pytest.mark.parametrize(("late", "expected"), [(0, False), (1, True)])
def test_a_statement_waits_thirty_days(late: int, expected: bool) -> None:
    """Drafted with later, it could be dropped while its draft is being signed."""
    assert has_waited_too_long(STATEMENT, NOW + WAITING_SECONDS + late) is expected
