"""A mirror over HTTP on a free port of the loopback, serving a dictionary, and misbehaving on request."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving import in_thread


class Serving:
    """``files``: path to bytes. ``half``: paths of which only half arrives; ``broken``: paths answered with
    500; ``held_back``: paths that wait for ``go``. ``cached``: what a cache in front gives instead, for a path without
    query. ``asked``: the paths asked for so far."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.half: set[str] = set()
        self.broken: set[str] = set()
        self.held_back: set[str] = set()
        self.cached: dict[str, bytes] = {}
        self.go = threading.Event()
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Serving]:
    """Serve ``files`` until the block ends; changes to the dictionary show at once."""
    mirror = Serving(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(mirror))
    mirror.url = f"http://127.0.0.1:{server.server_port}"
    with in_thread(server):
        try:
            yield mirror
        finally:
            mirror.go.set()


def _handler(mirror: Serving) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.asked.append(self.path.lstrip("/"))
            path, _, past = self.path.lstrip("/").partition("?")
            if path in mirror.held_back:
                mirror.go.wait(10)
            body = mirror.files.get(path) if past else mirror.cached.get(path, mirror.files.get(path))
            etag = f'"{hashlib.sha256(body or b"").hexdigest()}"'
            if path in mirror.broken or body is None:
                self._answer(500 if path in mirror.broken else 404, b"")
            elif self.headers.get("If-None-Match") == etag:
                self._answer(304, b"", etag)
            else:
                self._answer(200, body, etag, half=path in mirror.half)

        def _answer(self, status: int, body: bytes, etag: str | None = None, *, half: bool = False) -> None:
            self.send_response(status)
            if etag:
                self.send_header("ETag", etag)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)

        def log_message(self, *args: object) -> None:
            """Silence."""

    return Handler
