"""Which list a code stands in: the rule, without a database."""

from __future__ import annotations

import pytest

from credentials.errors import Conflict
from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from issuer.issuing.places import next_places, open_list, places_left
from issuer.storage.indices import StatusPlace
from issuer.storage.ports.issuing import ListRow

END = 1_795_046_400


class Lists:
    """A place transaction over lists in memory."""

    def __init__(self, *lists: ListRow, last: int = 0) -> None:
        self.lists, self.last = list(lists), last

    def list_with_room(self, end: int, room: int) -> ListRow | None:
        fitting = [each for each in self.lists if each.expires_at == end]
        return next((each for each in fitting if STATUS_LIST_SIZE - each.next_position >= room), None)

    def new_list_id(self) -> int:
        self.last += 1
        return self.last

    def add_list(self, opened: ListRow) -> None:
        self.lists.append(opened)

    def advance(self, list_id: int, next_position: int) -> None:
        raise AssertionError("opening a list gives no place out")


def test_the_list_with_room_is_used_and_none_opened() -> None:
    """A list of a million places for each code would be the end of all ids within a day."""
    lists = Lists(ListRow(7, END, STATUS_LIST_SIZE - 2), last=7)
    assert open_list(lists, END, room=2).list_id == 7
    assert lists.last == 7


@pytest.mark.parametrize(
    ("known", "room"),
    [((), 1), ((ListRow(7, END, STATUS_LIST_SIZE),), 1), ((ListRow(7, END, 1),), STATUS_LIST_SIZE)],
    ids=["none of the day", "all full", "one with too little room"],
)
def test_another_list_is_opened_under_an_id_that_none_has_had(known: tuple[ListRow, ...], room: int) -> None:
    """A list of another day never serves: it would be retired before the code expires."""
    lists = Lists(ListRow(9, END + 1), *known, last=9)
    assert open_list(lists, END, room) == ListRow(10, END) == lists.lists[-1]


def test_after_the_last_id_none_is_opened() -> None:
    """Fail closed: no code rather than one whose list no format can name, or whose list was another's."""
    lists = Lists(last=MAX_STATUS_LIST - 1)
    assert open_list(lists, END, room=1).list_id == MAX_STATUS_LIST
    with pytest.raises(Conflict, match="used"):
        open_list(lists, END + 1, room=1)
    assert len(lists.lists) == 1


def test_places_follow_one_another_to_the_lists_end() -> None:
    """Sequential, which keeps the table's key so; never one beyond the list."""
    nearly_full = ListRow(3, END, STATUS_LIST_SIZE - 2)
    assert next_places(nearly_full, 1) == [StatusPlace(3, STATUS_LIST_SIZE - 2)]
    assert next_places(nearly_full, 5) == [StatusPlace(3, STATUS_LIST_SIZE - 2), StatusPlace(3, STATUS_LIST_SIZE - 1)]


def test_places_left_are_those_of_the_scarcest_day() -> None:
    """Room on another day helps nobody whose code expires today."""
    lists = [ListRow(1, END, STATUS_LIST_SIZE - 3), ListRow(2, END, STATUS_LIST_SIZE - 4), ListRow(3, END + 1, 0)]
    assert places_left(lists) == 7
    assert places_left([]) == 0
