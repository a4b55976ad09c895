"""Public counters (公开计数): what a province decided and withdrew, added up in a leaf of its log once an hour.

::

    counted  {"from": number, "totals": [[kind, status, count], …],
              "cells": [[kind, status, [[region, basis, count], …], rest], …]}

It covers the leaves from number ``from`` up to its own, so its totals are theirs exactly, whatever clocks said, and it
is never revised. ``cells`` break a total down by region and basis: none is under ten, not one of zero either. Whatever
is smaller is added to ``rest``, which also stands for every place and basis that is not named, and so is everybody's
who could be meant; the cells and the rest are the total. No two counted leaves tell of one decision, so nothing can be
found by taking one from another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from credentials.decisions.leaves import DECIDED_BY_HAND, DECIDED_BY_RULE, UNREPLACED, WITHDRAWN, Leaf, count_in
from credentials.errors import Malformed, RecordProofFailed
from credentials.profile.lists import Status

COUNTED: Final = "counted"
SMALLEST_CELL = 10
"""People: fewer in one place for one reason could be found out by their neighbours."""
MAX_CELLS = 1_000
"""Of one kind and status; what is beyond goes to the rest."""
KINDS: Final = (DECIDED_BY_RULE, DECIDED_BY_HAND, WITHDRAWN, UNREPLACED)
"""Kinds of leaves that count people or codes by status."""

Total = tuple[str, str]
"""Kind and status, by its label."""
Place = tuple[int, str]
"""Region (GB/T 2260; 0: nothing is known) and basis."""


class Breakdown(NamedTuple):
    """A total by place: the cells that are named, and all others together."""

    cells: Mapping[Place, int]
    rest: int


def break_down(total: int, found: Mapping[Place, int]) -> Breakdown:
    """The cells of a total that may be named. What was not found adds to the rest, as everything does where more was
    found than there is."""
    if sum(found.values()) > total:
        return Breakdown({}, total)
    ordered = sorted(((count, place) for place, count in found.items() if count >= SMALLEST_CELL), reverse=True)
    named = ordered[:MAX_CELLS]
    rest = total - sum(count for count, _ in named)
    # Zero too: with nothing in the rest, every place that is not named would be known to have nobody.
    while named and rest < SMALLEST_CELL:
        rest += named.pop()[0]
    return Breakdown({place: count for count, place in named}, rest)


def totals_of(leaves: Iterable[Leaf]) -> dict[Total, int]:
    """What these leaves count, by kind and status. Raises Malformed for one of a kind that counts and does not."""
    totals: Counter[Total] = Counter()
    for leaf in leaves:
        if leaf.kind in KINDS:
            totals[leaf.kind, Status.from_label(leaf.content.get("status")).label] += count_in(leaf)
    return dict(totals)


def counted(first: int, totals: Mapping[Total, int], found: Mapping[Total, Mapping[Place, int]]) -> Leaf:
    """The leaf over the leaves from number ``first`` on, which count ``totals``; ``found``: how many of each where."""
    cells = []
    for (kind, status), total in sorted(totals.items()):
        broken = break_down(total, found.get((kind, status), {}))
        if broken.cells:
            places = [[region, basis, count] for (region, basis), count in sorted(broken.cells.items())]
            cells.append([kind, status, places, broken.rest])
    told = [[kind, status, total] for (kind, status), total in sorted(totals.items())]
    return Leaf(COUNTED, {"from": first, "totals": told, "cells": cells})


def check_counted(leaf: Leaf, number: int, leaves: Mapping[int, Leaf]) -> dict[Total, int]:
    """The totals of a counted leaf at ``number``, when they are those of the leaves that it covers, which ``leaves``
    has by number, and its cells add up to them with none under ten.

    Raises RecordProofFailed, saying which is not so, and Malformed.
    """
    first = _first_of(leaf, number)
    covered = [leaves[each] for each in range(first, number) if each in leaves]
    if len(covered) != number - first or any(each.kind == COUNTED for each in covered):
        raise RecordProofFailed(f"leaf {number} does not begin where the one before it ended")
    totals = totals_of(covered)
    check_totals(leaf, number, first, totals)
    return totals


def check_totals(leaf: Leaf, number: int, first: int, totals: Mapping[Total, int]) -> None:
    """Return when a counted leaf at ``number`` covers the leaves from number ``first`` on, which count ``totals``, and
    its cells add up to them with none under ten: for whoever reads leaves one after another, and keeps none.

    Raises RecordProofFailed, saying which is not so, and Malformed.
    """
    if _first_of(leaf, number) != first:
        raise RecordProofFailed(f"leaf {number} does not begin at {first}, where the one before it ended")
    if _read_totals(leaf.content.get("totals")) != totals:
        raise RecordProofFailed(f"leaf {number} counts otherwise than the leaves before it")
    _check_cells(leaf.content.get("cells"), totals, number)


def _first_of(leaf: Leaf, number: int) -> int:
    first = leaf.content.get("from")
    if leaf.kind != COUNTED or type(first) is not int or not 0 <= first <= number:
        raise Malformed("no counted leaf")
    return first


def _read_totals(value: Any) -> dict[Total, int]:
    try:
        return {(kind, status): count for kind, status, count in value}
    except (TypeError, ValueError) as error:
        raise Malformed("totals are not kind, status and count") from error


def _check_cells(value: Any, totals: Mapping[Total, int], number: int) -> None:
    try:
        for kind, status, places, rest in value:
            counts = [*(count for _, _, count in places), rest]
            if min(counts) < SMALLEST_CELL or sum(counts) != totals.get((kind, status)):
                raise RecordProofFailed(f"leaf {number}: cells of {kind} {status} are under ten, or not the total")
    except (TypeError, ValueError) as error:
        raise Malformed("cells are not kind, status, places and rest") from error
