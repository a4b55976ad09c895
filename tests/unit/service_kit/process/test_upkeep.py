"""What a service does by itself goes on whatever happens, and says how it went."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from credentials.errors import FetchFailed
from service_kit.process.upkeep import LastRun, Upkeep


def failing_with(error: Exception) -> Callable[[], None]:
    def deed() -> None:
        raise error

    return deed


def test_condition_tells_how_the_last_run_ended() -> None:
    """An alarm hangs on it: it must come with the first failure and go with the first success."""
    errors: list[Exception | None] = [FetchFailed("away"), FetchFailed("away"), None, ZeroDivisionError("secret")]

    def deed() -> None:
        error = errors.pop(0)
        if error is not None:
            raise error

    upkeep = Upkeep("work", deed, 60)
    assert upkeep.condition == LastRun("", 0, 0)
    found = []
    with structlog.testing.capture_logs() as logs:
        while errors:
            upkeep.run_once()
            found.append(upkeep.condition)
    assert found == [
        LastRun("fetch-failed", 1, 1),
        LastRun("fetch-failed", 2, 2),
        LastRun("", 0, 3),
        LastRun("unexpected", 1, 4),
    ]
    assert [entry["work"] for entry in logs] == ["work"] * 3
    assert "secret" not in str(logs)


def test_thread_goes_on_after_any_failure_and_ends_when_told() -> None:
    """If it died of a fault of ours the service would go stale in silence."""
    seen, enough = [], threading.Event()

    def deed() -> None:
        seen.append(threading.current_thread().name)
        if len(seen) == 3:
            upkeep.stop()
            enough.set()
        raise ZeroDivisionError

    upkeep = Upkeep("work", deed, 0.001)
    with structlog.testing.capture_logs():
        upkeep.start()
        assert enough.wait(20)
    assert set(seen) == {"work"}


def test_first_run_is_at_once_and_stop_is_heard() -> None:
    """A service that was just started must not wait for its first turn, nor a stopped one begin another."""
    ran = threading.Event()
    upkeep = Upkeep("work", ran.set, 3600)
    upkeep.start()
    assert ran.wait(20)
    upkeep.stop()
    ran.clear()
    upkeep.run()
    assert not ran.is_set()
