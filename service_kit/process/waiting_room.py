"""Where requests wait (等候室): a request comes in whole, and in time, before one of the few threads is taken for it.

Eight connections that sent a byte a second held every thread of a process, ``/healthz`` included, and so did eight that
did not read what they had asked for. Here a slow body waits in the event loop and a long file is sent from the disk, as
its reader takes it: who is slow holds a connection and no thread.

::

    granian (RSGI) ─► the body, whole or too late ─► a thread: the WSGI application ─► bytes, or a part of a file

A body that did not come is refused by the application, as all else is: :data:`REFUSAL` in its environment says why.
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from credentials.errors import TongxingError, TooSlow, Unavailable

BODY_SECONDS = 15
"""How long a body may take, and a second more for each :data:`BODY_BYTES_A_SECOND` that it announces."""
BODY_BYTES_A_SECOND = 32 * 1024
MAX_BODY_BYTES = 4 * 1024 * 1024
"""No route takes more. A longer one is refused by its announced length, and nothing of it is read."""
SMALL_BODY_BYTES = 16 * 1024
HELD_BYTES = 64 * 1024 * 1024
"""What the bodies above :data:`SMALL_BODY_BYTES` may fill in one process, together, by what has come and not by what is
announced: only who really sends it can fill it. Then further ones are refused, and small ones go on."""
SENT_WHOLE_BYTES = 256 * 1024
"""Longer parts of files are sent from the disk."""
KEPT_FILES = 512
"""So many files that were handed to the server last stay open until it has surely opened them itself: it has no more
connections (:data:`service_kit.process.server.MAX_CONNECTIONS`), and each has one answer under way."""
REFUSAL = "tongxing.refusal"
_OPEN_FILES = Path("/proc/self/fd")
_SAME_FOR_ALL: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}

Answer = Callable[[dict[str, Any], Any], Iterable[bytes]]
"""A WSGI application, which does not call ``write``."""


@runtime_checkable
class _Closing(Protocol):
    def close(self) -> object: ...


class FilePart:
    """``length`` bytes of an open file from ``first`` on, as an answer that need not stand in memory."""

    PIECE_BYTES = 64 * 1024

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        self.file, self.first, self.length = file, first, length

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.first)
        left = self.length
        while left and (piece := self.file.read(min(self.PIECE_BYTES, left))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class WaitingRoom:
    """An RSGI application before a WSGI one, which it calls in ``threads`` threads."""

    def __init__(self, answer: Answer, threads: int) -> None:
        self._answer = answer
        self._threads = ThreadPoolExecutor(threads, "request")
        self._files: deque[BinaryIO] = deque()
        self._keeping = threading.Lock()
        self._held = 0

    async def __call__(self, scope: Any, protocol: Any) -> None:
        """Take one request in and have it answered."""
        environ, body = environment(scope), bytearray()
        length = _announced(environ)
        is_read = 0 < length <= MAX_BODY_BYTES
        try:
            refusal = environ[REFUSAL] = await self._take(protocol, length, body) if is_read else None
            if is_read and not refusal and len(body) < length:
                # Who sent it has gone in the middle: nobody hears this, and nothing is done.
                protocol.response_empty(400, [])
                return
            environ["wsgi.input"] = io.BytesIO(b"" if refusal else body)
            await asyncio.get_running_loop().run_in_executor(self._threads, self._call, environ, protocol)
        finally:
            self._held -= len(body)

    async def _take(self, protocol: Any, length: int, body: bytearray) -> TongxingError | None:
        """Add what comes to ``body``, to its end or that of the connection; what it is refused for."""
        seconds = BODY_SECONDS + length / BODY_BYTES_A_SECOND
        reading = asyncio.ensure_future(self._read(protocol, length, body))
        # Not wait_for, which awaits the end of what it has cancelled: the answer must not depend on that.
        await asyncio.wait({reading}, timeout=seconds)
        if reading.cancel():
            return TooSlow(f"body: {len(body)} of {length} bytes came in {seconds:.0f} s")
        return reading.result()

    async def _read(self, protocol: Any, length: int, body: bytearray) -> TongxingError | None:
        async for piece in protocol:
            body += piece
            self._held += len(piece)
            if length > SMALL_BODY_BYTES and self._held > HELD_BYTES:
                return Unavailable("body: those of other requests fill the memory that there is for them")
        return None

    def _call(self, environ: dict[str, Any], protocol: Any) -> None:
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        answer = self._answer(environ, lambda status, headers, _error=None: begun.append((status, headers)))
        if isinstance(answer, FilePart) and answer.length > SENT_WHOLE_BYTES and _OPEN_FILES.is_dir():
            status, headers = begun[-1]
            end = answer.first + answer.length
            protocol.response_file_range(int(status[:3]), headers, self._keep(answer.file), answer.first, end)
            return
        try:
            content = b"".join(answer)
        finally:
            if isinstance(answer, _Closing):
                answer.close()
        status, headers = begun[-1]
        protocol.response_bytes(int(status[:3]), headers, content)

    def _keep(self, file: BinaryIO) -> str:
        """Where the server finds this very file, whatever may have taken its place under its name."""
        with self._keeping:
            if len(self._files) == KEPT_FILES:
                self._files.popleft().close()
            self._files.append(file)
        return f"{_OPEN_FILES}/{file.fileno()}"


def environment(scope: Any) -> dict[str, Any]:
    """The WSGI environment of a request, without its body (PEP 3333).

    Headers whose names have an underscore are left out: CGI has one name for ``X_Forwarded_For`` and
    ``X-Forwarded-For``, and a proxy that writes the one knows nothing of the other.
    """
    host, _, port = scope.server.rpartition(":")
    environ = _SAME_FOR_ALL | {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            key = _name_of(name)
            # Several of one name are one list (RFC 9110 section 5.3), and cookies a list of their own kind.
            environ[key] = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}" if key in environ else value
    return environ


def _name_of(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _announced(environ: dict[str, Any]) -> int:
    """The length of the body, 0 where none is told: such a body is not read, and the application refuses it."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if text.isascii() and text.isdecimal() else 0
