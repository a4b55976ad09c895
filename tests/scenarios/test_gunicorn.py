"""The same services under gunicorn, whose parent may import them before it forks."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from demonstration.world import free_port
from service_kit.clock import SystemClock
from service_kit.durable import write_atomic
from tests.scenarios.serving import ROOT, SECONDS, Served, serve
from trust_registry.root.founding import TRUST_ROOT, found

WORKERS = 2


@pytest.mark.parametrize("preload", [True, False])
def test_gates_under_gunicorn_keep_themselves_fresh(tmp_path: Path, preload: bool) -> None:
    """Threads do not survive a fork: a gate opened in the parent would answer for ever with what it knew then."""
    found(tmp_path / "registry", write_atomic, None, SystemClock().now())
    settings = {
        "TONGXING_DATA_DIR": str(tmp_path / "registry"),
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
        "TONGXING_LOG_LEVEL": "WARNING",
    }
    with serve(settings, tmp_path, "registry") as registry:
        registry.wait_ready()
        gate = settings | {
            "TONGXING_ROLES": "verifier",
            "TONGXING_DATA_DIR": str(tmp_path / "gate"),
            "TONGXING_REGISTRY_URL": f"http://127.0.0.1:{registry.port}/registry",
            "TONGXING_MEMBER": "CN-44",
            "TONGXING_TRUST_ROOT": str(tmp_path / "registry" / TRUST_ROOT),
            "TONGXING_POLL_SECONDS": "1",
        }
        with _gunicorn(gate, tmp_path, preload) as served:
            served.wait(lambda: served.is_listening() and len(served.workers()) == WORKERS)
            for worker in served.workers():
                served.wait_alone(worker, "/readyz")
            killed = served.workers()[0]
            os.kill(killed, signal.SIGKILL)
            served.wait(lambda: killed not in served.workers() and len(served.workers()) == WORKERS)
            served.wait_ready()
            assert served.stop() == 0
    assert "Traceback" not in served.log.read_text()


def test_databases_under_gunicorn_are_each_workers_own(tmp_path: Path) -> None:
    """Two processes on one connection mix their answers up."""
    found(tmp_path / "registry", write_atomic, None, SystemClock().now())
    settings = {
        "TONGXING_ROLES": "registry",
        "TONGXING_DATA_DIR": str(tmp_path / "registry"),
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
    }
    with _gunicorn(settings, tmp_path, preload=True) as served:
        served.wait_ready()
        served.wait(lambda: len(served.workers()) == WORKERS)
        assert [served.get("/registry/v1/state").status for _ in range(10)] == [200] * 10
        opened = [file.readlink() for file in Path(f"/proc/{served.process.pid}/fd").iterdir() if file.is_symlink()]
        assert not [path for path in opened if ".sqlite" in path.name]
        assert served.stop() == 0


def test_a_wrong_setting_ends_gunicorn(tmp_path: Path) -> None:
    """It must not start workers again and again that can never serve."""
    with _gunicorn({"TONGXING_ROLES": "hotel"}, tmp_path, preload=False) as served:
        assert served.process.wait(SECONDS) != 0
    assert "TONGXING_ROLES" in served.log.read_text()


def _gunicorn(settings: dict[str, str], folder: Path, preload: bool) -> Served:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), *(["--preload"] if preload else [])]
    return Served([*command, "wsgi:application"], settings, folder / "gunicorn.log", port)
