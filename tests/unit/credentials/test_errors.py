"""The tree of errors is what the rest of the house branches on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from credentials import errors
from credentials.errors import TongxingError

CODE = re.compile(r"[a-z]+(-[a-z]+)*")
# "│   │   ├── NotACredential            not-a-credential    (a remark)"
ROW = re.compile(r"^    (?P<branches>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: {2,}(?P<code>[a-z-]+)(?: |$))?", re.MULTILINE)


def all_classes(root: type[TongxingError] = TongxingError) -> Iterator[type[TongxingError]]:
    yield root
    for child in root.__subclasses__():
        yield from all_classes(child)


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Name -> (name of its parent, code), as the module's docstring draws the tree."""
    assert errors.__doc__ is not None
    rows: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    for row in ROW.finditer(errors.__doc__):
        depth = len(row["branches"]) // 4
        if depth > len(path):
            continue
        path[depth:] = [row["name"]]
        code = row["code"] if row["code"] and CODE.fullmatch(row["code"]) else None
        rows[row["name"]] = (path[depth - 1] if depth else None, code)
    return rows


def test_the_drawn_tree_is_the_tree() -> None:
    """Who catches an error by its drawn parent must catch it in truth."""
    real = {each.__name__: each.__bases__[0].__name__ for each in all_classes() if each is not TongxingError}
    assert {name: parent for name, (parent, _) in drawn().items() if parent} == real


def test_a_reason_needs_no_class() -> None:
    """A new one is a row of the table and the step that finds it; whether it refuses, its branch says."""
    error = errors.NotRecognised("dose 1 of 2", reason="rule-failed")
    assert (error.code, str(error)) == ("rule-failed", "rule-failed: dose 1 of 2")
    assert errors.RuleFailed().code == "rule-failed"


def test_the_drawn_codes_are_the_codes() -> None:
    """A code is an interface: other programs, texts and documents hang on it for ever."""
    leaves = {each.__name__: each.code for each in all_classes() if not each.__subclasses__()}
    assert {name: code for name, (_, code) in drawn().items() if name in leaves} == leaves


def test_every_leaf_has_a_code_of_its_own() -> None:
    """Two errors under one code would get one text, one outcome and one advice (dcc-qa #219)."""
    codes = [each.code for each in all_classes() if not each.__subclasses__()]
    assert len(codes) == len(set(codes)) > 60
    assert all(CODE.fullmatch(code) for code in codes)


@pytest.mark.parametrize("kind", [each for each in all_classes() if not each.__subclasses__()])
def test_every_error_says_what_it_is(kind: type[TongxingError]) -> None:
    """A log line of an error without detail must still name it, and no docstring may be missing."""
    assert str(kind()) == kind.code
    assert str(kind("more")) == f"{kind.code}: more"
    assert kind("more").detail == "more"
    assert kind.__doc__
