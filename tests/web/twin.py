"""The browser's judge, to be asked what the Python one was asked: in Node, as one process that lives long."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest

from hatch_build import BuildFailed, install, tools

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("vectors.ts")


class Twin(Protocol):
    """Answers one request of ``vectors.ts``."""

    def __call__(self, task: str, **request: Any) -> Any:
        """What the task gives, as JSON values."""
        ...


def bundle(folder: Path) -> Path:
    """The judge as one script. Skips where there is no Node, or its packages cannot be had."""
    try:
        node, npm = tools()
        install(ROOT, npm)
    except BuildFailed as failed:
        pytest.skip(f"NOT CHECKED: {failed}")
    script = folder / "vectors.mjs"
    rolldown = ["node_modules/rolldown/bin/cli.mjs", str(SOURCE), "--format", "esm", "--file", str(script)]
    done = subprocess.run([*node, *rolldown], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return script


class NodeTwin:
    """The judge in a process of Node. Ended by :meth:`close`."""

    def __init__(self, script: Path) -> None:
        (node, *_), _ = tools()
        self._process = subprocess.Popen(
            [shutil.which(node) or node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, task: str, **request: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"task": task, **request}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the judge in Node has ended; its reason is on standard error"
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate(timeout=10)
