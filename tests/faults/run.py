"""A run: processes at work, one after another killed and started again, the database too; then the count."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.faults.invariants import Finding, examine
from tests.faults.scene import Scene
from tests.faults.worker import work
from tests.servers import PostgreSQL

PROCESSES = 8
SEED = 41
# A killed process is replaced in milliseconds: everything is imported once, in a server that forks.
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["__main__", "tests.faults.run", "service_kit.storage.migration"])
END_SECONDS = 120


@dataclass(frozen=True)
class Scale:
    """How many deeds are acknowledged before the run ends, a process is killed, the database is restarted.

    By deeds and not by the clock: a slow machine proves as much, only later.
    """

    deeds: int
    kill_every: int
    restart_every: int


@dataclass(frozen=True)
class Outcome:
    """What was done to them, and what came of it."""

    seconds: float
    kills: int
    restarts: int
    finding: Finding


def run(url: str, folder: Path, scale: Scale, server: PostgreSQL | None) -> Outcome:
    """A run on the empty database at ``url``; ``server``: what is behind it, where it can be restarted."""
    scene = Scene(url, folder)
    trusted_root = scene.set_up()
    crowd = Crowd(scene)
    kills = restarts = 0
    try:
        crowd.start()
        began = time.monotonic()
        while (done := crowd.deeds()) < scale.deeds:
            if done >= (kills + 1) * scale.kill_every:
                crowd.kill_one()
                kills += 1
            if server and done >= (restarts + 1) * scale.restart_every:
                # By turns a crash and an orderly restart.
                server.stop() if restarts % 2 else server.kill()
                server.start()
                restarts += 1
            # Not in step with the deeds, so that a kill comes at any moment of one.
            time.sleep(crowd.chance.uniform(0.001, 0.02))
        seconds = time.monotonic() - began
    finally:
        crowd.end()
    return Outcome(seconds, kills, restarts, examine(scene, trusted_root))


class Crowd:
    """The processes."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.chance = scene, random.Random(SEED)
        self.lives = [0] * PROCESSES
        self._counted: dict[Path, tuple[int, int]] = {}
        self.processes = [self._born(number) for number in range(PROCESSES)]

    def start(self) -> None:
        """Let them begin, when the last is there."""
        while len(list(self.scene.refusals.iterdir())) < PROCESSES:
            time.sleep(0.01)
        self.scene.start.touch()

    def deeds(self) -> int:
        """How many were acknowledged so far."""
        for path in self.scene.journals.iterdir():
            read, lines = self._counted.get(path, (0, 0))
            with path.open("rb") as journal:
                journal.seek(read)
                fresh = journal.read()
            self._counted[path] = (read + len(fresh), lines + fresh.count(b"\n"))
        return sum(lines for _, lines in self._counted.values())

    def kill_one(self) -> None:
        """Kill one as the system does, and start another in its place."""
        number = self.chance.randrange(PROCESSES)
        process = self.processes[number]
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"worker {number} had ended by itself: {process.exitcode}")
        process.close()
        self.lives[number] += 1
        self.processes[number] = self._born(number)

    def end(self) -> None:
        """Let all finish what they are doing."""
        self.scene.end.touch()
        for process in self.processes:
            process.join(END_SECONDS)
            process.kill()
            process.join()
            process.close()

    def _born(self, number: int) -> BaseProcess:
        process = FORKING.Process(target=work, args=(self.scene, number, self.lives[number]))
        process.start()
        return process
