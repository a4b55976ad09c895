"""Limits on how much one caller may ask for in an hour, by address or by client; counted where other processes see it.

Most are counted in the cache: without Redis each process for itself, which is enough against a flood. What guards a
secret is counted in the database too, or each further process would be that many more tries.

An hour is one of the clock's. Behind a reverse proxy the address is the proxy's for everybody, unless
``TONGXING_TRUSTED_PROXIES`` says how many of them to believe.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from credentials.errors import RateLimited
from service_kit.clock import HOUR_SECONDS, Clock


class Counts(Protocol):
    """Where something is counted: the cache, or :class:`~service_kit.storage.kept_counts.KeptCounts`."""

    def increment(self, key: str, seconds: int, by: int = 1) -> int:
        """Count up, or down, from 0; the count ends ``seconds`` (1 or more) after it began."""
        ...  # pragma: no cover


class Limit(NamedTuple):
    """At most ``most`` of ``what`` an hour, for each that is counted. ``guards_secret``: what is counted is a try at a
    secret, so that it must be exact for all processes together, with Redis or without."""

    what: str
    most: int
    guards_secret: bool = False


class Limits:
    """The counts of one service. ``kept``: where tries at secrets are counted as well, in the service's database."""

    def __init__(self, service: str, cache: Counts, clock: Clock, kept: Counts | None = None) -> None:
        self._service, self._cache, self._clock, self._kept = service, cache, clock, kept

    def count(self, limit: Limit, who: str, by: int = 1, at: int | None = None) -> None:
        """Count ``by`` more of ``limit`` under ``who``, in the hour of ``at`` (seconds UTC, else now). Raises
        RateLimited, naming the seconds until the hour ends, and StorageUnavailable where a try at a secret cannot be
        counted. Less than nothing takes back what was counted at ``at``, and is never refused.

        The database is asked last: a flood ends at this process's own count and writes nothing.
        """
        hour, gone = divmod(self._clock.now() if at is None else at, HOUR_SECONDS)
        left = HOUR_SECONDS - gone
        key = f"limit:{self._service}:{limit.what}:{who}:{hour}"
        for counts in (self._cache, *self._keeping(limit)):
            if counts.increment(key, left, by) > limit.most and by > 0:
                raise RateLimited(f"more than {limit.most} an hour", retry_after=left)

    def _keeping(self, limit: Limit) -> list[Counts]:
        if not limit.guards_secret:
            return []
        assert self._kept is not None, f"{limit.what} guards a secret and is kept nowhere"
        return [self._kept]
