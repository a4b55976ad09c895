"""Places (状态位置): which list a code stands in, and when a list is opened.

Lists are grouped by the day on which their codes expire, and filled one after the other. No place is given twice, used
or not: what was given and never recorded harms nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from credentials.errors import Conflict
from credentials.profile.limits import MAX_STATUS_LIST, STATUS_LIST_SIZE
from issuer.storage.indices import StatusPlace, group_end
from issuer.storage.ports.issuing import IssuerStore, ListRow, PlaceTransaction
from service_kit.clock import DAY_SECONDS
from service_kit.storage.retrying import retried

ROOM_AHEAD = STATUS_LIST_SIZE // 4
"""Positions. A list with fewer free has a successor opened before it is full."""


@retried
def allocate(store: IssuerStore, end: int, count: int) -> list[StatusPlace]:
    """``count`` places that nobody else gets, in lists of the day ending at ``end`` (seconds UTC); opens lists as they
    fill. Raises Conflict when all list ids are used, StorageUnavailable, StorageFull.
    """
    places: list[StatusPlace] = []
    # In haste: a code that is recorded takes its place's commit to the disk with it.
    with store.placing(hasty=True) as placing:
        while len(places) < count:
            opened = open_list(placing, end, room=1)
            taken = next_places(opened, count - len(places))
            placing.advance(opened.list_id, opened.next_position + len(taken))
            places += taken
    return places


@retried
def open_ahead(store: IssuerStore, at: int, days: int) -> None:
    """Open lists for today and so many coming days, so that gates know a list before a code in it is shown.

    Raises Conflict when all list ids are used, StorageUnavailable, StorageFull.
    """
    with store.placing() as placing:
        for day in range(days + 1):
            open_list(placing, group_end(at + day * DAY_SECONDS), room=ROOM_AHEAD)


def open_list(placing: PlaceTransaction, end: int, room: int) -> ListRow:
    """A list of the day ending at ``end`` with ``room`` free positions or more.

    Raises Conflict when a new one is needed and all ids are used: a reference to a retired list must stay refused, so
    none is used again.
    """
    found = placing.list_with_room(end, room)
    if found is not None:
        return found
    opened = ListRow(placing.new_list_id(), end)
    if opened.list_id > MAX_STATUS_LIST:
        raise Conflict("all status list ids are used")
    placing.add_list(opened)
    return opened


def next_places(opened: ListRow, most: int) -> list[StatusPlace]:
    """The next free places of a list, at most so many."""
    end = min(opened.next_position + most, STATUS_LIST_SIZE)
    return [StatusPlace(opened.list_id, position) for position in range(opened.next_position, end)]


def places_left(lists: Sequence[ListRow]) -> int:
    """Free places on the day that has the fewest, in these lists; 0 without one."""
    free: dict[int, int] = {}
    for each in lists:
        free[each.expires_at] = free.get(each.expires_at, 0) + STATUS_LIST_SIZE - each.next_position
    return min(free.values(), default=0)
