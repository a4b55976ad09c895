"""The drawing of the house in docs/architecture.md, held by machine."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LINTER = PROJECT["tool"]["importlinter"]
FLOORS = set(LINTER["root_packages"])
ROOF = {"cli.py", "wsgi.py"}
SCAFFOLD = {"hatch_build.py"}
"""Builds the house, and is no part of it."""
ALGORITHM_NAMES = re.compile(
    r"\b(es256|ps256|p-?256|secp256r1|prime256v1|ec2)\b|\bCOSE_NUMBER = |namedCurve", re.IGNORECASE
)
CLOCK_CALLS = {"now", "today", "utcnow", "fromtimestamp", "localtime"}


def test_the_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that runs up, or across the two wings, is how a house of this kind rots."""
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == 0


def test_every_package_stands_on_a_floor() -> None:
    """A package that no contract names would be free to import anything."""
    packages = {path.parent.name for path in ROOT.glob("[a-z]*/__init__.py")} - {"tests"}
    assert packages == FLOORS
    assert {path.name for path in ROOT.glob("*.py")} == ROOF | SCAFFOLD


def test_wheel_and_type_check_take_in_the_whole_house() -> None:
    """hatch drops top-level modules that it is not told of, and then `tongxing` fails only once installed."""
    house = FLOORS | ROOF
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) == house
    assert set(PROJECT["tool"]["mypy"]["files"]) == house | SCAFFOLD | {"tests"}
    assert set(PROJECT["tool"]["coverage"]["run"]["source"]) == FLOORS | {"cli", "wsgi"}


def test_the_ground_opens_no_file_and_reads_no_clock() -> None:
    """Imports do not show `open` and `datetime.now`; a verdict must depend on its arguments alone."""
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "credentials").rglob("*.py")
        for call in _calls(path)
        if _name_of(call) in {"open", "input", "print"} | CLOCK_CALLS
    ]
    assert found == []


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text("utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name_of(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr if call.func.attr in CLOCK_CALLS else ""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_fetchers_are_made_in_one_place() -> None:
    """A second one went without the private certificate authority that had been set, and nobody saw it fail."""
    makers = {path.relative_to(ROOT).as_posix() for path in _product_files() if "Fetcher(" in _code(path)}
    # A gate without network, and the demonstration, which calls this machine alone, need no setting.
    assert makers == {"service_kit/settings.py", "verifier/keeping/freshness.py", "demonstration/world.py"}


def _product_files() -> Iterator[Path]:
    for floor in FLOORS:
        yield from (ROOT / floor).rglob("*.py")


def _code(path: Path) -> str:
    return path.read_text("utf-8").replace("class Fetcher", "")


def test_nobody_outside_the_algorithms_room_names_one_or_its_curve() -> None:
    """A second algorithm is a module beside the first and a line in the table, not a search through the house."""
    found = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.suffix in {".py", ".ts"}
        and "algorithms" not in path.parts
        and "built" not in path.parts
        and ALGORITHM_NAMES.search(path.read_text("utf-8"))
    ]
    assert found == []
