"""The last column of the recipe's table in ``docs/verdict.md``, written from ``credentials/profile/reasons.py``; what a
step asks is written by hand."""

from __future__ import annotations

import re
from pathlib import Path

from credentials.profile.reasons import REASONS

PAGE = Path(__file__).parents[2] / "docs" / "verdict.md"
_TABLE = re.compile(r"(?<=<!-- recipe -->\n).*?(?=\n\n)", re.DOTALL)
_ROW = re.compile(r"^(\| \d+ \| ([a-z]+) \| [^|]* \|) (?:`[a-z-]+` ?)*", re.MULTILINE)


def write_page() -> str:
    """The whole page: at each step the reasons that are found there, most important first."""
    return _TABLE.sub(lambda table: _ROW.sub(_with_reasons, table[0]), PAGE.read_text("utf-8"))


def _with_reasons(row: re.Match[str]) -> str:
    codes = [f"`{each.code}` " for each in REASONS.values() if row[2] in each.steps]
    return f"{row[1]} {''.join(codes)}"
