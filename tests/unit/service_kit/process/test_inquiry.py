"""An answer in bounded time, whatever hangs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from credentials.errors import StorageUnavailable, Unavailable
from service_kit.http.web import add_probe, make_app
from service_kit.process.inquiry import Inquiry
from service_kit.storage.database import connect, reading


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What a probe may wait for; it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_what_is_answered_is_handed_on() -> None:
    """Ready or not, and why. A mistake of ours shows as one as well, and not as a silence that nobody explains."""
    assert Inquiry(lambda: 7).answer() == 7

    def fail() -> None:
        raise StorageUnavailable("the database cannot be reached")

    with pytest.raises(StorageUnavailable, match="reached"):
        Inquiry(fail).answer()
    with pytest.raises(ZeroDivisionError):
        Inquiry(lambda: 1 // 0).answer()


def test_a_question_that_hangs_is_a_failure_and_holds_one_thread(released: threading.Event) -> None:
    """A load balancer asks every second: each question to a database that hangs would hold one thread more.

    And Prometheus gives up after ten seconds: even the fact that the database hangs would be unknown.
    """
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        released.wait(60)

    inquiry = Inquiry(hang, seconds=0.01)
    for _ in range(20):
        with pytest.raises(Unavailable, match="no answer within"):
            inquiry.answer()
    assert len(begun) == 1


def test_it_is_asked_anew_once_it_has_answered(released: threading.Event) -> None:
    """What was true while it hung is no answer to the next question."""
    answers = ["late", "new"]

    def ask() -> str:
        released.wait(60)
        return answers.pop(0)

    inquiry = Inquiry(ask, seconds=0.01)
    with pytest.raises(Unavailable):
        inquiry.answer()
    assert inquiry._running is not None
    released.set()
    assert inquiry._running.result(60) == "late"
    assert inquiry.answer() == "new"


def test_readyz_answers_while_postgresql_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL that was stopped (SIGSTOP, a disk that hangs) takes connections and never answers."""
    monkeypatch.setattr("service_kit.process.inquiry.PATIENCE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = connect(f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/x")

        def ask() -> None:
            with reading(engine) as connection:
                connection.exec_driver_sql("SELECT 1")

        app = make_app("issuer")
        add_probe(app, ask)
        with app.test_client() as client:
            answers = [client.get("/readyz") for _ in range(3)]
        assert [(answer.status_code, answer.get_json()["code"]) for answer in answers] == [(503, "unavailable")] * 3
