from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import (
    AlgorithmMismatch,
    IssuerMismatch,
    Malformed,
    StatusReferenceInvalid,
    TooLarge,
    Unreadable,
    WrongSignature,
)
from credentials.keys import kid_of, new_private_key
from credentials.model import StatusReference
from credentials.profile.limits import MAX_SIGNED_BYTES, MAX_STATUS_LISTS, MAX_STATUS_WITHDRAWN, STATUS_LIST_SIZE
from credentials.signing import PemSigner
from credentials.status import snapshot as status
from credentials.status.snapshot import StatusList, StatusSnapshot
from credentials.wire import cbor, cose
from tests.unit.credentials.status.chained import status_key

MEMBER = "CN-44"
NOW = 1_660_000_000
DAY = 86_400
PRIVATE_KEY = new_private_key()
PUBLIC_KEY = PRIVATE_KEY.public_key()
KEY = status_key(PUBLIC_KEY, MEMBER)
SIGNER = PemSigner(PRIVATE_KEY, kid_of(MEMBER, PUBLIC_KEY))


def snapshot_of(*lists: StatusList) -> StatusSnapshot:
    return StatusSnapshot(MEMBER, 7, NOW, NOW + 600, {each.list_id: each for each in lists})


TWO = snapshot_of(StatusList.of(3, NOW + DAY, [5, 1, 1_000_000]), StatusList.of(9, NOW + 2 * DAY, []))
LISTS = st.lists(
    st.builds(
        StatusList.of,
        st.integers(0, 65_535),
        st.integers(NOW + 1, NOW + 8 * DAY),
        st.sets(st.integers(0, STATUS_LIST_SIZE - 1), max_size=20),
    ),
    max_size=5,
)


@given(LISTS)
def test_a_gate_reads_what_the_issuer_sealed(lists: list[StatusList]) -> None:
    """Every list, every index, the sequence and the times must arrive unchanged."""
    snapshot = snapshot_of(*lists)
    assert status.open(status.seal(snapshot, SIGNER), KEY) == snapshot


def test_a_key_for_another_algorithm_verifies_nothing() -> None:
    """What is pinned on the key decides, for withdrawals as for codes: not what the file's layout would allow."""
    with pytest.raises(AlgorithmMismatch):
        status.open(status.seal(TWO, SIGNER), KEY._replace(algorithm="SGD_SM3_SM2"))


@given(st.sets(st.integers(0, STATUS_LIST_SIZE - 1), max_size=20), st.sets(st.integers(0, STATUS_LIST_SIZE - 1)))
def test_more_set_is_the_union(held: set[int], more: set[int]) -> None:
    """Nobody is lost and nobody is made up, and what gates hold already is not changed under their feet."""
    before = StatusList.of(3, NOW + DAY, held)
    after = before.with_set(sorted(more))
    assert (list(after.withdrawn), after.count) == (sorted(held | more), len(held | more))
    assert list(before.withdrawn) == sorted(held)


def test_one_more_costs_one_share_and_not_the_list() -> None:
    """A member that withdraws one by one in a full list took ten milliseconds of every gate's check each time."""
    before = StatusList.of(3, NOW + DAY, range(0, STATUS_LIST_SIZE, 2))
    after = before.with_set([7])
    common = [old is new for old, new in zip(before.shares, after.shares, strict=True)]
    assert common == [False] + [True] * 15


def test_withdrawn_is_exact() -> None:
    """A withdrawn code must be refused, and never its neighbour."""
    found = [index for index in (0, 1, 2, 5, 6, 999_999, 1_000_000, 1_048_575) if is_withdrawn(3, index)]
    assert found == [1, 5, 1_000_000]
    assert not is_withdrawn(9, 1)


def is_withdrawn(list_id: int, index: int) -> bool:
    return TWO.is_withdrawn(StatusReference(list_id, index))


@given(st.sets(st.integers(0, 300)))
def test_withdrawn_agrees_with_the_set(indices: set[int]) -> None:
    """The search must be right at both ends, in the gaps and in an empty list."""
    snapshot = snapshot_of(StatusList.of(0, NOW + DAY, indices))
    assert {index for index in range(302) if snapshot.is_withdrawn(StatusReference(0, index))} == indices


@pytest.mark.parametrize(("list_id", "index"), [(4, 1), (-1, 1), (3, 2**20), (3, -1), (9, 2**20)])
def test_a_reference_outside_the_current_lists_is_refused(list_id: int, index: int) -> None:
    """A retired or invented list, or an index past the end, must not read as "not withdrawn" (case 29)."""
    with pytest.raises(StatusReferenceInvalid):
        is_withdrawn(list_id, index)


