"""Withdrawal: one bit, set for good, that never says why."""

from __future__ import annotations

import pytest

from credentials.errors import InvalidRequest, NotFound
from issuer.decisions.causes import CAUSES
from issuer.issuing.issuance import ask_for
from issuer.publishing.lists import current_lists
from issuer.publishing.withdrawal import withdraw
from tests.unit.issuer.office import NOW, IssuerOnDisk, paper


def test_withdrawn_once_for_good(issuer: IssuerOnDisk) -> None:
    """The first withdrawal stands; asking again is no error, for whoever asks cannot know."""
    row = issuer.issuance.issue("app", ask_for(paper()), NOW)
    assert withdraw(issuer.store, issuer.people, row.handle, "lost-device", "service-desk/li", NOW + 1)
    assert not withdraw(issuer.store, issuer.people, row.handle, "superseded", "app", NOW + 2)
    _, positions = current_lists(issuer.store, NOW)[row.place.list_id]
    assert positions == [row.place.position]


def test_fresh_code_gets_a_new_index(issuer: IssuerOnDisk) -> None:
    """The old bit stays set, the new code is not touched by it."""
    row = issuer.issuance.issue("app", ask_for(paper(), "1"), NOW)
    withdraw(issuer.store, issuer.people, row.handle, "superseded", "app", NOW)
    again = issuer.issuance.issue("app", ask_for(paper(), "2"), NOW)
    _, positions = current_lists(issuer.store, NOW)[row.place.list_id]
    assert row.place.position in positions
    assert again.place.position not in positions


@pytest.mark.parametrize(("cause", "author"), [("bad-mood", "app"), ("", "app"), ("superseded", ""),
                                               ("superseded", "x" * 65), ("superseded", "a\nb")])  # fmt: skip
def test_cause_and_author_are_named(issuer: IssuerOnDisk, cause: str, author: str) -> None:
    """Withdrawing is a deed of somebody for a reason of the list."""
    with pytest.raises(InvalidRequest):
        withdraw(issuer.store, issuer.people, bytes(16), cause, author, NOW)


def test_unknown_handle(issuer: IssuerOnDisk) -> None:
    """Not found, and nothing is told."""
    for cause in CAUSES:
        with pytest.raises(NotFound):
            withdraw(issuer.store, issuer.people, bytes(16), cause, "app", NOW)
