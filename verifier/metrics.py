"""What a gate counts, and what follows from its state: how old what it knows is, by member. Nobody is in it."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from credentials.verdict import Verdict
from service_kit.metrics import gauge, gauges
from trust_registry.client.members.mirror import MemberState
from trust_registry.client.metrics import key_days_left
from trust_registry.client.record.standing import RecordStanding
from trust_registry.client.trust.snapshot import TrustSnapshot
from verifier.gate.gate import Gate
from verifier.judging.knowledge import Knowledge
from verifier.keeping.freshness import Freshness

_CHECK_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1)
"""Seconds. A check is one signature and a little, below a millisecond; a Redis that hangs costs 0.25 s."""
_DELAY_BUCKETS = (5, 15, 30, 60, 90, 120, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600)
"""Seconds. A withdrawal should be at every gate within a minute and a half."""


class GateMetrics:
    """What a gate counts, in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.verdicts = Counter(
            "tongxing_verdicts_total",
            "Verdicts by outcome and most important reason",
            ("outcome", "reason"),
            registry=registry,
        )
        self.seconds = Histogram(
            "tongxing_check_seconds",
            "Seconds of one check; of a batch, their mean",
            buckets=_CHECK_BUCKETS,
            registry=registry,
        )
        self.delay = Histogram(
            "tongxing_feed_delay_seconds",
            "Age of a member's status at the moment of its arrival",
            ("member",),
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )

    def count(self, verdicts: Sequence[Verdict], seconds: float) -> None:
        """Count verdicts that took so long together; of a batch the mean is one observation."""
        kinds = Tally((each.outcome.value, each.reasons[0].code if each.reasons else "") for each in verdicts)
        for labels, number in kinds.items():
            self.verdicts.labels(*labels).inc(number)
        self.seconds.observe(seconds / max(1, len(verdicts)))

    def count_news(self, before: Knowledge, after: Knowledge, at: int) -> None:
        """Count how old each status was that has come at ``at`` (seconds UTC) in place of an earlier one.

        A first one is not counted: how long this gate was off says nothing about the feed.
        """
        for member, status in after.statuses.items():
            earlier = before.statuses.get(member)
            if earlier is not None and status.as_of > earlier.as_of:
                self.delay.labels(member).observe(max(0, at - status.as_of))


class GateCollector(Collector):
    """The ages of all that a gate knows, at the moment of the scrape."""

    def __init__(self, gate: Gate, freshness: Freshness) -> None:
        self._gate, self._freshness = gate, freshness

    def collect(self) -> Iterator[Metric]:
        now, trust = self._gate.now(), self._gate.knowledge.trust
        yield gauge("tongxing_clock_in_doubt", "Whether the device's clock is behind the registry's", now.doubt)
        yield gauge("tongxing_clock_alarm", "Whether the two clocks are too far apart to say which is wrong", now.alarm)
        yield from self._failures()
        yield from self._record(now.now)
        if trust is not None:
            yield from _trust(trust, now.now)
        yield from _members(dict(self._freshness.members()), now.now)

    def _record(self, now: int) -> Iterator[Metric]:
        standing = self._freshness.record
        codes = [((standing.code,), 1)] if standing is not None and standing.code else []
        yield gauges("tongxing_record_alarm", "Why the record does not prove the trust list", ("code",), codes)
        if standing is None:
            return
        yield gauge("tongxing_record_forked", "Whether two histories of the registry's log were seen", standing.forked)
        yield gauge("tongxing_record_witnesses", "Witnesses that count and have cosigned", _witnesses(standing))
        since = standing.unproven_since
        meaning = "Seconds for which the record has not proven the trust list though witnesses are asked for"
        yield gauge("tongxing_record_unproven_seconds", meaning, 0 if since is None else max(0, now - since))

    def _failures(self) -> Iterator[Metric]:
        found = {(each.member, each.file, each.code): 1 for each in self._freshness.failures()}
        meaning = "What could not be brought up to date at the last attempt; the trust list has no member"
        yield gauges("tongxing_feed_failures", meaning, ("member", "file", "code"), sorted(found.items()))


def _witnesses(standing: RecordStanding) -> int:
    return len(standing.proven.cosigned_by) if standing.proven else 0


def _trust(trust: TrustSnapshot, now: int) -> Iterator[Metric]:
    yield gauge("tongxing_trust_age_seconds", "Age of the trust list by the registry's signed time", trust.age(now))
    yield gauge("tongxing_trust_members", "Members of the trust list", len(trust.members))
    yield gauge("tongxing_trust_denied_keys", "Keys that verify nothing any more", len(trust.denied))
    yield gauge("tongxing_trust_reported", "Entries of the trust list left out or in doubt", len(trust.reported))
    yield key_days_left(trust, now)


def _members(members: dict[str, MemberState], now: int) -> Iterator[Metric]:
    statuses = [((name,), max(0, now - each.status.as_of)) for name, each in members.items() if each.status]
    yield gauges("tongxing_status_age_seconds", "Age of a member's status", ("member",), statuses)
    # 0 stands for a time that was not kept.
    confirmed = [((name,), now - each.rules_synced_at) for name, each in members.items() if each.rules_synced_at]
    meaning = "Seconds since the mirror confirmed that a member's rules are the newest"
    yield gauges("tongxing_rules_age_seconds", meaning, ("member",), confirmed)
