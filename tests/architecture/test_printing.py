"""There is one place where a text meets a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
FOLDERS = ("credentials", "service_kit", "trust_registry", "issuer", "verifier", "diagnosis", "demonstration")
SOURCES = [
    HOUSE / "cli.py",
    HOUSE / "wsgi.py",
    *(path for folder in FOLDERS for path in (HOUSE / folder).rglob("*.py")),
]
PRINTING = re.compile(r"click\.(echo|secho|style)\(|(?<![\w.])print\(|sys\.(stdout|stderr)\.(write|buffer)")
ONE_PLACE = HOUSE / "service_kit" / "terminal.py"
BY_ITSELF = HOUSE / "demonstration" / "residents.py"
"""Run as a program of its own: writes a made-up CSV file."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_nothing_is_printed_past_it(path: Path) -> None:
    """A command that prints by itself prints what a registry wants to do to a terminal."""
    if path not in (ONE_PLACE, BY_ITSELF):
        assert not PRINTING.search(path.read_text(encoding="utf-8"))
