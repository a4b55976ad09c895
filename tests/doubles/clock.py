"""A clock that stands still until it is moved."""

from __future__ import annotations


class FixedClock:
    """Says ``time`` (seconds UTC) for as long as nobody changes it."""

    def __init__(self, time: int) -> None:
        self.time = time

    def now(self) -> int:
        return self.time
