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
from issuer.storage.ports.issuing import StandingDecision
from service_kit.storage.ports import LeafRecord

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


class KeptDecision(NamedTuple):
    """What is kept of a decision: its text, what seals it (64 bytes), its leaf's number, None before there is one, and
    the commitments below the root in that leaf, empty of a decision by hand."""

    text: str
    sealed: bytes
    leaf: int | None
    batch: bytes


class KeptLookUp(NamedTuple):
    """What is kept of a look-up: what its person is told of it, and its leaf's number, None before there is one."""

    number: int
    text: str
    leaf: int | None


class ProvinceLog(Protocol):
    """The log within one transaction. All raise StorageUnavailable, StorageFull: then nothing of the deed is kept."""

    def append(self, leaf: Leaf, at: int, cells: Mapping[Cell, int] | None = None) -> int:
        """Add a leaf at ``at`` (seconds UTC; one that names its hour is dated by that); its number.

        From here to the end of the transaction nobody else appends: it should be the last that a deed does.
        ``cells``: of a leaf that counts people by status, how many where. Raises SelfCheckFailed above 65 535 bytes,
        StoreBehind while the mirror is known to have more leaves.
        """

    def enter(self, decided: Sequence[StandingDecision]) -> None:
        """Keep what the log has of these decisions: by rule to be sealed, by hand with their leaf at once, one for all
        that have the same text."""

    def seal_decisions(self, status: Status, most: int) -> Sequence[Unsealed]:
        """Take at most so many decisions by rule of this status that no leaf counts, as counted by the next leaf.
        Nobody else appends from here on."""

    def seal_withdrawals(self, status: Status, most: int) -> Sequence[UnsealedWithdrawal]:
        """As :meth:`seal_decisions`, for withdrawals of codes of this status."""

    def settle_withdrawals(self, status: Status, before: int, seconds: int, most: int) -> Sequence[UnsealedWithdrawal]:
        """Take at most so many withdrawals of codes of this status from until ``before`` (seconds UTC, inclusive) as
        looked at; those whose person had no other code ``seconds`` after theirs, unless their own phone asked."""

    def oldest_look_up(self, before: int) -> int | None:
        """When the oldest look-up before this moment (seconds UTC) was that no leaf counts; None where none waits."""

    def seal_look_ups(self, before: int, most: int) -> Sequence[KeptLookUp]:
        """Take at most so many look-ups before this moment, that no leaf counts, as counted by the next leaf. Nobody
        else appends from here on."""

    def keep_batch(self, leaf: int, commitments: Sequence[bytes]) -> None:
        """Keep what stands below the root in a leaf."""

    def lock(self) -> int:
        """The number that the next leaf gets; nobody else appends from here on."""

    def read(self, since: int, most: int) -> Sequence[LeafRecord]:
        """Leaves from this number on, in order, at most so many."""

    def find(self, serial: int) -> KeptDecision | None:
        """The decision behind the code of this serial; None where nothing of it is kept, or no more."""

    def find_text(self, hashed: bytes) -> KeptDecision | None:
        """The decision by hand of this commitment (32 bytes); None where nothing of it is kept, or no more."""

    def look_ups_of(self, subject: bytes, most: int) -> Sequence[tuple[KeptLookUp, bytes]]:
        """The newest look-ups of a person, each with the commitments below the root in its leaf, empty before that."""

    def staff_leaves(self, before: int) -> Sequence[LeafRecord]:
        """The leaves of staff keys, and those that ended them, below this number, in order."""

    def unaccounted(self, at: int) -> int:
        """How many decisions by hand are in force at ``at`` (seconds UTC) that no leaf counts."""

    def take_tally(self) -> Mapping[tuple[str, str], Mapping[tuple[int, str], int]]:
        """What was counted by region and basis since this was last asked, by kind and status; it begins anew."""

    def counted_up_to(self) -> int:
        """The first leaf that no public count covers."""

    def counted_at(self) -> int | None:
        """When the last public count was made, in seconds UTC; None before the first look."""

    def note_counted(self, upto: int, at: int) -> None:
        """All leaves below ``upto`` are covered."""

    def cosigned_at(self) -> int | None:
        """When the log was last cosigned by enough witnesses, in seconds UTC; None: never."""

    def note_cosigned(self, at: int, size: int, note: bytes) -> None:
        """Enough witnesses have cosigned the first ``size`` leaves at this moment, as this note says. It is kept if it
        is the first one that holds some decision by hand."""

    def first_cosigned(self, number: int) -> bytes | None:
        """The first checkpoint that enough witnesses cosigned of those that hold this leaf of a decision by hand; None
        where none is kept."""

    def note_mirrored(self, size: int) -> None:
        """The mirror has so many leaves; nothing is written while there are fewer here."""

    def begin_anew(self, behind: int, at: int) -> None:
        """After leaves came back from the mirror, where ``behind`` were: say so in a leaf. What was counted by region
        and basis is gone, and public counts go on after the last one that came back. Keys of staff and laboratories
        that had ended end again."""

    def rules_told(self) -> int:
        """The highest sequence of status rules that a leaf says was published; 0 for none."""

    def drop_texts(self, appeal_before: int, most: int) -> int:
        """Delete text and salt of decisions against which an appeal could be made until before this moment, at most so
        many, and the cosigned checkpoints that nobody needs after them; how many decisions. Look-ups go with them, once
        they are as old."""
