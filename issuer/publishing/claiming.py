"""Of several workers of one issuer one publishes; who was killed at it is replaced when its time is over."""

from __future__ import annotations

from issuer.storage.ports.issuing import StatusFeed, WorkClaim
from service_kit.storage.retrying import retried


@retried
def claim_work(feed: StatusFeed, work: str, holder: str, at: int, until: int) -> bool:
    """Whether ``holder`` may do this work from ``at`` until then. Raises StorageUnavailable, StorageFull."""
    known = feed.claim_of(work)
    return is_free(known, holder, at) and feed.replace_claim(work, known, WorkClaim(holder, until))


def is_free(known: WorkClaim | None, holder: str, at: int) -> bool:
    """Whether work is free for ``holder``: nobody is at it, they are themselves, or whoever was is overdue."""
    return known is None or known.holder == holder or known.until <= at
