"""What a witness keeps, and what whoever keeps it promises."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from credentials.log.tree import EMPTY_ROOT


class Seen(NamedTuple):
    """The checkpoint of a log that was cosigned last: leaves and root. Before the first, the empty tree."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class SeenLogs(Protocol):
    """One row a log, by its origin. What :meth:`advance` has said yes to is there for good, also after a power cut: a
    witness whose row goes back would cosign a second history. Safe to call from any number of threads and processes.

    Who can write here can have the witness cosign anything; a database that is lost or put back needs a new key.
    Raises StorageUnavailable, StorageFull.
    """

    def get(self, origin: str) -> Seen:
        """What was cosigned last of this log."""
        ...

    def advance(self, origin: str, before: Seen, after: Seen, at: int) -> bool:
        """Put ``after`` in the place of ``before``, in one step; False, and nothing is changed, where another stands
        there by now. ``at``: seconds UTC."""
        ...

    def all(self) -> dict[str, Seen]:
        """Every log that was ever cosigned."""
        ...
