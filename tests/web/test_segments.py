"""Withdrawals come to the same in the browser: the same chain, bit for bit, and the same bad links refused."""

from __future__ import annotations

import base64
from array import array
from typing import Any

import pytest

from credentials.errors import CredentialError, TongxingError
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.status import segment as segments
from credentials.status import snapshot as snapshots
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.wire import cbor, cose
from tests.unit.credentials.status.chained import status_key
from tests.vectors.cast import DAY, HOUR, NOW, signer
from tests.vectors.knowledge import HENAN, ZHEJIANG
from tests.vectors.reading import read_vectors
from tests.web.twin import Twin

SIGNER = signer(HENAN, "status-1")
LISTS = {3: StatusList.of(3, NOW + 8 * DAY, [5, 77, STATUS_LIST_SIZE - 1]), 4: StatusList.of(4, NOW + 90, [])}
BASE = StatusSnapshot(HENAN, 7, NOW - HOUR, NOW + DAY, LISTS, bytes(range(32)))


def following(before: StatusSnapshot, **changes: Any) -> Segment:
    fields: dict[str, Any] = {
        "member": HENAN,
        "number": before.sequence + 1,
        "as_of": before.as_of + 60,
        "previous": before.head,
        "opened": {},
        "withdrawn": {3: array("I", [0, 77, 4711])},
    }
    return Segment(**fields | changes)


def chain(*changes: dict[str, Any]) -> list[Segment]:
    """Segments that follow the base and each other."""
    state, made = BASE, []
    for each in changes:
        made.append(following(state, **each))
        state = segments.apply(state, made[-1])
    return made


def theirs(twin: Twin, files: list[bytes]) -> tuple[dict[str, Any], list[str]]:
    """What the browser makes of the base and these segments: the state, and the codes of what it left out."""
    coded = [base64.b64encode(data).decode() for data in files]
    snapshot = {
        "member": HENAN, "gate": "", "policy": {}, "position": "", "trust": read_vectors()["trusts"]["fresh"],
        "rules": [], "reasons": [],
        "statuses": {HENAN: base64.b64encode(snapshots.seal(BASE, SIGNER)).decode()}, "segments": {HENAN: coded},
    }  # fmt: skip
    learned = twin("learn", name="segments", snapshot=snapshot)
    return learned["statuses"][HENAN], [failure["code"] for failure in learned["failures"]]


def as_json(state: StatusSnapshot) -> dict[str, Any]:
    return {
        "member": state.member,
        "sequence": state.sequence,
        "asOf": state.as_of,
        "expiresAt": state.expires_at,
        "head": state.head.hex(),
        "lists": [[number, each.expires_at, [*each.withdrawn]] for number, each in state.lists.items()],
    }


def test_a_chain_comes_to_the_same(node_judge: Twin) -> None:
    """A bit that is set in one judge and not in the other lets a withdrawn code pass at every second gate."""
    made = chain(
        {},
        {"withdrawn": {}},
        {"opened": {9: NOW + 9 * DAY}, "withdrawn": {9: array("I", range(0, STATUS_LIST_SIZE, 1023))}},
        {"as_of": NOW + 100, "withdrawn": {9: array("I", range(300))}},
    )
    state = BASE
    for each in made:
        state = segments.apply(state, each)
    found, failures = theirs(node_judge, [segments.seal(each, SIGNER) for each in made])
    assert failures == []
    assert found == as_json(state)
    assert [number for number, *_ in found["lists"]] == [3, 9], "the list that ended is gone"


BAD: dict[str, dict[str, Any]] = {
    "a gap": {"number": 9},
    "one again": {"number": 7, "previous": BASE.head},
    "another history": {"previous": bytes(32 * [9])},
    "back in time": {"as_of": BASE.as_of - 1},
    "a list that never was": {"withdrawn": {5: array("I", [1])}},
    "a list opened twice": {"opened": {3: NOW + 8 * DAY}},
    "another member's": {"member": ZHEJIANG},
}


@pytest.mark.parametrize("name", BAD)
def test_the_same_bad_link_is_refused(node_judge: Twin, name: str) -> None:
    """What does not follow leaves what is held, in both judges and by the same name."""
    bad = following(BASE, **BAD[name])
    with pytest.raises(TongxingError) as raised:
        segments.apply(BASE, bad)
    found, failures = theirs(node_judge, [segments.seal(bad, SIGNER), segments.seal(following(BASE), SIGNER)])
    assert failures == [raised.value.code]
    assert found == as_json(BASE)


def _payload(**changes: Any) -> dict[int, Any]:
    fields = cbor.loads(segments.encode(following(BASE)), 1000)
    return {**fields, **{int(key[1:]): value for key, value in changes.items()}}


OTHER_CODINGS = {
    "a number longer than it need be": segments.encode(following(BASE)).replace(b"\x03\x08", b"\x03\x18\x08"),
    "gaps in no smallest coding": cbor.dumps(_payload(_7=[[3, 1, 0, b"\x00\x01"]])),
    "no changes of a list": cbor.dumps(_payload(_7=[[3, 0, 0, b""]])),
    "lists in another order": cbor.dumps(_payload(_6=[[9, NOW + DAY], [8, NOW + DAY]])),
    "a list that has ended": cbor.dumps(_payload(_6=[[9, NOW - HOUR]])),
    "a float": cbor.dumps(_payload(_4=float(NOW))),
    "no number": cbor.dumps(_payload(_3=0)),
    "the first after another": cbor.dumps(_payload(_3=1)),
    "half a hash": cbor.dumps(_payload(_5=bytes(16))),
    "another kind": cbor.dumps(_payload(_1="status-snapshot")),
    "a key more": cbor.dumps(_payload(_8=1)),
}


@pytest.mark.parametrize("name", OTHER_CODINGS)
def test_another_coding_is_refused_by_both(node_judge: Twin, name: str) -> None:
    """Whoever carries a segment could else code it anew, and so break the chain for some gates and not for others."""
    data = cose.seal(OTHER_CODINGS[name], SIGNER)
    with pytest.raises(CredentialError) as raised:
        segments.open(data, status_key(SIGNER.public_key, HENAN))
    assert theirs(node_judge, [data]) == (as_json(BASE), [raised.value.code])
