"""What a bulk run reads: CSV (``.csv``) or NDJSON, line by line, so that nothing in one line can spoil another.

CSV columns: key, name, document_kind, document_number, form, evidence_kind, evidence_result, sampled_at (seconds UTC),
region, holder_proof, guardian, lifetime; those without use may be missing. A row is blank when all of its cells are, as
spreadsheets write them at the end. UTF-8 with or without byte order mark, or GB18030 of 2022 where that is said: it is
never guessed, for a wrong guess would sign wrong names. NDJSON lines: a request as over HTTP, and ``key``; in UTF-8.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from credentials.errors import InvalidRequest, TongxingError
from credentials.wire.strict_json import is_utf16, parse_json
from issuer.bulk import gb18030
from service_kit.inputs import open_to_read

ENCODINGS = ("utf-8", "gb18030")
MAX_LINE_BYTES = 16_384
_PIECE_BYTES = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Columns = Mapping[str, tuple[str, str]]
"""Of a CSV file: each column's place in the record, the part, or the record itself, and the field."""
OF_REQUESTS: Columns = {
    "key": ("", "key"),
    "name": ("", "name"),
    "document_kind": ("document", "kind"),
    "document_number": ("document", "number"),
    "form": ("", "form"),
    "evidence_kind": ("evidence", "kind"),
    "evidence_result": ("evidence", "result"),
    "sampled_at": ("evidence", "sampled_at"),
    "region": ("evidence", "region"),
    "holder_proof": ("", "holder_proof"),
    "guardian": ("", "guardian"),
    "lifetime": ("", "lifetime"),
}
_NUMBERS = frozenset({"sampled_at", "region", "lifetime"})
_MAX_DIGITS = 18
_WHOLE = re.compile(f"[0-9]{{1,{_MAX_DIGITS}}}")


class BulkLine(NamedTuple):
    """One line of the input: its number as an editor shows it, and its fields or what is wrong with it."""

    number: int
    fields: Mapping[str, Any] | TongxingError


def count_lines(source: Path) -> int:
    """About how many lines there are to do, for the progress bar; 0 for a pipe, which can be read only once."""
    if not source.is_file():
        return 0
    with source.open("rb") as file:
        # By pieces: a line that never ends is not held here either.
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(_PIECE_BYTES), b""))


def read_lines(source: Path, encoding: str = "utf-8", columns: Columns = OF_REQUESTS) -> Iterator[BulkLine]:
    """The lines of ``source`` that are not blank.

    Raises InvalidRequest, naming the file, for one that cannot be read, is empty or in UTF-16, and for a CSV header
    that cannot be read.

    ``encoding``: one of ENCODINGS; ``columns``: which there may be; both for CSV.
    """
    try:
        with open_to_read(source) as file:
            lines = _begun(_numbered(file), source)
            yield from (
                _csv_lines(lines, encoding, source, columns) if source.suffix.lower() == ".csv" else _json_lines(lines)
            )
    except OSError as error:
        raise InvalidRequest(f"{source}: cannot be read: {error.strerror}") from error


def _begun(lines: Iterator[tuple[int, bytes]], source: Path) -> Iterator[tuple[int, bytes]]:
    """The same lines, where there is one and what begins it is no other encoding than may be said."""
    number, line = next(lines, (0, b""))
    if line.strip() == _BYTE_ORDER_MARK:
        number, line = next(lines, (0, b""))
    if not number:
        raise InvalidRequest(f"{source}: empty: nobody is in it")
    if is_utf16(line):
        raise InvalidRequest(f"{source}: in UTF-16; save it in UTF-8 (in a spreadsheet: CSV UTF-8)")
    return chain([(number, line)], lines)


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, of at most MAX_LINE_BYTES + 1 bytes: what is longer is cut off, not held."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE_BYTES + 1)
        if line.strip() or len(line) > MAX_LINE_BYTES:
            yield number, line


def _json_lines(lines: Iterator[tuple[int, bytes]]) -> Iterator[BulkLine]:
    for number, line in lines:
        try:
            yield BulkLine(number, _json_fields(line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line))
        except TongxingError as error:
            yield BulkLine(number, error)


def _json_fields(line: bytes) -> dict[str, Any]:
    _check_length(line)
    fields = parse_json(line)
    if not isinstance(fields, dict):
        raise InvalidRequest("the line is not a JSON object")
    return fields


def _csv_lines(lines: Iterator[tuple[int, bytes]], encoding: str, source: Path, known: Columns) -> Iterator[BulkLine]:
    number, line = next(lines)
    try:
        columns = _header(line, encoding, known)
    except InvalidRequest as error:
        raise InvalidRequest(f"{source}:{number}: {error.detail}") from error
    for number, line in lines:
        try:
            cells = _cells(line, encoding)
            if any(map(str.strip, cells)):
                yield BulkLine(number, _csv_fields(known, columns, _fitted(cells, len(columns))))
        except TongxingError as error:
            yield BulkLine(number, error)


def _fitted(cells: list[str], columns: int) -> list[str]:
    """As many cells as there are columns: a spreadsheet adds blank ones at the end."""
    if len(cells) < columns or any(map(str.strip, cells[columns:])):
        raise InvalidRequest("more or fewer cells than the header has")
    return cells[:columns]


def _header(line: bytes, encoding: str, known: Columns) -> list[str]:
    # The mark says UTF-8: where another encoding was said, the names would come out as other people's.
    line = line.removeprefix(_BYTE_ORDER_MARK) if encoding == "utf-8" else line
    columns = [name.strip() for name in _cells(line, encoding)]
    while columns and not columns[-1]:
        columns.pop()
    if not columns or len(set(columns)) != len(columns) or not known.keys() >= set(columns):
        raise InvalidRequest(
            f"the header is missing, or names a column twice or one that is none of {', '.join(sorted(known))}"
        )
    return columns


def _cells(line: bytes, encoding: str) -> list[str]:
    """The cells of one line. A cell cannot hold a line end: an open quote would swallow the residents after it."""
    _check_length(line)
    try:
        text = (gb18030.decode(line) if encoding == "gb18030" else line.decode(encoding)).rstrip("\r\n")
        # A reader for each line costs more than all the rest of it.
        return next(csv.reader([text], strict=True)) if '"' in text else text.split(",")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"not in {encoding}; another encoding must be said ({', '.join(ENCODINGS)})") from error
    except csv.Error as error:
        raise InvalidRequest("not a line of CSV") from error


def _csv_fields(known: Columns, columns: list[str], cells: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {"": fields, **{part: {} for part, _ in known.values() if part}}
    for column, cell in zip(columns, cells, strict=True):
        if cell.strip():
            part, field = known[column]
            parts[part][field] = _number(column, cell) if column in _NUMBERS else cell
    # A request has a list of pieces of evidence, of which a line can hold one.
    lists = {"evidence": [parts["evidence"]] if parts["evidence"] else []} if "evidence" in parts else {}
    return fields | {part: parts[part] for part in ("document",) if parts[part] or "evidence" in parts} | lists


def _number(column: str, cell: str) -> int:
    # Python's own int() would take "1_000" and digits of other scripts, and end the whole run at the 4,301st digit.
    if not _WHOLE.fullmatch(cell):
        raise InvalidRequest(f"{column}: whole number of at most {_MAX_DIGITS} digits")
    return int(cell)


def _check_length(line: bytes) -> None:
    if len(line) > MAX_LINE_BYTES:
        raise InvalidRequest(f"a line of more than {MAX_LINE_BYTES} bytes")
