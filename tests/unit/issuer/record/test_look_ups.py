"""Whoever of staff is shown what stands about a person, that person is told of it, and the log counts it."""

from __future__ import annotations

import json
from typing import Any

from credentials.decisions.leaves import commitment, sealed
from credentials.decisions.look_ups import LOOKED, MAX_LOOK_UPS, PROPOSED
from credentials.log.checkpoint import read_checkpoint
from credentials.log.proof import read_proof
from credentials.log.tree import check_inclusion, leaf_hash
from issuer.record.proving import look_ups_of
from issuer.record.publication import LogPublication
from issuer.storage.ports.staff import AuditRow, Shown
from issuer.storage.staff import SqlStaffStore
from service_kit.clock import HOUR_SECONDS
from tests.unit.issuer.office import DAY, MEMBER, NOW
from tests.unit.issuer.record.test_publication import Province, province

__all__ = ["province"]

ANNA, BODO = b"a" * 32, b"b" * 32


def look(province: Province, *subjects: bytes, at: int = NOW, act: str = LOOKED) -> None:
    store = SqlStaffStore(province.issuer.engines[0])
    store.note(AuditRow(at, "cdc/zhang", act), shown=Shown(MEMBER, subjects))


def leaves(province: Province) -> list[tuple[int, dict[str, Any]]]:
    found = "SELECT at, content FROM issuer_log_leaf WHERE kind = 'looked-up' ORDER BY number"
    with province.issuer.engines[0].connect() as connection:
        return [(at, json.loads(content)) for at, content in connection.exec_driver_sql(found)]


def told(record: LogPublication, subject: bytes) -> list[dict[str, Any]]:
    return list(json.loads(look_ups_of(record, subject))["look_ups"])


def test_the_look_ups_of_an_hour_are_one_leaf_by_which_each_person_proves_theirs(province: Province) -> None:
    """And nobody else's: of others a person has hashes alone."""
    record = province.record()
    look(province, ANNA, BODO)
    look(province, BODO, at=NOW + 1, act=PROPOSED)
    record.publish(NOW + 2)
    assert leaves(province) == [] and [each["proof"] for each in told(record, ANNA)] == [None]
    look(province, ANNA, at=NOW + HOUR_SECONDS)
    record.publish(NOW + HOUR_SECONDS)
    hour = NOW - NOW % HOUR_SECONDS
    ((at, content),) = leaves(province)
    assert (at, content["hour"], content["count"]) == (hour, hour, 3)
    waiting, proved = told(record, ANNA)
    assert waiting["proof"] is None
    said = {"type": "look-up", "member": MEMBER, "staff": "cdc/zhang", "act": LOOKED, "at": NOW}
    assert json.loads(proved["text"]) == said
    proof = read_proof(proved["proof"].encode())
    checkpoint = read_checkpoint(proof.note)
    assert proof.extra is not None
    check_inclusion(leaf_hash(proof.extra), proof.number, checkpoint.size, checkpoint.root, proof.hashes)
    hidden = commitment(sealed(bytes.fromhex(proved["salt"]), proved["text"].encode()))
    path = [bytes.fromhex(each) for each in proved["path"]]
    check_inclusion(leaf_hash(hidden), proved["index"], 3, bytes.fromhex(content["hash"]), path)
    assert [json.loads(each["text"])["act"] for each in told(record, BODO)] == [PROPOSED, LOOKED]
    assert told(record, b"c" * 32) == []


def test_neighbour_each_hour_has_its_leaf_however_late_it_is_sealed(province: Province) -> None:
    """The log's round stood still for half a day; and a row of an hour that was sealed came late."""
    record = province.record()
    for hours in (0, 2, 5):
        look(province, ANNA, at=NOW + hours * HOUR_SECONDS)
    record.publish(NOW + 12 * HOUR_SECONDS)
    look(province, BODO)
    record.publish(NOW + 12 * HOUR_SECONDS + 60)
    first = NOW - NOW % HOUR_SECONDS
    sealed_hours = [(content["hour"] - first) // HOUR_SECONDS for _, content in leaves(province)]
    assert sealed_hours == [0, 2, 5, 0]


def test_a_person_is_told_of_the_newest_and_of_none_that_is_long_past(province: Province) -> None:
    """A file stays small; after the time for appeals and a set time the row goes and the leaf stays."""
    record = province.record()
    for number in range(MAX_LOOK_UPS + 1):
        look(province, ANNA, at=NOW + number)
    found = told(record, ANNA)
    assert len(found) == MAX_LOOK_UPS and json.loads(found[0]["text"])["at"] == NOW + MAX_LOOK_UPS
    record.publish(NOW + HOUR_SECONDS)
    record.drop_texts(NOW + 89 * DAY)
    assert len(told(record, ANNA)) == MAX_LOOK_UPS
    record.drop_texts(NOW + 91 * DAY)
    assert told(record, ANNA) == [] and len(leaves(province)) == 1
