"""Leaves of the province's log: each deed has its own in its own transaction, and what waits is sealed once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from credentials.decisions.leaves import Leaf, commitment, path_to_root, require_committed
from credentials.errors import Conflict, RecordProofFailed
from credentials.keys import jwk_of, new_private_key
from credentials.profile.lists import Status
from issuer.evidence.laboratories import Laboratories
from issuer.issuing.issuance import Issuance, ask_for
from issuer.publishing.withdrawal import withdraw
from issuer.record.sealing import seal
from issuer.storage import tables
from issuer.storage.log import SqlProvinceLog
from issuer.storage.ports.evidence import RulesVersion
from issuer.storage.rules import SqlRulesStore
from service_kit.storage.database import reading, transaction
from service_kit.storage.ports import LeafRecord
from tests.unit.issuer.office import NOW, by_hand, issuer_on_disk, paper, resident_numbers, sampled

KEY = bytes(32)
Writing = Callable[[], AbstractContextManager[SqlProvinceLog]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Issuance, Engine, Writing]]:
    with issuer_on_disk(tmp_path) as issuer:
        engine = issuer.engines[0]

        @contextmanager
        def writing() -> Iterator[SqlProvinceLog]:
            with transaction(engine) as connection:
                yield SqlProvinceLog(connection)

        yield issuer.issuance, engine, writing


def leaves(engine: Engine) -> list[LeafRecord]:
    with reading(engine) as connection:
        return SqlProvinceLog(connection).book.read(0, 1000)


def told(engine: Engine) -> list[tuple[str, dict[str, Any]]]:
    return [(leaf.kind, json.loads(leaf.content)) for leaf in leaves(engine)]


def positive(number: str) -> dict[str, Any]:
    return paper(document={"number": number}, evidence=[sampled(result="positive")])


def test_what_the_rules_decide_is_sealed_into_one_leaf_a_status(desk: tuple[Issuance, Engine, Writing]) -> None:
    """Hundreds of leaves a second would make a log that nobody reads."""
    issuance, engine, writing = desk
    numbers = resident_numbers(5)
    asks = [ask_for(paper(document={"number": number})) for number in numbers[:2]]
    asks += [ask_for(positive(number)) for number in numbers[2:]]
    rows = issuance.issue_many("app", asks, NOW)
    assert leaves(engine) == []
    assert seal(writing, KEY, NOW + 9) == 2
    found = {(kind, content["status"]): content["count"] for kind, content in told(engine)}
    assert found == {("decided-by-rule", "green"): 2, ("decided-by-rule", "red"): 3}
    hour = NOW - NOW % 3600
    assert {(leaf.at, json.loads(leaf.content)["hour"]) for leaf in leaves(engine)} == {(hour, hour)}
    assert seal(writing, KEY, NOW + 60) == 0
    assert len(rows) == 5


def test_each_red_is_below_the_root_of_its_leaf_and_another_is_not(desk: tuple[Issuance, Engine, Writing]) -> None:
    """The whole point: what one person holds leads to what everybody reads."""
    issuance, engine, writing = desk
    issuance.issue_many("app", [ask_for(positive(number)) for number in resident_numbers(3)], NOW)
    seal(writing, KEY, NOW)
    ((kind, content),) = told(engine)
    record, batch = tables.decision_record.c, tables.sealed_batch.c
    with reading(engine) as connection:
        kept = list(connection.execute(select(record.sealed, record.leaf).order_by(record.decision_id)))
        below = connection.execute(select(batch.commitments).where(batch.leaf == 0)).scalar_one()
    commitments = [below[at : at + 32] for at in range(0, len(below), 32)]
    for row in kept:
        index = commitments.index(commitment(row.sealed))
        path = path_to_root(commitments, index)
        require_committed(Leaf(kind, content), row.sealed, index, path)
        with pytest.raises(RecordProofFailed):
            require_committed(Leaf(kind, content), row.sealed[::-1], index, path)


def test_of_green_nothing_is_kept_beside_its_leaf(desk: tuple[Issuance, Engine, Writing]) -> None:
    """Almost all are green, no code names their decision, and a row for each would be kept for nothing."""
    issuance, engine, writing = desk
    issuance.issue("app", ask_for(paper()), NOW)
    seal(writing, KEY, NOW)
    with reading(engine) as connection:
        for table in (tables.decision_record, tables.sealed_batch):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_a_decision_by_hand_has_its_leaf_with_the_deed(desk: tuple[Issuance, Engine, Writing]) -> None:
    """Nothing by hand is seen at a gate that the log does not have."""
    issuance, engine, _ = desk
    issuance.issue("app", ask_for(paper(decision=by_hand())), NOW)
    assert [(kind, content["status"], content["count"]) for kind, content in told(engine)] == [
        ("decided-by-hand", "red", 1)
    ]


def test_a_deed_that_fails_leaves_no_leaf(desk: tuple[Issuance, Engine, Writing]) -> None:
    """Else the log would tell of what never was."""
    _, engine, _writing = desk
    laboratories, key = Laboratories(engine), new_private_key()
    laboratories.add("lab-1", jwk_of(key.public_key()), "CN-41", NOW)
    with pytest.raises(Conflict):
        laboratories.add("lab-2", jwk_of(key.public_key()), "CN-41", NOW)
    laboratories.revoke("lab-1", NOW + 1)
    SqlRulesStore(engine).add(RulesVersion(1, "ab" * 32, NOW, None), "…", NOW)
    assert [kind for kind, _ in told(engine)] == ["laboratory-added", "laboratory-ended", "rules-published"]


def test_withdrawals_are_counted_by_the_status_of_their_codes(desk: tuple[Issuance, Engine, Writing]) -> None:
    """Taking a green away is another thing than taking a red away."""
    issuance, engine, writing = desk
    asks = [ask_for(paper(document={"number": resident_numbers(2)[1]})), ask_for(positive(resident_numbers(2)[0]))]
    for row in issuance.issue_many("app", asks, NOW):
        withdraw(issuance.store, issuance.people, row.handle, "superseded", "app", NOW)  # type: ignore[union-attr]
    seal(writing, KEY, NOW)
    found = [(content["status"], content["count"]) for kind, content in told(engine) if kind == "withdrawn"]
    assert sorted(found) == [("green", 1), ("red", 1)]


def test_the_count_by_region_and_basis_is_that_of_the_leaves(desk: tuple[Issuance, Engine, Writing]) -> None:
    """What the hourly breakdown is made from."""
    issuance, engine, writing = desk
    issuance.issue_many("app", [ask_for(positive(number)) for number in resident_numbers(3)], NOW)
    seal(writing, KEY, NOW)
    issuance.issue("app", ask_for(positive(resident_numbers(4)[3])), NOW + 1)
    seal(writing, KEY, NOW + 60)
    with reading(engine) as connection:
        (row,) = connection.execute(select(tables.tally))
    assert tuple(row) == ("decided-by-rule", int(Status.RED), 410102, "rule", 4)
