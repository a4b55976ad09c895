"""What an issuer counts, and what follows from its store. Nobody is in it.

Counted are the deeds of the service; commands (``issuer bulk``) say themselves what they did. What follows from the
store is true whoever did it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric

from credentials.errors import TongxingError
from credentials.profile.lists import Form
from issuer.publishing.lists import IssuerOverview
from issuer.storage.ports.issuing import IssuedRow
from service_kit.metrics import gauge


class IssuerMetrics:
    """What the service counts, in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._issued = Counter("tongxing_codes_issued_total", "Codes issued, by form", ("form",), registry=registry)
        self._refused = Counter(
            "tongxing_codes_refused_total", "Requests for a code that were refused", ("code",), registry=registry
        )
        self._turned_away = Counter(
            "tongxing_desk_refused_total", "Acts of staff at the desk that were refused", ("code",), registry=registry
        )
        self._withdrawn = Counter(
            "tongxing_withdrawals_total", "Codes withdrawn, by cause", ("cause",), registry=registry
        )
        self._open_rules = Counter(
            "tongxing_rules_open_total",
            "Decisions that an entry of the status rules kept open",
            ("entry",),
            registry=registry,
        )
        self._evidence = Counter(
            "tongxing_evidence_total", "Records of evidence, by what came of them", ("outcome",), registry=registry
        )
        self._sign_ins = Counter(
            "tongxing_sign_ins_total", "Sign-ins that came back from the provider", ("outcome",), registry=registry
        )

    def count_open_rule(self, entry: str, times: int) -> None:
        """Count decisions for which this entry of the status rules could not be evaluated."""
        self._open_rules.labels(entry).inc(times)

    def count_evidence(self, outcomes: Mapping[str, int]) -> None:
        """Count records of evidence by what came of each."""
        for outcome, count in outcomes.items():
            self._evidence.labels(outcome).inc(count)

    def count_issued(self, rows: Sequence[IssuedRow]) -> None:
        """Count codes that were committed; one that is only given again is not among them."""
        for row in rows:
            self._issued.labels(Form(row.form).label).inc()

    def count_withdrawal(self, cause: str, done: bool) -> None:
        """Count a withdrawal, unless the code was withdrawn before."""
        if done:
            self._withdrawn.labels(cause).inc()

    def count_sign_in(self, outcome: str) -> None:
        """Count a sign-in that came back. ``outcome``: what the wallet is told of it."""
        self._sign_ins.labels(outcome).inc()

    def count_turned_away(self, code: str) -> None:
        """Count an act of staff that was refused, by the code of its error."""
        self._turned_away.labels(code).inc()

    @contextmanager
    def counting_refusals(self) -> Iterator[None]:
        """Count the error that ends this block, if one does."""
        try:
            yield
        except TongxingError as error:
            self._refused.labels(error.code).inc()
            raise


def collect(found: tuple[tuple[int, IssuerOverview], int]) -> Iterator[Metric]:
    """The numbers of one moment, and how many rows of decisions by hand are not followed."""
    (now, store), disregarded = found
    age = None if store.published_at is None else now - store.published_at
    yield gauge("tongxing_publication_age_seconds", "Seconds since the status was last published", age)
    meaning = "Withdrawals that no publication has brought out yet"
    yield gauge("tongxing_withdrawals_unpublished", meaning, store.withdrawals_unpublished)
    meaning = "Places for codes in open lists, on the day that has the fewest"
    yield gauge("tongxing_places_left", meaning, store.places_left)
    yield gauge("tongxing_lists_left", "Status lists that may still be opened, ever", store.lists_left)
    meaning = "Decisions by hand in force that no leaf of the log counts"
    yield gauge("tongxing_decisions_unaccounted", meaning, store.decisions_unaccounted)
    meaning = "Rows of decisions by hand that two people have not signed, and that change nothing"
    yield gauge("tongxing_decisions_disregarded", meaning, disregarded)
