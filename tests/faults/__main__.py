"""``make faults``: eight processes and their database, killed again and again, and what was counted then."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.faults.record import run as run_record
from tests.faults.run import PROCESSES, Outcome, Scale, run
from tests.servers import PostgreSQL, new_database

PAGE = Path(__file__).parents[2] / "docs" / "measurements" / "faults.md"
RECORD_PAGE = PAGE.with_name("record.md")
RECORD_EACH = 170
BY_WHOM = {
    "fork": "monitor `log-forked`; witness",
    "rewrite": "monitor `log-wrong`",
    "omission": "monitor `log-omitted`, or `log-frozen` where the log stands still",
    "rollback": "monitor `log-rolled-back`; witness",
    "replay": "witness; registry, of an older cosignature and of one on another checkpoint",
    "kill": "nobody needs to: every reader finds the old log whole or the new one",
}
RECORD = """# Faults of the public record

Written by `make faults` (`tests/faults/record.py`; `ARGS=--only-record` for these alone).

Each fault is injected before somebody who looks on: a monitor with its memory, a witness with its database, or both.
Logs have 2 to 1,000 leaves; where, what and how often is by chance. **Undetected**: not told, or by another word than
its own; of a kill, a log that a reader finds neither old nor new and whole. **False alarm**: a log that is sound
and was told to be wrong, at a look before or after a fault, or a witness that refused it.

| fault | injected | told by | undetected |
| --- | --- | --- | --- |
{rows}
{total} faults in {seconds} s, undetected **{undetected}**, false alarms **{alarms}**. Measured on {machine}, Python
{python}.
"""
FULL = Scale(deeds=10_000, kill_every=100, restart_every=1_000)
HEAD = """# Faults

Written by `make faults`, which runs at full scale what `make test` runs for some hundred deeds (`tests/faults/`).

{processes} processes work on one database at once. Each does all that writes: issues codes one by one and in batches,
under keys of its own and under keys that others use at the same moment; withdraws; uses client assertions that others
use too; drafts, approves, publishes and denies as the registry. One after another is killed (SIGKILL) in the middle of
whatever it does and replaced; PostgreSQL is by turns crashed (immediate shutdown, recovery from its log) and restarted.
At the beginning all migrate the empty database at once.

Each process writes down what was acknowledged to it, as clients hold it. Afterwards the database and those journals are
compared. **Lost**: acknowledged, and not there. **Wrong**: an index given twice, a key with two codes, an assertion
or an approval acknowledged twice, a code without its decision, a gap in the log, a deed without its leaf or a leaf
without its deed, a mirror that clients would refuse, tables other than the program's, an exception that is not ours.

| database | seconds | acknowledged | kills | restarts | answered 503 | overtaken | leaves | lost | wrong |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
TAIL = """
Overtaken: told so, as two officers at one draft are. Measured on {machine}, Python {python};
rates say more about that machine and its other load than about Tongxing.

| deed | {databases} |
| --- | {dashes} |
"""


def main() -> int:
    """Run both, or the record alone; 1 when anything was lost, wrong, undetected or alarmed at for nothing."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--deeds", type=int, default=FULL.deeds, help="acknowledged deeds on each database")
    parser.add_argument("--record", type=int, default=RECORD_EACH, help="faults of each kind in the public record")
    parser.add_argument("--only-record", action="store_true", help="the public record alone")
    asked = parser.parse_args()
    bad = _of_record(asked.record)
    if not asked.only_record:
        bad += _of_databases(Scale(asked.deeds, FULL.kill_every, FULL.restart_every))
    print("\n".join(bad))
    return 1 if bad else 0


def _of_record(each: int) -> list[str]:
    began = time.monotonic()
    outcome = run_record(each)
    rows = "".join(
        f"| {kind} | {count:,} | {BY_WHOM[kind]} | **{_of_kind(outcome.undetected, kind)}** |\n"
        for kind, count in outcome.injected.items()
    )
    RECORD_PAGE.parent.mkdir(exist_ok=True)
    RECORD_PAGE.write_text(
        RECORD.format(
            rows=rows,
            total=f"{outcome.injected.total():,}",
            undetected=len(outcome.undetected),
            alarms=len(outcome.false_alarms),
            seconds=round(time.monotonic() - began),
            machine=f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}",
            python=platform.python_version(),
        ),
        "utf-8",
    )
    print(f"Written: {RECORD_PAGE}")
    return outcome.undetected + outcome.false_alarms


def _of_kind(undetected: list[str], kind: str) -> int:
    return sum(words.startswith(kind) for words in undetected)


def _of_databases(scale: Scale) -> list[str]:
    outcomes = {name: outcome for databases in (_sqlite, _postgresql) for name, outcome in databases(scale)}
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(_page(outcomes), "utf-8")
    print(f"Written: {PAGE}")
    return [words for outcome in outcomes.values() for words in outcome.finding.lost + outcome.finding.wrong]


def _sqlite(scale: Scale) -> Iterator[tuple[str, Outcome]]:
    with _folder() as folder:
        yield f"SQLite {sqlite3.sqlite_version}", run(f"sqlite:///{folder}/data.sqlite", folder, scale, None)


def _postgresql(scale: Scale) -> Iterator[tuple[str, Outcome]]:
    server = PostgreSQL()
    try:
        with psycopg.connect(server.url()) as connection:
            version = connection.info.server_version // 10_000
        with new_database(server.url()) as url, _folder() as folder:
            yield f"PostgreSQL {version}", run(url, folder, scale, server)
    finally:
        server.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tongxing-faults-") as folder:
        yield Path(folder)


def _page(outcomes: dict[str, Outcome]) -> str:
    rows = "".join(_row(name, outcome) for name, outcome in outcomes.items())
    deeds = sorted({deed for outcome in outcomes.values() for deed in outcome.finding.acknowledged})
    counts = [(deed, *(f"{outcome.finding.acknowledged[deed]:,}" for outcome in outcomes.values())) for deed in deeds]
    tail = TAIL.format(
        machine=f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}",
        python=platform.python_version(),
        databases=" | ".join(outcomes),
        dashes=" | ".join("---" for _ in outcomes),
    )
    return HEAD.format(processes=PROCESSES) + rows + tail + "".join(f"| {' | '.join(row)} |\n" for row in counts)


def _row(name: str, outcome: Outcome) -> str:
    finding = outcome.finding
    cells = [
        name,
        f"{outcome.seconds:,.0f}",
        f"{finding.acknowledged.total():,}",
        f"{outcome.kills:,}",
        f"{outcome.restarts:,}",
        f"{finding.refused['unavailable']:,}",
        f"{finding.refused['overtaken']:,}",
        f"{finding.leaves:,}",
        f"**{len(finding.lost)}**",
        f"**{len(finding.wrong)}**",
    ]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
