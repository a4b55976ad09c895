"""``make faults``: eight processes and their database, killed again and again, and what was counted then."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.faults.run import PROCESSES, Outcome, Scale, run
from tests.servers import PostgreSQL, new_database

PAGE = Path(__file__).parents[2] / "docs" / "measurements" / "faults.md"
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
    """Run on both databases, or those named; 1 when anything was lost or wrong."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--deeds", type=int, default=FULL.deeds, help="acknowledged deeds on each database")
    scale = Scale(parser.parse_args().deeds, FULL.kill_every, FULL.restart_every)
    outcomes = {name: outcome for databases in (_sqlite, _postgresql) for name, outcome in databases(scale)}
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(_page(outcomes), "utf-8")
    bad = [words for outcome in outcomes.values() for words in outcome.finding.lost + outcome.finding.wrong]
    print("\n".join([*bad, f"Written: {PAGE}"]))
    return 1 if bad else 0


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
