"""Adds up what a province's leaves count, one after another, and holds it against the counters that it publishes."""

from __future__ import annotations

from collections.abc import Mapping

from credentials.decisions.counters import COUNTED, Total, check_totals, totals_of
from credentials.decisions.leaves import Leaf
from credentials.errors import Malformed, RecordProofFailed
from credentials.profile.limits import MAX_JSON_INTEGER
from trust_registry.monitor.leaves import ReadLeaf
from trust_registry.monitor.state import Sums


def add(sums: Sums, leaf: ReadLeaf) -> tuple[Sums, str | None]:
    """The sums after this leaf, and what is wrong with what it counts; None where nothing is."""
    said = Leaf(leaf.kind, leaf.content)
    begun = Sums(leaf.number + 1, {})
    try:
        if leaf.kind != COUNTED:
            return Sums(sums.first, _together(sums.totals, totals_of([said]))), None
        if sums.first is not None:
            check_totals(said, leaf.number, sums.first, sums.totals)
        return begun, None
    except (Malformed, RecordProofFailed) as error:
        # From a wrong leaf on nothing adds up: the next counters begin anew, so that one fault is told once.
        return (begun if leaf.kind == COUNTED else Sums(None)), error.detail


def _together(one: Mapping[Total, int], other: Mapping[Total, int]) -> dict[Total, int]:
    if not other:
        return dict(one)
    totals = {total: one.get(total, 0) + other.get(total, 0) for total in {*one, *other}}
    if max(totals.values()) > MAX_JSON_INTEGER:
        raise Malformed(f"counts more than {MAX_JSON_INTEGER}")
    return totals
