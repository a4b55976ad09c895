"""Prometheus metrics: one registry an application, labels from closed sets only, nobody in them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


class Metrics:
    """Counts of one application in one process; other rooms add their own to ``registry``.

    Several workers count apart, and whoever asks gets the counts of one of them: where numbers matter, run one worker
    of several threads, and more processes on ports of their own.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tongxing_requests_total",
            "Requests by route and status",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tongxing_request_seconds", "Time to answer, by route", ("route",), registry=self.registry
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer. ``route``: the template, never the path; ``method``: one of a closed set."""
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)
