"""Keeps one member's withdrawals: begins with a snapshot, follows the segments, and heals from a snapshot what broke.

A gap, a fork or a file that does not hold leaves what is held. Then the newest snapshot is asked for: one that is newer
than all that is held goes on; else the data ages until policy refuses it. A fork stays on show even when it was healed,
for somebody has told two stories.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http import HTTPStatus

from credentials.errors import ChainForked, FetchFailed, FetchTooLarge, SegmentMissing, Untrusted
from credentials.profile.limits import MAX_SEGMENT_BYTES, MAX_SIGNED_BYTES
from trust_registry.client.members.failure import Failure, FileFailed, naming
from trust_registry.client.members.fetching import BROKEN, LARGE_AT_A_TIME, USUAL_SNAPSHOT_BYTES, Rationed, take_fetched
from trust_registry.client.members.folder import MemberFolder
from trust_registry.client.members.member_files import (
    MemberFile,
    check_new,
    check_not_ahead,
    listed_key,
    read_member_file,
)
from trust_registry.client.members.news import MemberNews
from trust_registry.client.members.status_chain import StatusChain
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import STATUS, in_order, segment_name

FAR_BEHIND = 16
"""Segments behind, from which one snapshot is cheaper than to follow."""
MAX_SEGMENTS_HELD = 64
"""Segments after a snapshot, from which a newer snapshot takes their place."""
MAX_SEGMENTS_A_ROUND = 256
SHOWN_SECONDS = 24 * 3600
"""How long a fork, or an old copy that a cache served, stays on show."""
RECORD = "status.sync.json"


class StatusKeeping:
    """One member's status. Its state may be asked for from any thread; one at a time syncs."""

    def __init__(self, member: str, folder: MemberFolder, fetch: Rationed) -> None:
        self._member, self._folder, self._fetch = member, folder, fetch
        self._lock = threading.Lock()
        self._chain: StatusChain | None = None
        self._etag: str | None = None
        self.synced_at = 0
        self._shown: Failure | None = None

    def chain(self, trust: TrustSnapshot) -> StatusChain | None:
        """What is held, unless ``trust`` denies or no longer lists a key that signed it."""
        chain = self._chain
        try:
            for kid in chain.kids if chain else ():
                listed_key(kid, self._member, "status", trust)
        except Untrusted:
            return None
        return chain

    def shown(self, at: int) -> Failure | None:
        """The last fork, or old copy of a cache, that was seen, for a day; though it was healed."""
        shown = self._shown
        return shown if shown and at - shown.at < SHOWN_SECONDS else None

    def load(self, trust: TrustSnapshot, at: int) -> Failure | None:
        """Take up what is on disk, verified again. Returns what does not hold; what stands before it is taken.

        Unless more is held: what cannot be read, or was read while another process wrote, is no reason to forget.
        """
        with self._lock:
            held, failure = self.chain(trust), None
            etag, synced_at = self._folder.read_record(RECORD)
            chain = None
            try:
                for longer in self._stored(trust, held):
                    chain = longer
            except FileFailed as failed:
                failure = Failure.of(self._member, failed.file, failed.error, at)
            if held is None or (chain is not None and chain.number >= held.number):
                self._chain, self._etag, self.synced_at = chain, etag if chain else None, synced_at if chain else 0
        return failure

    def _stored(self, trust: TrustSnapshot, held: StatusChain | None) -> Iterator[StatusChain]:
        """The chain as it is on disk, longer each time."""
        with naming(STATUS):
            data = self._folder.read(STATUS)
            if data is None:
                return
            # Another worker has stored a segment more: the snapshot before it need not be read again.
            same = held.base if held and held.base.data == data else None
            chain = StatusChain.begin(same or read_member_file(STATUS, data, self._member, trust))
        yield chain
        for name in in_order(self._folder.names("segments")):
            with naming(name):
                data = self._folder.read(name)
                if data is None:
                    continue
                file = read_member_file(name, data, self._member, trust)
                # What a stopped process left from before the snapshot is passed over.
                if file.sequence > chain.number:
                    chain = chain.follow(file)
            yield chain

    def sync(self, news: MemberNews | None, trust: TrustSnapshot, at: int) -> Failure | None:
        """Bring it up to date from the mirror. ``news``: what the mirror says there is; None: ask for everything.

        ``synced_at`` moves only when nothing went wrong; else that is returned.
        """
        self._fetch.begin()
        try:
            self._sync(news, trust, at)
        except FileFailed as failed:
            return Failure.of(self._member, failed.file, failed.error, at)
        self.synced_at = at
        return None

    def _sync(self, news: MemberNews | None, trust: TrustSnapshot, at: int) -> None:
        chain = self.chain(trust)
        if chain is None or _wants_snapshot(chain, news):
            self._sync_snapshot(trust, at)
        try:
            self._follow(news, trust, at)
        except FileFailed as failed:
            if not isinstance(failed.error, BROKEN) or not self._is_healed(failed, trust, at):
                raise
            self._follow(news, trust, at)
        if news is None:
            # Nobody says whether there are segments that the mirror has dropped already.
            held = self._chain
            self._sync_snapshot(trust, at)
            if self._chain is not held:
                self._follow(news, trust, at)

    def accept(self, name: str, data: bytes, trust: TrustSnapshot, at: int) -> None:
        """Take a file that came another way (a bundle) after the same checks, and store it. Raises what is wrong."""
        if name == STATUS:
            self._take_snapshot(data, None, trust, at)
        else:
            chain, file = self.chain(trust), read_member_file(name, data, self._member, trust)
            if chain is None or file.sequence > chain.number:
                self._take_segment(name, data, trust, at)
        self.synced_at = at

    def _sync_snapshot(self, trust: TrustSnapshot, at: int) -> None:
        with naming(STATUS):
            try:
                self._fetch_snapshot(USUAL_SNAPSHOT_BYTES, trust, at)
            except FetchTooLarge:
                with LARGE_AT_A_TIME:
                    self._fetch_snapshot(MAX_SIGNED_BYTES, trust, at)

    def _fetch_snapshot(self, limit: int, trust: TrustSnapshot, at: int) -> None:
        answer = self._fetch(STATUS, limit, self._etag if self.chain(trust) else None)
        if not answer.not_modified:
            self._take_snapshot(answer.body, answer.etag, trust, at)

    def _follow(self, news: MemberNews | None, trust: TrustSnapshot, at: int) -> None:
        for _ in range(MAX_SEGMENTS_A_ROUND):
            chain = self.chain(trust)
            if chain is None or (news and chain.number >= news.segment):
                return
            name = segment_name(chain.number + 1)
            with naming(name):
                if not self._fetch_segment(name, news, trust, at):
                    return

    def _fetch_segment(self, name: str, news: MemberNews | None, trust: TrustSnapshot, at: int) -> bool:
        """Whether there was one."""
        try:
            stale = take_fetched(
                self._fetch, name, MAX_SEGMENT_BYTES, lambda data: self._take_segment(name, data, trust, at)
            )
        except FetchFailed as error:
            if news is None and error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        if stale is not None:
            self._shown = Failure.of(self._member, name, stale, at)
        return True

    def _is_healed(self, failed: FileFailed, trust: TrustSnapshot, at: int) -> bool:
        """Go on from the newest snapshot; whether it is newer than all that is held."""
        if isinstance(failed.error, ChainForked):
            self._shown = Failure.of(self._member, failed.file, failed.error, at)
        before = self.chain(trust)
        try:
            self._sync_snapshot(trust, at)
        except FileFailed:
            return False
        after = self.chain(trust)
        return before is not None and after is not None and after.number > before.number

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
            self._shown = Failure.of(self._member, STATUS, error, at)
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


def _wants_snapshot(chain: StatusChain, news: MemberNews | None) -> bool:
    if news is None:
        return False
    if news.segment - chain.number > FAR_BEHIND and news.snapshot > chain.number:
        return True
    return len(chain.segments) >= MAX_SEGMENTS_HELD and news.snapshot > chain.base.sequence
