"""Tells what a monitor found: to Prometheus by a file for its node exporter, and to a webhook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from credentials.errors import FetchFailed
from credentials.wire.strict_json import json_bytes
from service_kit.durable import write_atomic
from service_kit.fetch import Fetcher
from service_kit.metrics import gauge, gauges
from trust_registry.monitor.findings import TEXTS, LogFinding
from trust_registry.monitor.monitor import Looked
from trust_registry.monitor.state import MonitorState

MAX_ANSWER_BYTES = 65_536
ASK_SECONDS = 10.0
MAX_TOLD = 200
"""Findings in one call of the webhook; how many there are is said besides."""


def write_metrics(path: Path, looked: Looked, now: int) -> None:
    """The numbers of this look, put in the place of the last. Raises StorageFull, StorageUnavailable."""
    registry = CollectorRegistry()
    registry.register(_Look(looked, now))
    write_atomic(path, generate_latest(registry))


def tell_webhook(url: str, fetcher: Fetcher, looked: Looked) -> MonitorState:
    """Post what is found, once each time it becomes other than what was told last; what is remembered then.

    Raises FetchFailed, FetchTooLarge, SettingInvalid: then it is told with the next look.
    """
    alarms = [each for each in looked.findings if each.is_alarm]
    unreached = {each.log for each in looked.findings if not each.is_alarm}
    # What was told of a log that could not be read now has not ended by that.
    standing = {each for each in looked.state.told if any(f" {log} " in each for log in unreached)}
    now = frozenset(f"{each.word} {each.log} {each.about}" for each in alarms) | standing
    if now == looked.state.told:
        return looked.state
    content = {
        "findings": [each.fields() for each in alarms[:MAX_TOLD]],
        "count": len(alarms),
        "ended": sorted(looked.state.told - now)[:MAX_TOLD],
    }
    answer = fetcher.send(
        "POST",
        url,
        limit=MAX_ANSWER_BYTES,
        body=json_bytes(content),
        headers={"Content-Type": "application/json"},
        seconds=ASK_SECONDS,
    )
    if not 200 <= answer.status < 300:
        raise FetchFailed(f"status {answer.status}", answer.status)
    return replace(looked.state, told=now)


class _Look(Collector):
    def __init__(self, looked: Looked, now: int) -> None:
        self._looked, self._now = looked, now

    def collect(self) -> Iterator[Metric]:
        logs = self._looked.state.logs
        kinds = [((origin, kind), count) for origin, each in logs.items() for kind, count in sorted(each.kinds.items())]
        yield gauges("tongxing_monitor_leaves", "Leaves that were read, by kind of deed", ("log", "kind"), kinds)
        counts = _counts(self._looked.findings)
        found = [((origin, word), counts[origin, word]) for origin in logs for word in TEXTS]
        yield gauges("tongxing_monitor_findings", "What is wrong with a log now, by word", ("log", "finding"), found)
        yield gauge("tongxing_monitor_looked_seconds", "When it looked last, seconds since 1970 UTC", self._now)


def _counts(findings: Sequence[LogFinding]) -> Counter[tuple[str, str]]:
    return Counter((each.log, each.word) for each in findings)
