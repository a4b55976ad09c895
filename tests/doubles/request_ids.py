"""A double of the store of used assertions."""

from __future__ import annotations

import threading


class RememberedJtis:
    """Remembers for as long as the test lasts (``service_kit.http.auth.JtiStore``)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.used: dict[tuple[str, str], int] = {}

    def use(self, client_id: str, jti: str, expires_at: int, forget_before: int) -> bool:
        with self._lock:
            is_new = (client_id, jti) not in self.used
            self.used[client_id, jti] = expires_at
            return is_new
