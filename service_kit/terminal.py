"""Printing, for all commands: the one place where a text meets a terminal.

What is printed may come from anywhere: a registry's answer, a draft, a file, a name, an error's words. A terminal obeys
some characters instead of showing them (ECMA-48): ESC clears the screen or hides what follows, others turn the reading
direction. So each of them is written as an escape (``\\x1b``, ``\\u202e``), and so is a line's end within a value,
which would make a second line that nobody said, a space that is none of ours, which would make a second column, and
marks that pile up or stand on what is no letter: they are drawn over the lines around, or strike our own words out.
Our own colours come from :class:`Styled`, never from a text.

A result that could not be written has not been told: :func:`print_line` and :func:`print_json` raise OutputUnwritable,
and after :func:`prepare` so does whatever else prints (help, a question). Where standard error cannot be written there
is nobody to tell, and work goes on.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, TextIO

import click

from credentials.errors import OutputUnwritable
from credentials.profile.characters import HIDDEN_CLASS
from service_kit.locale import Message, reader_languages

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""General categories of what a terminal obeys or hides: controls, format characters, halves of pairs, separators."""
_HIDDEN: Final = re.compile(f"[{HIDDEN_CLASS}]")
"""What no signed text may hold: all that these categories may lack, such as blanks whose categories are letters'."""
_MARKS: Final = frozenset({"Mn", "Me"})
MOST_MARKS: Final = 4
"""On one letter: Tibetan and pointed Hebrew have so many."""
_NOT_PLAIN: Final = re.compile(r"[^ -~]")


class Styled(NamedTuple):
    """A part of a line in a colour (of click's names) or bold, where the terminal can."""

    text: str
    colour: str | None = None
    bold: bool = False
    dim: bool = False


def escaped(text: str) -> str:
    """``text`` with everything that a terminal would obey or hide written as an escape."""
    return _NOT_PLAIN.sub(lambda found: found[0] if _is_shown(found) else _written(found[0]), text)


def in_json(value: Any, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """JSON that can be shown: the same characters as JSON's own escapes (RFC 8259, section 7), so it reads the same."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    return _NOT_PLAIN.sub(
        lambda found: found[0] if found[0] == "\n" or _is_shown(found) else json.dumps(found[0])[1:-1], text
    )


def print_line(*parts: str | Styled, err: bool = False) -> None:
    """Print one line on standard output, or with ``err`` on standard error.

    What the terminal's encoding does not have is written as an escape. Raises OutputUnwritable.
    """
    stream = sys.stderr if err else sys.stdout
    line = "".join(_shown(part, stream) for part in parts) + "\n"
    if err:
        click.echo(line, err=True, nl=False)
    else:
        _put(line.encode(getattr(stream, "encoding", None) or "utf-8", "backslashreplace"))


def print_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON, in UTF-8 whatever the terminal's encoding (RFC 8259, section 8.1). Raises
    OutputUnwritable."""
    _put(in_json(value, indent).encode() + b"\n")


def print_drawing(drawing: str) -> None:
    """Print lines that this program drew itself, colours and all. Raises OutputUnwritable."""
    _put(drawing.encode(getattr(sys.stdout, "encoding", None) or "utf-8", "backslashreplace"))


def print_result(as_json: bool, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print a result: for programs as one line of JSON, for people as ``lines``. Raises OutputUnwritable."""
    if as_json:
        print_json(result)
    else:
        for line in lines:
            print_line(line)


def in_words(zh: str, en: str) -> str:
    """A message in each of the reader's languages, on one line."""
    return " · ".join(map(Message(zh, en).of, reader_languages(os.environ)))


def prepare() -> None:
    """Make this process's own streams ready, once, at its start.

    A closed one gets its number back, for the next file that is opened would get it and be written into; nothing can
    be read from it or written to it. Standard error never fails. What click prints itself (help) degrades as well, and
    where it cannot be written OutputUnwritable is raised.
    """
    for number, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        _occupy(number, mode)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        raw_output = io.BufferedWriter(_Heeded(1, "w", closefd=False))
        is_terminal = raw_output.isatty()
        encoding = getattr(sys.stdout, "encoding", "utf-8")
        sys.stdout = io.TextIOWrapper(raw_output, encoding, "backslashreplace", line_buffering=is_terminal)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        encoding = getattr(sys.stderr, "encoding", "utf-8")
        raw = io.BufferedWriter(_Heedless())
        sys.stderr = io.TextIOWrapper(raw, encoding, "backslashreplace", write_through=True, line_buffering=True)


def was_heard() -> bool:
    """Whether all that was said on standard error could be written."""
    raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
    return not (isinstance(raw, _Heedless) and raw.lost)


def let_go() -> None:
    """Give standard output up after it failed: Python would try to write the rest at its end, and end with 120."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Heeded(io.FileIO):
    """Standard output: what cannot be written is said, whoever prints it."""

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)
        except OSError as error:
            raise _unwritable(error) from error


class _Heedless(io.RawIOBase):
    """Standard error: what cannot be written is lost, and nothing stops for it."""

    lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def isatty(self) -> bool:
        return os.isatty(2)

    def write(self, data: Any) -> int:
        try:
            return os.write(2, data)
        except OSError:
            self.lost = True
            return len(data)


def _occupy(number: int, mode: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # The lowest free number is given: those below are taken by now.
        os.open(os.devnull, mode)


def _put(data: bytes) -> None:
    stream = sys.stdout
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except (OSError, ValueError, AttributeError) as error:
        raise _unwritable(error) from error


def _unwritable(error: Exception) -> OutputUnwritable:
    reason = error.strerror if isinstance(error, OSError) else None
    return OutputUnwritable(f"standard output: {reason or 'closed'}")


def _shown(part: str | Styled, stream: TextIO) -> str:
    if isinstance(part, str):
        return escaped(part)
    text = escaped(part.text)
    if not stream.isatty():
        return text
    return click.style(text, fg=part.colour, bold=part.bold or None, dim=part.dim or None)


def _is_shown(found: re.Match[str]) -> bool:
    category = unicodedata.category(found[0])
    if category in _OBEYED or _HIDDEN.match(found[0]):
        return False
    return category not in _MARKS or _stands_on_a_letter(found.string, found.start())


def _stands_on_a_letter(text: str, at: int) -> bool:
    """Whether the mark at ``at`` is one of the first few on a letter."""
    for character in reversed(text[max(0, at - MOST_MARKS) : at]):
        category = unicodedata.category(character)
        if category not in _MARKS:
            return category.startswith(("L", "Mc"))
    return False


def _written(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
