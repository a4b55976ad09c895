"""Keeps one member's withdrawals: begins with a snapshot, follows the segments, and heals from a snapshot what broke.

A gap, a fork or a file that does not hold leaves what is held. Then the newest snapshot is asked for: one that is newer
than all that is held goes on; else the data ages until policy refuses it. A fork stays on show even when it was healed,
for somebody has told two stories.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from credentials.errors import (
    ChainBroken,
    ChainForked,
    FetchFailed,
    SegmentMissing,
    TakenBack,
    TongxingError,
    Unreadable,
    Untrusted,
)
from credentials.limits import MAX_SEGMENT_BYTES, MAX_SIGNED_BYTES
from service_kit.fetch import Response
from trust_registry.client.folder import MemberFolder
from trust_registry.client.member_files import (
    STATUS,
    MemberFile,
    check_new,
    check_not_ahead,
    in_order,
    listed_key,
    parse_name,
    read_member_file,
    segment_name,
)
from trust_registry.client.news import News
from trust_registry.client.snapshot import TrustSnapshot
from trust_registry.client.status_chain import StatusChain

FAR_BEHIND = 16
"""Segments behind, from which one snapshot is cheaper than to follow."""
MAX_SEGMENTS_HELD = 64
"""Segments after a snapshot, from which a newer snapshot takes their place."""
MAX_SEGMENTS_A_ROUND = 256
FORK_SHOWN_SECONDS = 24 * 3600
RECORD = "status.sync.json"
_BROKEN = (ChainBroken, Unreadable, Untrusted, TakenBack, FetchFailed)

Fetch = Callable[[str, int, str | None], Response]
"""Fetches a member's file by name: at most so many bytes, 304 while the ETag holds."""


class Trouble(NamedTuple):
    """What went wrong with which file, and when (seconds UTC)."""

    file: str
    error: TongxingError
    at: int


