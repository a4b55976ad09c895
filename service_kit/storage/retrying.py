"""Trying again what a database broke off for no fault of ours. Knows no driver: whoever has none may import it."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from credentials.errors import StorageUnavailable

ATTEMPTS = 3
"""How often in all a transaction is tried that the database breaks off."""
PAUSE_SECONDS = 0.05
"""The longest pause before the second attempt; before the third, twice that. Of two in a deadlock one must wait."""
BROKEN_OFF: Final = "the database broke the transaction off; nothing of it was kept"
"""What a StorageUnavailable says whose ``kept_nothing`` is set: the same may be done again."""
# A source of its own: processes that were forked would all draw the same from the common one.
_CHANCE = random.SystemRandom()
P = ParamSpec("P")
T = TypeVar("T")


def retried(deed: Callable[P, T]) -> Callable[P, T]:
    """Let ``deed``, which is made of whole transactions, be done again when the database breaks one off.

    Only what certainly left nothing behind is tried again, at most :data:`ATTEMPTS` times in all: a deadlock, a failed
    serialisation, a connection lost before the commit was sent. A server that cannot be reached is not waited for.
    """

    @functools.wraps(deed)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return deed(*args, **kwargs)
            except StorageUnavailable as error:
                if not error.kept_nothing:
                    raise
            time.sleep(_CHANCE.uniform(0, attempt * PAUSE_SECONDS))
        return deed(*args, **kwargs)

    return again
