"""`tongxing serve` with several workers: they all work, stop as they should, and one that dies is missed by nobody."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.keys import jwk_of, new_private_key
from demonstration.world import free_port
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from service_kit.http.auth import authorization
from service_kit.process.server import MAX_HEAD_BYTES
from tests.scenarios.provinces import ProvinceInProcesses
from tests.scenarios.serving import SECONDS, Served, children, is_running, read_answer, serve
from tests.servers import PostgreSQL, new_database
from tests.unit.issuer.office import AUDIENCE
from trust_registry.root.founding import TRUST_ROOT, found

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc: workers cannot be told apart")
WORKERS = 3
PYTHON = [sys.executable, "-m", "cli"]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Settings of a registry that was just made."""
    found(tmp_path / "registry", write_atomic, None, SystemClock().now())
    return {
        "TONGXING_DATA_DIR": str(tmp_path / "registry"),
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
        "TONGXING_LOG_LEVEL": "WARNING",
    }


@pytest.fixture
def registry(settings: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    with serve(settings, tmp_path, "registry", WORKERS) as served:
        served.wait_whole(WORKERS)
        yield served


def test_each_worker_opens_for_itself_and_the_parent_nothing(settings: dict[str, str], tmp_path: Path) -> None:
    """What was opened before a fork is shared by accident: threads are gone, connections belong to two."""
    gate = {"TONGXING_MEMBER": "CN-44", "TONGXING_TRUST_ROOT": str(tmp_path / "registry" / TRUST_ROOT)}
    with serve(settings, tmp_path, "registry") as registry:
        registry.wait_ready()
        gate["TONGXING_REGISTRY_URL"] = f"http://127.0.0.1:{registry.port}/registry"
        gate |= {"TONGXING_DATA_DIR": str(tmp_path / "gate"), "TONGXING_POLL_SECONDS": "1"}
        with serve(gate, tmp_path, "verifier", WORKERS) as served:
            served.wait_whole(WORKERS)
            for worker in served.workers():
                # Its own thread keeps each worker's knowledge fresh; it has begun before anybody asked.
                served.wait_alone(worker, "/readyz")
            threads = len(list(Path(f"/proc/{served.process.pid}/task").iterdir()))
            assert threads == 1 + WORKERS, "the parent waits for its workers and does nothing else"
            assert served.stop() == 0


def test_a_worker_that_was_killed_is_started_again(registry: Served) -> None:
    """The kernel kills the largest process when memory ends; the others go on meanwhile."""
    killed, *others = registry.workers()
    os.kill(killed, signal.SIGKILL)
    registry.wait(lambda: killed not in registry.workers())
    registry.wait_whole(WORKERS)
    (successor,) = set(registry.workers()) - set(others)
    assert successor != killed
    registry.wait_alone(successor, "/readyz")
    assert registry.get("/readyz").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_answered(registry: Served, number: signal.Signals) -> None:
    """An update of the software must not cost a province its publication."""
    body = b"x" * 1000
    with registry.send("PUT /registry/v1/members/CN-41/status HTTP/1.1", Content_Length=str(len(body))) as connection:
        connection.sendall(body[:500])
        # Another request behind it on the same server proves that this one has begun.
        registry.wait(lambda: registry.get("/healthz").status == 200)
        registry.process.send_signal(number)
        registry.wait(lambda: not registry.is_listening())
        connection.sendall(body[500:])
        answer = read_answer(connection)
    assert (answer.status, json.loads(answer.body)["code"]) == (422, "malformed")
    assert registry.process.wait(SECONDS) == 0


def test_ctrl_c_in_a_terminal_is_no_failure(registry: Served) -> None:
    """It goes to the workers as well, who then end before their parent asks them to."""
    os.killpg(registry.process.pid, signal.SIGINT)
    assert registry.process.wait(SECONDS) == 0


def test_workers_end_with_their_parent(registry: Served) -> None:
    """Else the next start finds the port in use, by workers that nobody watches."""
    workers = registry.workers()
    registry.process.kill()
    registry.process.wait(SECONDS)
    for _ in range(SECONDS * 10):
        if not any(map(is_running, workers)):
            break
        threading.Event().wait(0.1)
    assert not any(map(is_running, workers))
    assert not registry.is_listening()


def test_what_was_acknowledged_is_there_after_kills_and_the_stop(tmp_path: Path) -> None:
    """Codes that people carry must be in the record of decisions, whatever happened to the process that gave them."""
    province, key = ProvinceInProcesses(tmp_path), new_private_key()
    (tmp_path / "app.jwk").write_text(json.dumps(jwk_of(key.public_key())))
    assert province.run("issuer", "client", "add", "app", str(tmp_path / "app.jwk")).returncode == 0
    acknowledged: dict[str, str] = {}
    stopped = threading.Event()

    def ask(served: Served) -> None:
        while not stopped.is_set():
            name = secrets.token_hex(8)
            try:
                text = _issue(served, name, authorization(key, "app", AUDIENCE, SystemClock().now()))
            except (ConnectionError, TimeoutError):
                continue
            acknowledged[name] = text

    settings = {name: value for name, value in province.environment.items() if name.startswith("TONGXING_")}
    with serve(settings, tmp_path, "issuer", WORKERS) as served:
        served.wait_ready()
        threads = [threading.Thread(target=ask, args=(served,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        served.wait(lambda: len(acknowledged) > 5)
        os.kill(served.workers()[0], signal.SIGKILL)
        before = len(acknowledged)
        served.wait(lambda: len(acknowledged) > before + 5)
        served.wait_whole(WORKERS)
        code = served.stop()
        stopped.set()
        for thread in threads:
            thread.join()
    kept = dict(province.rows("SELECT key, text FROM issuer_idempotency JOIN issuer_credential USING (serial)"))
    assert code == 0
    assert {name: kept.get(name) for name in acknowledged} == acknowledged
    places = province.rows("SELECT serial FROM issuer_credential")
    assert len(set(places)) == len(places)


def _issue(served: Served, name: str, headers: dict[str, str]) -> str:
    sampled_at = SystemClock().now() - 7200
    evidence = {"kind": "nucleic-acid", "result": "negative", "sampled_at": sampled_at, "region": 410100}
    document = {"number": "11010519491231002X"}
    body = json.dumps({"name": "王小明", "document": document, "form": "paper", "evidence": [evidence]}).encode()
    named = {"Content_Type": "application/json", "Content_Length": str(len(body)), "Idempotency_Key": name}
    with served.send("POST /issuer/v1/credentials HTTP/1.1", **headers, **named) as connection:
        connection.sendall(body)
        answer = read_answer(connection)
    assert answer.status == 201, answer
    return str(json.loads(answer.body)["text"])


def test_a_worker_without_its_database_goes_on_trying(settings: dict[str, str], tmp_path: Path) -> None:
    """A worker that dies while the database is away must not take the server with it, nor stay useless afterwards."""
    database = tmp_path / "registry" / "registry.sqlite"
    with serve(settings, tmp_path, "registry") as served:
        served.wait_ready()
        (worker,) = served.workers()
        away = [(path, path.rename(path.with_name(f"away-{path.name}"))) for path in database.parent.glob("*.sqlite*")]
        database.write_bytes(b"no database" * 1000)
        os.kill(worker, signal.SIGKILL)
        served.wait(lambda: served.is_listening() and served.workers() not in ([], [worker]))
        assert served.get("/healthz").status == 200
        assert json.loads(served.get("/readyz").body) == {"status": "not ready", "code": "storage-unavailable"}
        refused = served.get("/registry/v1/state")
        assert (refused.status, json.loads(refused.body)["code"]) == (503, "unavailable")
        assert int(refused.headers["retry-after"]) > 0
        for path in database.parent.glob("registry.sqlite*"):
            path.unlink()
        for path, kept in away:
            kept.rename(path)
        served.wait(lambda: served.get("/registry/v1/state").status == 200)
        assert served.stop() == 0


def test_readiness_answers_while_postgresql_hangs(
    settings: dict[str, str], tmp_path: Path, stoppable_postgresql: PostgreSQL
) -> None:
    """A disk that hangs stops PostgreSQL without a word: connections stay, and nothing is answered. Whoever asks
    whether the service is ready, every second and with two threads, must be told no each time, and yes afterwards."""
    with (
        new_database(stoppable_postgresql.url()) as url,
        serve(settings | {"TONGXING_DATABASE_URL": url}, tmp_path, "registry", threads=2) as served,
    ):
        served.wait_ready()
        postmaster = int((stoppable_postgresql.folder / "data" / "postmaster.pid").read_text().split()[0])
        hanging = [postmaster, *children(postmaster)]
        for process in hanging:
            os.kill(process, signal.SIGSTOP)
        try:
            answers = [served.get("/readyz") for _ in range(4)]
            assert served.get("/healthz").status == 200
        finally:
            for process in hanging:
                os.kill(process, signal.SIGCONT)
        said = {(answer.status, json.loads(answer.body)["code"]) for answer in answers}
        assert said == {(503, "unavailable")}
        served.wait_ready()
        assert served.stop() == 0


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"TONGXING_DATA_DIR": "/nonexistent"}, 64, "TONGXING_DATA_DIR"),
        ({"TONGXING_DATABASE_URL": "mysql://x"}, 64, "DATABASE_URL"),
        ({"TONGXING_DATABASE_URL": "postgresql://x:geheim@127.0.0.1:1/x"}, 70, "storage-unavailable"),
        ({"TONGXING_KEY_PASSPHRASE_FILE": "/nonexistent"}, 64, "nonexistent: cannot be read"),
        ({"TONGXING_CA_FILE": "/nonexistent"}, 64, "TONGXING_CA_FILE"),
        ({"TONGXING_POLL_SECOND": "1"}, 64, "TONGXING_POLL_SECOND: no such setting"),
    ],
)
def test_a_wrong_setting_ends_it_with_one_message(
    settings: dict[str, str], tmp_path: Path, changes: dict[str, str], code: int, named: str
) -> None:
    """Workers that die in a loop, each with a traceback, tell an operator at night nothing."""
    with serve(settings | changes, tmp_path, "registry", WORKERS) as served:
        assert served.process.wait(SECONDS) == code
    said = served.log.read_text()
    assert named in said
    assert [line for line in said.splitlines() if "more than" not in line and "higher than" not in line] == [
        said.splitlines()[-1]
    ]
    assert "Traceback" not in said
    assert "geheim" not in said


