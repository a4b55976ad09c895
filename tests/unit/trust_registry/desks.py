"""A registry that is served on the loopback, and the commands of officers and provinces run at their desks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from tests.unit.trust_registry.founded import HENAN
from trust_registry.cli import province, registry


class Desk:
    """A folder with a registry that is being served, and commands run in it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def run(self, group: click.Group, *arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(group, list(arguments), input=answer, catch_exceptions=False)

    def json(self, group: click.Group, *arguments: str) -> dict[str, Any]:
        result = self.run(group, *arguments, "--json")
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    def officer(self, number: int) -> list[str]:
        return ["--registry", self.url, "--key", str(self.folder / f"officers/officer-{number}.pem")]

    @property
    def root(self) -> str:
        return str(self.folder / "trust-root.json")

    @property
    def data(self) -> list[str]:
        return ["--data-dir", str(self.folder)]


def enrol(desk: Desk, henan: str) -> str:
    """Henan's way in, as far as the draft; its id."""
    made = desk.json(province, "init", henan, "--member", "CN-41")
    # What it prints can be copied into the next command.
    assert all(Path(key["file"]).exists() for key in (made["root"], *made["keys"]))
    desk.json(province, "statement", henan, "--registry", desk.url)
    submitted = desk.json(province, "submit", henan, "--registry", desk.url)
    additions = desk.folder.parent / "henan-additions.json"
    additions.write_text(json.dumps({"CN-41": HENAN}), encoding="utf-8")
    wanted = ["--statement", submitted["id"], "--additions", str(additions)]
    return str(desk.json(registry, "draft", *desk.officer(1), *wanted)["id"])
