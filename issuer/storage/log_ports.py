"""What the store of the province's log promises: leaves within the transaction of the deed that they tell of.

What a deed writes of decisions and withdrawals waits here until :mod:`issuer.record.sealing` puts one leaf over all
that came within a minute; a decision by hand has its leaf at once. Who can write here can leave a decision out of the
log; then its code cannot be proved by the person who has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from credentials.decisions.leaves import Leaf
from credentials.profile.lists import Status
from issuer.storage.ports import StandingDecision

NOT_RECORDED = -1
"""Stands in place of a leaf of what was done before there was a log, or in a time that was lost with a database."""


class Cell(NamedTuple):
    """Of what is counted by region and basis: a code of GB/T 2260, 0 where nothing is known; ``rule`` or an article."""

    region: int
    basis: str


class Unsealed(NamedTuple):
    """What no leaf counts yet: what it is committed to by (32 bytes), and where it is counted."""

    number: int
    commitment: bytes
    cell: Cell


class UnsealedWithdrawal(NamedTuple):
    """A withdrawal that no leaf counts yet, by the serial of its code."""

    serial: int
    withdrawn_at: int
    cause: str


class ProvinceLog(Protocol):
    """The log within one transaction. All raise StorageUnavailable, StorageFull: then nothing of the deed is kept."""

    def append(self, leaf: Leaf, at: int, cells: Mapping[Cell, int] | None = None) -> int:
        """Add a leaf at ``at`` (seconds UTC; one that names its hour is dated by that); its number.

        From here to the end of the transaction nobody else appends: it should be the last that a deed does.
        ``cells``: of a leaf that counts people by status, how many where. Raises SelfCheckFailed above 65 535 bytes.
        """

    def enter(self, decided: Sequence[StandingDecision]) -> None:
        """Keep what the log has of these decisions: by rule to be sealed, by hand with their leaf at once, one for all
        that have the same text."""

    def seal_decisions(self, status: Status, most: int) -> Sequence[Unsealed]:
        """Take at most so many decisions by rule of this status that no leaf counts, as counted by the next leaf.
        Nobody else appends from here on."""

    def seal_withdrawals(self, status: Status, most: int) -> Sequence[UnsealedWithdrawal]:
        """As :meth:`seal_decisions`, for withdrawals of codes of this status."""

    def keep_batch(self, leaf: int, commitments: Sequence[bytes]) -> None:
        """Keep what stands below the root in a leaf."""
