"""The locks: whole, hashed, in step with pyproject.toml, and free of any place."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_build import NODE_WHEEL

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]
RUNTIME = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["postgres"]
BUILD = PROJECT["build-system"]["requires"]
ASKED = {
    "requirements.lock": RUNTIME + GROUPS["build"],
    "requirements-test.lock": RUNTIME + GROUPS["build"] + GROUPS["test"],
    "requirements-node.lock": GROUPS["node"],
    "requirements-peers.lock": GROUPS["peers"],
    "requirements-fuzz.lock": GROUPS["fuzz"],
}
PACKAGES = json.loads((ROOT / "package.json").read_text("utf-8"))
PEERS = json.loads((ROOT / "tests" / "peers" / "package.json").read_text("utf-8"))
NPM_LOCK = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
PEERS_LOCK = json.loads((ROOT / "tests" / "peers" / "package-lock.json").read_text("utf-8"))
ENTRY = re.compile(r"[a-z0-9.-]+==[^ ]+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")

locks = pytest.mark.parametrize("lock", ASKED)


def entries(lock: str) -> list[str]:
    """One line for each package: requirement and hashes."""
    text = (ROOT / "locks" / lock).read_text("utf-8")
    return re.sub(r" \\\n +", " ", text).splitlines()


def pinned(lock: str) -> dict[str, set[str]]:
    """Name -> versions; two where Python versions need different ones."""
    versions: dict[str, set[str]] = {}
    for entry in entries(lock):
        requirement = Requirement(entry.split(" --hash", 1)[0])
        version = str(requirement.specifier).removeprefix("==")
        versions.setdefault(canonicalize_name(requirement.name), set()).add(version)
    return versions


@locks
def test_each_entry_is_a_pinned_version_with_hashes_and_nothing_else(lock: str) -> None:
    """An address ties every reader to one machine's registry; a missing hash, to its word."""
    assert [entry for entry in entries(lock) if not ENTRY.fullmatch(entry)] == []


@locks
def test_each_lock_answers_all_that_the_project_asks_for(lock: str) -> None:
    """A dependency added to pyproject.toml alone would be missing from every installation."""
    versions = pinned(lock)
    for requirement in map(Requirement, ASKED[lock]):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement} is not locked: run `make locks`"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement}: {found}"


ENVIRONMENTS = {
    "requirements.lock": Path(sys.prefix),
    "requirements-test.lock": Path(sys.prefix),
    "requirements-peers.lock": ROOT / ".venv" / "peers",
}
"""Where the packages of a lock are installed, and so what they need can be read."""


def wanted(requirements: Iterable[str], installed: dict[NormalizedName, Distribution]) -> set[str]:
    """The names of all packages that ``requirements`` lead to on this machine, extras followed."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    seen: set[str] = set()
    while waiting:
        asked = waiting.pop()
        if str(asked) in seen:
            continue
        seen.add(str(asked))
        name = canonicalize_name(asked.name)
        found.add(name)
        needs = [Requirement(text) for text in (installed[name].requires or [])] if name in installed else []
        waiting += [
            need
            for need in needs
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *asked.extras})
        ]
    return found


@pytest.mark.parametrize("lock", ENVIRONMENTS)
def test_each_lock_is_whole_and_nothing_is_left_to_resolve(lock: str) -> None:
    """A lock that leaves one extra to the installer held until a newer `coverage` came out, and not a day longer."""
    sites = [str(path) for path in ENVIRONMENTS[lock].glob("lib/python*/site-packages")]
    installed = {canonicalize_name(each.metadata["Name"]): each for each in distributions(path=sites)}
    if lock == "requirements-peers.lock" and "cwt" not in installed:
        pytest.skip("no peers' environment: `make .venv/peers/installed`")
    needed = wanted(ASKED[lock], installed)
    assert needed - {"tongxing"} <= set(pinned(lock)), "run `make locks`"
    assert needed <= set(installed), "a package that is not installed may need others"


RECIPES = (
    "Makefile",
    "deploy/Containerfile",
    "docs/operations.md",
    "docs/dependencies.md",
    "README.md",
    "README.zh-CN.md",
)


def test_each_recipe_installs_without_resolving() -> None:
    """What an installer resolves by itself, it resolves otherwise tomorrow."""
    texts = {name: re.sub(r"\\\n\s*", " ", (ROOT / name).read_text("utf-8")) for name in RECIPES}
    installs = [
        (name, line) for name, text in texts.items() for line in re.findall(r"(?:pip|PIP\)) install\b[^&|\n`]*", text)
    ]
    assert len(installs) >= 6
    assert [(name, line) for name, line in installs if "--no-deps" not in line] == []


def test_what_is_tested_is_what_runs() -> None:
    """Tests on other versions than those that are deployed prove little."""
    tested = pinned("requirements-test.lock")
    assert {name: tested.get(name) for name in pinned("requirements.lock")} == pinned("requirements.lock")


def test_the_build_tools_are_locked_as_they_are_asked_for() -> None:
    """Our own package is built without isolation, so what pip would fetch for it must be in the lock."""
    assert GROUPS["build"] == BUILD


def test_the_peer_that_checks_cose_is_not_the_abandoned_one() -> None:
    """In a joint lock, cwt falls back to a version of 2021, because it needs cbor2 below 6 and we need 6."""
    peers = pinned("requirements-peers.lock")
    assert min(int(version.split(".")[0]) for version in peers["cwt"]) >= 3
    assert max(int(version.split(".")[0]) for version in peers["cbor2"]) < 6


def test_each_dependency_has_its_reason() -> None:
    """Whoever is asked to trust a package must be able to read why it is there."""
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `([a-z0-9@/-]+)", page, re.MULTILINE))
    asked = {Requirement(text).name for lock in ASKED.values() for text in lock}
    assert rows == asked | set(PACKAGES["devDependencies"]) | set(PEERS["dependencies"])


@pytest.mark.parametrize("lock", [NPM_LOCK, PEERS_LOCK], ids=["apps", "peers"])
def test_locks_of_npm_name_packages_and_hashes_and_no_place(lock: dict[str, Any]) -> None:
    """As with the others: an address ties every reader to one machine's registry."""
    locked = {name: entry for name, entry in lock["packages"].items() if name}
    assert locked
    assert [name for name, entry in locked.items() if "resolved" in entry or "integrity" not in entry] == []
    assert NPM_LOCK["packages"][""]["devDependencies"] == PACKAGES["devDependencies"]


def test_the_build_hook_asks_for_the_node_that_is_locked() -> None:
    """A wheel built elsewhere must not bring another Node than ours."""
    assert GROUPS["node"] == [NODE_WHEEL]
