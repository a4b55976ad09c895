"""Import of evidence from a file: CSV (``.csv``) or NDJSON, line by line, in batches of one transaction each.

A run that was killed is run again with the same file: what was taken until then is there already, and nothing is taken
twice. Every line that cannot be used is listed by its number with what to do, and stops no other. CSV columns:
reference, document_kind, document_number, kind, result, sampled_at (seconds UTC), region, taken_back (``true``),
attestation. NDJSON lines: a record as over HTTP (:mod:`issuer.evidence.record`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from credentials.errors import TongxingError
from issuer.bulk.lines import Columns, read_lines
from issuer.bulk.output import Rejected, listing_rejected, rejected_file
from issuer.evidence.intake import MAX_BATCH, Intake, Taken

IMPORTER = "import:"
"""Who reports what is imported from a file, before the name that the command is given; no client can have this id."""
OF_EVIDENCE: Columns = {
    "reference": ("", "reference"),
    "document_kind": ("document", "kind"),
    "document_number": ("document", "number"),
    "kind": ("", "kind"),
    "result": ("", "result"),
    "sampled_at": ("", "sampled_at"),
    "region": ("", "region"),
    "taken_back": ("", "taken_back"),
    "attestation": ("", "attestation"),
}


class Imported(NamedTuple):
    """What came of a file's lines."""

    kept: int
    present: int
    corrected: int
    rejected: int


def import_file(
    intake: Intake,
    source: Path,
    reporter: str,
    now: Callable[[], int],
    *,
    encoding: str = "utf-8",
    progress: Callable[[int], None] = lambda lines: None,
) -> Imported:
    """Take every line of ``source`` as a report of ``reporter``. Bad lines stand in ``SOURCE.rejected.ndjson``.

    Raises InvalidRequest when ``source`` cannot be read, StorageFull, StorageUnavailable: run it again then.
    """
    counts: Counter[str] = Counter()
    lines = iter(read_lines(source, encoding, OF_EVIDENCE))
    with listing_rejected(rejected_file(source)) as rejected:
        while batch := list(islice(lines, MAX_BATCH)):
            bad = {line.number: line.fields for line in batch if isinstance(line.fields, TongxingError)}
            good = {line.number: _record(line.fields) for line in batch if not isinstance(line.fields, TongxingError)}
            outcomes = intake.take(f"{IMPORTER}{reporter}", list(good.values()), now())
            for number, outcome in zip(good, outcomes, strict=True):
                if isinstance(outcome, Taken):
                    counts[outcome.value] += 1
                else:
                    bad[number] = outcome
            counts["rejected"] += len(bad)
            rejected.writelines(Rejected.of(number, bad[number]).content for number in sorted(bad))
            progress(len(batch))
    return Imported(counts["kept"], counts["present"], counts["corrected"], counts["rejected"])


def _record(fields: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(fields)
    if isinstance(told.get("taken_back"), str) and told["taken_back"].strip().lower() == "true":
        # A spreadsheet has no truth values of its own.
        told["taken_back"] = True
    return told
