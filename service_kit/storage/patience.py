"""Patience with PostgreSQL: no answer is waited for without end.

TCP notices a server that is gone, and the server itself breaks off a statement that takes too long. One that hangs does
neither: it was stopped, its disk does not answer, its machine swaps; its kernel goes on acknowledging what we send.
libpq has no limit for that. Each thread that asked would wait until somebody restarts our process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")
_LOOK_SECONDS = 0.1
"""How often a wait looks for a signal to this process; psycopg's own default."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits ``seconds`` for each answer. A server that has not answered by then is taken for lost: the connection is
    closed, so that whatever it was asked before a commit is rolled back when it wakes up."""

    seconds: float

    def wait(self, gen: PQGen[T], interval: float = _LOOK_SECONDS, timeout: float | None = None) -> T:
        """Raises psycopg.OperationalError for no answer in time, as for every loss of a connection."""
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()
            raise

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Wait so long within this block."""
        before, self.seconds = self.seconds, seconds
        try:
            yield
        finally:
            self.seconds = before


def connect_patiently(seconds: float) -> Callable[..., PatientConnection]:
    """SQLAlchemy's ``do_connect``: connections that wait ``seconds`` for each answer."""

    def connect(_dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **named)
        connection.seconds = seconds
        return connection

    return connect
