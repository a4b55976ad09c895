"""The whole product in one story, with real processes: what `make demo` shows must hold in every build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SECONDS = 300


def test_every_outcome_of_the_story_is_the_expected_one(tmp_path: Path) -> None:
    """The demonstration ends with 0 only if every verdict was the expected one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--folder", str(tmp_path / "demo")],
        env=environment | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "✓ every outcome was the expected one" in done.stdout
    assert (tmp_path / "demo" / "pictures" / "paper.png").exists()
