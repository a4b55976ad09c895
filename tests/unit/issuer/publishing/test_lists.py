"""What gates are told of the status lists: the rules, without a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from issuer.publishing.lists import UnpublishedWithdrawals, carry
from issuer.storage.indices import StatusPlace
from issuer.storage.ports.issuing import SegmentRow

AT = 1_795_000_000


class Cutting:
    """A segment's transaction over lists, id -> end of its day, and waiting withdrawals in memory."""

    def __init__(self, lists: Mapping[int, int], waiting: Sequence[StatusPlace]) -> None:
        self.lists, self.waiting = lists, list(waiting)
        self.changed: dict[int, int] = {}

    def last(self) -> SegmentRow | None:
        raise AssertionError("what is carried does not depend on what was")

    def mark_withdrawals(self, number: int, most: int) -> Sequence[StatusPlace]:
        marked, self.waiting = self.waiting[:most], self.waiting[most:]
        return marked

    def announce_lists(self, number: int, ending_after: int) -> Mapping[int, int]:
        return {list_id: end for list_id, end in self.lists.items() if end > ending_after}

    def list_ids(self, ending_after: int) -> Collection[int]:
        return {list_id for list_id, end in self.lists.items() if end > ending_after}

    def mark_changed(self, number: int, list_ids: Collection[int]) -> None:
        self.changed |= dict.fromkeys(list_ids, number)

    def record(self, row: SegmentRow) -> None:
        raise AssertionError("carrying keeps no segment")


@pytest.mark.parametrize(("end", "is_carried"), [(AT + 1, True), (AT, False), (AT - 1, False)])
def test_a_list_counts_until_its_day_has_ended(end: int, is_carried: bool) -> None:
    """A bit in a list that gates have dropped would break the chain there; marked all the same, or it would wait for
    ever."""
    cutting = Cutting({1: end, 2: AT + 9}, [StatusPlace(1, 5), StatusPlace(2, 6)])
    carried = carry(cutting, 7, AT, most=9)
    assert (StatusPlace(1, 5) in carried.withdrawn) is is_carried
    assert StatusPlace(2, 6) in carried.withdrawn
    assert set(cutting.changed) == {place.list_id for place in carried.withdrawn}
    assert cutting.waiting == []


def test_more_than_a_segment_takes_is_said_to_go_on() -> None:
    """Full is not all: the caller must cut once more, and an empty one ends it."""
    cutting = Cutting({1: AT + 1}, [StatusPlace(1, position) for position in range(4)])
    found = [carry(cutting, number, AT, most=2) for number in (1, 2, 3)]
    assert [each.is_all for each in found] == [False, False, True]
    assert found[2] == UnpublishedWithdrawals({1: AT + 1}, [], True)
