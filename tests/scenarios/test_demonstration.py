"""The whole product in one story, with real processes, left running afterwards and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from credentials.errors import FetchFailed
from service_kit.fetch import Fetcher

SECONDS = 300
"""How long the story may stand still: not how long it takes, for on a busy machine that is many times as long."""


def test_every_outcome_is_the_expected_one_and_the_servers_end_with_it(tmp_path: Path) -> None:
    """What `make demo` shows must hold in every build; a forgotten server would hold its port and keys for ever."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    log = tmp_path / "told"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "demo", "--keep-running", "--folder", str(tmp_path / "demo")],
            env=environment | {"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"},
            stdout=told,
            stderr=told,
        )
    try:
        _ends_with_its_servers(process, log, tmp_path)
    finally:
        # A story that went otherwise leaves nothing running either.
        process.terminate()
        process.wait(SECONDS)


def _ends_with_its_servers(process: subprocess.Popen[bytes], log: Path, folder: Path) -> None:
    told, end = "", time.monotonic() + SECONDS
    while "Ctrl-C" not in told and process.poll() is None and time.monotonic() < end:
        time.sleep(0.2)
        if (now := log.read_text()) != told:
            told, end = now, time.monotonic() + SECONDS
    assert "✓ every outcome was the expected one" in log.read_text(), log.read_text()[-3000:]
    assert (folder / "demo" / "pictures" / "paper.png").exists()
    said = log.read_text().split("✓ every outcome")[-1]
    addresses = sorted(set(re.findall(r"http://localhost:\d+(?=/verifier)", said)))
    assert re.search(r"/issuer/wallet/ with claim code (\d{4} ){3}\d{4}\n", said)
    with Fetcher() as fetcher:
        assert [fetcher.get(f"{address}/readyz", limit=1000).status for address in addresses] == [200, 200, 200]
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        for address in addresses:
            try:
                fetcher.get(f"{address}/healthz", limit=1000)
            except FetchFailed:
                continue
            raise AssertionError(f"{address} still answers")
