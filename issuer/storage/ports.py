"""What the issuer's store promises.

Durable when the transaction's commit returns; safe to call from several threads and processes; may never be lost: it is
the only record of who decided what. Who can write it can withdraw codes and invent decisions, but sign nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class IssuerOverview(NamedTuple):
    """How the store stands at one moment. ``published_at`` in seconds UTC, None: never. ``places_left``: on the day
    that has the fewest, in lists that are open already; ``lists_left``: ids that no list has had."""

    published_at: int | None
    withdrawals_unpublished: int
    places_left: int
    lists_left: int


class IssuerStore(Protocol):
    """The issuer's rows. Each call is one transaction."""

    def replays(self, client_id: str, keys: Sequence[str], at: int) -> Mapping[str, Replay]:
        """What these keys of this client were used for, where the code has not expired at ``at``."""

    def bind_secret(self, digest: bytes) -> None:
        """Bind the store to the secret of this digest (32 bytes) for ever. Raises SettingInvalid for another one.

        Another secret would set the bits of other people.
        """

    def is_bound(self) -> bool:
        """Whether the store is bound to a secret."""

    def allocate(self, end: int, count: int) -> list[StatusPlace]:
        """``count`` places, in lists of the day ending at ``end``; opens lists as they fill.

        Nobody else gets them, used or not. Only after a crash of the database may places be given again that nothing
        was recorded for; :meth:`issuer.storage.holder_ports.PersonDeed.keep` refuses
        the second use.
        """

    def find(self, handle: bytes) -> Owned | None:
        """The code of a handle."""

    def open_lists(self, at: int, days_ahead: int) -> None:
        """Open lists for the coming days, so that gates know a list before a code in it is shown."""

    def current_lists(self, at: int, upto: int | None = None) -> Mapping[int, tuple[int, list[int]]]:
        """Lists not yet retired: list id -> (end of its day, withdrawn positions).

        ``upto``: only what stands in the segments up to this one, which never changes.
        """

    def note_published(self, at: int) -> None:
        """Keep that what stood here at ``at`` has been published."""

    def forget_keys(self, at: int) -> int:
        """Forget idempotency keys whose codes have expired by ``at``, some hundred thousand at the most; how many.

        A file that is issued for each week brings new ones each time, with a digest of what was said of somebody.
        """
        ...  # pragma: no cover

    def overview(self, at: int) -> IssuerOverview:
        """How the store stands. Withdrawn in the very second of the last publication counts as not published."""


class SegmentRow(NamedTuple):
    """A status segment as it is kept: what it says is fixed here, before anybody hears of it."""

    number: int
    as_of: int
    digest: bytes
    payload: bytes


class UnpublishedWithdrawals(NamedTuple):
    """What no segment carries yet. ``is_all``: there was no more of it."""

    opened: Mapping[int, int]
    withdrawn: Sequence[StatusPlace]
    is_all: bool


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

    def carry(self, number: int, at: int, most: int) -> UnpublishedWithdrawals:
        """Mark up to ``most`` waiting withdrawals, and all waiting lists, as carried by segment ``number``.

        What belongs to lists that are retired at ``at`` is marked and left out.
        """

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

    def changes(self, at: int) -> Mapping[int, int]:
        """Announced lists not retired at ``at``: list id -> the last segment that set a bit in it, or 0."""

    def deliveries(self) -> Mapping[str, Delivery]:
        """What was brought, by name."""

    def note(self, name: str, delivery: Delivery) -> None:
        """Remember that it was brought."""

    def forget(self, before: int, names: Sequence[str]) -> None:
        """Drop delivered segments before this number (never the newest) and what was brought under these names."""

    def adopt(self, newest: SegmentRow, lists: Mapping[int, tuple[int, list[int]]], next_list: int) -> None:
        """Go on from what gates have, after this database was put back to an older state.

        ``newest``: the mirror's newest segment; ``lists``: its lists, id -> (end of its day, withdrawn positions). What
        gates have seen stays withdrawn; what they have not yet is carried again. No place is given any more in any list
        that is open, and no list gets an id up to ``next_list``.
        """

    def claim(self, work: str, holder: str, at: int, until: int) -> bool:
        """Whether ``holder`` may do this work until then: nobody else is at it, or whoever was is overdue."""
