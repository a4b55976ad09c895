"""One name, one thing: whoever reads a class name need not ask which."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = ("credentials", "service_kit", "trust_registry", "issuer", "verifier", "demonstration", "diagnosis")
_TYPESCRIPT = re.compile(r"^export (?:abstract )?(?:class|interface|type|enum) (\w+)(?! *})", re.MULTILINE)


def _files(suffix: str) -> Iterator[Path]:
    for floor in HOUSE:
        yield from (path for path in (ROOT / floor).rglob(f"*{suffix}") if not {"built", "versions"} & {*path.parts})


def _python(path: Path) -> list[str]:
    classes = (node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef))
    # The name is marshmallow's, for what a schema says of itself.
    found = (name for name in classes if name != "Meta")
    return [name for name in found if not name.startswith("_")]


def _typescript(path: Path) -> list[str]:
    return _TYPESCRIPT.findall(path.read_text("utf-8"))


def _twice(places: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: found for name, found in places.items() if len(found) > 1}


def test_no_class_name_stands_twice_in_python() -> None:
    """Place, Finding and Mirror once meant three things each."""
    places = defaultdict(list)
    for path in _files(".py"):
        for name in _python(path):
            places[name].append(str(path.relative_to(ROOT)))
    assert _twice(places) == {}


def test_no_exported_type_stands_twice_in_typescript() -> None:
    """The same for what the apps share with each other."""
    places = defaultdict(list)
    for path in _files(".ts"):
        for name in _typescript(path):
            places[name].append(str(path.relative_to(ROOT)))
    assert _twice(places) == {}
