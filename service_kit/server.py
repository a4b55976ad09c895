"""Serving (服务进程): one parent and several worker processes of several threads each, on granian.

::

    parent                 listens to signals, starts workers and starts dead ones again; opens nothing else
    worker 1 … N           open the application for themselves, then listen; each has its own threads and connections

A worker listens only after its application is open. If the first one cannot be opened, that is told once, in one
message, and everything ends. A worker that takes a dead one's place in a server that has served goes on trying instead:
a database that is away for a moment must not take the other workers with it.

Stopping (SIGTERM, SIGINT) closes the listeners first; requests under way are answered. Workers whose parent was killed
stop by themselves, so that the port is free again.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from credentials.errors import SettingInvalid, TongxingError
from service_kit.problems import places_of

BACKLOG = 1024
"""Connections that the kernel holds for each worker until they are accepted."""
MAX_CONNECTIONS = 512
"""Of each worker, idle ones included; more wait in the backlog."""
HEAD_SECONDS = 15
"""How long a request's head may take, and how long a connection may be idle: a slow sender holds a place, no thread."""
MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers. Bodies have limits of each service's own."""
STOP_SECONDS = 30
"""How long requests under way have when the server stops; then their workers are killed."""
OWN_FAULT = 70
_UNOPENED, _OPENED = -1, 0
_LOGGING = {
    "handlers": {"lines": {"class": "service_kit.logs.FromServer"}},
    "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
}
_log = structlog.get_logger("server")

Complain = Callable[[TongxingError], int]
"""Tells why nothing can be served, and returns the exit code for it."""


class Application(NamedTuple):
    """What each worker opens for itself (or raises), and the WSGI callable that then answers. Both are named functions,
    so that a worker that is not a fork can import them."""

    open_now: Callable[[], None]
    answer: Callable[[dict[str, Any], Any], Iterable[bytes]]


class Place(NamedTuple):
    """Where to listen: a name or address of this machine, and a port."""

    host: str
    port: int


class Size(NamedTuple):
    """How many processes, and how many threads each."""

    workers: int
    threads: int


def serve(application: Application, complain: Complain, place: Place, size: Size) -> int:
    """Serve until told to stop; the exit code. Raises SettingInvalid when nobody can listen at ``place``.

    ``complain`` is called in a worker; it is a named function as well.
    """
    address = require_free(place)
    outcome = multiprocessing.Value("i", _UNOPENED)
    server = Granian(
        "",
        address=address,
        port=place.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=size.workers,
        blocking_threads=size.threads,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=MAX_HEAD_BYTES),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        log_access=False,
    )
    stopped = False
    try:
        server.serve(target_loader=partial(_begin, application, complain, outcome, place), wrap_loader=False)
    except SystemExit:
        # Told to stop, or dead workers: a signal to the whole group also ends the workers before their parent asks.
        stopped = server.interrupt_signal
    else:
        stopped = True
    if outcome.value > _OPENED:
        return int(outcome.value)
    return 0 if stopped else OWN_FAULT


def require_free(place: Place) -> str:
    """The address to listen at. Raises SettingInvalid when it is not this machine's or somebody listens there.

    The workers themselves could not tell: they share their port, and would share it with a second server as well.
    """
    try:
        (family, kind, _, _, address), *_ = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except PermissionError as error:
        raise SettingInvalid(f"--port: {place.port} is not for this user to listen at") from error
    except socket.gaierror as error:
        raise SettingInvalid("--host: no such name or address") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingInvalid(f"--port: {place.port} is in use, somebody else listens there") from error
        raise SettingInvalid("--host: not an address of this machine") from error
    return str(address[0])


def _begin(application: Application, complain: Complain, outcome: Any, place: Place) -> Any:
    """What each worker does first: open the application, and say how that went."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # A fork has its parent's handlers, and would not end while it opens. granian sets its own afterwards.
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        application.open_now()
    except TongxingError as error:
        _end_unless_served(outcome, partial(complain, error))
        _log.error("not open", code=error.code, detail=error.detail)
    except Exception as error:
        _log.error("unexpected", error=type(error).__name__, places=places_of(error))
        _end_unless_served(outcome, lambda: OWN_FAULT)
        raise
    with outcome:
        if outcome.value == _UNOPENED:
            _log.info("serving", host=place.host, port=place.port)
            outcome.value = _OPENED
    return application.answer


def _end_unless_served(outcome: Any, tell: Callable[[], int]) -> None:
    """While no worker has opened: tell, have the parent stop them all, and wait for it."""
    with outcome:
        if outcome.value == _UNOPENED:
            outcome.value = tell()
            os.kill(os.getppid(), signal.SIGTERM)
    while outcome.value > _OPENED:
        signal.pause()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
