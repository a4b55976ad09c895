"""Measures speed against the budgets and says which are missed.

python -m tests.benchmarks [--rounds N] [--json FILE] [--strict]
python -m tests.benchmarks --feed
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.backends.openssl import backend

from tests.benchmarks import apps, dry_run, feed, gates
from tests.benchmarks.batch import batch_over_http
from tests.benchmarks.beside import check_beside_a_member
from tests.benchmarks.bulk import BUDGET as BULK_BUDGET
from tests.benchmarks.bulk import residents_a_second
from tests.benchmarks.database import into_postgresql
from tests.benchmarks.fairness import fairness
from tests.benchmarks.feed import Figure
from tests.benchmarks.hostile import hostile_round
from tests.benchmarks.measuring import Result, measure
from tests.benchmarks.peers import read_by_others
from tests.benchmarks.record import leaves_a_second
from tests.benchmarks.rows import issuing, steps, verifying
from tests.servers import NoServer, PostgreSQL

DEFAULT_JSON = Path("build") / "benchmarks.json"
"""Below what git ignores."""
ROUNDS = 400
DATABASE_SHARE = 40
"""Rounds for one round with the database, which takes so much longer."""


def main() -> int:
    """Measure, print the tables, write the JSON; 1 with ``--strict`` when a budget is missed."""
    options = _options()
    if options.feed:
        return feed.main()
    results = [*measure(verifying(), options.rounds), *measure(issuing(), options.rounds)]
    parts = measure(steps(), options.rounds)
    results.append(batch_over_http())
    bulk = residents_a_second()
    stored = _stored(max(1, options.rounds // DATABASE_SHARE))
    print(f"{platform.python_implementation()} {platform.python_version()}, {backend.openssl_version_text()}")
    print("V: one bare ES256 verification; S: one bare signature; medians of interleaved rounds of processor time\n")
    _print(results)
    met = bulk >= BULK_BUDGET
    print(f"{'bulk issue into SQLite':44} {bulk:9.0f} residents/s  at least {BULK_BUDGET}{'' if met else '  MISSED'}\n")
    _print(stored)
    print("Where the time of a verdict goes")
    _print(parts)
    sizes = [*read_by_others(), *feed.sizes()]
    feed.show(sizes)
    sizes += dry_run.figures()
    feed.show(sizes[-1:])
    attacked = [*hostile_round(), *fairness(), *check_beside_a_member()]
    feed.show(attacked)
    recorded = [*leaves_a_second(), *gates.figures()]
    feed.show(recorded)
    sizes += recorded + attacked + _apps()
    missed = [result.row.name for result in results if not result.is_met] + ([] if met else ["bulk issue into SQLite"])
    missed += [figure.name for figure in sizes if not figure.is_met]
    print("Missed: " + ", ".join(missed) if missed else "Every budget is kept.")
    results += stored[1:]
    _write(
        options.json,
        {
            "results": list(map(_fields, results)),
            "steps": list(map(_fields, parts)),
            "bulk": bulk,
            "feed": {figure.name: figure.value for figure in sizes},
        },
    )
    return 1 if missed and options.strict else 0


def _stored(rounds: int) -> list[Result]:
    try:
        server = PostgreSQL()
    except NoServer as missing:
        print(f"Skipped: issue into PostgreSQL: {missing}")
        return []
    with closing(server), into_postgresql(server) as rows:
        return measure(rows, rounds, clock=time.perf_counter_ns)


def _apps() -> list[Figure]:
    try:
        figures = [*apps.sizes(), *apps.times()]
    except NoServer as missing:
        print(f"Skipped: the gate app: {missing}")
        return []
    feed.show(figures)
    return figures


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON)
    parser.add_argument("--strict", action="store_true", help="End with 1 when a budget is missed.")
    parser.add_argument("--feed", action="store_true", help="How long news takes with real processes: minutes.")
    return parser.parse_args()


def _print(results: list[Result]) -> None:
    for result in results:
        budget = f"at most {result.row.budget:.2f}" if result.row.budget else ""
        unit = result.row.unit if len(result.row.unit) == 1 else "×"
        missed = "" if result.is_met else "  MISSED"
        print(f"{result.row.name:44} {result.microseconds:9.1f} µs {result.ratio:8.3f} {unit}  {budget}{missed}")
    print()


def _fields(result: Result) -> dict[str, Any]:
    row = result.row
    return {
        "name": row.name,
        "microseconds": round(result.microseconds, 2),
        "ratio": round(result.ratio, 4),
        "unit": row.unit,
        "budget": row.budget,
        "met": result.is_met,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"python": platform.python_version(), **content}, indent=1) + "\n", "utf-8")
    print(f"Figures: {path}")


if __name__ == "__main__":
    sys.exit(main())
