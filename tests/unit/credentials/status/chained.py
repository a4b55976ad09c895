"""A member's chain of segments for tests, and the snapshot after each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from credentials.algorithms.table import NATIVE, PublicKey
from credentials.keys import VerificationKey, kid_of
from credentials.profile.limits import MAX_TIME_SECONDS, MIN_TIME_SECONDS
from credentials.status import gaps
from credentials.status.chain import NO_SEGMENT
from credentials.status.segment import Segment, apply
from credentials.status.snapshot import StatusList, StatusSnapshot

HOUR, DAY = 3600, 24 * 3600


def status_key(public_key: PublicKey, member: str) -> VerificationKey:
    """The key as the registry lists it."""
    return VerificationKey(
        kid_of(member, public_key), member, NATIVE.NAME, "status", MIN_TIME_SECONDS, MAX_TIME_SECONDS, public_key
    )


@dataclass
class Told:
    """``segments`` in order, ``snapshots`` after each of them. The first opens list 3, good for ten days."""

    member: str
    now: int
    segments: list[Segment] = field(default_factory=list)
    snapshots: list[StatusSnapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        end = self.now + 10 * DAY
        first = Segment(self.member, 1, self.now, NO_SEGMENT, {3: end}, {})
        self.segments.append(first)
        lists = {3: StatusList.of(3, end, [])}
        self.snapshots.append(StatusSnapshot(self.member, 1, self.now, self.now + 3 * DAY, lists, first.digest))

    def next(self, *withdrawn: int, after: int = 0, opened: Mapping[int, int] | None = None) -> Segment:
        """One segment more, as of ``after`` seconds later, that withdraws these of list 3."""
        made = following(self.segments[-1], withdrawn, after=after, opened=opened)
        self.snapshots.append(apply(self.snapshots[-1], made))
        self.segments.append(made)
        return made

    def another(self, *withdrawn: int) -> Segment:
        """What somebody else tells in the place of the newest one."""
        return following(self.segments[-2], withdrawn)

    @property
    def snapshot(self) -> StatusSnapshot:
        """After all of them."""
        return self.snapshots[-1]


def following(
    last: Segment, withdrawn: Iterable[int], *, after: int = 0, opened: Mapping[int, int] | None = None
) -> Segment:
    """A segment that follows ``last``."""
    indices = gaps.ascending(withdrawn)
    changes = {3: indices} if indices else {}
    return Segment(last.member, last.number + 1, last.as_of + after, last.digest, opened or {}, changes)


def with_number(made: Segment, number: int) -> Segment:
    """The same under another number."""
    return replace(made, number=number)
