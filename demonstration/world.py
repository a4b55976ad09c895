"""The servers of the demonstration: real processes on loopback, each with its own folder, database and keys.

They talk HTTP and nothing else; what the story does by hand it does with the ``tongxing`` command, as a person would.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from credentials.errors import FetchFailed, Unavailable
from service_kit.fetch import Fetcher

HOST = "127.0.0.1"
NAME = "localhost"
"""By which browsers reach it: they make no passkeys at an address."""
START_SECONDS = 120
STOP_SECONDS = 10
COMMAND_SECONDS = 120
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_COMMAND = (sys.executable, "-m", "cli")


@dataclass
class Server:
    """One server process: where it listens, what it was told, and the process while it runs."""

    name: str
    roles: tuple[str, ...]
    port: int
    settings: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, role: str) -> str:
        """The base URL of one of its roles."""
        return f"http://{NAME}:{self.port}/{role}"


class World:
    """Everything that lives in the demonstration's folder. A context manager: leaving it stops every server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._servers: list[Server] = []
        self.fetcher = Fetcher()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            self.stop(server)

    @property
    def servers(self) -> Sequence[Server]:
        """All servers, running or not."""
        return self._servers

    def server(self, name: str, roles: tuple[str, ...], settings: Mapping[str, str], port: int | None = None) -> Server:
        """A server to be started: its data folder is ``name`` below the demonstration's folder."""
        own = {"TONGXING_DATA_DIR": str(self.folder / name), "TONGXING_ENVIRONMENT": "demo"}
        server = Server(name, roles, port or free_port(), own | dict(settings), self.folder / "logs" / f"{name}.log")
        self._servers.append(server)
        return server

    def start(self, *servers: Server) -> None:
        """Start servers side by side and wait until all are ready. Raises Unavailable, naming the log to read."""
        for server in servers:
            # The workers of one that was killed answer for a moment longer, and would be taken for the new one.
            self.wait(functools.partial(_is_free, server.port), f"another program listens at port {server.port}")
            self._launch(server)
        for server in servers:
            self.wait(functools.partial(self._is_up, server), f"{server.name} does not start; see {server.log}")

    def _launch(self, server: Server) -> None:
        server.log.parent.mkdir(parents=True, exist_ok=True)
        with server.log.open("ab") as log:
            server.process = subprocess.Popen(
                [*_COMMAND, "serve", *server.roles, "--host", HOST, "--port", str(server.port)],
                env=_environment(server.settings),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def stop(self, server: Server) -> None:
        """Stop a server as an operator would; kill it when it does not."""
        process, server.process = server.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run(self, *arguments: str, settings: Mapping[str, str] | None = None, stdin: str | None = None) -> str:
        """Run ``tongxing`` with these arguments and return what it prints. Raises Unavailable when it fails."""
        done = self.attempt(*arguments, settings=settings, stdin=stdin)
        if done.returncode:
            raise Unavailable(
                f"tongxing {' '.join(arguments[:2])}: exit {done.returncode}: {done.stderr.strip()[-500:]}"
            )
        return done.stdout

    def attempt(
        self, *arguments: str, settings: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``tongxing`` and return how it ended, whatever that is."""
        return subprocess.run(
            [*_COMMAND, *arguments],
            env=_environment(settings or {}),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def get(self, url: str) -> dict[str, Any]:
        """A JSON answer."""
        answer: dict[str, Any] = json.loads(self.fetcher.get(url, limit=MAX_ANSWER_BYTES).body)
        return answer

    def post(self, url: str, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON answer to a JSON body. Raises FetchFailed for any status of 400 and above."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        answer = self.fetcher.send("POST", url, limit=MAX_ANSWER_BYTES, body=json.dumps(body).encode(), headers=sent)
        if answer.status >= 400:
            raise FetchFailed(f"{answer.status} {answer.body[:500].decode(errors='replace')}", answer.status)
        fields: dict[str, Any] = json.loads(answer.body)
        return fields

    def wait(self, condition: Any, complaint: str, seconds: float = START_SECONDS) -> None:
        """Ask ``condition`` until it is true. Raises Unavailable with ``complaint`` after ``seconds``."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Unavailable(complaint)
            time.sleep(0.1)

    def _is_up(self, server: Server) -> bool:
        if server.process is not None and server.process.poll() is not None:
            raise Unavailable(f"{server.name} ended at once; see {server.log}")
        try:
            return (
                self.fetcher.send("GET", f"http://{HOST}:{server.port}/healthz", limit=MAX_ANSWER_BYTES).status == 200
            )
        except FetchFailed:
            return False


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((HOST, port)) != 0


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: nothing of ours but what it is told."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    return inherited | {"PYTHONUTF8": "1"} | dict(settings)
