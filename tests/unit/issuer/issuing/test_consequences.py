"""Which codes live: the rule, without a database."""

from __future__ import annotations

import pytest

from credentials.profile.lists import Form, Status
from issuer.issuing.consequences import living
from issuer.storage.holder_ports import PersonCode

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
