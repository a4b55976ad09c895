"""A member's withdrawals as a gate holds them: a signed snapshot, the segments that follow it, and what they come to.

Pure. What does not follow raises by name and changes nothing: the data goes stale rather than wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from credentials.errors import SequenceNotNewer
from credentials.status import segment as segments
from credentials.status.chain import End, check_stands
from credentials.status.snapshot import StatusSnapshot
from trust_registry.client.members.member_files import MemberFile


@dataclass(frozen=True, slots=True)
class StatusChain:
    """``base``: the snapshot's file; ``segments``: those of the segments after it, in order; ``state``: the outcome."""

    base: MemberFile
    segments: tuple[MemberFile, ...]
    state: StatusSnapshot

    @classmethod
    def begin(cls, base: MemberFile) -> StatusChain:
        """A chain at its snapshot."""
        return cls(base, (), base.snapshot)

    @property
    def number(self) -> int:
        """Of the newest segment that is in it."""
        return self.state.sequence

    @property
    def ends(self) -> tuple[End, ...]:
        """Where it stood with the snapshot, and with each segment after it."""
        return (self.base.snapshot.end, *(file.segment.end for file in self.segments))

    @property
    def heads(self) -> tuple[bytes, ...]:
        """SHA-256 of the newest segment's payload in the snapshot, and of each segment's after it."""
        return tuple(end.head for end in self.ends)

    @property
    def kids(self) -> set[bytes]:
        """The keys that signed it."""
        return {self.base.kid, *(file.kid for file in self.segments)}

    def follow(self, file: MemberFile) -> StatusChain:
        """With one segment more. Raises what :func:`credentials.status.segment.apply` raises."""
        state = segments.apply(self.state, file.segment)
        return StatusChain(self.base, (*self.segments, file), state)

    def rebase(self, base: MemberFile) -> StatusChain:
        """On a newer snapshot, with the segments after it.

        Raises SequenceNotNewer for a snapshot older than what is held, and what
        :func:`credentials.status.chain.check_stands` raises.
        """
        snapshot = base.snapshot
        if snapshot.sequence < self.base.sequence:
            raise SequenceNotNewer(f"snapshot {snapshot.sequence} where segment {self.number} is held")
        check_stands(snapshot.end, self.ends)
        if snapshot.sequence == self.base.sequence and base.payload != self.base.payload:
            raise SequenceNotNewer(f"another snapshot {snapshot.sequence} than the one held")
        chain = StatusChain.begin(base)
        for file in self.segments[snapshot.sequence - self.base.sequence :]:
            chain = chain.follow(file)
        return chain
