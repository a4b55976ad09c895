"""Once an hour what was decided and withdrawn is added up in a leaf: :mod:`credentials.decisions.counters`.

In one transaction the leaves since the last one are read, the counts by region and basis are taken and begun anew. So
each decision is in one of these leaves, and in one alone.
"""

from __future__ import annotations

from credentials.decisions.counters import counted, totals_of
from credentials.decisions.leaves import HOUR_SECONDS, Leaf
from credentials.wire.strict_json import parse_json
from issuer.record.sealing import Writing
from issuer.storage.ports.log import ProvinceLog
from service_kit.storage.ports import LeafRecord
from service_kit.storage.retrying import retried

_PAGE = 256


@retried
def count_due(writing: Writing, at: int) -> bool:
    """Count the hour that has ended, if there is something to count; whether that was done. Raises StorageUnavailable,
    StorageFull."""
    with writing() as log:
        last, first = log.counted_at(), log.counted_up_to()
        if last is not None and at < last - last % HOUR_SECONDS + HOUR_SECONDS:
            return False
        # The first hour begins with the first look.
        end = log.lock() if last is not None else first
        totals = totals_of(content_of(leaf) for leaf in _leaves(log, first, end))
        if totals:
            first = log.append(counted(first, totals, log.take_tally()), at) + 1
        log.note_counted(first, at)
        return bool(totals)


def content_of(leaf: LeafRecord) -> Leaf:
    """A leaf as it is kept, with its content read."""
    return Leaf(leaf.kind, parse_json(leaf.content.encode()))


def _leaves(log: ProvinceLog, first: int, end: int) -> list[LeafRecord]:
    found: list[LeafRecord] = []
    while first + len(found) < end:
        found += log.read(first + len(found), _PAGE)
    return found
