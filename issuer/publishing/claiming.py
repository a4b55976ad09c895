"""Of several workers of one issuer one publishes; who was killed at it is replaced when its time is over."""

from __future__ import annotations

from issuer.storage.ports.issuing import StatusFeed, WorkClaim
from service_kit.storage.retrying import retried


@retried
def claim_work(feed: StatusFeed, work: str, holder: str, at: int, until: int) -> bool:
    """Whether ``holder`` may do this work from ``at`` until then. Raises StorageUnavailable, StorageFull."""
    known = feed.claim_of(work)
    return is_free(known, holder, at, until) and feed.replace_claim(work, known, WorkClaim(holder, until))


def is_free(known: WorkClaim | None, holder: str, at: int, until: int) -> bool:
    """Whether work is free for ``holder``: nobody is at it, they are themselves, or whoever was is overdue.

    Nobody claims it for longer than ``until``: what ends much later was claimed by a clock that was ahead, and would
    bar everybody until that time has come.
    """
    if known is None or known.holder == holder:
        return True
    return known.until <= at or known.until - at > 2 * (until - at)
