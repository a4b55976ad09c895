"""What the worker on duty tells the others about its rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from trust_registry.client.members.failure import Failure
from trust_registry.client.members.mirror import MemberState
from verifier.keeping.report import RoundReport, read_report, write_report
from verifier.keeping.rounds import REPORT

FAILURE = Failure("CN-41", "status.cose", "fetch-failed", "503", 1_795_000_000)
STATE = MemberState(None, 5, (), None, ())


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """An operator asks any of four workers and must hear what the one knows that fetches."""
    report = RoundReport((FAILURE,), {"CN-41": (7, None), "CN-44": (8, 9)})
    write_report(tmp_path, report)
    found = read_report(tmp_path)
    assert found == report
    applied = found.applied("CN-41", STATE)
    assert (applied.status_synced_at, applied.rules_synced_at, applied.failures) == (7, None, (FAILURE,))
    assert found.applied("CN-51", STATE) == STATE


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"failures": 1, "synced": {}}', '{"failures": [[1]], "synced": {}}',
     '{"failures": [["", "", "", "", "x"]], "synced": {}}', '{"failures": [], "synced": []}',
     '{"failures": [], "synced": {"CN-41": 1}}', '{"failures": [], "synced": {"CN-41": [1]}}'],
)  # fmt: skip
def test_a_damaged_one_is_none(tmp_path: Path, content: str) -> None:
    """It decides nothing, so it may be lost; it must not end the reading."""
    (tmp_path / REPORT).write_text(content)
    assert read_report(tmp_path) is None


def test_a_missing_one_is_none(tmp_path: Path) -> None:
    """The first worker has not made a round yet."""
    assert read_report(tmp_path) is None
