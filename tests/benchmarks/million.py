"""Many people with evidence: a dry run over them, and a bulk run with decisions and leaves, killed and resumed.

python -m tests.benchmarks.million FOLDER [--people N] [--seconds S]

Each call does the next piece, at most S seconds of issuing, and ends the command as a power cut would; when all have
their codes it says so, counts everything, and writes docs/measurements/million.md if there were a million.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from demonstration.residents import residents, to_csv
from issuer.config import IssuerSettings
from issuer.opening import open_service
from issuer.record.sealing import seal
from service_kit.settings import read_settings
from tests.benchmarks import dry_run
from tests.unit.issuer.serving import environment

PEOPLE, SECONDS = 1_000_000, 480.0
SMALL = 2_000
"""People of the test."""
LOOK_SECONDS = 0.5
REPORT = Path("docs") / "measurements" / "million.md"
_ROOT = Path(__file__).parents[2]


class Piece(NamedTuple):
    """What one call of the command did: codes in so many seconds, memory (MiB) at the first look and at most, whether
    it was killed, and how many leaves were sealed over it afterwards, in how many seconds."""

    codes: int
    seconds: float
    memory_first: float
    memory_most: float
    killed: bool
    leaves: int
    sealing: float


def go_on(folder: Path, people: int, seconds: float) -> Piece:
    """The next piece of the bulk run over ``people`` in ``folder``, which is made by the first."""
    source, output = folder / "people.csv", folder / "codes.ndjson"
    settings = _settings(folder)
    if not source.exists():
        _command(settings, "issuer", "init").wait()
        source.write_text(to_csv(residents(people, int(time.time()))), "utf-8")
    before, began, memory, killed = _rows(folder, "credential"), time.monotonic(), [], False
    with _command(settings, "issuer", "bulk", str(source), "-o", str(output)) as process:
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            memory.append(_memory(process.pid))
            if time.monotonic() - began > seconds and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed = True
                process.wait()
    took, done = time.monotonic() - began, _rows(folder, "credential") - before
    began = time.monotonic()
    office = open_service(read_settings(IssuerSettings, settings))
    leaves = seal(office.record.storage.appending, office.issuance.secrets.record_key, office.now())
    office.engine.dispose()
    known = [each for each in memory if each] or [0.0]
    return Piece(done, took, known[0], max(known), killed, leaves, time.monotonic() - began)


def require_whole(folder: Path) -> dict[str, int]:
    """What there is in the end: each line of the source once, with a code, a decision and a place in a leaf."""
    lines = (folder / "codes.ndjson").read_bytes().splitlines()
    with (folder / "people.csv").open() as source:
        keys = [line.partition(",")[0] for line in source][1:]
    rejected = len((folder / "codes.ndjson.rejected.ndjson").read_bytes().splitlines())
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == len(keys) - rejected
    found = {table: _rows(folder, table) for table in ("credential", "decision", "log_leaf")}
    assert found["credential"] == len(lines) >= found["decision"]
    with closing(sqlite3.connect(folder / "data" / "issuer.sqlite")) as connection:
        counted = connection.execute(
            "SELECT sum(json_extract(content, '$.count')) FROM issuer_log_leaf WHERE kind = 'decided-by-rule'"
        ).fetchone()[0]
    assert counted == found["decision"]
    return found | {"rejected": rejected}


def report(pieces: list[Piece], found: dict[str, int], dry_run_seconds: float, dry_run_memory: float) -> str:
    """The page."""
    codes, seconds = sum(each.codes for each in pieces), sum(each.seconds for each in pieces)
    rows = [
        f"| {number} | {each.codes:,} | {each.seconds:.0f} s | {each.codes / each.seconds:,.0f} | "
        f"{each.memory_first:.0f} → {each.memory_most:.0f} MiB | {'killed' if each.killed else 'ended'} | "
        f"{each.leaves} in {each.sealing:.1f} s |"
        for number, each in enumerate(pieces, start=1)
    ]
    return f"""# A million people, measured

`python -m tests.benchmarks.million FOLDER`, called until it is done, writes this page: `tongxing issuer bulk` over a
file of people with evidence into SQLite, a decision and a code each, killed by SIGKILL after minutes and run again;
what the rules decided is sealed into leaves after each piece. The figures are of two cores on which other programs ran
beside it, in a low priority.

A dry run of status rules over {PEOPLE:,} people on file, a third of them with a timeline: **{dry_run_seconds:.0f} s**
(at most 60 on two free cores), {dry_run_memory:.0f} MiB in the largest process.

{codes:,} codes in {seconds:.0f} s: **{codes / seconds:,.0f} rows a second**, every line once,
{found["decision"]:,} decisions, all in {found["log_leaf"]} leaves; {found["rejected"]} lines could not be used.

| piece | codes | time | codes/s | memory | end | leaves |
| --- | --- | --- | --- | --- | --- | --- |
{"".join(f"{row}{chr(10)}" for row in rows)}"""


def main() -> int:
    """One piece; the page after the last."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = options.folder / "pieces.json"
    done: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {"pieces": []}
    if "dry_run" not in done:
        seconds = options.people / dry_run.people_a_second(options.people)
        done["dry_run"] = [seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]
    else:
        done["pieces"].append(go_on(options.folder, options.people, options.seconds))
    kept.write_text(json.dumps(done))
    pieces = [Piece(*each) for each in done["pieces"]]
    print(done["dry_run"], *pieces[-1:])
    if not pieces or pieces[-1].killed:
        print("call it again")
        return 0
    page = report(pieces, require_whole(options.folder), *done["dry_run"])
    if options.people == PEOPLE:
        (_ROOT / REPORT).write_text(page, "utf-8")
    print(page)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.million")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="Of issuing, in one call.")
    return parser.parse_args()


def _settings(folder: Path) -> dict[str, str]:
    kept = folder / "settings.json"
    if not kept.exists():
        kept.write_text(json.dumps(environment(folder)))
    settings: dict[str, str] = json.loads(kept.read_text())
    return settings


def _command(settings: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    nothing = subprocess.DEVNULL
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.Popen(command, cwd=_ROOT, env=outside | settings, stdout=nothing, stderr=nothing)


def _memory(process: int) -> float:
    """MiB that it has in memory; 0 of one that has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 1024**2


def _rows(folder: Path, table: str) -> int:
    file = folder / "data" / "issuer.sqlite"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file, timeout=60)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM issuer_{table}").fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
