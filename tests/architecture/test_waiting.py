"""How tests wait for a page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
FUNCTION = re.compile(r"\s*(\w+|\(\w*\)) =>")


def test_what_is_waited_for_in_a_page_is_a_function() -> None:
    """An expression is evaluated anew at each look, which our pages' policy forbids: it works where it is true at the
    first one, and only there."""
    expressions = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in TESTS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "wait_for_function"
        if not FUNCTION.match(ast.literal_eval(call.args[0]))
    ]
    assert expressions == []
