"""Status indices: where the withdrawal bit of a credential stands.

A serial is ``list << 20 | position``: positions are handed out one after the other, which keeps the table's key
sequential; what a code shows is the keyed permutation of the position within its list. Lists are grouped by the day
(Asia/Shanghai) on which their codes expire, so that a whole list can be retired.
"""

from __future__ import annotations

from typing import NamedTuple

from credentials.model import StatusReference
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.status.permutation import index_of
from service_kit.clock import DAY_SECONDS

_SHIFT = STATUS_LIST_SIZE.bit_length() - 1
_SHANGHAI_SECONDS = 8 * 3600
"""Asia/Shanghai is UTC+8 without daylight saving since 1991."""


class StatusPlace(NamedTuple):
    """A list and a position in it, as allocated."""

    list_id: int
    position: int

    @property
    def serial(self) -> int:
        return self.list_id << _SHIFT | self.position


def place_of(serial: int) -> StatusPlace:
    """The list and position behind a serial."""
    return StatusPlace(serial >> _SHIFT, serial & (STATUS_LIST_SIZE - 1))


def reference_of(place: StatusPlace, key: bytes) -> StatusReference:
    """What a code shows of its place. ``key``: the province's index key, for ever the same for a list."""
    return StatusReference(place.list_id, index_of(place.position, place.list_id, key))


def group_end(expires_at: int) -> int:
    """The end of the Asia/Shanghai day in which ``expires_at`` lies, in seconds UTC: when its list may be retired."""
    return ((expires_at + _SHANGHAI_SECONDS) // DAY_SECONDS + 1) * DAY_SECONDS - _SHANGHAI_SECONDS
