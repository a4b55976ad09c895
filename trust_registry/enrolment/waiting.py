"""What waits for the officers (待办): which statements and drafts, for how long, and how many.

::

    submitted ──► drafted ──► published          a statement; overtaken: a list took up a newer one of its member
    open ──► published                           a draft, while the list that it follows is in force
"""

from __future__ import annotations

from typing import Final

from trust_registry.storage.ports import DraftFilter, DraftRecord, Records, StatementRecord

SUBMITTED: Final = "submitted"
DRAFTED: Final = "drafted"
PUBLISHED: Final = "published"
OVERTAKEN: Final = "overtaken"
OPEN: Final = "open"
WAITING: Final = (SUBMITTED, DRAFTED)
"""The states of a statement that no list has taken up."""
MAX_STATEMENTS_WAITING = 16
"""Statements that may wait for one member: of its own root key, and as many of anybody else. Officers have no number:
their word is what a list is made by."""
WAITING_SECONDS = 30 * 24 * 3600
"""How long a statement waits for an officer to draft with it."""
MAX_DRAFT_AGE_SECONDS = 7 * 24 * 3600
"""How long officers may sign a draft: a signature that was given long ago must not surprise its giver."""


def waiting_statements(records: Records) -> list[StatementRecord]:
    """The statements that wait, drafted with or not, the oldest first."""
    return records.statements.in_states(WAITING)


def drop_ended(records: Records, now: int) -> None:
    """Drop the statements that have waited for too long at ``now``; one that a draft holds, when no draft made in time
    may be signed any more."""
    records.statements.drop_received_before(now - WAITING_SECONDS, SUBMITTED)
    records.statements.drop_received_before(now - WAITING_SECONDS - MAX_DRAFT_AGE_SECONDS, DRAFTED)


def has_waited_too_long(record: StatementRecord, now: int) -> bool:
    """Whether a statement may not be drafted with any more."""
    return now - record.received_at > WAITING_SECONDS


def count_waiting(records: Records, member: str, vouched: bool) -> int:
    """How many statements of this member wait behind which its root key stands, or does not. Of which that is not known
    (written before 0003), it does not."""
    counts = records.statements.count(member, WAITING)
    return counts.get(True, 0) if vouched else counts.get(False, 0) + counts.get(None, 0)


def open_drafts(base: int, now: int) -> DraftFilter:
    """The drafts that officers may still sign at ``now``, where version ``base`` of the targets is in force."""
    return DraftFilter(OPEN, base, now - MAX_DRAFT_AGE_SECONDS)


def ends_at(created_at: int) -> int:
    """Until when a draft may be signed (seconds UTC, included)."""
    return created_at + MAX_DRAFT_AGE_SECONDS


def is_current(record: DraftRecord, base: int) -> bool:
    """Whether no other publication came before this draft's."""
    return record.state == OPEN and record.base == base
