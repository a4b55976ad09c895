"""The moment in which a worker process begins; the rest of serving is tried with real servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
