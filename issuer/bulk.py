"""Bulk issue: a file of residents in, a file of codes out, and a file of the lines that could not be used.

Resumable at any moment. Every line has an idempotency key (its ``key``, or a digest of its content), a batch is one
transaction, and the output is appended and synced after it. A run that was killed is run again with the same arguments:
it keeps the whole lines that it finds, and gets for the rest either what was committed already or a fresh code. Nothing
is issued twice for one key while the code lives, and one bad line stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from credentials.errors import TongxingError
from credentials.wire.jws import json_bytes
from issuer.bulk_lines import Line, read_lines
from issuer.bulk_output import open_output
from issuer.issuance import Ask, Issuance, ask_for, issued_json
from issuer.storage.ports import IssuedRow
from service_kit.durable import write_atomic

CLIENT = "bulk:"
"""Whose idempotency keys these are; no client over HTTP can have this id."""
BATCH = 256
"""Lines of one transaction."""


class Rejected(NamedTuple):
    """A line that could not be used. Nothing of its content is repeated."""

    number: int
    code: str
    detail: str


class BulkResult(NamedTuple):
    """What came of a run: codes written now, lines whose code stood there already, and the bad lines."""

    issued: int
    present: int
    rejected: list[Rejected]


def issue_file(
    issuance: Issuance,
    source: Path,
    output: Path,
    now: Callable[[], int],
    *,
    encoding: str = "utf-8",
    progress: Callable[[int], None] = lambda lines: None,
) -> BulkResult:
    """Issue for every line of ``source`` (see :mod:`issuer.bulk_lines`) into ``output``, NDJSON of key and code.

    Bad lines go to ``output`` with ``.rejected.ndjson`` at its end, by number and stable code. ``progress`` is told how
    many lines were done. Raises InvalidRequest when ``source`` cannot be read or ``output`` is another kind of file,
    Conflict while another run writes it, SelfCheckFailed, StorageFull, StorageUnavailable.
    """
    issued, present = 0, 0
    rejected: list[Rejected] = []
    with open_output(output) as codes:
        found, lines = frozenset(codes.keys), iter(read_lines(source, encoding))
        while batch := list(islice(lines, BATCH)):
            asks = _asks(batch, rejected)
            waiting = [(number, ask) for number, ask in asks if ask.key not in found]
            rows = _issue(issuance, waiting, now(), rejected)
            written = codes.append([(key, _line(key, row)) for key, row in rows])
            issued += written
            present += len(asks) - len(waiting) + len(rows) - written
            progress(len(batch))
    report = b"".join(json_bytes(line._asdict()) + b"\n" for line in sorted(rejected))
    write_atomic(output.with_name(output.name + ".rejected.ndjson"), report, mode=0o600)
    return BulkResult(issued, present, rejected)


def _asks(batch: Iterable[Line], rejected: list[Rejected]) -> list[tuple[int, Ask]]:
    asks = []
    for line in batch:
        try:
            if isinstance(line.fields, TongxingError):
                raise line.fields
            fields = dict(line.fields)
            asks.append((line.number, ask_for(fields, fields.pop("key", None))))
        except TongxingError as error:
            rejected.append(Rejected(line.number, error.code, error.detail))
    return asks


def _issue(
    issuance: Issuance, waiting: list[tuple[int, Ask]], at: int, rejected: list[Rejected]
) -> list[tuple[str, IssuedRow]]:
    if not waiting:
        return []
    rows = []
    outcomes = issuance.issue_many(CLIENT, [ask for _, ask in waiting], at)
    for (number, ask), outcome in zip(waiting, outcomes, strict=True):
        if isinstance(outcome, TongxingError):
            rejected.append(Rejected(number, outcome.code, outcome.detail))
        else:
            rows.append((ask.key, outcome))
    return rows


def _line(key: str, row: IssuedRow) -> bytes:
    return json_bytes({"key": key, **issued_json(row)}) + b"\n"
