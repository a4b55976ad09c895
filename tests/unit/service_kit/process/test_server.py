"""The moment in which a worker process begins; the rest of serving is tried with real servers."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from service_kit.process.server import _Parent

SECONDS = 120
ROOT = Path(__file__).parents[4]
BEGIN = """
import multiprocessing, os, signal, sys
from service_kit.process.server import Application, ListenAddress, Start, _begin

start = Start(multiprocessing.Lock(), multiprocessing.RawArray("i", 3))
# A fork has the handlers of its parent, who takes a signal to stop for its own.
signal.signal(signal.SIGTERM, lambda *_: None)
if sys.argv[1] == "stopping":
    start.end()
os.kill(os.getpid(), signal.SIGTERM)
_begin(Application(lambda: print("opened"), lambda *_: ()), lambda error: 70, start, ListenAddress("127.0.0.1", 0), 1)
print("serves")
"""


@pytest.mark.parametrize(("parent", "said"), [("stopping", []), ("serving", ["opened", "serves"])])
def test_a_worker_whose_signal_to_stop_came_too_early_ends_all_the_same(parent: str, said: list[str]) -> None:
    """On a busy machine it came between the fork and the worker's first line, was lost, and the worker was killed half
    a minute later, with a second message about it."""
    done = subprocess.run([sys.executable, "-c", BEGIN, parent], cwd=ROOT, capture_output=True, text=True, check=False)
    # Between them stands a line of the log.
    assert (done.returncode, [line for line in done.stdout.splitlines() if line in ("opened", "serves")]) == (0, said)


def ends_when_told() -> None:
    time.sleep(SECONDS)


def does_not_end() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.set()
    time.sleep(SECONDS)


class Worker:
    """As granian's, which hears from a process that another thread waits for that it lives."""

    def __init__(self, target: Callable[[], None]) -> None:
        self.idx, self.killed = 0, False
        self.inner = multiprocessing.get_context("fork").Process(target=target)
        self.inner.start()
        self.terminate, self.join = self.inner.terminate, self.inner.join

    def is_alive(self) -> bool:
        return True

    def kill(self) -> None:
        self.killed = True
        self.inner.kill()


ready = multiprocessing.get_context("fork").Event()


def parent(*workers: Worker) -> _Parent:
    """One that has started these."""
    made = _Parent.__new__(_Parent)
    made.wrks, made.main_loop_interrupt, made.interrupt_signal = list(workers), threading.Event(), False
    return made


def test_a_worker_that_has_stopped_is_not_called_one_that_refuses() -> None:
    """An operator at night read of workers killed that had ended by themselves."""
    worker = Worker(ends_when_told)
    with structlog.testing.capture_logs() as said:
        parent(worker)._stop_workers()
    assert (worker.killed, worker.inner.exitcode, said) == (False, -signal.SIGTERM, [])


def test_a_worker_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its port would be half taken for good."""
    monkeypatch.setattr("service_kit.process.server.STOP_SECONDS", 0.1)
    worker = Worker(does_not_end)
    assert ready.wait(SECONDS)
    with structlog.testing.capture_logs() as said:
        parent(worker)._stop_workers()
    assert (worker.killed, worker.inner.exitcode, len(said)) == (True, -signal.SIGKILL, 1)


def test_a_signal_in_the_moment_in_which_the_parent_begins_to_wait_is_not_waited_for() -> None:
    """The handler waited for a lock that its own thread held: the server could be stopped by nothing but kill -9."""
    server = parent()
    with server.main_loop_interrupt._cond:
        server.signal_handler_interrupt()
    assert server.main_loop_interrupt.wait(SECONDS)
    assert server.interrupt_signal
