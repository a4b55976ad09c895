"""The only reader of the system's clock. Everything else is given a :class:`Clock` or the time itself."""

from __future__ import annotations

import time
from typing import Protocol

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> int:
        """Whole seconds since 1970-01-01T00:00:00Z."""
        ...  # pragma: no cover


class SystemClock:
    """The system's clock, moved by an offset that only demonstrations set (``TONGXING_CLOCK_OFFSET_SECONDS``)."""

    def __init__(self, offset_seconds: int = 0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> int:
        return int(time.time()) + self.offset_seconds
