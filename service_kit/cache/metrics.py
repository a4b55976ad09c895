"""Whether the shared cache is there, as metrics of every service that has one."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service_kit.cache.store import Cache, RedisCache


def watch_cache(cache: Cache, service: str, registry: CollectorRegistry) -> None:
    """Add ``tongxing_shared_cache_up`` and ``tongxing_shared_cache_fallbacks_total``, where there is a Redis URL."""
    if isinstance(cache, RedisCache):
        meaning = "Answers that came from the process because Redis was away"
        fallbacks = Counter("tongxing_shared_cache_fallbacks_total", meaning, ("service",), registry=registry)
        cache.on_fallback = fallbacks.labels(service).inc
        registry.register(_Up(cache))


class _Up(Collector):
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[GaugeMetricFamily]:
        meaning = "Whether other processes see what this one counts and remembers"
        yield GaugeMetricFamily("tongxing_shared_cache_up", meaning, value=float(self._cache.is_shared))