def test_a_key_that_is_refused_is_a_wrong_setting(settings: dict[str, str], tmp_path: Path) -> None:
    """It is found out in the workers only; all three of them, and it is told once."""
    for key in (tmp_path / "registry" / "online").iterdir():
        key.write_bytes(b"no key")
    with serve(settings, tmp_path, "registry", WORKERS) as served:
        assert served.process.wait(SECONDS) == 64
    assert served.log.read_text().count("key-rejected") == 1
    assert "Traceback" not in served.log.read_text()


def test_a_port_in_use_is_said(registry: Served, settings: dict[str, str], tmp_path: Path) -> None:
    """Our workers share their port: a second server would quietly take half of the first one's requests."""
    arguments = [*registry.process.args[:-5], str(registry.port)]  # type: ignore[index]
    with Served(arguments, settings, tmp_path / "second.log", registry.port) as second:
        assert second.process.wait(SECONDS) == 64
    assert f"--port: {registry.port} is in use" in second.log.read_text()
    assert registry.get("/readyz").status == 200


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_of_another_machine_is_said(settings: dict[str, str], tmp_path: Path, host: str) -> None:
    """A typing error in an address, in plain words."""
    command = ["serve", "registry", "--host", host, "--port", str(free_port())]
    with Served([*PYTHON, *command], settings, tmp_path / "serve.log", 0) as served:
        assert served.process.wait(SECONDS) == 64
    assert "--host" in served.log.read_text()


def test_endless_headers_are_refused(registry: Served) -> None:
    """Memory is ours."""
    with registry.asked("GET /healthz HTTP/1.1", X_Long="x" * 2 * MAX_HEAD_BYTES) as connection:
        assert read_answer(connection).status == 431
    assert registry.get("/healthz").status == 200


def test_idle_connections_hold_no_thread(registry: Served) -> None:
    """Slow senders are cheap to be: many more of them than there are threads change nothing for others."""
    slow = [socket.create_connection(("127.0.0.1", registry.port)) for _ in range(60)]
    for connection in slow:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    assert registry.get("/healthz").status == 200
    for connection in slow:
        connection.close()
