"""Idempotency keys (幂等键): who asks again gets the same code again, for as long as that code lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from issuer.storage.ports.holders import PersonDeed
from issuer.storage.ports.issuing import Entry, IssuerStore, Replay

DROPPED_AT_ONCE, DROPS = 10_000, 30
"""Keys in one transaction, which nobody waits for long, and how many of these a minute: more than bulk issue makes."""


def find_replays(store: IssuerStore, client_id: str, keys: Sequence[str], at: int) -> Mapping[str, Replay]:
    """What these keys of this client are bound to at ``at``: a key whose code has expired is free again."""
    return store.find_keys(client_id, keys, expiring_after=at)


def bind_keys(deed: PersonDeed, client_id: str, entries: Sequence[Entry], at: int) -> None:
    """Bind keys to what was issued under them. Raises Conflict for one that is bound to a code that lives at ``at``."""
    # Two that bind the same keys in different orders would each wait for the other.
    entries = sorted(entries, key=lambda entry: entry.key)
    # A file of the same residents is issued for every week, under the same keys.
    deed.drop_keys(client_id, [entry.key for entry in entries], expired_by=at)
    deed.record_keys(client_id, entries)


def drop_free_keys(store: IssuerStore, at: int) -> int:
    """Drop keys that are free at ``at``, some hundred thousand at the most; how many. Raises StorageUnavailable.

    A file that is issued for each week brings new ones each time, with a digest of what was said of somebody.
    """
    dropped = 0
    for _ in range(DROPS):
        count = store.drop_keys(expired_by=at, most=DROPPED_AT_ONCE)
        dropped += count
        if count < DROPPED_AT_ONCE:
            break
    return dropped
