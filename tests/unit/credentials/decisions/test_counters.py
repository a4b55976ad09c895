"""Public counters: they add up to the leaves exactly, and nobody finds a small cell by adding and subtracting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.decisions import counters, leaves
from credentials.decisions.counters import (
    MAX_CELLS,
    SMALLEST_CELL,
    Place,
    break_down,
    check_counted,
    check_totals,
    counted,
    totals_of,
)
from credentials.decisions.leaves import Leaf
from credentials.errors import Malformed, RecordProofFailed
from credentials.profile.lists import Status

HOUR = 1_794_999_600
ROOT = [bytes(32)]
REGIONS = (0, 410102, 410105)
BASES = ("rule", "infectious-diseases-law-39")
UNIVERSE = [(region, basis) for region in REGIONS for basis in BASES]
FOUND = st.dictionaries(st.sampled_from(UNIVERSE), st.integers(1, 40))


def by_rule(count: int, status: Status = Status.RED) -> Leaf:
    leaf = leaves.decided_by_rule(status, HOUR, ROOT)
    return Leaf(leaf.kind, {**leaf.content, "count": count})


@given(FOUND)
def test_the_cells_and_the_rest_are_the_total(found: Mapping[Place, int]) -> None:
    """Whoever adds them up finds nothing missing."""
    total = sum(found.values())
    broken = break_down(total, found)
    assert sum(broken.cells.values()) + broken.rest == total
    assert all(found[place] == count for place, count in broken.cells.items())


def rank(rows: list[list[Fraction]]) -> int:
    """How many of these sums do not follow from the others."""
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0])):
        pivot = next((row for row in rows[found:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found, pivot)
        found += 1
        for row in rows[found:]:
            factor = row[column] / pivot[column]
            row[:] = [value - factor * other for value, other in zip(row, pivot, strict=True)]
    return found


def sums_of(hours: list[Mapping[Place, int]]) -> list[list[Fraction]]:
    """Everything that is published of these hours, as sums over each cell of each hour."""
    cells = [(hour, place) for hour in range(len(hours)) for place in UNIVERSE]
    published: list[set[tuple[int, Place]]] = []
    for hour, found in enumerate(hours):
        named = break_down(sum(found.values()), found).cells
        published += [{(hour, place)} for place in named]
        published.append({(hour, place) for place in UNIVERSE})
        published.append({(hour, place) for place in UNIVERSE if place not in named})
    return [[Fraction(cell in each) for cell in cells] for each in published]


@settings(max_examples=25, deadline=None)
@given(st.lists(FOUND, min_size=1, max_size=2))
def test_no_cell_under_ten_is_found_by_adding_and_subtracting(hours: list[Mapping[Place, int]]) -> None:
    """Whatever sums and differences are made of all that was published: none of them is one small cell, or a zero."""
    published = sums_of(hours)
    known = rank(published)
    for number in range(len(published[0])):
        hour, place = divmod(number, len(UNIVERSE))
        if hours[hour].get(UNIVERSE[place], 0) < SMALLEST_CELL:
            alone = [Fraction(each == number) for each in range(len(published[0]))]
            assert rank([*published, alone]) > known, (hour, UNIVERSE[place])


@given(FOUND)
def test_whatever_is_published_stands_for_ten_at_least(found: Mapping[Place, int]) -> None:
    """Of a sum that is small everybody knows that each of its cells is."""
    broken = break_down(sum(found.values()), found)
    assert not broken.cells or min(*broken.cells.values(), broken.rest) >= SMALLEST_CELL


def test_where_all_are_in_one_place_nothing_is_broken_down() -> None:
    """Else it would be known of every other place that nobody is there."""
    assert break_down(5_000, {(410102, "rule"): 5_000}) == ({}, 5_000)
    assert break_down(5_009, {(410102, "rule"): 5_000, (410105, "rule"): 9}) == ({}, 5_009)
    assert break_down(5_010, {(410102, "rule"): 5_000, (410105, "rule"): 10}) == ({(410102, "rule"): 5_000}, 10)
    assert break_down(9, {}) == ({}, 9)


def test_more_cells_than_there_are_people_are_none() -> None:
    """A count that a restored database has lost track of tells nothing."""
    assert break_down(20, {(410102, "rule"): 15, (410105, "rule"): 15}) == ({}, 20)


def test_a_leaf_has_a_bounded_number_of_cells() -> None:
    """What is beyond stands in the rest."""
    found = {(110_000 + number, "rule"): SMALLEST_CELL for number in range(MAX_CELLS + 5)}
    broken = break_down(sum(found.values()), found)
    assert (len(broken.cells), broken.rest) == (MAX_CELLS, 5 * SMALLEST_CELL)


def test_a_monitor_recomputes_the_totals_from_the_leaves() -> None:
    """Leaves that count nothing are passed over; two of a status are added up."""
    told = [
        by_rule(30),
        by_rule(12),
        leaves.decided_by_hand(Status.RED, HOUR, 1_317, bytes(32)),
        leaves.withdrawn(Status.GREEN, HOUR, ROOT),
        leaves.laboratory_ended("lab"),
    ]
    totals = totals_of(told)
    assert totals == {("decided-by-rule", "red"): 42, ("decided-by-hand", "red"): 1_317, ("withdrawn", "green"): 1}
    where = {("decided-by-rule", "red"): {(410102, "rule"): 30, (410105, "rule"): 12}}
    leaf = counted(0, totals, where)
    assert leaf.content["cells"] == [["decided-by-rule", "red", [[410102, "rule", 30]], 12]]
    assert check_counted(leaf, 5, dict(enumerate(told))) == totals


def content(**changes: Any) -> dict[str, Any]:
    leaf = counted(1, {("decided-by-rule", "red"): 30}, {})
    return {**leaf.content, **changes}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"from": None}, Malformed),
        ({"from": 9}, Malformed),
        ({"from": -1}, Malformed),
        ({"from": 2}, RecordProofFailed),
        ({"from": 0}, RecordProofFailed),
        ({"totals": [["decided-by-rule", "red", 29]]}, RecordProofFailed),
        ({"totals": []}, RecordProofFailed),
        ({"totals": 7}, Malformed),
        ({"totals": [["red", 30]]}, Malformed),
        ({"cells": [["decided-by-rule", "red", [[410102, "rule", 21]], 9]]}, RecordProofFailed),
        ({"cells": [["decided-by-rule", "red", [[410102, "rule", 9]], 21]]}, RecordProofFailed),
        ({"cells": [["decided-by-rule", "red", [[410102, "rule", 19]], 10]]}, RecordProofFailed),
        ({"cells": [["decided-by-hand", "red", [[410102, "rule", 20]], 10]]}, RecordProofFailed),
        ({"cells": [["decided-by-rule", "red", [[410102, "rule", "20"]], 10]]}, Malformed),
        ({"cells": [[]]}, Malformed),
        ({"cells": None}, Malformed),
    ],
)
def test_counters_that_do_not_fit_their_leaves_are_found(changes: dict[str, Any], error: type[Exception]) -> None:
    """A province that published nicer numbers than it logged, or cells that are too small."""
    known = {0: counted(0, {}, {}), 1: by_rule(10), 2: by_rule(20)}
    assert check_counted(Leaf("counted", content()), 3, known) == {("decided-by-rule", "red"): 30}
    with pytest.raises(error):
        check_counted(Leaf("counted", content(**changes)), 3, known)


def test_a_leaf_that_should_count_and_does_not_is_named() -> None:
    """A status that is none, and a leaf of another kind where a count belongs."""
    with pytest.raises(Malformed):
        totals_of([Leaf("decided-by-rule", {"status": "blue", "count": 1})])
    with pytest.raises(Malformed):
        check_counted(by_rule(1), 1, {0: by_rule(1)})
    with pytest.raises(RecordProofFailed, match="begin"):
        check_counted(counted(0, {}, {}), 1, {})
    with pytest.raises(RecordProofFailed, match="begin at 2"):
        check_totals(counted(1, {}, {}), 3, 2, {})
    assert Counter(counters.KINDS) == Counter(
        ("decided-by-rule", "decided-by-hand", "withdrawn", "withdrawn-without-replacement")
    )
