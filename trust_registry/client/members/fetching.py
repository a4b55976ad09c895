"""How a member's file is fetched: bounded for a round, and once more past the caches when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from threading import BoundedSemaphore

from credentials.errors import (
    ChainBroken,
    FetchFailed,
    FetchTooLarge,
    SequenceNotNewer,
    TakenBack,
    TongxingError,
    Unreadable,
    Untrusted,
)
from service_kit.fetch import Fetcher, Response

MAX_ROUND_BYTES = 24 * 1024 * 1024
"""Of one member's status or rules in one round: the largest snapshot and what follows it. What is more has to wait."""
USUAL_SNAPSHOT_BYTES = 1024 * 1024
"""Ten times what a province of a hundred million has. A larger one waits for its turn."""
LARGE_AT_A_TIME = BoundedSemaphore(2)
"""Larger snapshots that a process reads and verifies at once. Sixteen of 16 MiB, each copied to be verified, would be
more memory than gates have, and a mirror needs no key to serve them."""
BROKEN = (ChainBroken, Unreadable, Untrusted, TakenBack, FetchFailed, FetchTooLarge)
"""What may be healed by another copy, or by a newer snapshot."""
_PAST_CHARACTERS = 16


class Rationed:
    """Fetches a member's files below ``url``, :data:`MAX_ROUND_BYTES` in a round at most; for one thread at a time."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher, self._url = fetcher, url
        self._left = MAX_ROUND_BYTES

    def begin(self) -> None:
        """A new round."""
        self._left = MAX_ROUND_BYTES

    def __call__(self, name: str, limit: int, etag: str | None = None, past: str | None = None) -> Response:
        """The file ``name``, at most ``limit`` bytes; 304 while the ETag holds; ``past``: see ``Fetcher.get``.

        Raises what that raises; FetchTooLarge also when the round has had its share.
        """
        limit = min(limit, self._left)
        try:
            answer = self._fetcher.get(f"{self._url}/{name}", limit=limit, etag=etag, past=past)
        except FetchTooLarge:
            self._left -= limit
            raise
        self._left -= len(answer.body)
        return answer


def take_fetched(fetch: Rationed, name: str, limit: int, take: Callable[[bytes], object]) -> TongxingError | None:
    """Fetch a file whose content never changes, and hand it to ``take``; once more past all caches when that raises.

    Such a path is kept by caches for a year. When its content changed after all (a key was denied, a backup restored),
    they go on with the old one. Returns why the first copy did not hold, when the second did. Raises what ``take``
    raised of the first.
    """
    data = fetch(name, limit).body
    try:
        take(data)
    except (*BROKEN, SequenceNotNewer) as error:
        if not _take_past_caches(fetch, name, limit, data, take):
            raise
        return type(error)(f"{error.detail}; a fresh copy was got past a cache that keeps an old one")
    return None


def _take_past_caches(fetch: Rationed, name: str, limit: int, data: bytes, take: Callable[[bytes], object]) -> bool:
    try:
        again = fetch(name, limit, past=sha256(data).hexdigest()[:_PAST_CHARACTERS]).body
        if again == data:
            return False
        take(again)
    except TongxingError:
        return False
    return True
