"""A server of several processes: whoever answers the scrape, the numbers are those of all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from credentials.errors import FetchFailed
from demonstration.world import HOST, free_port
from service_kit.durable import write_atomic
from service_kit.fetch import Fetcher
from trust_registry.root.founding import found

ROOT = Path(__file__).parents[2]
REQUESTS = 40
SECONDS = 60


def test_every_scrape_says_the_same_and_nothing_is_left(tmp_path: Path) -> None:
    """Else each scrape would see another worker's share, and a rate would be made of their differences."""
    found(tmp_path / "registry", write_atomic, None, int(time.time()))
    (tmp_path / "temporary").mkdir()
    port = free_port()
    settings = {
        "TONGXING_DATA_DIR": str(tmp_path / "registry"),
        "TONGXING_REGISTRY_URL": f"http://{HOST}:{port}/registry",
        "TMPDIR": str(tmp_path / "temporary"),
    }
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TONGXING_")}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "registry", "--port", str(port), "--workers", "3"],
            cwd=ROOT, env=outside | settings, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        assert _health(port, until=True), (tmp_path / "log").read_text()
        before = _counted(port)
        for _ in range(REQUESTS):
            assert _health(port)
        assert [_counted(port) - before for _ in range(8)] == [REQUESTS] * 8
    finally:
        server.terminate()
        server.wait(SECONDS)
    assert list((tmp_path / "temporary").glob("tongxing-metrics-*")) == []


def _health(port: int, until: bool = False) -> bool:
    """Asked on a connection of its own each time, so that any worker may answer."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with Fetcher() as fetcher:
                return fetcher.get(f"http://{HOST}:{port}/registry/healthz", limit=1000).status == 200
        except FetchFailed:
            if not until or time.monotonic() > end:
                return False
            time.sleep(0.1)


def _counted(port: int) -> float:
    with Fetcher() as fetcher:
        scraped = fetcher.get(f"http://{HOST}:{port}/registry/metrics", limit=10**6).body.decode()
    (number,) = re.findall(r'tongxing_requests_total{[^}]*route="/healthz"[^}]*} (\S+)', scraped)
    return float(number)
