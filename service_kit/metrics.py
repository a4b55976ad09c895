"""Prometheus metrics: one registry an application, labels from closed sets only, nobody in them.

What is counted (requests, verdicts, seconds) is the sum of all worker processes where there are several; what follows
from a state (ages, rooms, queues) is worked out when it is asked for, by whichever worker is asked. See
:mod:`service_kit.process.workers` for how workers come to count together.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from credentials.errors import TongxingError
from service_kit.process.inquiry import Inquiry
from service_kit.process.upkeep import Upkeep
from service_kit.process.workers import Slot, counting_folder

DAY_SECONDS = 24 * 3600
_COUNTED = ("counter", "histogram")
_Answer = TypeVar("_Answer")

disable_created_metrics()  # type: ignore[no-untyped-call]
if (_folder := counting_folder()) is not None:
    # Before the first metric is made. A worker that takes a dead one's place goes on with its counts.
    values.ValueClass = values.MultiProcessValue(Slot(_folder))  # type: ignore[no-untyped-call]


class Metrics:
    """The numbers of one application; other rooms add their own counters and collectors to ``registry``."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tongxing_requests_total",
            "Requests by route and status",
            ("service", "route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tongxing_request_seconds",
            "Seconds until the answer, by route",
            ("service", "route"),
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer. ``route``: the template, never the path; ``method``: one of a closed set."""
        self.requests.labels(self.service, route, method, str(status)).inc()
        self.seconds.labels(self.service, route).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """What this application counts, by all workers, and what follows from its state."""
        of_all = _of_all_workers()
        for family in self.registry.collect():
            counted = of_all.get(family.name)
            yield self._own(counted) if counted and family.type in _COUNTED else family

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self)

    def _own(self, family: Metric) -> Metric:
        """Without what other applications in the same processes count under the same name."""
        family.samples = [each for each in family.samples if each.labels.get("service", self.service) == self.service]
        return family


class StateCollector(Collector, Generic[_Answer]):
    """Gauges from a state, asked for anew at each scrape; and whether it could be had in time."""

    def __init__(self, question: Callable[[], _Answer], gauges: Callable[[_Answer], Iterable[Metric]]) -> None:
        self._inquiry, self._gauges = Inquiry(question), gauges

    def collect(self) -> Iterator[Metric]:
        try:
            found = self._inquiry.answer()
        except TongxingError:
            found = None
        yield gauge("tongxing_database_up", "Whether the database answered this scrape in time", found is not None)
        if found is not None:
            yield from self._gauges(found)


class HouseCollector(Collector):
    """What a service stands on: the disk under its ``folder``, and what it does by itself."""

    def __init__(self, folder: Path, *upkeep: Upkeep) -> None:
        self._folder, self._upkeep = folder, upkeep

    def collect(self) -> Iterator[Metric]:
        yield gauge("tongxing_disk_free_share", "Free share of the disk under the data folder, 0 to 1", self._free())
        failures = [((each.name,), each.condition.failures) for each in self._upkeep]
        yield gauges("tongxing_upkeep_failures", "Failures in a row of what is done by itself", ("work",), failures)

    def _free(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return None
        return usage.free / usage.total


def gauge(name: str, meaning: str, value: float | None) -> Metric:
    """One number; without a sample when it is not known."""
    return GaugeMetricFamily(name, meaning, value=None if value is None else float(value))


def gauges(name: str, meaning: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """One number for each combination of labels."""
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for of_labels, value in values:
        family.add_metric(of_labels, float(value))
    return family


def _of_all_workers() -> dict[str, Metric]:
    """What all workers have counted, by name; nothing where one process counts for itself."""
    folder = counting_folder()
    if folder is None:
        return {}
    found: Iterable[Metric] = MultiProcessCollector(None, str(folder)).collect()  # type: ignore[no-untyped-call]
    return {family.name: family for family in found}
