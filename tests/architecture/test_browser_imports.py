"""Import contracts for TypeScript, as import-linter holds them for Python: floors, and no circle."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

import pytest

from tests.architecture.test_build import APPS

ROOT = Path(__file__).parents[2]
FLOORS: Mapping[str, tuple[str, ...]] = {
    "credentials/browser": (),
    "service_kit/browser": ("credentials/browser/profile", "credentials/browser/words"),
    **dict.fromkeys(APPS, ("credentials/browser", "service_kit/browser")),
}
"""Each with those that it may import from; the shell needs the languages and the texts of the ground alone."""
_IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\()\s*["'](\.[^"'\n]+)["']""")


def _sources(floor: str) -> Iterator[Path]:
    return (path for path in (ROOT / floor).rglob("*.ts") if "built" not in path.parts)


def _imports(path: Path) -> Iterator[str]:
    """What a file imports of ours, as paths from the top."""
    for spelled in _IMPORT.findall(path.read_text("utf-8")):
        yield os.path.normpath(path.parent.relative_to(ROOT) / spelled.partition("?")[0])


def _graph() -> Mapping[str, set[str]]:
    files = (path for floor in FLOORS for path in _sources(floor))
    return {str(path.relative_to(ROOT).with_suffix("")): set(_imports(path)) for path in files}


@pytest.mark.parametrize("floor", FLOORS)
def test_browser_code_imports_only_from_its_own_floor_and_those_below(floor: str) -> None:
    """An app that imports from the other app ships it; a judge that imports from an app cannot be tried alone."""
    allowed = (floor, *FLOORS[floor])
    found = {
        f"{path.relative_to(ROOT)} -> {target}"
        for path in _sources(floor)
        for target in _imports(path)
        if not any(PurePath(target).is_relative_to(each) for each in allowed) and not target.endswith(".css")
    }
    assert found == set()


def test_no_circle_among_files_or_rooms() -> None:
    """A circle means that two files, or two rooms, can only be understood together."""
    graph = _graph()
    _require_no_circle(graph)
    rooms: dict[str, set[str]] = defaultdict(set)
    for path, targets in graph.items():
        rooms[str(PurePath(path).parent)] |= {str(PurePath(target).parent) for target in targets}
    for room, targets in rooms.items():
        # A room and what stands in a room inside it are one house; a circle within files was looked for above.
        rooms[room] = {each for each in targets if not _nested(each, room)}
    _require_no_circle(rooms)


def _nested(one: str, other: str) -> bool:
    return PurePath(one).is_relative_to(other) or PurePath(other).is_relative_to(one)


def _require_no_circle(graph: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))
