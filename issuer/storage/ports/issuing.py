"""What the issuer's store promises.

Durable when the transaction's commit returns; safe to call from several threads and processes; may never be lost: it is
the only record of who decided what. Who can write it can withdraw codes and invent decisions, but sign nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from credentials.model import Evidence
from issuer.decisions.deciding import Decision
from issuer.storage.indices import StatusPlace


class IssuedRow(NamedTuple):
    """A credential as it is kept. ``handle``: 16 random bytes, unrelated to the cti."""

    place: StatusPlace
    handle: bytes
    form: int
    issued_at: int
    expires_at: int
    text: str


class Replay(NamedTuple):
    """What an idempotency key was used for: the hash of the request, and what came of it."""

    body_hash: bytes
    issued: IssuedRow


class Made(NamedTuple):
    """A code that was made and not yet kept. ``standing``: the number of a decision that was made before and still
    stands, or None for a decision of its own; ``seen``: how far the person's timeline went when it was decided."""

    decision: Decision
    issued: IssuedRow
    standing: int | None = None
    seen: int = 0


class Entry(NamedTuple):
    """What is kept of one issuing for a client: idempotency key, hash of the request, what was made, and the facts that
    the request brought."""

    key: str
    body_hash: bytes
    decision: Decision
    issued: IssuedRow
    standing: int | None = None
    evidence: tuple[Evidence, ...] = ()
    seen: int = 0


class Owned(NamedTuple):
    """A code, about whom it is, and who asked for it. ``client_id``: the client, the command, or ``wallet:``."""

    issued: IssuedRow
    subject: bytes
    client_id: str


class StandingDecision(NamedTuple):
    """A decision that is in force, and its number."""

    decision_id: int
    decision: Decision


class ListRow(NamedTuple):
    """A status list as it is kept: the end of its day, the first position that nobody has, the segment that announced
    it and the last one that set a bit in it, each None before one has."""

    list_id: int
    expires_at: int
    next_position: int = 0
    opened_in: int | None = None
    changed_in: int | None = None


class PlaceTransaction(Protocol):
    """One transaction that gives places out. Transactions follow one another."""

    def list_with_room(self, end: int, room: int) -> ListRow | None:
        """Of the day ending at ``end`` the list of the lowest id that has ``room`` free positions or more."""

    def new_list_id(self) -> int:
        """An id that no list has had: 1, 2, 3, … Given up with the transaction."""

    def add_list(self, opened: ListRow) -> None:
        """Keep a list. Raises Conflict for an id that is taken."""

    def advance(self, list_id: int, next_position: int) -> None:
        """The positions of a list below this one are given out."""


class IssuerStore(Protocol):
    """The issuer's rows. Each call is one transaction."""

    def find_keys(self, client_id: str, keys: Sequence[str], expiring_after: int) -> Mapping[str, Replay]:
        """What these keys of this client were used for, of those whose codes expire after this moment."""

    def bind_secret(self, digest: bytes) -> None:
        """Bind the store to the secret of this digest (32 bytes) for ever. Raises SettingInvalid for another one.

        Another secret would set the bits of other people.
        """

    def is_bound(self) -> bool:
        """Whether the store is bound to a secret."""

    def placing(self, *, hasty: bool = False) -> AbstractContextManager[PlaceTransaction]:
        """Begin a transaction that gives places out; commits on leaving, rolls back on an error.

        ``hasty``: its commit is not waited for. Then places may be given again after a crash of the database that
        nothing was recorded for; :meth:`issuer.storage.ports.holders.PersonDeed.record` refuses the second use.
        """

    def find(self, handle: bytes) -> Owned | None:
        """The code of a handle."""

    def lists(self, ending_after: int) -> Sequence[ListRow]:
        """The lists of days that end after this moment, by id."""

    def last_list_id(self) -> int:
        """The highest id that a list has had; 0 before the first."""

    def withdrawn(self, from_list: int, upto: int | None = None) -> Sequence[StatusPlace]:
        """Withdrawn places of this list and those of higher ids; ``upto``: only what a segment up to this one carries,
        which never changes."""

    def count_withdrawn(self, from_list: int, since: int) -> int:
        """How many places of the same lists were withdrawn at ``since`` or later."""

    def published_at(self) -> int | None:
        """The moment (seconds UTC) up to which all has been published; None: never."""

    def record_published(self, at: int) -> None:
        """What stood here at ``at`` has been published."""

    def drop_keys(self, expired_by: int, most: int) -> int:
        """Drop idempotency keys whose codes have expired by this moment, at most so many; how many. Those that somebody
        else holds at the moment are passed over."""
        ...  # pragma: no cover


