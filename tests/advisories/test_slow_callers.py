"""Callers who are slow on purpose, on a real server with two threads: none of them keeps anybody else waiting."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.process.waiting_room import SENT_WHOLE_BYTES
from tests.scenarios.serving import SECONDS, Served, read_answer, serve
from trust_registry.root.founding import TRUST_ROOT, found

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc: memory cannot be read")
MANY = 50
THREADS = 2
CHECK, BATCH = "POST /verifier/v1/check HTTP/1.1", "POST /verifier/v1/check/batch HTTP/1.1"
BIG = "members/CN-41/big.zip"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A registry and a gate in one process."""
    folder = tmp_path_factory.mktemp("slow")
    found(folder / "registry", write_atomic, None, SystemClock().now())
    (folder / "registry" / "mirror" / BIG).parent.mkdir(parents=True)
    (folder / "registry" / "mirror" / BIG).write_bytes(os.urandom(MEGABYTE) * 20)
    settings = {
        "TONGXING_DATA_DIR": str(folder / "registry"),
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
        "TONGXING_TRUST_ROOT": str(folder / "registry" / TRUST_ROOT),
        "TONGXING_MEMBER": "CN-44",
        "TONGXING_LOG_LEVEL": "CRITICAL",
    }
    with serve(settings, folder, "registry verifier", threads=THREADS) as served:
        served.wait(lambda: served.get("/healthz").status == 200)
        yield served


@contextmanager
def many(served: Served, head: str, **headers: str) -> Iterator[list[socket.socket]]:
    """So many connections, on each of which the head of a request was sent."""
    with ExitStack() as open_now:
        yield [open_now.enter_context(served.asked(head, **headers)) for _ in range(MANY)]


def answers(served: Served) -> None:
    """Whether the server answers a check and whoever asks for its health."""
    body = b'{"text": "no code"}'
    with served.asked(CHECK, Content_Type="application/json", Content_Length=str(len(body))) as connection:
        connection.sendall(body)
        answer = read_answer(connection)
    assert json.loads(answer.body)["outcome"] == "refused", answer
    assert served.get("/healthz").status == 200


def memory(served: Served) -> int:
    """What the worker holds, in bytes."""
    (worker,) = served.workers()
    (line,) = (each for each in Path(f"/proc/{worker}/status").read_text().splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def test_bodies_that_come_a_byte_at_a_time_or_not_at_all_hold_every_thread(served: Served) -> None:
    """Eight of them stopped a process of eight threads for as long as they liked, ``/healthz`` included."""
    with many(served, CHECK, Content_Type="application/json", Content_Length="1000") as connections:
        for _ in range(3):
            for connection in connections[::2]:
                connection.sendall(b"{")
            answers(served)
        # Each is told in the end, though it goes on for as long as it is let.
        told = [read_answer(connection) for connection in connections]
    assert {(each.status, json.loads(each.body)["code"]) for each in told} == {(408, "too-slow")}
    answers(served)


def test_large_bodies_that_are_announced_and_begun_fill_the_memory(served: Served) -> None:
    before = memory(served)
    with many(served, BATCH, Content_Type="application/json", Content_Length=str(MEGABYTE)) as connections:
        for connection in connections:
            connection.sendall(b"[" * 10_000)
        answers(served)
        assert memory(served) - before < MANY * MEGABYTE / 2
    # All of them are gone in the middle.
    answers(served)


def test_a_body_that_its_route_does_not_take_is_waited_for(served: Served) -> None:
    """It is refused by the length that is announced: nothing of it is read, and no time is lost."""
    for length in (64 * MEGABYTE, 10**18):
        with served.asked(CHECK, Content_Type="application/json", Content_Length=str(length)) as connection:
            assert read_answer(connection).status == 413
    with served.asked(CHECK, Content_Type="application/json", Transfer_Encoding="chunked") as connection:
        assert read_answer(connection).status == 411


def test_answers_that_nobody_reads_hold_every_thread_and_fill_the_memory(served: Served) -> None:
    before = memory(served)
    with many(served, f"GET /registry/mirror/{BIG} HTTP/1.1", Range="bytes=7-") as connections:
        for connection in connections:
            assert connection.recv(12).startswith(b"HTTP/1.1 206")
        answers(served)
        assert memory(served) - before < MANY * MEGABYTE * 20 / 4


def test_a_file_that_is_replaced_while_somebody_reads_it_slowly(served: Served, tmp_path: Path) -> None:
    """They get the file of which they have read the beginning, and its whole length."""
    place = served.log.parent / "registry" / "mirror" / "members" / "CN-41" / "other.zip"
    old = os.urandom(MEGABYTE) * 8
    assert len(old) > SENT_WHOLE_BYTES
    place.write_bytes(old)
    with served.asked("GET /registry/mirror/members/CN-41/other.zip HTTP/1.1") as connection:
        begun = connection.recv(1)
        write_atomic(place, b"new")
        received = begun
        connection.settimeout(SECONDS)
        while piece := connection.recv(MEGABYTE):
            received += piece
    assert received.partition(b"\r\n\r\n")[2] == old
    assert served.get("/registry/mirror/members/CN-41/other.zip").body == b"new"
