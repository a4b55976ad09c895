"""What the issuer's store promises.

Durable when the transaction's commit returns; safe to call from several threads and processes; may never be lost: it is
the only record of who decided what. Who can write it can withdraw codes and invent decisions, but sign nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from issuer.decisions import Decision
from issuer.indices import Place


class IssuedRow(NamedTuple):
    """A credential as it is kept. ``handle``: 16 random bytes, unrelated to the cti."""

    place: Place
    handle: bytes
    form: int
    issued_at: int
    expires_at: int
    text: str


class Replay(NamedTuple):
    """What an idempotency key was used for: the hash of the request, and what came of it."""

    body_hash: bytes
    issued: IssuedRow


class Entry(NamedTuple):
    """What is kept of one issuing: idempotency key, hash of the request, decision and credential."""

    key: str
    body_hash: bytes
    decision: Decision
    issued: IssuedRow


class Overview(NamedTuple):
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

    def allocate(self, end: int, count: int) -> list[Place]:
        """``count`` places, in lists of the day ending at ``end``; opens lists as they fill.

        Nobody else gets them, used or not. Only after a crash of the database may places be given again that nothing
        was recorded for; :meth:`record` refuses the second use.
        """

    def record(self, client_id: str, entries: Sequence[Entry]) -> None:
        """Keep all of them together, or none.

        Raises Conflict when a place or a key is taken, or a decision lacks what it must have.
        """

    def find(self, handle: bytes) -> IssuedRow | None:
        """The credential of a handle."""

    def withdraw(self, place: Place, at: int, cause: str, author: str) -> bool:
        """Set the bit for good. False when it was set already: the first withdrawal stands."""

    def open_lists(self, at: int, days_ahead: int) -> None:
        """Open lists for the coming days, so that gates know a list before a code in it is shown."""

    def next_sequence(self, name: str) -> int:
        """The next number of a counter: 1, 2, 3, … A number may be skipped, never handed out twice."""

    def note_published(self, at: int) -> None:
        """Keep that what stood here at ``at`` has been published."""

    def overview(self, at: int) -> Overview:
        """How the store stands. Withdrawn in the very second of the last publication counts as not published."""

    def current_lists(self, at: int) -> Mapping[int, tuple[int, list[int]]]:
        """Lists not yet retired: list id -> (end of its day, withdrawn positions)."""
