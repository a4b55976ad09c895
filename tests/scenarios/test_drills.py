"""The drills of the public record, each on the same running servers: who must find it out does, by the word that
docs/operations.md names, and a sound registry is never told to be wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demonstration.drills.drills import DRILLS
from demonstration.drills.yard import Yard
from demonstration.telling import Telling
from tests.scenarios.deployment import FoundedWorld


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    # No command is a process of its own: those of the monitor, the gates and the registry are in the demonstration.
    with FoundedWorld(tmp_path_factory.mktemp("drills")) as world:
        yield Yard.opened(world)


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_goes_as_it_must(yard: Yard, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fork, a rollback, a freeze, a leaf left out, one byte, yesterday's backup."""
    DRILLS[name](yard, Telling(("en",)))
    told = capsys.readouterr().out
    assert told.count("✓") >= 3 and "✗" not in told