def test_national_size() -> None:
    """31.5 million indices with 0.1 % set must stay near the entropy bound, and small in memory."""
    generator, share, lists, capacity = random.Random(2022), 0.001, 31, 31_500_000
    drawn = [generator.sample(range(STATUS_LIST_SIZE), round(capacity * share / lists)) for _ in range(lists)]
    snapshot = snapshot_of(*(StatusList.of(number, NOW + DAY, each) for number, each in enumerate(drawn)))
    sealed = status.seal(snapshot, SIGNER)
    entropy_bits = capacity * -(share * math.log2(share) + (1 - share) * math.log2(1 - share))
    assert len(sealed) <= 1.05 * entropy_bits / 8
    assert snapshot.withdrawn_count == 31_496
    assert snapshot.memory_bytes() < 5 * snapshot.withdrawn_count
    assert status.open(sealed, KEY) == snapshot


def test_frozen() -> None:
    """The layout is a wire format that browsers read too; the same snapshot always gives the same bytes."""
    assert status.encode(TWO).hex() == (
        "a7016f7374617475732d736e617073686f740265434e2d34340307041a62f19700051a62f199580682"
        "85031a62f2e880031248800030000c7423a0"
        "85091a62f43a00000040" + "075820" + "00" * 32
    )


def test_another_member_is_refused() -> None:
    """A member may withdraw its own codes only, however well it signs."""
    with pytest.raises(IssuerMismatch):
        status.open(status.seal(TWO, SIGNER), status_key(PUBLIC_KEY, "CN-11"))


def test_another_key_is_refused() -> None:
    """What a mirror makes up must not count."""
    with pytest.raises(WrongSignature):
        status.open(status.seal(TWO, SIGNER), status_key(new_private_key().public_key(), MEMBER))


@given(st.data())
def test_a_flipped_bit_is_refused(data: st.DataObject) -> None:
    """Damage on the way must not take a withdrawal away, wherever it strikes."""
    sealed = bytearray(status.seal(TWO, SIGNER))
    # The kid is only how the key was found; the signature covers it as well.
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Unreadable, WrongSignature)):
        status.open(bytes(sealed), KEY)


def test_half_a_download_is_refused() -> None:
    """A file fetched half must not be taken for a short list."""
    sealed = status.seal(TWO, SIGNER)
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            status.open(sealed[:length], KEY)


def test_an_enormous_file_is_refused_before_its_signature() -> None:
    """100 MB must cost a gate nothing."""
    with pytest.raises(TooLarge):
        status.open(bytes(MAX_SIGNED_BYTES + 1), KEY)


def edited(edit: Callable[[dict[Any, Any]], object]) -> bytes:
    """The payload of TWO after ``edit`` of its map."""
    fields = cbor.loads(status.encode(TWO), MAX_SIGNED_BYTES)
    edit(fields)
    return cbor.dumps(fields)


def put(key: int, value: Any) -> Callable[[dict[Any, Any]], object]:
    return lambda fields: fields.__setitem__(key, value)


def put_in_list(position: int, value: Any) -> Callable[[dict[Any, Any]], object]:
    return lambda fields: fields[6][0].__setitem__(position, value)


