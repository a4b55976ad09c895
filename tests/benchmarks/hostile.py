"""What one round costs a gate whose mirror is in hostile hands: bytes, and memory during and after it.

The mirror has no key. Of each of 38 members it serves a snapshot, segments and 64 rule sets, each at its limit, under
the kids of real keys, so that the gate gets as far as a signature; and garbage of the registry's own.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from credentials.keys import new_private_key
from credentials.profile.limits import MAX_JWS_CHARACTERS, MAX_SEGMENT_BYTES, MAX_SIGNED_BYTES
from credentials.profile.members import MEMBERS
from credentials.signing import PemSigner
from credentials.wire import cose, jws
from service_kit.clock import SystemClock
from tests.benchmarks.feed import Figure
from tests.unit.trust_registry.published import Province, Published
from trust_registry.client.members.fetching import MAX_ROUND_BYTES
from trust_registry.client.members.news import MAX_RULE_SETS
from verifier.keeping.freshness import Freshness, KnowledgeSources

HOST = "CN-44"
ROUNDS = 3
MIB = 1024 * 1024
PEAK_BUDGET_MIB = 600
LEFT_BUDGET_MIB = 64
"""More than before, once the rounds are over: nothing of what came may stay."""
SETTLE_SECONDS = 300.0
"""How long slow fetches may go on after the last round."""
_SPAWN = multiprocessing.get_context("spawn")


def hostile_round() -> list[Figure]:
    """Measured in a process of its own."""
    with _mirror() as (url, root, served):
        here, there = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_gate, args=(there, url, root))
        process.start()
        start, peak, after = here.recv()
        process.join()
        spent = served[0] / ROUNDS
    most = (len(MEMBERS) + 1) * MAX_ROUND_BYTES / MIB
    return [
        Figure("a hostile mirror: a gate's memory at most", peak, "MiB", PEAK_BUDGET_MIB),
        Figure("a hostile mirror: what stays of it afterwards", after - start, "MiB", LEFT_BUDGET_MIB),
        Figure("a hostile mirror: bytes of a round", spent / MIB, "MiB", most),
    ]


def _gate(report: Connection, url: str, root: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        freshness = Freshness(KnowledgeSources(Path(folder), root, url), HOST, SystemClock(), lambda knowledge: None)
        freshness.refresh(frozenset(["trust"]))
        start = _resident()
        for _ in range(ROUNDS):
            freshness.refresh()
        freshness.stop()
        _wait_for_pool()
        gc.collect()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report.send((start, peak, _resident()))


def _wait_for_pool() -> None:
    ends = time.monotonic() + SETTLE_SECONDS
    for thread in threading.enumerate():
        if thread.name.startswith("member-files"):
            thread.join(max(0.0, ends - time.monotonic()))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A gate that has had enough hangs up."""


@contextmanager
def _mirror() -> Iterator[tuple[str, bytes, list[int]]]:
    published, served = _published(), [0]
    server = _Server(("127.0.0.1", 0), _handler(published, served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", published.trusted_root, served
    finally:
        server.shutdown()
        server.server_close()


def _published() -> Published:
    published = Published(int(time.time()))
    there = {province.id for province in published.provinces}
    published.provinces += [
        Province(member.id, member.code * 10_000, published.now)
        for member in MEMBERS.values()
        if member.id not in there
    ]
    published.publish()
    numbers = list(range(1, 1 + MAX_RULE_SETS))
    news = {member: {"segment": 99, "snapshot": 99, "rules": numbers} for member in MEMBERS}
    published.files["news.json"] = json.dumps(news).encode()
    return published


def _handler(published: Published, served: list[int]) -> type[BaseHTTPRequestHandler]:
    garbage = _Garbage(published)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.lstrip("/").partition("?")[0]
            body = published.files.get(path) or garbage.of(path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            served[0] += len(body)
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Silence."""

    return Handler


class _Garbage:
    """What passes for a member's files until a signature is looked at."""

    def __init__(self, published: Published) -> None:
        self._kids = {
            (province.id, use): province.signer(use).kid
            for province in published.provinces
            for use in ("status", "rules")
        }
        self._rules: dict[str, bytes] = {}

    def of(self, path: str) -> bytes:
        parts = path.split("/")
        if parts[0] != "members":
            return b"" if "root" in path else b"{" * MIB
        if path.endswith(".jws"):
            return self._rule_set(parts[1])
        size = MAX_SIGNED_BYTES if path.endswith("status.cose") else MAX_SEGMENT_BYTES
        return cose.seal(bytes(size - 256), self._signer(parts[1], "status"))

    def _rule_set(self, member: str) -> bytes:
        if member not in self._rules:
            filling: list[list[Any]] = [[]] * (MAX_JWS_CHARACTERS // 5)
            compact = jws.sign({"rules": filling}, self._signer(member, "rules"), "tongxing-rules+jws")
            self._rules[member] = compact.encode()
        return self._rules[member]

    def _signer(self, member: str, use: str) -> PemSigner:
        return PemSigner(new_private_key(), self._kids[member, use])
