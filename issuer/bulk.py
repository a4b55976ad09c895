"""Bulk issue: a file of residents in, a file of codes out, and a file of the lines that could not be used.

Resumable at any moment. Every line has an idempotency key (its ``key`` column, or a digest of its content), a batch is
one transaction, and the output is appended and synced after it: a run that was killed is run again with the same
arguments, keeps the whole lines that it finds, and gets for the rest either what was committed already or a fresh code.
Nothing is issued twice for one key (edge case 49), and one bad line stops no other.

CSV columns: key (may be missing), name, document_kind, document_number, form, evidence_kind, evidence_result,
sampled_at (seconds UTC), region, holder_proof, guardian, lifetime. NDJSON lines: a request as over HTTP, and ``key``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import InvalidRequest, TongxingError
from credentials.wire.jws import json_bytes, parse_json
from issuer.issuance import MAX_IDEMPOTENCY_KEY_CHARACTERS, Ask, Issuance
from issuer.request import read_request
from issuer.storage.ports import IssuedRow
from issuer.views import issued_json
from service_kit.durable import storage_error, write_atomic

CLIENT = "bulk"
"""Whose idempotency keys these are."""
BATCH = 256
"""Lines of one transaction."""
MAX_LINE_CHARACTERS = 16_384
_EVIDENCE = {"evidence_kind": "kind", "evidence_result": "result", "sampled_at": "sampled_at", "region": "region"}
_NUMBERS = frozenset({"sampled_at", "region", "lifetime"})
_PLAIN = ("name", "form", "holder_proof", "guardian", "lifetime")


class Line(NamedTuple):
    """One line of the input: its number (the first line of data is 1), and its fields or what is wrong with it."""

    number: int
    fields: Mapping[str, Any] | TongxingError


class Rejected(NamedTuple):
    """A line that could not be used. Nothing of its content is repeated."""

    number: int
    code: str
    detail: str


class BulkResult(NamedTuple):
    """What came of a run: codes written now, codes that were there from an earlier run, and the bad lines."""

    issued: int
    present: int
    rejected: list[Rejected]


def issue_file(
    issuance: Issuance,
    audience: str,
    source: Path,
    output: Path,
    now: Callable[[], int],
    progress: Callable[[int], None] = lambda lines: None,
) -> BulkResult:
    """Issue for every line of ``source`` (``.csv``, else NDJSON) into ``output`` (NDJSON).

    Bad lines go to ``output`` with ``.rejected.ndjson`` at its end, by number and stable code. ``progress`` is told how
    many lines were done. Raises InvalidRequest when ``source`` cannot be read, StorageFull, StorageUnavailable.
    """
    present = recover(output)
    lines = iter(read_lines(source))
    issued, rejected = 0, []
    try:
        with output.open("ab") as file:
            os.chmod(output, 0o600)  # noqa: PTH101 (the codes are personal)
            while batch := list(islice(lines, BATCH)):
                rows, bad = _issue_batch(issuance, audience, batch, present, now())
                file.write(b"".join(rows))
                file.flush()
                os.fsync(file.fileno())
                issued += len(rows)
                rejected += bad
                progress(len(batch))
    except OSError as error:
        raise storage_error(error) from error
    report = b"".join(json_bytes(line._asdict()) + b"\n" for line in rejected)
    write_atomic(output.with_name(output.name + ".rejected.ndjson"), report, mode=0o600)
    return BulkResult(issued, len(present), rejected)


def recover(output: Path) -> set[str]:
    """The keys that an earlier run wrote whole; a half last line is cut off."""
    keys: set[str] = set()
    if not output.exists():
        return keys
    whole = 0
    with output.open("rb+") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            keys.add(json.loads(line)["key"])
            whole += len(line)
        file.truncate(whole)
    return keys


def count_lines(source: Path) -> int:
    """About how many lines there are to do, for the progress bar."""
    with source.open("rb") as file:
        return sum(1 for _ in file)


def read_lines(source: Path) -> Iterator[Line]:
    """The lines of a file in UTF-8, with or without a byte order mark. Raises InvalidRequest for another encoding."""
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            if source.suffix == ".csv":
                yield from _csv_lines(file)
            else:
                yield from _json_lines(file)
    except UnicodeDecodeError as error:
        raise InvalidRequest("the file is not in UTF-8") from error
    except (OSError, csv.Error) as error:
        raise InvalidRequest("the file cannot be read") from error


def _issue_batch(
    issuance: Issuance, audience: str, batch: list[Line], present: set[str], at: int
) -> tuple[list[bytes], list[Rejected]]:
    asks: list[tuple[int, Ask]] = []
    rejected: list[Rejected] = []
    for line in batch:
        try:
            ask = _ask(line, audience, at)
        except TongxingError as error:
            rejected.append(Rejected(line.number, error.code, error.detail))
        else:
            if ask.key not in present:
                asks.append((line.number, ask))
    rows = []
    results = issuance.issue_many(CLIENT, [ask for _, ask in asks], at) if asks else []
    for (number, ask), result in zip(asks, results, strict=True):
        if isinstance(result, IssuedRow):
            rows.append(json_bytes({"key": ask.key, **issued_json(result)}) + b"\n")
        else:
            rejected.append(Rejected(number, result.code, result.detail))
    return rows, rejected


def _ask(line: Line, audience: str, at: int) -> Ask:
    if isinstance(line.fields, TongxingError):
        raise line.fields
    fields = dict(line.fields)
    key = fields.pop("key", None)
    if key is None:
        key = hashlib.sha256(json_bytes(fields)).hexdigest()
    if not isinstance(key, str) or not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS:
        raise InvalidRequest(f"key: text of 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} characters")
    return Ask(key, read_request(fields, audience, at))


def _json_lines(file: Iterable[str]) -> Iterator[Line]:
    for number, text in enumerate(file, start=1):
        if text.strip():
            yield Line(number, _json_fields(text))


def _json_fields(text: str) -> Mapping[str, Any] | TongxingError:
    if len(text) > MAX_LINE_CHARACTERS:
        return InvalidRequest(f"a line above {MAX_LINE_CHARACTERS} characters")
    try:
        fields = parse_json(text.encode())
    except TongxingError as error:
        return error
    return fields if isinstance(fields, dict) else InvalidRequest("the line is not a JSON object")


def _csv_lines(file: Iterable[str]) -> Iterator[Line]:
    reader = csv.DictReader(file, strict=True)
    known = {"key", "document_kind", "document_number", *_PLAIN, *_EVIDENCE}
    unknown = set(reader.fieldnames or ()) - known
    if unknown or not reader.fieldnames:
        raise InvalidRequest("a column that is not known, or no header line")
    for number, row in enumerate(reader, start=1):
        yield Line(number, _csv_fields(row))


def _csv_fields(row: dict[str, Any]) -> Mapping[str, Any] | TongxingError:
    if None in row or None in row.values():
        return InvalidRequest("more or fewer cells than the header has")
    try:
        given = {name: int(cell) if name in _NUMBERS else cell for name, cell in row.items() if cell}
    except ValueError:
        return InvalidRequest(f"{', '.join(sorted(_NUMBERS))}: whole numbers")
    fields: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}
    if "key" in given:
        fields["key"] = given["key"]
    document = {"kind": given.get("document_kind"), "number": given.get("document_number")}
    fields["document"] = {name: value for name, value in document.items() if value is not None}
    evidence = {field: given[column] for column, field in _EVIDENCE.items() if column in given}
    fields["evidence"] = [evidence] if evidence else []
    return fields
