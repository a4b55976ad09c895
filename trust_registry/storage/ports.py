"""What the registry keeps, and what each store promises.

All stores of one :class:`Records` share one transaction: what is written inside ``Storage.writing`` is
durable, all of it, when the block ends without an error, and none of it otherwise. ``writing`` also holds
the registry's single write lock, in this process and in every other, until then. Nothing here may be lost,
save the request ids that have expired. Who can write here can drop or delay what was submitted, but cannot
put a key into force: that takes two officers' signatures, which every gate verifies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from credentials.recognition.language.instants import is_within
from credentials.status.chain import End
from service_kit.storage.ports import Logbook, LogTree


class StatementRecord(NamedTuple):
    """A statement that passed enrolment. ``state``: ``submitted``, ``drafted``, ``published`` or ``overtaken``.

    ``vouched``: whether the member's root key in force stood behind it when it came; None: from before 0003.
    """

    id: str
    member: str
    sequence: int
    digest: str
    compact: str
    proofs: tuple[str, ...]
    received_at: int
    state: str
    vouched: bool | None = None


class DraftRecord(NamedTuple):
    """A trust list that officers may sign. ``message``: the canonical targets metadata, what they sign.

    ``base``: the version of the targets it follows. ``state``: ``open`` or ``published``.
    """

    id: str
    base: int
    trust_list: bytes
    message: bytes
    statement_ids: tuple[str, ...]
    created_at: int
    created_by: str
    state: str


class DraftFilter(NamedTuple):
    """Drafts of this state that follow version ``base``, made at ``since`` (seconds UTC) or later."""

    state: str
    base: int
    since: int


class DraftHead(NamedTuple):
    """A draft without its content. Times in seconds UTC."""

    id: str
    statement_ids: tuple[str, ...]
    created_at: int
    created_by: str


class DenialRecord(NamedTuple):
    """Who asked for a denial, in the asker's signed words. The set in force stands in ``denials.json``."""

    kid: str
    asked_by: str
    request: str
    received_at: int


class MemberFileRecord(NamedTuple):
    """The newest file of one name that a member brought: its sequence, the SHA-256 of its signed payload in hex, and
    its size in bytes.

    All that is needed to judge what comes next, so that no file is read again for it: ``kid``, hex, signed it; where
    the chain stands with a snapshot or segment (``as_of``, ``head``, hex); from when until when a rule set is in force.
    Without ``kid``: written by a program before 0003.
    """

    member: str
    name: str
    sequence: int
    sha256: str
    size: int
    received_at: int
    kid: str | None = None
    as_of: int | None = None
    head: str | None = None
    valid_from: int | None = None
    valid_until: int | None = None

    @property
    def end(self) -> End:
        """Where the chain stands with it: of a snapshot or a segment."""
        return End(self.sequence, self.as_of or 0, bytes.fromhex(self.head or ""))

    def in_force(self, at: int) -> bool:
        """Whether it counts at this moment: of a rule set."""
        return is_within(self.valid_from or 0, self.valid_until, at)


class Statements(Protocol):
    """Submitted statements: those that a list has taken up for good, the others until they are dropped or expire."""

    def add(self, record: StatementRecord) -> None: ...
    def get(self, id: str) -> StatementRecord | None: ...
    def named(self, ids: Sequence[str]) -> list[StatementRecord]:
        """Those of these ids that are there, in any order."""
        ...

    def find(self, member: str, digest: str) -> StatementRecord | None: ...
    def close(self, id: str, state: str) -> None: ...
    def in_states(self, states: Sequence[str]) -> list[StatementRecord]:
        """Those in one of these states, the oldest first."""
        ...

    def count(self, member: str, states: Sequence[str]) -> Mapping[bool | None, int]:
        """How many of a member are in one of these states, by ``vouched``."""
        ...

    def drop(self, id: str) -> None: ...
    def drop_received_before(self, moment: int, state: str) -> None:
        """Drop those in this state that came before."""
        ...


class Drafts(Protocol):
    """Drafts and the officers' signatures on them, for good."""

    def add(self, record: DraftRecord) -> None: ...
    def get(self, id: str) -> DraftRecord | None: ...
    def approve(self, id: str, keyid: str, signature: str, at: int) -> None: ...
    def approvals(self, id: str) -> dict[str, str]: ...
    def close(self, id: str, state: str) -> None: ...
    def count(self, wanted: DraftFilter) -> int:
        """How many there are of these."""
        ...

    def find(self, wanted: DraftFilter, most: int) -> list[DraftHead]:
        """At most so many of these, oldest first."""
        ...


class DenialRequests(Protocol):
    """Requests for denials, for good: who asked, in signed words."""

    def add(self, record: DenialRecord) -> None: ...
    def get(self, kid: str) -> DenialRecord | None: ...


class RepositoryFiles(Protocol):
    """The TUF repository's files by their path on the mirror; the mirror is written from here."""

    def read(self, path: str) -> bytes | None: ...
    def write(self, files: Sequence[tuple[str, bytes]]) -> None: ...


class MemberFiles(Protocol):
    """What is known of the files that members brought; the files themselves stand on the mirror."""

    def get(self, member: str, name: str) -> MemberFileRecord | None: ...
    def put(self, record: MemberFileRecord) -> None: ...
    def drop(self, member: str, name: str) -> None: ...
    def of_member(self, member: str, folder: str = "") -> list[MemberFileRecord]:
        """All of a member, or what it has in a folder, ``segments/`` for example, by sequence."""
        ...

    def last_up_to(self, member: str, folder: str, sequence: int) -> MemberFileRecord | None:
        """The newest in this folder that is not above ``sequence``."""
        ...

    def first_above(self, member: str, folder: str, sequence: int) -> MemberFileRecord | None:
        """The oldest in this folder that is."""
        ...

    def names_up_to(self, member: str, folder: str, sequence: int) -> list[str]:
        """Names of those in this folder that are not above ``sequence``."""
        ...

    def count_others(self, member: str, name: str) -> tuple[int, int]:
        """How many files a member has beside that one, and their bytes."""
        ...

    def without_kid(self, member: str) -> list[MemberFileRecord]:
        """Those of which it is not kept what they say: a program before 0003 wrote them."""
        ...

    def all(self) -> list[MemberFileRecord]: ...


@dataclass(frozen=True)
class Records:
    """All stores in one transaction."""

    statements: Statements
    drafts: Drafts
    denials: DenialRequests
    repository: RepositoryFiles
    member_files: MemberFiles
    log: Logbook
    log_tree: LogTree


class Storage(Protocol):
    """Safe to call from several threads and processes. Raises StorageUnavailable or StorageFull."""

    def reading(self) -> AbstractContextManager[Records]:
        """One consistent view."""
        ...

    def writing(self) -> AbstractContextManager[Records]:
        """Alone, until the block ends: then all of it is durable, or none."""
        ...
