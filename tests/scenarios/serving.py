"""A server of several worker processes as an operator has it: `tongxing serve` in a process of its own."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from demonstration.world import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 90
"""How long anything is waited for: never a measure, always the end of patience."""
ASK_SECONDS = 3
MANY = 40
"""Connections at once: enough that the kernel gives each of a few workers some."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    """Status, headers (names in lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Served:
    """A server process, its workers, and requests to it. ``command``: what to run, with its arguments."""

    def __init__(self, command: Sequence[str], settings: Mapping[str, str], log: Path, port: int) -> None:
        self.port, self.log = port, log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(settings),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __enter__(self) -> Served:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        workers = self.workers()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The process ids of the workers that live."""
        return [child for child in children(self.process.pid) if is_running(child)]

    def wait_whole(self, workers: int) -> None:
        """Wait until so many workers listen, each on a socket of its own."""
        self.wait(lambda: listeners(self.port) == workers == len(self.workers()))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def get(self, path: str, **headers: str) -> Answer:
        """The answer to a GET on a connection of its own."""
        with self.asked(f"GET {path} HTTP/1.1", **headers) as connection:
            return read_answer(connection)

    def send(self, head: str, **headers: str) -> socket.socket:
        """A new connection on which a request's head was sent."""
        lines = [head, "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection

    @contextmanager
    def asked(self, head: str, **headers: str) -> Iterator[socket.socket]:
        """The same, closed at the end."""
        with self.send(head, **headers) as connection:
            yield connection

    def wait_ready(self, path: str = "/readyz") -> None:
        """Wait until ``path`` answers 200."""
        self.wait(lambda: self.is_listening() and self.get(path).status == 200)

    def is_listening(self) -> bool:
        """Whether a connection is taken."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS).close()
        except ConnectionError:
            return False
        return True

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; a connection that was cut off counts as no. Fails when the server ends before."""
        end = time.monotonic() + SECONDS
        while True:
            with suppress(ConnectionError):
                if condition():
                    return
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log.read_text()}"
            assert time.monotonic() < end, f"not within {SECONDS} s: {self.log.read_text()}"
            time.sleep(0.05)

    @contextmanager
    def alone(self, worker: int) -> Iterator[None]:
        """For as long as the block lasts every other worker is stopped, as on a machine that hangs."""
        others = [other for other in self.workers() if other != worker]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            yield
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)

    def wait_alone(self, worker: int, path: str) -> None:
        """Wait until ``worker`` alone answers 200. Between two tries all run: one of those that were stopped may hold a
        lock, or a turn, that this one waits for."""

        def answers() -> bool:
            with self.alone(worker):
                return self.first_answer(path).status == 200

        self.wait(answers)

    def first_answer(self, path: str) -> Answer:
        """The first answer on many connections at once: the kernel gives some of them to each worker that listens.

        ConnectionError when none answers for a while.
        """
        with selectors.DefaultSelector() as ready:
            connections = [self.send(f"GET {path} HTTP/1.1") for _ in range(MANY)]
            try:
                for connection in connections:
                    ready.register(connection, selectors.EVENT_READ)
                found = ready.select(ASK_SECONDS)
                if not found:
                    # A worker that still opens does not listen yet, and the kernel gives it none of them.
                    raise ConnectionError("no worker answers")
                first = found[0][0].fileobj
                assert isinstance(first, socket.socket)
                return read_answer(first)
            finally:
                for connection in connections:
                    connection.close()


def serve(settings: Mapping[str, str], folder: Path, roles: str, workers: int = 1, threads: int = 2) -> Served:
    """`tongxing serve` on a free port, its output in ``folder``."""
    port = free_port()
    arguments = [*roles.split(), "--port", str(port), "--workers", str(workers), "--threads", str(threads)]
    return Served([sys.executable, "-m", "cli", "serve", *arguments], settings, folder / "serve.log", port)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process is told: nothing of ours but ``settings``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    return inherited | {"PYTHONUTF8": "1", "LANG": "en"} | dict(settings)


def read_answer(connection: socket.socket) -> Answer:
    """The answer on a connection. ConnectionError for none and for half of one.

    Its end is where it says, or that of the connection: where the server still waits for a body that its caller does
    not send, the connection may be held.
    """
    received = b""
    while not _is_whole(received) and (piece := connection.recv(65_536)):
        received += piece
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        raise ConnectionResetError("cut off")
    status, *lines = head.decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    if len(body) < int(headers.get("content-length", "0")):
        raise ConnectionResetError("cut off")
    return Answer(int(status.split()[1]), headers, body)


def _is_whole(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(found and length and len(body) >= int(length[1]))


def children(process: int) -> list[int]:
    """The process ids of a process's children."""
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_running(process: int) -> bool:
    """Whether a process is there and not just waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def listeners(port: int) -> int:
    """How many sockets listen at a port of this machine."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
