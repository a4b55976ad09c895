"""Who of a gate's workers fetches, when, and what the others do meanwhile."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from service_kit.cache.store import EVERYTHING
from verifier.keeping.rounds import CALL_SECONDS, LOOK_SECONDS, REPORT, Duty, Rounds, Watch

HOUR = 3600.0
ROOT = Path(__file__).parents[4]


class Worker:
    """A worker whose rounds and readings are written down, with the time of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched: list[tuple[float, frozenset[str]]] = []
        self.read: list[frozenset[str]] = []
        self.rounds = Rounds(folder, self.fetch, self.read.append)
        self.thread: threading.Thread | None = None

    def fetch(self, topics: frozenset[str]) -> None:
        self.fetched.append((time.monotonic(), topics))
        (self.folder / REPORT).write_text(f"{time.monotonic_ns()}")

    def start(self, seconds: float = HOUR) -> None:
        self.thread = threading.Thread(target=self.rounds.run, args=(seconds,))
        self.thread.start()

    def stop(self) -> None:
        self.rounds.stop()
        if self.thread is not None:
            self.thread.join()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    made: list[Worker] = []

    def make() -> Worker:
        made.append(Worker(tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_fetches_and_the_others_read(worker: Callable[[], Worker]) -> None:
    """Sixty workers must not ask the mirror sixty times for the same files."""
    first, second = worker(), worker()
    first.start()
    _wait(lambda: len(first.fetched) == 1)
    second.start()
    _wait(lambda: bool(second.read))
    second.rounds.call(frozenset({"CN-41"}))
    first.rounds.call(frozenset({"CN-41"}))
    _wait(lambda: len(first.fetched) == 2)
    _wait(lambda: len(second.read) == 2)
    assert [topics for _, topics in first.fetched] == [EVERYTHING, {"CN-41"}]
    assert second.fetched == []
    assert second.read[-1] == {REPORT}


def test_whoever_takes_the_duty_over_begins_with_everything(worker: Callable[[], Worker]) -> None:
    """The one before may have died in the middle of a round."""
    first, second = worker(), worker()
    first.start()
    _wait(lambda: len(first.fetched) == 1)
    second.start()
    first.stop()
    _wait(lambda: len(second.fetched) == 1)
    assert second.fetched[0][1] == EVERYTHING


def test_a_flood_of_calls_is_a_round_a_second(worker: Callable[[], Worker]) -> None:
    """Whoever can write to Redis must not be able to make every gate hammer the mirror; nothing called is lost."""
    gate = worker()
    gate.start()
    _wait(lambda: len(gate.fetched) == 1)
    end = time.monotonic() + 2.5 * CALL_SECONDS
    while time.monotonic() < end:
        gate.rounds.call(frozenset({"trust", "CN-41"}))
        time.sleep(0.001)
    gate.rounds.call(frozenset({"CN-44"}))
    _wait(lambda: "CN-44" in gate.fetched[-1][1])
    times = [at for at, _ in gate.fetched]
    # Counted over the whole time: a busy machine may begin one round late and the next one in time.
    assert len(times) <= 2 + (times[-1] - times[0]) / CALL_SECONDS


def test_what_was_called_is_asked_for_once_more(worker: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache between us and the mirror served the old file: the news must not wait for a poll after all."""
    monkeypatch.setattr("verifier.keeping.rounds.ECHO_SECONDS", 1.5)
    gate = worker()
    gate.start()
    _wait(lambda: len(gate.fetched) == 1)
    gate.rounds.call(frozenset({"CN-41"}))
    _wait(lambda: len(gate.fetched) == 3)
    gate.rounds.call(frozenset({"CN-44"}))
    # By the time that the next call has come twice, a third time of the first would have been.
    _wait(lambda: len(gate.fetched) == 5)
    assert [topics for _, topics in gate.fetched] == [EVERYTHING, {"CN-41"}, {"CN-41"}, {"CN-44"}, {"CN-44"}]


def test_one_that_hangs_is_not_waited_for(worker: Callable[[], Worker], tmp_path: Path) -> None:
    """A stopped process keeps the duty for ever; the others must not go stale with it."""
    hung = Duty(tmp_path)
    assert hung.take()
    gate = worker()
    gate.start(seconds=LOOK_SECONDS)
    _wait(lambda: len(gate.fetched) >= 2)
    gate.stop()
    hung.give_up()


def test_the_duty_ends_with_the_process(tmp_path: Path) -> None:
    """kill -9 frees it: no lock is left behind that somebody must remove by hand."""
    taking = (
        "import pathlib; from verifier.keeping.rounds import Duty; "
        f"duty = Duty(pathlib.Path({str(tmp_path)!r})); print(duty.take())"
    )
    with subprocess.Popen(
        [sys.executable, "-uc", f"{taking}; input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        mine = Duty(tmp_path)
        assert not mine.take()
        other.kill()
        other.wait()
    assert mine.take() and mine.take()
    assert not Duty(tmp_path).take()
    mine.give_up()
    third = Duty(tmp_path)
    assert third.take()
    third.give_up()


@pytest.mark.parametrize("what", ["folder", "duty"])
def test_a_folder_that_cannot_be_written_is_no_reason_not_to_fetch(tmp_path: Path, what: str) -> None:
    """A full or read-only disk: the gate goes on with what it fetches into its memory."""
    folder = tmp_path / "gate"
    if what == "folder":
        folder.write_text("a file")
    else:
        (folder / "duty").mkdir(parents=True)
    assert Duty(folder).take()


def test_a_lock_that_the_system_refuses_is_no_reason_not_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems have no locks."""

    def refuse(*_: object) -> None:
        raise OSError(37, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert Duty(tmp_path).take()


def test_stopped_before_it_began(worker: Callable[[], Worker]) -> None:
    """A service that is told to stop while it starts must stop."""
    gate = worker()
    gate.rounds.stop()
    gate.rounds.run(HOUR)
    assert gate.fetched == []


def test_a_fault_does_not_end_the_rounds(worker: Callable[[], Worker]) -> None:
    """If the thread died, the gate would go stale in silence."""
    gate = worker()
    fetch = gate.fetch

    def fail_once(topics: frozenset[str]) -> None:
        fetch(topics)
        if len(gate.fetched) == 1:
            raise ZeroDivisionError

    gate.rounds._fetch = fail_once
    with structlog.testing.capture_logs() as logs:
        gate.start(0.05)
        _wait(lambda: len(gate.fetched) == 2)
    assert [entry["error"] for entry in logs] == ["ZeroDivisionError"]


def test_the_watch_tells_whose_files_changed(tmp_path: Path) -> None:
    """A nation's files take seconds to read: only those of the member that has news are read again."""
    watch = Watch(tmp_path)
    for path in ("trust/trust.zip", "members/CN-41/status.cose", "members/CN-44/rules.jws"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("1")
    assert watch.changes() == {"trust", "CN-41", "CN-44"}
    assert watch.changes() == frozenset()
    (tmp_path / "members/CN-41/status.new").write_text("2")
    (tmp_path / "members/CN-41/status.new").rename(tmp_path / "members/CN-41/status.cose")
    (tmp_path / "members/CN-44/.rules.jws.x").write_text("half")
    (tmp_path / "members/CN-44/status.sync.json").write_text("{}")
    assert watch.changes() == {"CN-41"}
    (tmp_path / "members/CN-44/rules.jws").unlink()
    assert watch.changes() == {"CN-44"}
    watch.forget("trust")
    assert watch.changes() == {"trust"}
