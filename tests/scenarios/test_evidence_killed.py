"""An import of evidence that is killed in the middle, as a real process, and run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from issuer.cli import issuer as commands
from service_kit.storage.database import connect, reading
from tests.unit.issuer.office import resident_numbers
from tests.unit.issuer.serving import environment

LINES = 6_000
PATIENCE_SECONDS = 300.0
"""For a process on a machine that is busy with others."""


def test_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL leaves no time to tidy up: what was committed is there, and the same command takes the rest."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert CliRunner().invoke(commands, ["init"]).exit_code == 0
    source = tmp_path / "results.ndjson"
    source.write_text("\n".join(_line(place, number) for place, number in enumerate(resident_numbers(LINES))))
    command = [sys.executable, "-m", "cli", "issuer", "evidence", "import", str(source), "--reporter", "lab"]
    engine = connect(f"sqlite:///{next((tmp_path / 'data').glob('*.sqlite'))}")

    def counted(table: str) -> int:
        with reading(engine) as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not counted("issuer_evidence"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    before = counted("issuer_evidence")
    assert 0 < before < LINES
    # Each third result is positive, and its decision stands with it or not at all.
    assert counted("issuer_decision") == sum(place % 3 == 0 for place in range(before))
    again = subprocess.run([*command, "--json"], capture_output=True, timeout=PATIENCE_SECONDS, check=True)
    done: dict[str, Any] = json.loads(again.stdout)
    assert done == {"kept": LINES - before, "present": before, "corrected": 0, "rejected": 0}
    assert (counted("issuer_evidence"), counted("issuer_decision")) == (LINES, LINES // 3)
    engine.dispose()


def _line(place: int, number: str) -> str:
    result = "positive" if place % 3 == 0 else "negative"
    record = {"reference": f"{place}", "document": {"number": number}, "kind": "antigen", "result": result}
    return json.dumps(record | {"sampled_at": int(time.time()) - 3600, "region": 410102})
