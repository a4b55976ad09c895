from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PEERS_PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"
PATIENCE_SECONDS = 60


@pytest.fixture(scope="session")
def ask_peer() -> Callable[..., dict[str, Any]]:
    """Ask ``peer.py`` a question, in the environment that ``make test`` sets up for it."""
    if not PEERS_PYTHON.exists():
        pytest.skip("the peers' environment .venv/peers is missing: make test sets it up")

    def ask(question: str, **asked: Any) -> dict[str, Any]:
        run = subprocess.run(
            [PEERS_PYTHON, "-I", Path(__file__).with_name("peer.py")],
            input=json.dumps({"question": question, **asked}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert run.returncode == 0, run.stderr
        answer: dict[str, Any] = json.loads(run.stdout)
        return answer

    return ask
