"""What a command is given to read: a file, or ``-`` for standard input, whole, bounded, and with its name; and the file
that it is given to write.

Messages about a content name the file, and for JSON the line and the member, as an editor counts them.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click

from credentials.errors import InvalidRequest, Malformed, TongxingError, Unavailable
from credentials.wire.strict_json import read_json, utf8_text
from service_kit.process.inquiry import Inquiry

MAX_INPUT_BYTES = 16 * 1024 * 1024
"""More than the largest file that a command takes in whole."""
STANDARD_STREAM = "-"
PIPE_SECONDS = 5.0
"""How long somebody who shall write into a pipe is waited for."""
_STANDARD_OUTPUTS = (1, 2)
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^ \t\n\r,\]}]+")
_PART = re.compile(r"\.?([^.\[\]]+)|\[([0-9]+)\]")
_Member = tuple[str | int, ...]


class Input(NamedTuple):
    """What was read: under which name people know it, and the bytes, without a byte order mark."""

    name: str
    data: bytes

    def text(self) -> str:
        """As text. Raises InvalidRequest unless it is UTF-8."""
        try:
            return utf8_text(self.data)
        except Malformed as error:
            cause = error.__cause__
            at = cause.start if isinstance(cause, UnicodeDecodeError) else 0
            line = self.data.count(b"\n", 0, at) + 1
            raise InvalidRequest(f"{self.name}:{line}: {error.detail}; save it in UTF-8") from error

    def json(self) -> Any:
        """As JSON. Raises InvalidRequest, naming the line."""
        text = self.text()
        if not text.strip():
            raise InvalidRequest(f"{self.name}: empty, where JSON is needed")
        try:
            return read_json(self.data)
        except Malformed as error:
            raise InvalidRequest(f"{self.name}{_where(text)} ({error.detail})") from error

    def json_object(self) -> dict[str, Any]:
        """As a JSON object. Raises InvalidRequest."""
        value = self.json()
        if not isinstance(value, dict):
            raise InvalidRequest(f'{self.name}:1: not a JSON object: it begins with "{{" and ends with "}}"')
        return value

    @contextmanager
    def named(self, *errors: type[TongxingError]) -> Iterator[None]:
        """What is wrong with the content is told with the file's name. ``errors``: by default InvalidRequest."""
        try:
            yield
        except TongxingError as error:
            if not isinstance(error, errors or InvalidRequest):
                raise
            raise type(error)(f"{self.name}: {error.detail}") from error

    def faults(self, found: Iterable[tuple[str, str]]) -> InvalidRequest:
        """One error for all that is wrong with its members: each under its path (``names.en``, ``evidence[0].kind``).

        The line is that of the member, or of the nearest member around it that is there.
        """
        lines = dict(_lines(self.text()))
        told = (f"{self.name}:{_line(lines, path)}: {path}: {message}" for path, message in found)
        return InvalidRequest("; ".join(told))


class InputType(click.ParamType[Input]):
    """An argument or option that names a file to read, or ``-`` for standard input: gives an :class:`Input`.

    Pipes are files as well: a shell's ``<(…)`` is one.
    """

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Input:
        if isinstance(value, Input):
            return value
        try:
            data = _read(str(value))
        except (OSError, ValueError, AttributeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "closed"
            self.fail(f"{_named(str(value))}: cannot be read: {reason}", param, ctx)
        if len(data) > MAX_INPUT_BYTES:
            self.fail(f"{_named(str(value))}: more than {MAX_INPUT_BYTES // 2**20} MiB", param, ctx)
        return Input(_named(str(value)), data.removeprefix(codecs.BOM_UTF8))


class FolderOrFile(InputType):
    """A folder, given as its path, or a file, read."""

    name = "folder or file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and Path(value).is_dir():
            return Path(value)
        return value if isinstance(value, Path) else super().convert(value, param, ctx)


class OutputType(click.ParamType[Path | None]):
    """An option or argument that names a file to write: gives its path, and of a symbolic link the file it leads to.

    Results are renamed into place, and a rename puts a plain file where a device, a pipe or a link stood. So what is
    there must be a regular file (with ``exists`` something must be there), and another one than this command's own
    standard output or error, whose content a shell has open. ``-`` is standard output, None, for an option that may
    be left out.
    """

    name = "file"

    def __init__(self, *, exists: bool = False) -> None:
        self._exists = exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | None:
        if str(value) == STANDARD_STREAM:
            if param is not None and not param.required:
                return None
            self.fail("- (standard output) is not taken here: name a regular file", param, ctx)
        try:
            there = Path(value).stat()
            if not stat.S_ISREG(there.st_mode):
                self.fail(f"{value}: not a regular file; name one, or a new one", param, ctx)
            if any(os.path.samestat(there, os.fstat(number)) for number in _STANDARD_OUTPUTS):
                self.fail(f"{value}: is this command's own standard output or error; name another file", param, ctx)
        except FileNotFoundError:
            if self._exists or not str(value):
                self.fail(f"{str(value) or 'no name'}: no such file", param, ctx)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no name of a file"
            self.fail(f"{value}: cannot be written: {reason}", param, ctx)
        return Path(value).resolve() if Path(value).is_symlink() else Path(value)


INPUT = InputType()
OUTPUT = OutputType()


def open_to_read(path: Path) -> BinaryIO:
    """Open a file that somebody named: a regular one, or a pipe, such as a shell's ``<(…)``, that has a writer.

    A pipe into which nobody writes is waited for PIPE_SECONDS, and a device such as /dev/zero, which may never end, is
    refused. Raises OSError, whose ``strerror`` is for people.
    """
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        try:
            return Inquiry(lambda: path.open("rb"), PIPE_SECONDS).answer()
        except Unavailable as error:
            raise OSError(errno.ETIMEDOUT, "a pipe into which nobody writes") from error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return path.open("rb")


def _read(place: str) -> bytes:
    if place == STANDARD_STREAM:
        return sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    with open_to_read(Path(place)) as file:
        return file.read(MAX_INPUT_BYTES + 1)


def _named(place: str) -> str:
    return "standard input" if place == STANDARD_STREAM else place


def _where(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f":{error.lineno}:{error.colno}: not JSON: {error.msg}"
    except (ValueError, RecursionError):
        pass
    return ": not JSON"


def _line(lines: dict[_Member, int], path: str) -> int:
    parts: _Member = tuple(int(number) if number else name for name, number in _PART.findall(path))
    return next((lines[parts[:length]] for length in range(len(parts), 0, -1) if parts[:length] in lines), 1)


def _lines(text: str) -> Iterator[tuple[_Member, int]]:
    """The line of each member of a JSON text that can be read, by its path."""
    places: list[tuple[_Member, int]] = []
    _walk(text, _skip(text, 0), (), places)
    line = before = 0
    for path, at in places:
        line, before = line + text.count("\n", before, at), at
        yield path, line + 1


def _walk(text: str, at: int, path: _Member, places: list[tuple[_Member, int]]) -> int:
    """Note where the value at ``at`` and those within it stand; where it ends."""
    if text[at] == '"':
        return int(scanstring(text, at + 1, True)[1])
    if text[at] not in "{[":
        return _SCALAR.match(text, at).end()  # type: ignore[union-attr]
    is_object, number = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        name: str | int = number
        places.append(((*path, name), at))
        if is_object:
            name, end = scanstring(text, at + 1, True)
            places[-1] = ((*path, name), at)
            at = _skip(text, _skip(text, end) + 1)
        at = _skip(text, _walk(text, at, (*path, name), places))
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1
    return at + 1


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
