"""A server of this process, for as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

LOOK_SECONDS = 0.01
"""How often it looks whether it shall end."""


@contextmanager
def in_thread(server: BaseServer) -> Iterator[None]:
    """Serve until the block ends, then close."""
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
