"""What a status rule can look at, and nothing else.

======================================  =====================================================================
``payload.latest.KIND``                 the newest fact of that kind, or null
``payload.latest.KIND.RESULT``          the newest of that kind and result, or null
``payload.timeline``                    array of all facts, newest first, at most 128
``external.validationClock``            date: the moment of the decision
``external.parameters.NAME``            of the document, filled in when it is loaded
``external.valueSets.NAME``             likewise
======================================  =====================================================================

A fact is ``{kind, result, sampledAt, region, age}``, ``age`` in seconds from sampling to the decision. Of two facts of
one kind and one time the worse counts. Neither name nor document is among it: a rule decides on facts, not on people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from credentials.profile.facts import Fact, FactKind, FactResult
from credentials.recognition.language.instants import MILLISECONDS, Instant
from credentials.recognition.language.operators import MAX_REDUCED_ITEMS

_FIELD = r"(?:kind|result|sampledAt|region|age)"
_KINDS = "|".join(kind.label for kind in FactKind)
_RESULTS = "|".join(result.label for result in FactResult)
OF_ISSUERS: Final = re.compile(
    rf"payload\.timeline|external\.validationClock|payload\.latest\.(?:{_KINDS})(?:\.(?:{_RESULTS}))?(?:\.{_FIELD})?"
)
"""The names of the table above."""
_KIND_LABELS = {int(kind): kind.label for kind in FactKind}
_RESULT_LABELS = {int(result): result.label for result in FactResult}
_GOOD_RESULTS = frozenset({FactResult.NEGATIVE, FactResult.COMPLETED})


def decision_input(facts: Iterable[Fact], at: int) -> dict[str, Any]:
    """The data for status rules about a person of whom these facts are known at ``at`` (seconds UTC)."""
    timeline: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    for kind, result, sampled_at, region in sorted(facts, key=_age_and_badness, reverse=True):
        label, came = _KIND_LABELS[kind], _RESULT_LABELS[result]
        fact = {
            "kind": label,
            "result": came,
            "sampledAt": Instant(sampled_at * MILLISECONDS),
            "region": region,
            "age": at - sampled_at,
        }
        timeline.append(fact)
        latest.setdefault(label, dict(fact)).setdefault(came, fact)
    return {
        "payload": {"latest": latest, "timeline": timeline[:MAX_REDUCED_ITEMS]},
        "external": {"validationClock": Instant(at * MILLISECONDS)},
    }


def _age_and_badness(fact: Fact) -> tuple[int, bool]:
    return fact.sampled_at, fact.result not in _GOOD_RESULTS
