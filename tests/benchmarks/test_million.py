"""The run over a million people, with a few thousand: what it measures is whole."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.million import SMALL, go_on, report, require_whole


def test_what_was_killed_goes_on_and_nothing_is_lost_or_twice(tmp_path: Path) -> None:
    """Figures of a run that had lost its people would be worth nothing."""
    pieces = [go_on(tmp_path, SMALL, 0.0)]
    while pieces[-1].killed:
        pieces.append(go_on(tmp_path, SMALL, len(pieces) * 20.0))
    found = require_whole(tmp_path)
    assert pieces[0].killed and sum(each.codes for each in pieces) == found["credential"] == SMALL - found["rejected"]
    assert f"| {len(pieces)} |" in report(pieces, found, 1.0, 1.0)
