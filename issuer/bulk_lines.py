"""What a bulk run reads: CSV (``.csv``) or NDJSON, line by line, so that nothing in one line can spoil another.

CSV columns: key, name, document_kind, document_number, form, evidence_kind, evidence_result, sampled_at (seconds UTC),
region, holder_proof, guardian, lifetime; those without use may be missing. UTF-8 with or without byte order mark, or
GB18030 where that is said: it is never guessed, for a wrong guess would sign wrong names. NDJSON lines: a request as
over HTTP, and ``key``; always UTF-8.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from credentials.errors import InvalidRequest, TongxingError
from credentials.wire.jws import parse_json

ENCODINGS = ("utf-8", "gb18030")
MAX_LINE_BYTES = 16_384
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EVIDENCE = {"evidence_kind": "kind", "evidence_result": "result", "sampled_at": "sampled_at", "region": "region"}
_DOCUMENT = {"document_kind": "kind", "document_number": "number"}
_PLAIN = ("key", "name", "form", "holder_proof", "guardian", "lifetime")
_NUMBERS = frozenset({"sampled_at", "region", "lifetime"})
_COLUMNS = frozenset({*_PLAIN, *_DOCUMENT, *_EVIDENCE})


class Line(NamedTuple):
    """One line of the input: its number as an editor shows it, and its fields or what is wrong with it."""

    number: int
    fields: Mapping[str, Any] | TongxingError


def count_lines(source: Path) -> int:
    """About how many lines there are to do, for the progress bar."""
    with source.open("rb") as file:
        return sum(1 for _ in file)


def read_lines(source: Path, encoding: str = "utf-8") -> Iterator[Line]:
    """The lines of ``source`` that are not blank. Raises InvalidRequest for a file or a CSV header that cannot be read.

    ``encoding``: one of ENCODINGS, for CSV.
    """
    try:
        with source.open("rb") as file:
            lines = _numbered(file)
            yield from _csv_lines(lines, encoding) if source.suffix.lower() == ".csv" else _json_lines(lines)
    except OSError as error:
        raise InvalidRequest("the file cannot be read") from error


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, of at most MAX_LINE_BYTES + 1 bytes: what is longer is cut off, not held."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE_BYTES + 1)
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line.strip():
            yield number, line


def _json_lines(lines: Iterator[tuple[int, bytes]]) -> Iterator[Line]:
    for number, line in lines:
        try:
            yield Line(number, _json_fields(line))
        except TongxingError as error:
            yield Line(number, error)


def _json_fields(line: bytes) -> dict[str, Any]:
    _check_length(line)
    fields = parse_json(line)
    if not isinstance(fields, dict):
        raise InvalidRequest("the line is not a JSON object")
    return fields


def _csv_lines(lines: Iterator[tuple[int, bytes]], encoding: str) -> Iterator[Line]:
    header = _cells(next(lines, (1, b""))[1], encoding)
    columns = [name.strip() for name in header]
    if not columns or len(set(columns)) != len(columns) or not _COLUMNS.issuperset(columns):
        raise InvalidRequest(
            f"the header is missing, or names a column twice or one that is none of {', '.join(sorted(_COLUMNS))}"
        )
    for number, line in lines:
        try:
            yield Line(number, _csv_fields(dict(zip(columns, _cells(line, encoding), strict=True))))
        except ValueError:
            yield Line(number, InvalidRequest("more or fewer cells than the header has"))
        except TongxingError as error:
            yield Line(number, error)


def _cells(line: bytes, encoding: str) -> list[str]:
    """The cells of one line. A cell cannot hold a line end: an open quote would swallow the residents after it."""
    _check_length(line)
    try:
        return next(csv.reader([line.decode(encoding).rstrip("\r\n")], strict=True))
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"not in {encoding}; another encoding must be said ({', '.join(ENCODINGS)})") from error
    except csv.Error as error:
        raise InvalidRequest("not a line of CSV") from error


def _csv_fields(row: dict[str, str]) -> dict[str, Any]:
    given = {name: _value(name, cell) for name, cell in row.items() if cell}
    fields: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}
    fields["document"] = {field: given[column] for column, field in _DOCUMENT.items() if column in given}
    evidence = {field: given[column] for column, field in _EVIDENCE.items() if column in given}
    fields["evidence"] = [evidence] if evidence else []
    return fields


def _value(name: str, cell: str) -> str | int:
    if name not in _NUMBERS:
        return cell
    if not cell.isascii() or not cell.isdigit():
        raise InvalidRequest(f"{name}: whole number")
    return int(cell)


def _check_length(line: bytes) -> None:
    if len(line) > MAX_LINE_BYTES:
        raise InvalidRequest(f"a line of more than {MAX_LINE_BYTES} bytes")
