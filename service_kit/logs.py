"""Structured logs: one JSON object a line on standard error, and nobody in them.

Names, document numbers, codes and addresses of callers never reach a log: what is logged is a route's template and an
error's code. As a second lock, values under telling names are struck out, and so is anything that looks like a code, an
assertion or a document's number.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from service_kit.terminal import in_json

_SECRET_NAMES = frozenset(
    {"name", "document", "number", "text", "holder", "authorization", "passphrase", "key", "body"}
)
_TELLING = re.compile(r"TXP?1:[0-9A-Z $%*+./:-]{8,}|[0-9]{17}[0-9Xx]|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
STRUCK = "[struck out]"
_FRAMES = 6


def configure(level: str = "INFO") -> None:
    """Set up logging for this process, that of libraries included; safe to call again."""
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    for earlier in [handler for handler in logging.root.handlers if isinstance(handler, _FromLibraries)]:
        logging.root.removeHandler(earlier)
    logging.root.addHandler(_FromLibraries(max(threshold, logging.WARNING)))
    # Whatever a library has set before: what it warns of is logged.
    logging.root.setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            strike_out,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _line(event: Any, **options: Any) -> str:
    # Logs are read at terminals: what a caller has brought into a line must not be obeyed there.
    return in_json(event, **options)


class _FromLibraries(logging.Handler):
    """What Flask, urllib3 and others log, as lines like ours: where and what kind, not in their words.

    Those hold paths, addresses and rows, filled in before we can tell them apart.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        place = f"{record.filename}:{record.lineno} {record.funcName}"
        structlog.get_logger().log(record.levelno, "library", library=record.name, place=place, error=error)


class FromServer(logging.Handler):
    """What the HTTP server says of its workers, in its words: these are numbers of workers and processes."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(record.levelno, "server", says=record.getMessage(), error=error)


def places_of(error: BaseException) -> list[str]:
    """The last places in the code that an error went through: what may be logged of one that is not ours."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def strike_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: strike out what must not be logged."""
    for name, value in event.items():
        event[name] = _struck(name, value)
    return event


def _struck(name: str, value: Any) -> Any:
    if name in _SECRET_NAMES:
        return STRUCK
    if isinstance(value, Mapping):
        return {_TELLING.sub(STRUCK, str(inner)): _struck(str(inner), of_inner) for inner, of_inner in value.items()}
    if isinstance(value, list | tuple):
        return [_struck("", inner) for inner in value]
    if isinstance(value, bytes | Exception):
        # Bytes may be a body, and the message of a foreign error may hold anything.
        return type(value).__name__
    if isinstance(value, int) and _TELLING.search(str(value)):
        return STRUCK
    return _TELLING.sub(STRUCK, value) if isinstance(value, str) else value
