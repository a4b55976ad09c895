"""What of the status lists (状态列表) gates are told: which lists count, what a segment carries, what waits.

A list counts until the day has ended on which its codes expire. Then it is retired: gates drop it, and a bit in it
would break the chain there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from credentials.profile.limits import MAX_STATUS_LIST
from issuer.issuing.places import places_left
from issuer.storage.indices import StatusPlace
from issuer.storage.ports.issuing import IssuerStore, SegmentTransaction


class UnpublishedWithdrawals(NamedTuple):
    """What no segment carries yet: lists that are new, id -> end of its day; withdrawn places; ``is_all``: there was no
    more of it."""

    opened: Mapping[int, int]
    withdrawn: Sequence[StatusPlace]
    is_all: bool


class IssuerOverview(NamedTuple):
    """How an issuer stands at one moment. ``published_at`` in seconds UTC, None: never. ``places_left``: on the day
    that has the fewest, in lists that are open already; ``lists_left``: ids that no list has had;
    ``decisions_unaccounted``: decisions by hand in force that no leaf of the log counts."""

    published_at: int | None
    withdrawals_unpublished: int
    places_left: int
    lists_left: int
    decisions_unaccounted: int


def carry(cutting: SegmentTransaction, number: int, at: int, most: int) -> UnpublishedWithdrawals:
    """Mark up to ``most`` waiting withdrawals, and all waiting lists, as carried by segment ``number``.

    What belongs to lists that are retired at ``at`` is marked and left out.
    """
    marked = cutting.mark_withdrawals(number, most)
    # The lists after the withdrawals: a list is committed before anything in it can be withdrawn.
    opened = cutting.announce_lists(number, ending_after=at)
    current = cutting.list_ids(ending_after=at)
    withdrawn = [place for place in marked if place.list_id in current]
    cutting.mark_changed(number, {place.list_id for place in withdrawn})
    return UnpublishedWithdrawals(opened, withdrawn, len(marked) < most)


def current_lists(store: IssuerStore, at: int, upto: int | None = None) -> dict[int, tuple[int, list[int]]]:
    """Lists not retired at ``at``: list id -> (end of its day, withdrawn positions).

    ``upto``: only what stands in the segments up to this one, which never changes.
    """
    lists = [each for each in store.lists(ending_after=at) if upto is None or _is_announced(each.opened_in, upto)]
    positions: dict[int, list[int]] = defaultdict(list)
    if lists:
        for list_id, position in store.withdrawn(lists[0].list_id, upto):
            positions[list_id].append(position)
    return {each.list_id: (each.expires_at, positions[each.list_id]) for each in lists}


def changed_lists(store: IssuerStore, at: int) -> dict[int, int]:
    """Announced lists not retired at ``at``: list id -> the last segment that set a bit in it, or 0."""
    return {each.list_id: each.changed_in or 0 for each in store.lists(at) if each.opened_in is not None}


def overview(store: IssuerStore, at: int, decisions_unaccounted: int = 0) -> IssuerOverview:
    """How the issuer stands. Withdrawn in the very second of the last publication counts as not published."""
    lists, published_at = store.lists(ending_after=at), store.published_at()
    waiting = store.count_withdrawn(lists[0].list_id if lists else 0, since=published_at or 0)
    left = MAX_STATUS_LIST - store.last_list_id()
    return IssuerOverview(published_at, waiting, places_left(lists), left, decisions_unaccounted)


def _is_announced(opened_in: int | None, upto: int) -> bool:
    return opened_in is not None and opened_in <= upto