def true_for_one(fields: dict[Any, Any]) -> None:
    rest = list(fields.items())[1:]
    fields.clear()
    fields.update({True: "status-snapshot", **dict(rest)})


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(put(1, "status-segment"), id="another kind"),
        pytest.param(lambda fields: fields.pop(1), id="no kind"),
        pytest.param(put(8, 0), id="unknown key"),
        pytest.param(put(7, "00" * 16), id="head as text"),
        pytest.param(put(7, bytes(31)), id="head too short"),
        pytest.param(true_for_one, id="true for the key 1"),
        pytest.param(put(2, 44), id="member not a text"),
        pytest.param(put(3, 0), id="sequence 0"),
        pytest.param(put(3, 2**53), id="sequence that a browser miscounts"),
        pytest.param(put(3, "7"), id="sequence as text"),
        pytest.param(put(3, True), id="sequence as boolean"),
        pytest.param(put(4, NOW * 1000), id="as-of in milliseconds"),
        pytest.param(put(4, float(NOW)), id="as-of as float"),
        pytest.param(put(4, 0), id="as-of in 1970"),
        pytest.param(put(5, NOW), id="expiry not after as-of"),
        pytest.param(put(6, {}), id="lists not an array"),
        pytest.param(lambda fields: fields[6].reverse(), id="lists not ascending"),
        pytest.param(lambda fields: fields[6].append(fields[6][1]), id="a list twice"),
        pytest.param(lambda fields: fields[6].append(3), id="a list that is none"),
        pytest.param(lambda fields: fields[6][0].append(0), id="a list with an item more"),
        pytest.param(put_in_list(0, -1), id="list number below 0"),
        pytest.param(put_in_list(0, 65_536), id="list number above 65,535"),
        pytest.param(put_in_list(0, True), id="list number as boolean"),
        pytest.param(put_in_list(1, NOW), id="a retired list"),
        pytest.param(put_in_list(2, 4), id="count too high"),
        pytest.param(put_in_list(2, 2), id="count too low"),
        pytest.param(put_in_list(2, STATUS_LIST_SIZE + 1), id="count above the capacity"),
        pytest.param(put_in_list(2, 3.0), id="count as float"),
        pytest.param(put_in_list(3, 3.0), id="parameter as float"),
        pytest.param(put_in_list(3, 20), id="parameter above 19"),
        pytest.param(put_in_list(4, "00"), id="bytes as text"),
        pytest.param(put_in_list(4, b""), id="no bytes"),
    ],
)
def test_a_signed_payload_of_another_shape_is_malformed(edit: Callable[[dict[Any, Any]], object]) -> None:
    """A member's faulty software must be named, never half understood."""
    with pytest.raises(Malformed):
        status.decode(edited(edit))


@pytest.mark.parametrize("payload", [b"", b"\xff", cbor.dumps([1, 2]), cbor.dumps("status-snapshot")])
def test_what_is_no_map_is_malformed(payload: bytes) -> None:
    """No foreign exception may leave this room."""
    with pytest.raises(Malformed):
        status.decode(payload)


def test_too_many_lists_are_refused() -> None:
    """A member with more lists than it can need is stopped before they are read, and cannot seal them."""
    empty = [[number, NOW + 1, 0, 0, b""] for number in range(MAX_STATUS_LISTS + 1)]
    with pytest.raises(TooLarge):
        status.decode(edited(put(6, empty)))
    too_many = snapshot_of(*(StatusList.of(number, NOW + 1, []) for number in range(MAX_STATUS_LISTS + 1)))
    with pytest.raises(TooLarge):
        status.encode(too_many)


def test_too_many_withdrawals_are_refused_before_any_is_read() -> None:
    """Nine full lists fit into 16 MiB; their indices would not fit into a gate's patience."""
    lists = MAX_STATUS_WITHDRAWN // STATUS_LIST_SIZE + 1
    full = [[number, NOW + 1, STATUS_LIST_SIZE, 0, b"never looked at"] for number in range(lists)]
    with pytest.raises(TooLarge):
        status.decode(edited(put(6, full)))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TWO, sequence=0),
        replace(TWO, as_of=0),
        replace(TWO, expires_at=NOW),
        snapshot_of(StatusList.of(3, NOW, [])),
        snapshot_of(StatusList.of(65_536, NOW + 1, [])),
    ],
)
def test_the_issuer_cannot_seal_what_gates_refuse(wrong: StatusSnapshot) -> None:
    """A mistake must show where it is made, not as a nation's gates going stale."""
    with pytest.raises(Malformed):
        status.seal(wrong, SIGNER)


def test_unordered_indices_cannot_be_sealed() -> None:
    """Written out of order, they would come out as other people's."""
    with pytest.raises(StatusReferenceInvalid):
        status.seal(
            snapshot_of(StatusList(3, NOW + 1, (array("H", [5, 2]), *StatusList(3, NOW + 1).shares[1:]))), SIGNER
        )


def test_nothing_is_parsed_before_the_signature_holds() -> None:
    """A parser that runs on unsigned bytes is what an attacker tries first."""
    sealed = cose.seal(b"\xff" * 64, SIGNER)
    with pytest.raises(WrongSignature):
        status.open(sealed, status_key(new_private_key().public_key(), MEMBER))
    with pytest.raises(Malformed):
        status.open(sealed, KEY)


@given(st.binary(max_size=200))
def test_any_payload_is_read_or_refused_by_name(payload: bytes) -> None:
    """Whatever a member signs, a gate goes on with the others."""
    with pytest.raises(Unreadable):
        status.decode(payload)
