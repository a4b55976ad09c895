"""A version of the rules that would recolour half a region waits for a second authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.errors import Conflict, NotAuthorised, WrongSignature
from issuer.desk.desk import Desk
from issuer.desk.guard import Excess, Guard
from issuer.desk.rules_guard import require_released
from issuer.rules.dry_run import DryRun, StatusChange, open_sealed, sealed
from issuer.storage.by_hand import SqlByHandStore
from tests.unit.issuer.office import NOW, STAFF, IssuerOnDisk, staff_keys

RULES = "a.b.c"


def tried(changed: int) -> DryRun:
    """A dry run in which so many of a thousand in one region change."""
    return DryRun("new", "now", NOW, 1500, 0, {}, (StatusChange(410100, "green", "red", changed),),
                  {410100: 1000, 410200: 500})  # fmt: skip


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[IssuerOnDisk]:
    issuer = IssuerOnDisk(tmp_path)
    yield issuer
    for engine in issuer.engines:
        engine.dispose()


def test_what_changes_half_a_region_waits_and_leaves_its_leaf(issuer: IssuerOnDisk) -> None:
    """Edge cases: a rule that would recolour half a city. Few may change at once, more only by a second authority."""
    engine = issuer.engines[0]
    desk = Desk(issuer.issuance, staff_keys(engine), SqlByHandStore(engine), Guard(percent=1, people=5))
    require_released(desk, RULES, tried(10), None, NOW)
    assert issuer.rows("issuer_staff_audit") == 0
    with pytest.raises(Conflict, match=r"410100: 11 of 1000.*--release"):
        require_released(desk, RULES, tried(11), None, NOW)
    for person in (STAFF.author, *STAFF.administrators[:0]):
        with pytest.raises(NotAuthorised):
            require_released(desk, RULES, tried(11), person.sign(RULES.encode()).to_json(), NOW)
    with pytest.raises(WrongSignature):
        require_released(desk, RULES, tried(11), STAFF.approver.sign(b"a.b.d").to_json(), NOW)
    require_released(desk, RULES, tried(11), STAFF.approver.sign(RULES.encode()).to_json(), NOW)
    with engine.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT kind FROM issuer_log_leaf ORDER BY number").scalars().all()
    assert [kind for kind in kinds if kind != "staff-key"] == ["held", "released"]


def test_few_people_never_wait_and_who_is_nowhere_on_file_counts_in_full() -> None:
    """Half of a village is nine people; a list of strangers is nobody's small share."""
    guard = Guard(percent=1, people=20)
    assert guard.excesses({410100: 19}, {410100: 20}) == []
    assert guard.excesses({410100: 20, 410200: 20}, {410100: 2000, 410200: 1999}) == [Excess(410200, 20, 1999)]
    assert guard.excesses({0: 20}, {}) == [Excess(0, 20, 0)]


def test_a_dry_run_keeps_how_many_are_where() -> None:
    """The share is of those whom it counted."""
    assert open_sealed(sealed(tried(7), bytes(32)), bytes(32)) == tried(7)
    assert tried(7).by_region() == {410100: 7}
