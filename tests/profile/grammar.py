"""The closed lists in the grammars of ``docs/wire-format.md``, written from ``credentials/profile``; all else there is
written by hand."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import fill

from credentials.profile.lists import ClosedList, EvidenceKind, EvidenceResult, Form, Guardian, Reason, Status

PAGE = Path(__file__).parents[2] / "docs" / "wire-format.md"
_NUMBERED = {
    "status": Status,
    "form": Form,
    "reason": Reason,
    "evidence-kind": EvidenceKind,
    "evidence-result": EvidenceResult,
    "guardian": Guardian,
}
_WIDTH = 114
"""Characters of a line of a grammar."""


def write_page() -> str:
    """The whole page: each list by number where it is named, and by label wherever its labels stand as alternatives."""
    page = PAGE.read_text("utf-8")
    for name, closed_list in _NUMBERED.items():
        page = re.sub(rf"^{name} = &\(.*?\)$", f"{name} = &({_by_number(closed_list)})", page, flags=re.M | re.S)
    for closed_list in (Status, Form, EvidenceKind):
        labels = [f'"{member.label}"' for member in closed_list]
        page = re.sub(rf"(?<=0\*)\d+(?= {labels[0]})", str(len(labels)), page)
        page = re.sub(rf'{labels[0]}(?: / "(?!none)[a-z-]+")+', " / ".join(labels), page)
    return page


def _by_number(closed_list: type[ClosedList]) -> str:
    members = ", ".join(f"{member.label}: {int(member)}" for member in closed_list)
    if len(members) < _WIDTH - 20:
        return f" {members} "
    return f"\n{fill(members, _WIDTH, initial_indent='  ', subsequent_indent='  ', break_on_hyphens=False)}\n"
