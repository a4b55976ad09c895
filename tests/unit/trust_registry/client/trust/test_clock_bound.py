from __future__ import annotations

import pytest

from trust_registry.client.trust.clock_bound import effective_now

NOW = 1_669_000_000
HOUR = 3600


@pytest.mark.parametrize(
    ("registry_time", "expected"),
    [
        (NOW - 10 * HOUR, (NOW, False, False)),
        (NOW + 60, (NOW, False, False)),
        (NOW + 61, (NOW + 61, True, False)),
        (NOW + 24 * HOUR, (NOW + 24 * HOUR, True, False)),
        (NOW + 24 * HOUR + 1, (NOW, False, True)),
        (2**32 - 1, (NOW, False, True)),
    ],
)
def test_the_registry_moves_a_slow_clock_and_no_further(registry_time: int, expected: tuple[int, bool, bool]) -> None:
    """A guard's slow clock must not open the gate to expired codes (coronacheck-android #67), and a thief of the
    registry's online key must not close every gate with a far-future time."""
    assert tuple(effective_now(NOW, registry_time)) == expected
