"""A database that was put back to an older state (备份恢复): noticed by what the mirror holds, and the way on.

After yesterday's backup was restored, this issuer would give today's indices once more, number today's segments once
more with other contents, and leave today's withdrawals out of its next snapshot. The mirror tells: what stands there
under this issuer's own status key and not in its database was lost. Then nothing is issued or published until somebody
has typed ``tongxing issuer catch-up``, which takes over what gates have seen:

- the chain goes on after the mirror's newest segment, so that no number has two contents;
- what is withdrawn there stays withdrawn, whether the code is known here or was lost;
- no index is given any more in any list that is open, and no list gets the id of a lost one.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from credentials.errors import CredentialError, FetchFailed, StateBehind
from credentials.keys import VerificationKey
from credentials.profile.limits import MAX_SEGMENT_BYTES, MAX_SIGNED_BYTES, MAX_STATUS_LIST
from credentials.status import segment, snapshot
from credentials.status.permutation import position_of
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusSnapshot
from issuer.decisions.causes import MIRROR, RESTORED
from issuer.storage.ports.issuing import SegmentRow, StatusFeed
from service_kit.fetch import Fetcher

LISTS_SPARED = 64
"""List ids left out after the mirror's highest: lists of the lost time that were opened and not announced yet."""
MAX_SEGMENTS_FOLLOWED = 4096
"""After the mirror's snapshot; it keeps far fewer."""
Found = TypeVar("Found", Segment, StatusSnapshot)


class Recovery:
    """Compares a database with the mirror, for one member. ``status_key``: its own, by which the mirror's files are
    believed."""

    def __init__(
        self,
        feed: StatusFeed,
        fetcher: Fetcher,
        registry_url: str,
        status_key: VerificationKey,
        index_key: bytes,
    ) -> None:
        self._feed, self._fetcher, self._member = feed, fetcher, status_key.member
        self._base = f"{registry_url.rstrip('/')}/mirror/members/{self._member}"
        self._status_key, self._index_key = status_key, index_key
        self._behind, self._has_looked = "", False

    def look_once(self) -> None:
        """:meth:`look`, until one has succeeded: whoever started while the mirror was out of reach knows nothing yet.

        Raises FetchFailed, FetchTooLarge.
        """
        if not self._has_looked:
            self.look()

    def look(self) -> None:
        """Find out whether gates know more. Raises FetchFailed, FetchTooLarge when the mirror does not answer."""
        ours = self._feed.newest()
        number = ours.number if ours else 0
        is_behind = self._is_behind(ours, number)
        after = self._feed.newest()
        if is_behind and after is not None and after.number > number:
            # Another worker has published in between.
            self.look()
            return
        self._behind, self._has_looked = self._said(number) if is_behind else "", True

    def _is_behind(self, ours: SegmentRow | None, number: int) -> bool:
        following, same = self._segment(number + 1), self._segment(number) if number else None
        if following is not None or (ours is not None and same is not None and same.digest != ours.digest):
            return True
        # So far behind that the mirror has dropped the segments in between.
        there = self._snapshot() if same is None else None
        return there is not None and there.sequence > number

    def require(self) -> None:
        """Raise StateBehind, naming what to type, where the last look has found that gates know more."""
        if self._behind:
            raise StateBehind(self._behind)

    def require_current(self) -> None:
        """:meth:`look` now, and :meth:`require`. Raises what both raise."""
        self.look()
        self.require()

    def catch_up(self) -> StatusSnapshot | None:
        """Take over what gates have, if that is more; what it was.

        Raises FetchFailed, FetchTooLarge, StorageUnavailable.
        """
        self.look()
        there = self._snapshot()
        if not self._behind or there is None:
            return None
        for number in range(there.sequence + 1, there.sequence + MAX_SEGMENTS_FOLLOWED):
            following = self._segment(number)
            if following is None:
                break
            there = segment.apply(there, following)
        lists = {
            list_id: (each.expires_at, [position_of(index, list_id, self._index_key) for index in each.withdrawn])
            for list_id, each in there.lists.items()
        }
        next_list = min(max(lists, default=0) + LISTS_SPARED, MAX_STATUS_LIST)
        newest = SegmentRow(there.sequence, there.as_of, there.head, b"")
        self._feed.adopt(newest, lists, next_list, RESTORED, MIRROR)
        self._behind = ""
        return there

    def _said(self, number: int) -> str:
        return (
            f"the mirror has segments of {self._member} after number {number}, signed by this issuer's own status key,"
            " and this database does not: a backup was restored, or a second issuer works with these keys. Stop every"
            " process of this issuer; if there is no second one, type: tongxing issuer catch-up"
        )

    def _snapshot(self) -> StatusSnapshot | None:
        return self._opened("status.cose", MAX_SIGNED_BYTES, snapshot.open)

    def _segment(self, number: int) -> Segment | None:
        return self._opened(f"segments/{number}.cose", MAX_SEGMENT_BYTES, segment.open)

    def _opened(self, name: str, limit: int, read: Callable[[bytes, VerificationKey], Found]) -> Found | None:
        """What the mirror has under a name, if it is signed by our status key; anything else is nobody's word."""
        try:
            data = self._fetcher.get(f"{self._base}/{name}", limit=limit).body
            return read(data, self._status_key)
        except FetchFailed as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        except CredentialError:
            return None
