"""Bulk issue: a file of residents in, a file of codes out, and a file of the lines that could not be used.

Resumable at any moment. Every line has an idempotency key (its ``key``, or a digest of its content), a batch is one
transaction, and the output is appended and synced after it. A run that was killed is run again with the same arguments:
it keeps the whole lines that it finds, and gets for the rest either what was committed already or a fresh code. Nothing
is issued twice for one key while the code lives, and one bad line stops no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from credentials.errors import IdempotencyConflict, TongxingError
from credentials.wire.strict_json import json_bytes
from issuer.bulk.lines import BulkLine, read_lines
from issuer.bulk.output import Rejected, listing_rejected, open_output, rejected_file
from issuer.issuing.issuance import Ask, Issuance, ask_for, issued_json
from issuer.storage.ports.issuing import IssuedRow

CLIENT = "bulk:"
"""Whose idempotency keys these are; no client over HTTP can have this id."""
BATCH = 256
"""Lines of one transaction."""


class BulkResult(NamedTuple):
    """What came of a run, in lines: codes written now, codes that stood there already, and bad ones."""

    issued: int
    present: int
    rejected: int


def issue_file(
    issuance: Issuance,
    source: Path,
    output: Path,
    now: Callable[[], int],
    *,
    encoding: str = "utf-8",
    progress: Callable[[int], None] = lambda lines: None,
) -> BulkResult:
    """Issue for every line of ``source`` (see :mod:`issuer.bulk.lines`) into ``output``, NDJSON of key and code.

    Bad lines go to :func:`issuer.bulk.output.rejected_file`, by number and stable code. ``progress`` is told how
    many lines were done. Raises InvalidRequest when ``source`` cannot be read or ``output`` is another kind of file,
    Conflict while another run writes it, SelfCheckFailed, StorageFull, StorageUnavailable.
    """
    counts: Counter[str] = Counter()
    with open_output(output) as codes, listing_rejected(rejected_file(output)) as listed:
        lines = iter(read_lines(source, encoding))
        while batch := list(islice(lines, BATCH)):
            bad: list[Rejected] = []
            try:
                asks = _asks(batch, bad)
                found = codes.keys.among([each.ask.key for each in asks])
                at, there = now(), [each for each in asks if each.ask.key in found]
                rows = _issue(issuance, [each for each in asks if each.ask.key not in found], at, bad)
                written = codes.append([(key, _line(key, row)) for key, row in rows])
                counts["issued"] += written
                counts["present"] += len(rows) - written + _count_same(issuance, there, at, bad)
            finally:
                # Also those of a run that something else stops: they will be bad in the next one as well.
                listed.writelines(line.content for line in sorted(bad))
            counts["rejected"] += len(bad)
            progress(len(batch))
    return BulkResult(counts["issued"], counts["present"], counts["rejected"])


class _Numbered(NamedTuple):
    number: int
    ask: Ask


def _asks(batch: Iterable[BulkLine], bad: list[Rejected]) -> list[_Numbered]:
    asks = []
    for line in batch:
        try:
            if isinstance(line.fields, TongxingError):
                raise line.fields
            fields = dict(line.fields)
            asks.append(_Numbered(line.number, ask_for(fields, fields.pop("key", None))))
        except TongxingError as error:
            bad.append(Rejected.of(line.number, error))
    return asks


def _issue(issuance: Issuance, waiting: list[_Numbered], at: int, bad: list[Rejected]) -> list[tuple[str, IssuedRow]]:
    if not waiting:
        return []
    rows = []
    outcomes = issuance.issue_many(CLIENT, [ask for _, ask in waiting], at)
    for (number, ask), outcome in zip(waiting, outcomes, strict=True):
        if isinstance(outcome, TongxingError):
            bad.append(Rejected.of(number, outcome))
        else:
            rows.append((ask.key, outcome))
    return rows


def _count_same(issuance: Issuance, there: list[_Numbered], at: int, bad: list[Rejected]) -> int:
    """How many of the lines whose key stands in the output are still what their code was issued for.

    A second person under one key, or a corrected name under the old one, must not pass for done in a later run.
    """
    if not there:
        return 0
    asks = [each.ask for each in there]
    others = [each for each, other in zip(there, issuance.used_otherwise(CLIENT, asks, at), strict=True) if other]
    conflict = IdempotencyConflict("the key was used for another request")
    bad.extend(Rejected.of(each.number, conflict) for each in others)
    return len(there) - len(others)


def _line(key: str, row: IssuedRow) -> bytes:
    return json_bytes({"key": key, **issued_json(row)}) + b"\n"
