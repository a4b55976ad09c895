"""Batches over HTTP: a real ``tongxing serve verifier`` (Flask on granian) on loopback, 1,000 codes at a time.

What is timed is all that somebody waits for: the request sent, 1,000 codes judged, 1,000 verdicts received.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from credentials.formats import native
from demonstration.world import HOST, Server, World
from tests.benchmarks.measuring import Result, Row
from tests.benchmarks.rows import bare_verifications
from tests.unit.verifier.mirrored import HOST as MEMBER
from tests.unit.verifier.mirrored import MirroredRegistry, write_root
from verifier.http.views import MAX_BATCH

BUDGET = 1.60
ROUNDS = 15
_PATH = "/verifier/v1/check/batch"


def batch_over_http(rounds: int = ROUNDS) -> Result:
    """What a code of a full batch costs, by a bare verification of the same codes beside it."""
    registry = MirroredRegistry()
    texts = [registry.paper(index) for index in range(100, 100 + MAX_BATCH)]
    body = json.dumps({"texts": texts})
    public_key = registry.henan.signer("credential").public_key
    verify = bare_verifications(map(native.unwrap, texts), public_key)
    with _server(registry) as server:
        connection = HTTPConnection(HOST, server.port)
        _ask(connection, body)  # what is loaded once is loaded now
        times = [
            (_seconds(lambda: list(map(verify, range(MAX_BATCH)))), _seconds(lambda: _ask(connection, body)))
            for _ in range(rounds)
        ]
        connection.close()
    row = Row("batch of 1,000 over HTTP, a code", verify, BUDGET)
    microseconds = median(own for _, own in times) * 1e6 / MAX_BATCH
    return Result(row, microseconds, median(own / unit for unit, own in times))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _ask(connection: HTTPConnection, body: str) -> None:
    connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
    answer = connection.getresponse().read()
    assert answer.count(b'"outcome":"accepted"') == MAX_BATCH, answer[:500]


@contextmanager
def _server(registry: MirroredRegistry) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="tongxing-bench-") as folder, World(Path(folder)) as world:
        root = write_root(Path(folder), registry)
        bundle = Path(folder) / "bundle.zip"
        bundle.write_bytes(registry.bundle())
        server = world.server("gate", ("verifier",), {"TONGXING_TRUST_ROOT": str(root), "TONGXING_MEMBER": MEMBER})
        world.run("verifier", "sync", "--bundle", str(bundle), settings=server.settings)
        world.start(server)
        yield server
