"""One member at its worst, and how long another member's withdrawal and a denial wait for it.

A registry of two worker processes and, in a process of its own, a member that brings the largest snapshots that there
are, one after the other and four at a time, and refused segments in between.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from array import array
from dataclasses import replace
from pathlib import Path

import requests

from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.status import segment
from credentials.status.snapshot import StatusList, StatusSnapshot, seal
from demonstration.world import free_port
from tests.benchmarks.feed import Figure
from tests.scenarios.serving import Served
from tests.unit.credentials.status.chained import Told
from tests.unit.trust_registry.founded import NOW, FoundedRegistry
from tests.unit.trust_registry.mirror.test_member_files import signer_for
from trust_registry.publishing.denials import sign_request

WORST_SECONDS = 5.0
TRIES = 5
WORKERS = 2
_HOSTILE = """
import sys, threading, requests
url, files = sys.argv[1], sys.argv[2:]
contents = [open(file, "rb").read() for file in files]

def send(start):
    for number in range(start, 10**6):
        content = contents[number % len(contents)]
        where = "status" if number % len(contents) < len(contents) - 1 else "segments/3"
        requests.put(f"{url}/v1/members/CN-41/{where}", data=content, timeout=300)

threads = [threading.Thread(target=send, args=(start,)) for start in range(4)]
[thread.start() for thread in threads]
"""


def fairness() -> list[Figure]:
    """Seconds that somebody else waits at the worst."""
    now = NOW + 60
    with tempfile.TemporaryDirectory(prefix="tongxing-fairness-") as name, FoundedRegistry(Path(name)) as registry:
        registry.enrol("CN-41", "CN-44", now=now)
        port = free_port()
        url = f"http://127.0.0.1:{port}/registry"
        command = [sys.executable, "-m", "cli", "serve", "registry", "--port", str(port), "--workers", str(WORKERS)]
        settings = {
            "TONGXING_DATA_DIR": str(registry.folder),
            "TONGXING_REGISTRY_URL": url,
            "TONGXING_ENVIRONMENT": "demo",
            "TONGXING_CLOCK_OFFSET_SECONDS": str(now - int(time.time())),
        }
        with Served(command, settings, registry.folder / "log", port) as served:
            served.wait_whole(WORKERS)
            hostile = subprocess.Popen([sys.executable, "-c", _HOSTILE, url, *_hostile_files(registry, now)])
            try:
                withdrawals = _withdrawals(registry, url, now)
                denial = _denial(registry, url, now)
            finally:
                hostile.kill()
                hostile.wait()
    return [
        Figure("another member's withdrawal, one member at its worst", max(withdrawals), "s", WORST_SECONDS),
        Figure("a denial, one member at its worst", denial, "s", WORST_SECONDS),
    ]


def _hostile_files(registry: FoundedRegistry, now: int) -> list[str]:
    """Snapshots of eight full lists, each newer than the last, and a segment that follows none of them."""
    signer = signer_for(registry, "status")
    every = StatusList.of_ascending(0, now + 86_400, array("I", range(STATUS_LIST_SIZE)))
    lists = {number: replace(every, list_id=number) for number in range(8)}
    files = [
        seal(StatusSnapshot("CN-41", number, now, now + 86_400, lists, bytes([number]) * 32), signer)
        for number in range(5, 12)
    ]
    files.append(segment.seal(segment.Segment("CN-41", 3, now, b"\x07" * 32, {}, {}), signer))
    paths = []
    for number, content in enumerate(files):
        path = registry.folder / f"hostile-{number}"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def _withdrawals(registry: FoundedRegistry, url: str, now: int) -> list[float]:
    told, taken = Told("CN-44", now), []
    for number in range(TRIES):
        made = told.next(number) if number else told.segments[0]
        content = segment.seal(made, signer_for(registry, "status", "CN-44"))
        began = time.monotonic()
        answer = requests.put(f"{url}/v1/members/CN-44/segments/{made.number}", data=content, timeout=300)
        answer.raise_for_status()
        taken.append(time.monotonic() - began)
        time.sleep(1)
    return taken


def _denial(registry: FoundedRegistry, url: str, now: int) -> float:
    kid = signer_for(registry, "credential", "CN-44").kid.hex()
    request = sign_request(registry.province("CN-44").root_signer(), kid, "compromised", url, now)
    began = time.monotonic()
    requests.post(f"{url}/v1/denials", json={"request": request}, timeout=300).raise_for_status()
    return time.monotonic() - began