class StatusKeeping:
    """One member's status. Its state may be asked for from any thread; one at a time syncs."""

    def __init__(self, member: str, folder: MemberFolder, fetch: Fetch) -> None:
        self._member, self._folder, self._fetch = member, folder, fetch
        self._lock = threading.Lock()
        self._chain: StatusChain | None = None
        self._etag: str | None = None
        self.synced_at = 0
        self.file = STATUS
        self._fork: Trouble | None = None

    def chain(self, trust: TrustSnapshot) -> StatusChain | None:
        """What is held, unless ``trust`` denies or no longer lists a key that signed it."""
        chain = self._chain
        try:
            for kid in chain.kids if chain else ():
                listed_key(kid, self._member, "status", trust)
        except Untrusted:
            return None
        return chain

    def fork(self, at: int) -> Trouble | None:
        """The last fork that was seen, for a day."""
        fork = self._fork
        return fork if fork and at - fork.at < FORK_SHOWN_SECONDS else None

    def load(self, trust: TrustSnapshot, at: int) -> None:
        """Take up what is on disk, verified again. Raises what does not hold; what stands before it is taken."""
        with self._lock:
            self.file = STATUS
            held = self.chain(trust)
            self._chain, self._etag, self.synced_at = None, None, 0
            data = self._folder.read(STATUS)
            if data is None:
                return
            # Another worker has stored a segment more: the snapshot before it need not be read again.
            same = held if held and held.base.data == data else None
            self._chain = same or StatusChain.begin(read_member_file(STATUS, data, self._member, trust))
            self._etag, self.synced_at = self._folder.read_record(RECORD)
            for name in in_order(self._folder.names("segments")):
                self.file = name
                self._load_segment(name, trust)

    def sync(self, news: News | None, trust: TrustSnapshot, at: int) -> None:
        """Bring it up to date from the mirror. ``news``: what the mirror says there is; None: ask for everything.

        ``synced_at`` moves only at the end. Raises what went wrong; ``file`` names the file.
        """
        chain = self.chain(trust)
        if chain is None or _wants_snapshot(chain, news):
            self._sync_snapshot(trust, at)
        try:
            self._follow(news, trust, at)
        except _BROKEN as error:
            self._heal(Trouble(self.file, error, at), trust)
            self._follow(news, trust, at)
        if news is None:
            # Nobody says whether there are segments that the mirror has dropped already.
            held = self._chain
            self._sync_snapshot(trust, at)
            if self._chain is not held:
                self._follow(news, trust, at)
        self.synced_at = at

    def take(self, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file that came another way (a bundle) after the same checks, and store it. Raises what is wrong."""
        self.file = name
        if name == STATUS:
            self._take_snapshot(data, None, trust, at)
        else:
            chain, file = self.chain(trust), read_member_file(name, data, self._member, trust)
            if chain is None or file.sequence > chain.number:
                self._take_segment(name, data, trust, at)
        self.synced_at = at

    def _sync_snapshot(self, trust: TrustSnapshot, at: int) -> None:
        self.file = STATUS
        etag = self._etag if self.chain(trust) else None
        answer = self._fetch(STATUS, MAX_SIGNED_BYTES, etag)
        if not answer.not_modified:
            self._take_snapshot(answer.body, answer.etag, trust, at)

    def _follow(self, news: News | None, trust: TrustSnapshot, at: int) -> None:
        for _ in range(MAX_SEGMENTS_A_ROUND):
            chain = self.chain(trust)
            if chain is None or (news and chain.number >= news.segment):
                return
            self.file = name = segment_name(chain.number + 1)
            try:
                data = self._fetch(name, MAX_SEGMENT_BYTES, None).body
            except FetchFailed as error:
                if news is None and error.status == HTTPStatus.NOT_FOUND:
                    return
                raise
            self._take_segment(name, data, trust, at)

    def _heal(self, trouble: Trouble, trust: TrustSnapshot) -> None:
        """Go on from the newest snapshot, when it is newer than all that is held. Else raises what broke."""
        if isinstance(trouble.error, ChainForked):
            self._fork = trouble
        before = self.chain(trust)
        try:
            self._sync_snapshot(trust, trouble.at)
        except TongxingError:
            self.file = trouble.file
            raise trouble.error from None
        after = self.chain(trust)
        if before is None or after is None or after.number <= before.number:
            self.file = trouble.file
            raise trouble.error

    def _take_snapshot(self, data: bytes, etag: str | None, trust: TrustSnapshot, at: int) -> None:
        file = read_member_file(STATUS, data, self._member, trust)
        with self._lock:
            # Not simply what is held: its numbers may be those of a thief whose key is denied by now.
            held = self.chain(trust)
            if held is None or held.base.payload != file.payload:
                check_new(file, trust, at)
                check_not_ahead(file, at)
                self._begin(held, file, at)
            self._etag = etag
            self._folder.write_record(RECORD, etag, at)

    def _begin(self, held: StatusChain | None, file: MemberFile, at: int) -> None:
        try:
            chain = held.rebase(file) if held else StatusChain.begin(file)
        except ChainForked as error:
            self._fork = Trouble(STATUS, error, at)
            raise
        self._folder.write(STATUS, file.data)
        kept = {segment_name(each.sequence) for each in chain.segments}
        self._folder.remove(name for name in self._folder.names("segments") if name not in kept)
        self._chain = chain

    def _take_segment(self, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        file = read_member_file(name, data, self._member, trust)
        check_new(file, trust, at)
        check_not_ahead(file, at)
        with self._lock:
            held = self.chain(trust)
            if held is None:
                raise SegmentMissing("no snapshot to begin with")
            chain = held.follow(file)
            self._folder.write(name, data)
            self._chain = chain

    def _load_segment(self, name: str, trust: TrustSnapshot) -> None:
        chain = self._chain
        # What a stopped process left from before the snapshot, and what is held already, is passed over.
        if chain is None or (parse_name(name).number or 0) <= chain.number:
            return
        data = self._folder.read(name)
        if data is not None:
            self._chain = chain.follow(read_member_file(name, data, self._member, trust))


def _wants_snapshot(chain: StatusChain, news: News | None) -> bool:
    if news is None:
        return False
    if news.segment - chain.number > FAR_BEHIND and news.snapshot > chain.number:
        return True
    return len(chain.segments) >= MAX_SEGMENTS_HELD and news.snapshot > chain.base.sequence
