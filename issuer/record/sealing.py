"""Sealing: one leaf for each status over all that the rules decided since the last one, and over what was withdrawn;
and one for each hour over what staff looked up.

What waits was written with the deed; a stop at any point leaves it waiting or sealed. Of two that seal at once one
waits for the log's counter, and finds what the other has left.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

from credentials.decisions.leaves import (
    HOUR_SECONDS,
    commitment,
    decided_by_rule,
    hour_of,
    looked_up,
    root_over,
    sealed,
    unreplaced,
    withdrawn,
)
from credentials.profile.lists import Status
from credentials.wire.strict_json import json_bytes
from issuer.storage.ports.log import KeptLookUp, ProvinceLog, UnsealedWithdrawal
from service_kit.storage.retrying import retried

MAX_SEALED = 50_000
"""Of one leaf and one transaction; what is left waits for the next."""

MAX_SETTLED = 10_000
"""Withdrawals of one status that are looked at again in one transaction."""
REPLACEMENT_SECONDS = 900
"""So long after a withdrawal its person must have another code."""

Writing = Callable[[], AbstractContextManager[ProvinceLog]]
"""Begins a transaction about the log; commits on leaving, rolls back on an error."""


def seal(writing: Writing, salt_key: bytes, at: int, replacement_seconds: int = REPLACEMENT_SECONDS) -> int:
    """Seal all that waits; how many leaves that made. ``salt_key``: 32 secret bytes, for what nobody is shown;
    ``replacement_seconds``: so long after a withdrawal its person must have another code, or a leaf says so.

    Raises StorageUnavailable, StorageFull; what was sealed until then is.
    """
    made = 0
    for status in Status:
        while _seal_decisions(writing, status, at):
            made += 1
        while _seal_withdrawals(writing, status, salt_key, at):
            made += 1
        made += _settle(writing, status, salt_key, at, replacement_seconds)
    while _seal_look_ups(writing, salt_key, at):
        made += 1
    return made


@retried
def _seal_decisions(writing: Writing, status: Status, at: int) -> bool:
    with writing() as log:
        waiting = log.seal_decisions(status, MAX_SEALED)
        if not waiting:
            return False
        commitments = [each.commitment for each in waiting]
        number = log.append(
            decided_by_rule(status, hour_of(at), commitments), at, Counter(each.cell for each in waiting)
        )
        if status is not Status.GREEN:
            log.keep_batch(number, commitments)
        return True


@retried
def _seal_withdrawals(writing: Writing, status: Status, salt_key: bytes, at: int) -> bool:
    with writing() as log:
        waiting = log.seal_withdrawals(status, MAX_SEALED)
        if waiting:
            log.append(withdrawn(status, hour_of(at), [_committed(each, salt_key) for each in waiting]), at)
        return bool(waiting)


@retried
def _settle(writing: Writing, status: Status, salt_key: bytes, at: int, seconds: int) -> int:
    """At most :data:`MAX_SETTLED` a round: what is left waits for the next one."""
    with writing() as log:
        bare = log.settle_withdrawals(status, at - seconds, seconds, MAX_SETTLED)
        if bare:
            log.append(unreplaced(status, hour_of(at), [_committed(each, salt_key) for each in bare]), at)
        return int(bool(bare))


@retried
def _seal_look_ups(writing: Writing, salt_key: bytes, at: int) -> bool:
    """One leaf over the look-ups of the oldest hour that has ended."""
    with writing() as log:
        oldest = log.oldest_look_up(hour_of(at))
        if oldest is None:
            return False
        hour = hour_of(oldest)
        commitments = [
            commitment(sealed_look_up(each, salt_key)) for each in log.seal_look_ups(hour + HOUR_SECONDS, MAX_SEALED)
        ]
        if commitments:
            number = log.append(looked_up(hour, len(commitments), root_over(commitments)), at)
            log.keep_batch(number, commitments)
        return bool(commitments)


def sealed_look_up(each: KeptLookUp, salt_key: bytes) -> bytes:
    """Salt and digest of what a person is told of a look-up, which none can guess and this issuer makes again."""
    salt = hmac.digest(salt_key, b"look-up" + each.number.to_bytes(8, "big"), "sha256")
    return sealed(salt, each.text.encode())


def _committed(each: UnsealedWithdrawal, salt_key: bytes) -> bytes:
    """What the issuer can show again from its table and its secret, and nobody can guess."""
    salt = hmac.digest(salt_key, each.serial.to_bytes(8, "big"), "sha256")
    text = json_bytes({"type": "withdrawal", "cause": each.cause, "withdrawn_at": each.withdrawn_at})
    return commitment(sealed(salt, text))
