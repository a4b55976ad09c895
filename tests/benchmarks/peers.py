"""The same cards read by other people's packages, in their own environment: the yardstick beside our own figures."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from credentials.keys import jwk_of
from tests.benchmarks import scene
from tests.benchmarks.feed import Figure
from tests.vectors.cast import signer
from tests.vectors.knowledge import HENAN

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"
ROUNDS, PATIENCE_SECONDS = 60, 300


def read_by_others() -> list[Figure]:
    """What ``base45`` and ``cwt`` cost for a paper code, its signature included; nothing of rules or withdrawals."""
    if not PYTHON.exists():
        print("Skipped: the peers' environment .venv/peers is missing: make test sets it up")
        return []
    asked = {
        "question": "speed",
        "texts": scene.papers(scene.status(100_000)),
        "key": jwk_of(signer(HENAN, "credential-1").public_key),
        "rounds": ROUNDS,
    }
    run = subprocess.run(
        [PYTHON, "-I", ROOT / "tests" / "peers" / "peer.py"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return [Figure("a paper code by base45 and cwt, signature alone", json.loads(run.stdout)["ratio"], "V")]
