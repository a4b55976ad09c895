"""The browser's judge, to be asked what the Python one was asked: in Node, or in Chromium."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Page

from hatch_build import BuildFailed, ready_node

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("vectors.ts")


_ONE_BY_ONE = """async asked => {
    const told = [];
    for (const each of asked) told.push(await answer(each));
    return told;
}"""


class Twin(Protocol):
    """Answers one request of ``vectors.ts``."""

    def __call__(self, task: str, **request: Any) -> Any:
        """What the task gives, as JSON values."""
        ...


def bundle(folder: Path) -> list[str]:
    """The judge as one script, and the command that runs it. Skips where there is no Node with its packages."""
    try:
        node = ready_node(ROOT)
    except BuildFailed as failed:
        pytest.skip(f"NOT CHECKED: {failed}")
    script = folder / "vectors.mjs"
    rolldown = [
        "node_modules/rolldown/bin/cli.mjs",
        str(SOURCE),
        "--format",
        "esm",
        "--no-codeSplitting",
        "--file",
        str(script),
    ]
    done = subprocess.run([*node, *rolldown], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [*node, str(script)]


class NodeTwin:
    """The judge in a process of Node. Ended by :meth:`close`."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, task: str, **request: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"task": task, **request}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the judge in Node has ended; its reason is on standard error"
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


class PageTwin:
    """The judge in a page of Chromium, whose WebCrypto is the one that gates have."""

    def __init__(self, page: Page, script: Path) -> None:
        page.route("http://localhost/", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto("http://localhost/")
        page.add_script_tag(content=script.read_text(), type="module")
        # A module runs when the page comes to it, and a quick machine asks before that.
        page.wait_for_function("() => globalThis.answer")
        self._page = page

    def __call__(self, task: str, **request: Any) -> Any:
        return self._page.evaluate("request => answer(request)", {"task": task, **request})

    def all(self, task: str, requests: Sequence[Mapping[str, Any]]) -> list[Any]:
        """What the task gives for each of them, one after the other and asked for at once."""
        asked = [{"task": task, **request} for request in requests]
        found: list[Any] = self._page.evaluate(_ONE_BY_ONE, asked)
        return found
