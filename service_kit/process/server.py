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

import _thread
import errno
import multiprocessing.connection
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from ctypes import Array, c_int
from functools import partial
from multiprocessing.synchronize import Lock
from typing import Any, NamedTuple

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from credentials.errors import SettingInvalid, TongxingError
from service_kit.logs import places_of
from service_kit.process.waiting_room import WaitingRoom

BACKLOG = 1024
"""Connections that the kernel holds for each worker until they are accepted."""
MAX_CONNECTIONS = 512
"""Of each worker, idle ones included; more wait in the backlog."""
HEAD_SECONDS = 15
"""How long a request's head may take, and how long a connection may be idle. Bodies have times and limits of their own,
in :mod:`service_kit.process.waiting_room`."""
MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers."""
STOP_SECONDS = 30
"""How long requests under way have when the server stops; then their workers are killed."""
OWN_FAULT = 70
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


class ListenAddress(NamedTuple):
    """Where to listen: a name or address of this machine, and a port."""

    host: str
    port: int


class Size(NamedTuple):
    """How many processes, and how many threads each."""

    workers: int
    threads: int


class Start:
    """How starting went, shared by the parent and all workers. Nobody ever waits for another, who may be dead."""

    def __init__(self, word: Lock, numbers: Array[c_int]) -> None:
        self._word, self._numbers = word, numbers

    @property
    def code(self) -> int:
        """The exit code, when it failed."""
        return self._numbers[0]

    @property
    def is_over(self) -> bool:
        """Whether the parent stops its workers, or has stopped them."""
        return bool(self._numbers[2])

    def end(self) -> None:
        """Note, before the first worker is told to stop, that all of them are to."""
        self._numbers[2] = 1

    def succeeded(self) -> bool:
        """Note that a worker has opened; whether this was the first."""
        was_open, self._numbers[1] = self._numbers[1], 1
        return not was_open

    def failed(self, tell: Callable[[], int]) -> None:
        """While no worker has opened: the first to call tells why and has the parent stop them all, which all await."""
        if self._numbers[1]:
            return
        # Taken once and never given back: who has it has the word.
        if self._word.acquire(block=False):
            self._numbers[0] = tell()
            os.kill(os.getppid(), signal.SIGTERM)
        while True:
            signal.pause()


def serve(application: Application, complain: Complain, place: ListenAddress, size: Size) -> int:
    """Serve until told to stop; the exit code. Raises SettingInvalid when nobody can listen at ``place``.

    ``complain`` is called in a worker; it is a named function as well.
    """
    address = require_free(place)
    start = Start(multiprocessing.Lock(), multiprocessing.RawArray("i", 3))
    server = _Parent(
        start,
        "",
        address=address,
        port=place.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=size.workers,
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
        server.serve(
            target_loader=partial(_begin, application, complain, start, place, size.threads), wrap_loader=False
        )
    except SystemExit:
        # Told to stop, or dead workers: a signal to the whole group also ends the workers before their parent asks.
        stopped = server.interrupt_signal
    else:
        stopped = True
    return start.code or (0 if stopped else OWN_FAULT)


def require_free(place: ListenAddress) -> str:
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


class _Parent(Granian):  # type: ignore[misc, valid-type]
    """The parent process, which notes that it stops before it tells its workers.

    Two of granian's own ways fail on a busy machine, rarely, and are other ones here.
    """

    def __init__(self, start: Start, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._start = start

    def shutdown(self, exit_code: int = 0) -> None:
        self._start.end()
        super().shutdown(exit_code)

    def signal_handler_interrupt(self, *_: object) -> None:
        """Take a signal to stop. It can come while the main thread begins to wait for this very event and holds its
        lock, which the handler, in the same thread, would then wait for until somebody kills the process."""
        self.interrupt_signal = True
        _thread.start_new_thread(self.main_loop_interrupt.set, ())

    def _stop_workers(self) -> None:
        """Tell all to stop, and kill those that live after STOP_SECONDS.

        Whether one lives its end of a pipe says. Of two threads that wait for one process the later hears that it
        lives: so "refused to stop" was said of workers that had stopped.
        """
        for worker in self.wrks:
            worker.terminate()
        living, until = {worker.inner.sentinel: worker for worker in self.wrks}, time.monotonic() + STOP_SECONDS
        while living and (left := until - time.monotonic()) > 0:
            for ended in multiprocessing.connection.wait(living, left):
                del living[ended]
        for worker in living.values():
            _log.warning("does not stop, and is killed", worker=worker.idx + 1)
            worker.kill()
        for worker in self.wrks:
            worker.join()


def _begin(
    application: Application, complain: Complain, start: Start, place: ListenAddress, threads: int
) -> WaitingRoom:
    """What each worker does first: open the application, and say how that went."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # A fork has its parent's handlers, and would not end while it opens. granian sets its own afterwards.
        signal.signal(number, signal.SIG_DFL)
    if start.is_over:
        # A signal that came before the lines above was taken by the handler of the parent, and lost.
        sys.exit()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    try:
        application.open_now()
    except TongxingError as error:
        start.failed(partial(complain, error))
        _log.error("not open", code=error.code, detail=error.detail)
    except Exception as error:
        _log.error("unexpected", error=type(error).__name__, places=places_of(error))
        start.failed(lambda: OWN_FAULT)
        raise
    else:
        if start.succeeded():
            _log.info("serving", host=place.host, port=place.port)
    return WaitingRoom(application.answer, threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
