"""Doubles of the durable writer: one that is fast, one that stops as a killed process does."""

from __future__ import annotations

from pathlib import Path


class Stopped(BaseException):
    """The process was killed here: nothing catches it, nothing after it happens."""


def write_plainly(path: Path, content: bytes) -> None:
    """Write whole files without waiting for the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


class StoppingWriter:
    """Writes until it is stopped: before the write number ``stop_before`` (from 0), for ever after."""

    def __init__(self, stop_before: int | None = None) -> None:
        self.stop_before = stop_before
        self.written: list[Path] = []

    def __call__(self, path: Path, content: bytes) -> None:
        if self.stop_before is not None and len(self.written) >= self.stop_before:
            raise Stopped
        write_plainly(path, content)
        self.written.append(path)
