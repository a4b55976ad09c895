"""Readiness: an answer in bounded time, whatever hangs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from credentials.errors import SettingInvalid, StorageUnavailable, TongxingError, Unavailable
from service_kit.database import connect, reading
from service_kit.readiness import Timely
from service_kit.web import add_probe, make_app


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a probe may wait for; it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_what_a_probe_says_is_handed_on() -> None:
    """Ready or not, and why."""
    Timely(lambda: None)()

    def fail() -> None:
        raise StorageUnavailable("the database cannot be reached")

    with pytest.raises(StorageUnavailable, match="reached"):
        Timely(fail)()


def test_a_probe_that_hangs_is_a_failure_and_holds_one_thread(released: threading.Event) -> None:
    """A load balancer asks every second: each question to a database that hangs would hold one thread more."""
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        released.wait(60)

    probe = Timely(hang, seconds=0.01)
    for _ in range(20):
        with pytest.raises(Unavailable, match="no answer within"):
            probe()
    assert len(begun) == 1


def test_it_is_asked_anew_once_it_has_answered(released: threading.Event) -> None:
    """What was true while it hung is no answer to the next question."""
    outcomes: list[TongxingError | None] = [SettingInvalid("late"), None]

    def probe() -> None:
        released.wait(60)
        outcome = outcomes.pop(0)
        if outcome:
            raise outcome

    timely = Timely(probe, seconds=0.01)
    with pytest.raises(Unavailable):
        timely()
    assert timely._running is not None
    released.set()
    assert isinstance(timely._running.exception(60), SettingInvalid)
    timely()


def test_readyz_answers_while_postgresql_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL that was stopped (SIGSTOP, a disk that hangs) takes connections and never answers."""
    monkeypatch.setattr("service_kit.readiness.PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = connect(f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/x")

        def ask() -> None:
            with reading(engine) as connection:
                connection.exec_driver_sql("SELECT 1")

        app = make_app("issuer")
        add_probe(app, ask)
        with app.test_client() as client:
            answers = [client.get("/readyz") for _ in range(3)]
        assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(503, "unavailable")] * 3
