"""The guard (闸门): what would change more than a set share of a region's people waits for a second authority.

Half a city turns red by one list, or by one slip in a rule. Whoever made it sees it as done; somebody of a third unit,
who sees what would change, has to agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Excess(NamedTuple):
    """A region (GB/T 2260; 0: of nobody is known where) in which more people would change than may at once."""

    region: int
    changed: int
    people: int


class Guard(NamedTuple):
    """``percent``: of a region's people on file, who may change at once; ``people``: fewer than these always may."""

    percent: int
    people: int

    def excesses(self, changed: Mapping[int, int], on_file: Mapping[int, int]) -> list[Excess]:
        """The regions where too many would change. Who is not on file counts as of nobody's region."""
        found = (Excess(region, count, on_file.get(region, 0)) for region, count in sorted(changed.items()))
        return [each for each in found if each.changed >= self.people and self._is_over(each)]

    def _is_over(self, found: Excess) -> bool:
        return found.changed * 100 > found.people * self.percent
