"""Where the withdrawal bit of a credential stands."""

from __future__ import annotations

from itertools import pairwise

import pytest

from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from issuer.storage.indices import StatusPlace, group_end, place_of, reference_of

MIDNIGHT = 1_795_017_600
"""2026-11-19T00:00+08:00."""


def test_day_ends_at_midnight_in_shanghai() -> None:
    """The day is not that of UTC, and midnight belongs to the day that begins."""
    assert group_end(MIDNIGHT - 1) == MIDNIGHT
    assert group_end(MIDNIGHT) == MIDNIGHT + 86_400
    assert MIDNIGHT % 86_400 == 16 * 3600


@pytest.mark.parametrize(
    "place", [StatusPlace(0, 0), StatusPlace(1, STATUS_LIST_SIZE - 1), StatusPlace(MAX_STATUS_LIST, 7)]
)
def test_serial_is_list_and_position(place: StatusPlace) -> None:
    """The table's key leads back to the bit, and fits 64 bits with room."""
    assert place_of(place.serial) == place
    assert place.serial < 2**36


def test_neighbours_do_not_show() -> None:
    """Whoever compares codes must not learn who was issued next to whom."""
    references = [reference_of(StatusPlace(3, position), b"k" * 32) for position in range(100)]
    assert {reference.list for reference in references} == {3}
    assert len({reference.index for reference in references}) == 100
    steps = [later.index - sooner.index for sooner, later in pairwise(references)]
    assert steps.count(1) <= 1