class SegmentRow(NamedTuple):
    """A status segment as it is kept: what it says is fixed here, before anybody hears of it."""

    number: int
    as_of: int
    digest: bytes
    payload: bytes


class WorkClaim(NamedTuple):
    """Who is at a piece of work, and until when at the longest (seconds UTC)."""

    holder: str
    until: int


class Delivery(NamedTuple):
    """What was last brought to the mirror under a name: made at which segment, by which key, when."""

    segment: int
    kid: bytes
    delivered_at: int


class SegmentTransaction(Protocol):
    """One transaction that makes the next segment. Transactions follow one another.

    The segment and the marks on what it carries are committed together, so that nothing is carried twice or skipped,
    however late a withdrawal was committed.
    """

    def last(self) -> SegmentRow | None:
        """The newest segment."""

    def mark_withdrawals(self, number: int, most: int) -> Sequence[StatusPlace]:
        """Mark up to ``most`` withdrawals that no segment carries as carried by this one; which."""

    def announce_lists(self, number: int, ending_after: int) -> Mapping[int, int]:
        """Mark the lists of days that end after this moment, and that no segment has announced, as announced by this
        one: list id -> end of its day."""

    def list_ids(self, ending_after: int) -> Collection[int]:
        """The lists of days that end after this moment."""

    def mark_changed(self, number: int, list_ids: Collection[int]) -> None:
        """This segment sets bits in these lists."""

    def record(self, row: SegmentRow) -> None:
        """Keep the segment. Raises Conflict for a number that is taken."""


class StatusFeed(Protocol):
    """The chain of segments, and what of it has reached the mirror.

    Losing it while codes are alive means a new status key: the same numbers must never be signed with other contents.
    """

    def cutting(self) -> AbstractContextManager[SegmentTransaction]:
        """Begin a transaction that makes a segment; commits on leaving, rolls back on an error."""

    def newest(self) -> SegmentRow | None:
        """The newest segment."""

    def undelivered(self) -> Sequence[SegmentRow]:
        """What the mirror has not acknowledged, in order."""

    def mark_delivered(self, number: int) -> None:
        """The mirror has everything up to this segment."""

    def deliveries(self) -> Mapping[str, Delivery]:
        """What was brought, by name."""

    def record_delivery(self, name: str, delivery: Delivery) -> None:
        """Remember that it was brought."""

    def drop(self, before: int, names: Sequence[str]) -> None:
        """Drop delivered segments before this number (never the newest) and what was brought under these names."""

    def adopt(
        self,
        newest: SegmentRow,
        lists: Mapping[int, tuple[int, list[int]]],
        next_list: int,
        cause: str,
        author: str,
    ) -> None:
        """Go on from what gates have, after this database was put back to an older state.

        ``newest``: the mirror's newest segment; ``lists``: its lists, id -> (end of its day, withdrawn positions). What
        gates have seen stays withdrawn; what they have not yet is carried again. No place is given any more in any list
        that is open, and no list gets an id up to ``next_list``. ``cause``, ``author``: of what was withdrawn there of
        codes that are known here.
        """

    def claim_of(self, work: str) -> WorkClaim | None:
        """Who is at this work, or was last."""

    def replace_claim(self, work: str, known: WorkClaim | None, claim: WorkClaim) -> bool:
        """Put a claim in the place of the one that is ``known``; False when another stands there by now."""
