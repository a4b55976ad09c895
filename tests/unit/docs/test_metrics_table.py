"""docs/operations.md has a row for each metric."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("service_kit", "trust_registry", "issuer", "verifier")
_MADE = re.compile(
    r'(?:Counter|Histogram|Gauge|GaugeMetricFamily|CounterMetricFamily|gauge|gauges)\(\s*"(tongxing_[a-z_]+)"'
)


def test_each_metric_has_its_row_and_no_other_has() -> None:
    """A number that nobody can read raises no alarm; an alarm on one that is gone never rings."""
    sources = (path.read_text("utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    made = {name for source in sources for name in _MADE.findall(source)}
    rows = re.findall(
        r"^\| `(tongxing_[a-z_]+)` \|", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(made)
