"""The rule of a member's chain: which segment may follow, and which snapshot may stand beside the segments held.

The mirror that takes files in and the gates that follow them ask the same two functions, so that nothing is taken
there which every gate would refuse. The browser's twin is ``credentials/browser/status/chain.ts``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from credentials.errors import ChainForked, SegmentBackdated, SegmentMissing, SegmentRepeated
from credentials.profile.limits import STATUS_HASH_BYTES

NO_SEGMENT = bytes(STATUS_HASH_BYTES)
"""What the first segment names as the one before."""


class End(NamedTuple):
    """Where a chain stands: number of its newest segment (0: none yet), as of when (seconds UTC), and the SHA-256 of
    that segment's payload."""

    number: int
    as_of: int
    head: bytes


BEGINNING = End(0, 0, NO_SEGMENT)
"""Of a member who has told nothing yet."""


def check_follows(held: End, segment: End, previous: bytes) -> None:
    """Whether ``segment``, which names ``previous`` as the payload before it, is the next one after ``held``.

    Raises SegmentMissing (a gap), SegmentRepeated (one that is held, or older), ChainForked (it follows another
    segment, or is another one of the same number), SegmentBackdated (as of a time before the one held).
    """
    if segment.number == held.number and segment.head != held.head:
        raise ChainForked(f"another segment {segment.number} than the one held")
    if segment.number <= held.number:
        raise SegmentRepeated(f"segment {segment.number} where {held.number} is held")
    if segment.number > held.number + 1:
        raise SegmentMissing(f"segment {segment.number} where {held.number} is held")
    if previous != held.head:
        raise ChainForked(f"segment {segment.number} follows another one than the one held")
    if segment.as_of < held.as_of:
        raise SegmentBackdated(f"segment {segment.number}")


def check_stands(snapshot: End, held: Iterable[End]) -> None:
    """Whether a snapshot that stands at ``snapshot`` agrees with what is held, in the order of the numbers.

    Raises ChainForked when another segment of that number is held, SegmentBackdated when it is later in number than
    one held and earlier in time, or earlier in number and later in time than the next one.
    """
    for end in held:
        if end.number == snapshot.number and end.head != snapshot.head:
            raise ChainForked(f"snapshot {snapshot.number} stands at another segment than the one held")
        if end.number < snapshot.number and end.as_of > snapshot.as_of:
            raise SegmentBackdated(f"snapshot {snapshot.number}, where segment {end.number} is as of a later time")
        if end.number > snapshot.number and end.as_of < snapshot.as_of:
            raise SegmentBackdated(f"snapshot {snapshot.number}, where segment {end.number} is as of an earlier time")
