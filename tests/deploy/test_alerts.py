"""The alerts are rules that Prometheus takes, one for each alarm that the documentation names, and they ring."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "alerts.yaml"
FROM_OTHERS = {"probe_ssl_earliest_cert_expiry"}
"""Of blackbox_exporter."""
_METRIC = re.compile(r"\b(?:tongxing|probe)_[a-z_]+\b")
_SUFFIX = re.compile(r"_bucket$")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def documented() -> set[str]:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    return set(re.findall(r"^\| `(tongxing_[a-z_]+)` \|", page, re.MULTILINE))


def test_every_metric_has_its_alert_and_no_alert_rests_on_nothing() -> None:
    """An alarm on a number that is gone never rings, and a number without one is looked at when it is too late."""
    used = {_SUFFIX.sub("", name) for rule in rules() for name in _METRIC.findall(rule["expr"])}
    assert used == documented() | FROM_OTHERS


def test_every_alert_says_what_is_wrong_and_how_soon_to_look() -> None:
    """Whoever is woken reads one line."""
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


def test_an_alert_leads_to_a_place_that_is_there() -> None:
    """A link into a page that has moved helps nobody at night."""
    for look in (rule["annotations"].get("look", "") for rule in rules()):
        for path, anchor in re.findall(r"(docs/[a-z-]+\.md)(?:#([a-z-]+))?", look):
            headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
            assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, look


@pytest.mark.parametrize("asked", [("check", ALERTS), ("test", ROOT / "tests" / "deploy" / "alerts_test.yaml")])
def test_prometheus_takes_them_and_they_ring(asked: tuple[str, Path]) -> None:
    """By Prometheus's own tool: its syntax, and made-up series that must ring or must not."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    done = subprocess.run(["promtool", asked[0], "rules", str(asked[1])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
