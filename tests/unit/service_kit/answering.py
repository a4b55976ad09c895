"""A server for the fetcher's tests that answers each path with the bytes it was given, however odd."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Answering(socketserver.ThreadingTCPServer):
    """Sends the pieces of ``answers[path]`` as they are and closes; keeps the requests' heads."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answers: dict[str, list[bytes]] = {}
        self.heads: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.held: set[str] = set()
        """Paths after whose answer the connection stays open, silent, until the test ends."""
        self.ended = threading.Event()

    def answer(self, path: str, head: str, *pieces: bytes) -> str:
        """Answer ``path`` with a status line and headers, then the pieces; returns the URL."""
        lines = "\r\n".join(["HTTP/1.1 " + head.replace("\n", "\r\n"), "Connection: close", "", ""])
        self.answers[path] = [lines.encode(), *pieces]
        return self.url + path


class _Connection(socketserver.StreamRequestHandler):
    server: Answering

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        self.server.heads.append(head.decode())
        path = head.split(b" ", 2)[1].decode()
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if length:
            self.server.heads[-1] += self.rfile.read(int(length[0].split(b":")[1])).decode()
        # Whoever has had enough hangs up.
        with suppress(OSError):
            for piece in self.server.answers[path]:
                self.wfile.write(piece)
        if path in self.server.held:
            self.server.ended.wait(20)


@contextmanager
def answering() -> Iterator[Answering]:
    """A server on a free port of this machine, for as long as the block lasts."""
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
