"""Numbers that a gate and the registry have in common."""

from __future__ import annotations

from prometheus_client.metrics_core import Metric

from service_kit.metrics import DAY_SECONDS, gauges
from trust_registry.client.trust.snapshot import TrustSnapshot


def key_days_left(trust: TrustSnapshot, now: int) -> Metric:
    """Days until each member has no key of a use any more; keys that are denied or not yet begun do not count."""
    last: dict[tuple[str, ...], int] = {}
    for member, trusted in trust.members.items():
        for key in trusted.statement.keys:
            usable = key.kid not in trust.denied and key.not_before <= now
            # A use without any usable key has 0 days.
            last[member, key.use] = max(last.get((member, key.use), now), key.not_after if usable else now)
    meaning = "Days until a member has no key of this use any more"
    values = [(labels, days_left(ends, now)) for labels, ends in sorted(last.items())]
    return gauges("tongxing_key_days_left", meaning, ("member", "use"), values)


def days_left(ends: int, now: int) -> float:
    """Days from ``now`` to ``ends``, both seconds UTC; below 0 since."""
    return (ends - now) / DAY_SECONDS
