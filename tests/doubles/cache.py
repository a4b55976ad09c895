"""A cache that other processes share, or that is lost."""

from __future__ import annotations

from service_kit.cache.store import InProcessCache


class SharedCache(InProcessCache):
    """As Redis: shared, until it is ``gone``, which shows only when it is asked."""

    is_shared = True

    def __init__(self, clock: object) -> None:
        super().__init__(clock)  # type: ignore[arg-type]
        self.gone = False
        self.announced: list[str] = []

    def add(self, key: str, value: str, seconds: int) -> str | None:
        self.is_shared = not self.gone
        return super().add(key, value, seconds)

    def announce(self, topic: str) -> None:
        self.announced.append(topic)
