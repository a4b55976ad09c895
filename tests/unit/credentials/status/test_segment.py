from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import (
    ChainForked,
    IssuerMismatch,
    Malformed,
    SegmentBackdated,
    SegmentMissing,
    SegmentRepeated,
    StatusReferenceInvalid,
    TooLarge,
    Unreadable,
    WrongSignature,
)
from credentials.keys import kid_of, new_private_key
from credentials.model import StatusReference
from credentials.profile.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_CHANGES, MAX_STATUS_LISTS, STATUS_LIST_SIZE
from credentials.signing import PemSigner
from credentials.status import gaps, segment
from credentials.status.segment import Segment, apply
from credentials.status.snapshot import StatusList
from credentials.wire import cbor
from tests.unit.credentials.status.chained import DAY, Told, status_key, with_number

MEMBER = "CN-44"
NOW = 1_660_000_000
PRIVATE_KEY = new_private_key()
PUBLIC_KEY = PRIVATE_KEY.public_key()
KEY = status_key(PUBLIC_KEY, MEMBER)
SIGNER = PemSigner(PRIVATE_KEY, kid_of(MEMBER, PUBLIC_KEY))
TWO = Segment(
    MEMBER, 7, NOW, b"\x01" * 32, {9: NOW + DAY}, {3: gaps.ascending([5, 1, 1_000_000]), 9: gaps.ascending([0])}
)


@pytest.fixture
def told() -> Told:
    told = Told(MEMBER, NOW)
    told.next(5, after=60)
    return told


@given(
    st.sets(st.integers(0, STATUS_LIST_SIZE - 1), min_size=1, max_size=20),
    st.dictionaries(st.integers(0, 65_535), st.integers(NOW + 1, NOW + 8 * DAY), max_size=4),
)
def test_a_gate_reads_what_the_issuer_sealed(indices: set[int], opened: dict[int, int]) -> None:
    """Every index, every list, the number, the time and the link must arrive unchanged."""
    made = Segment(MEMBER, 2, NOW, b"\x02" * 32, opened, {3: gaps.ascending(indices)})
    assert segment.open(segment.seal(made, SIGNER), KEY) == made


def test_frozen() -> None:
    """The layout is a wire format that browsers read too, and the chain hangs on its bytes."""
    assert segment.encode(TWO).hex() == (
        "a7016e7374617475732d7365676d656e740265434e2d34340307041a62f19700055820" + "01" * 32 + "06818209"
        "1a62f2e880" + "0782840303124880" + "0030000c7423a0" + "84090100" + "4180"
    )


@pytest.mark.parametrize("changes", [1000, 10_000])
def test_a_change_costs_little(changes: int) -> None:
    """34 provinces and a minute's news on a phone's data plan: at most 2.6 bytes a change, all told."""
    chance = random.Random(changes)
    drawn: dict[int, set[int]] = {}
    while sum(map(len, drawn.values())) < changes:
        drawn.setdefault(40_000 + chance.randrange(31), set()).add(chance.randrange(STATUS_LIST_SIZE))
    withdrawn = {number: gaps.ascending(indices) for number, indices in drawn.items()}
    sealed = segment.seal(Segment(MEMBER, 500_000, NOW, b"\x02" * 32, {}, withdrawn), SIGNER)
    assert len(sealed) <= 2.6 * changes


def test_applying_sets_bits_and_nothing_else(told: Told) -> None:
    """The old snapshot stays as it is, for a check may be under way; bits add up and neighbours stay clear."""
    before = told.snapshots[0]
    told.next(4, 6, 5, after=60, opened={8: NOW + 2 * DAY})
    state = told.snapshot
    found = [index for index in range(10) if state.is_withdrawn(StatusReference(3, index))]
    assert found == [4, 5, 6]
    assert not state.is_withdrawn(StatusReference(8, 4))
    assert (state.sequence, state.as_of, state.head) == (3, NOW + 120, told.segments[-1].digest)
    assert state.expires_at - state.as_of == before.expires_at - before.as_of
    assert (before.withdrawn_count, set(before.lists)) == (0, {3})


@given(st.lists(st.sets(st.integers(0, 200), max_size=10), max_size=8))
def test_following_comes_to_what_the_snapshot_says(steps: list[set[int]]) -> None:
    """A gate that followed for a day and one that begins with the snapshot must refuse the same people."""
    told = Told(MEMBER, NOW)
    for step in steps:
        told.next(*step, after=1)
    expected = StatusList.of(3, NOW + 10 * DAY, set().union(*steps))
    assert told.snapshot.lists == {3: expected}


def test_retired_lists_go(told: Told) -> None:
    """Memory stays bounded, and no expired withdrawal lives on."""
    told.next(after=10 * DAY, opened={4: NOW + 11 * DAY})
    assert told.snapshot.lists.keys() == {4}


def test_a_gap_is_named(told: Told) -> None:
    """A segment left out may hold the very withdrawal that matters."""
    told.next(7)
    with pytest.raises(SegmentMissing):
        apply(told.snapshots[0], told.segments[-1])


def test_a_repeated_segment_is_named(told: Told) -> None:
    """Served again, the newest or an old one, it takes nobody back in time."""
    told.next(7)
    for repeated in told.segments:
        with pytest.raises(SegmentRepeated):
            apply(told.snapshot, repeated)


def test_a_forked_chain_is_named(told: Told) -> None:
    """Two stories: another segment under the newest number, or one that follows another."""
    other = told.another(9)
    with pytest.raises(ChainForked):
        apply(told.snapshot, other)
    with pytest.raises(ChainForked):
        apply(told.snapshot, replace(told.next(7), previous=other.digest))


def test_a_backdated_segment_is_named(told: Told) -> None:
    """The age of the data would jump."""
    with pytest.raises(SegmentBackdated):
        apply(told.snapshots[0], replace(told.segments[1], as_of=NOW - 1))


def test_another_members_segment_is_refused(told: Told) -> None:
    """A member may withdraw its own codes only, however well it signs."""
    sealed = segment.seal(told.segments[1], SIGNER)
    with pytest.raises(IssuerMismatch):
        segment.open(sealed, status_key(PUBLIC_KEY, "CN-11"))
    with pytest.raises(IssuerMismatch):
        apply(told.snapshots[0], replace(told.segments[1], member="CN-11"))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"withdrawn": {4: array("I", [1])}}, id="unknown list"),
        pytest.param({"as_of": NOW + 11 * DAY, "withdrawn": {3: array("I", [1])}}, id="retired list"),
        pytest.param({"opened": {3: NOW + 30 * DAY}}, id="a list opened twice"),
    ],
)
def test_a_list_that_is_not_there_is_named(told: Told, changes: dict[str, Any]) -> None:
    """A bit in no current list would be lost, or bring a retired list back to life."""
    with pytest.raises(StatusReferenceInvalid):
        apply(told.snapshots[0], replace(replace(told.segments[1], withdrawn={}), **changes))


def test_a_member_with_too_much_is_stopped(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate's memory is bounded, one segment after the other too."""
    monkeypatch.setattr(segment, "MAX_STATUS_WITHDRAWN", 1)
    with pytest.raises(TooLarge):
        told.next(6)
    monkeypatch.setattr(segment, "MAX_STATUS_LISTS", 1)
    with pytest.raises(TooLarge):
        told.next(opened={4: NOW + DAY})


def test_another_key_is_refused() -> None:
    """What a mirror makes up must not count."""
    with pytest.raises(WrongSignature):
        segment.open(segment.seal(TWO, SIGNER), status_key(new_private_key().public_key(), MEMBER))


@given(st.data())
def test_a_flipped_bit_is_refused(data: st.DataObject) -> None:
    """Damage on the way must not take a withdrawal away, wherever it strikes."""
    sealed = bytearray(segment.seal(TWO, SIGNER))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Unreadable, WrongSignature)):
        segment.open(bytes(sealed), KEY)


def test_half_a_download_is_refused() -> None:
    """Half a segment must not pass for a small one."""
    sealed = segment.seal(TWO, SIGNER)
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            segment.open(sealed[:length], KEY)


def test_an_enormous_file_is_refused_before_its_signature() -> None:
    """100 MB must cost a gate nothing."""
    with pytest.raises(TooLarge):
        segment.open(bytes(MAX_SEGMENT_BYTES + 1), KEY)


def edited(edit: Callable[[dict[Any, Any]], object]) -> bytes:
    """The payload of TWO after ``edit`` of its map."""
    fields = cbor.loads(segment.encode(TWO), MAX_SEGMENT_BYTES)
    edit(fields)
    return cbor.dumps(fields)


def put(key: int, value: Any) -> Callable[[dict[Any, Any]], object]:
    return lambda fields: fields.__setitem__(key, value)


def put_in_change(position: int, value: Any) -> Callable[[dict[Any, Any]], object]:
    return lambda fields: fields[7][0].__setitem__(position, value)


def true_for_one(fields: dict[Any, Any]) -> None:
    rest = list(fields.items())[1:]
    fields.clear()
    fields.update({True: "status-segment", **dict(rest)})


def other_coding(fields: dict[Any, Any]) -> None:
    """The same indices, in a coding that is not the smallest."""
    fields[7][1][2:] = [1, b"\x80"]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(put(1, "status-snapshot"), id="another kind"),
        pytest.param(lambda fields: fields.pop(1), id="no kind"),
        pytest.param(put(8, 0), id="unknown key"),
        pytest.param(true_for_one, id="true for the key 1"),
        pytest.param(put(2, 44), id="member not a text"),
        pytest.param(put(3, 0), id="number 0"),
        pytest.param(put(3, 1), id="a first segment that follows another"),
        pytest.param(put(5, bytes(32)), id="a later segment that follows none"),
        pytest.param(put(3, 2**53), id="number that a browser miscounts"),
        pytest.param(put(3, True), id="number as boolean"),
        pytest.param(put(4, float(NOW)), id="as-of as float"),
        pytest.param(put(4, NOW * 1000), id="as-of in milliseconds"),
        pytest.param(put(5, "00" * 16), id="hash as text"),
        pytest.param(put(5, b"\x01" * 31), id="hash too short"),
        pytest.param(put(6, {}), id="opened not an array"),
        pytest.param(put(6, [[9]]), id="opened without expiry"),
        pytest.param(put(6, [[9, NOW]]), id="opened and retired"),
        pytest.param(put(6, [[9, NOW + 1], [8, NOW + 1]]), id="opened not ascending"),
        pytest.param(put(7, {}), id="changes not an array"),
        pytest.param(lambda fields: fields[7].reverse(), id="changes not ascending"),
        pytest.param(lambda fields: fields[7].append(fields[7][1]), id="a list twice"),
        pytest.param(put_in_change(0, 65_536), id="list number above 65,535"),
        pytest.param(put_in_change(1, 0), id="a list without changes"),
        pytest.param(put_in_change(1, 4), id="count too high"),
        pytest.param(put_in_change(1, 2), id="count too low"),
        pytest.param(put_in_change(1, 3.0), id="count as float"),
        pytest.param(put_in_change(2, 20), id="parameter above 19"),
        pytest.param(put_in_change(2, 3.0), id="parameter as float"),
        pytest.param(put_in_change(3, "00"), id="bytes as text"),
        pytest.param(put_in_change(3, b"\x00\x00\x00\x00\x00\x00\x00\x80"), id="index out of range"),
        pytest.param(other_coding, id="another coding of the same"),
    ],
)
def test_a_signed_payload_of_another_shape_is_malformed(edit: Callable[[dict[Any, Any]], object]) -> None:
    """A member's faulty software must be named, never half understood; one content has one hash."""
    with pytest.raises(Malformed):
        segment.decode(edited(edit))


def test_an_index_out_of_range_is_malformed() -> None:
    """A bit past the list's end would be nobody's, or, in a careless reader, somebody else's."""

    def beyond(fields: dict[Any, Any]) -> None:
        # One gap of 2^20 in the coding with 19 plain bits: two zeros, the one, and 19 zeros.
        fields[7] = [[3, 1, 19, (0b001 << 21).to_bytes(3, "big")]]

    with pytest.raises(Malformed, match="outside the list"):
        segment.decode(edited(beyond))


def test_what_is_counted_is_counted_before_it_is_read() -> None:
    """A member that withdraws half a country at once does it in pieces."""
    half = STATUS_LIST_SIZE // 2
    with pytest.raises(TooLarge):
        segment.decode(edited(put(7, [[number, half, 0, b"never looked at"] for number in range(2)])))
    with pytest.raises(TooLarge):
        segment.decode(edited(put(6, [[number, NOW + 1] for number in range(MAX_STATUS_LISTS + 1)])))
    with pytest.raises(TooLarge):
        segment.decode(edited(put(7, [[number, 1, 0, b"\x80"] for number in range(MAX_STATUS_LISTS + 1)])))
    with pytest.raises(TooLarge):
        segment.encode(replace(TWO, withdrawn={3: gaps.ascending(range(MAX_SEGMENT_CHANGES + 1))}))


@pytest.mark.parametrize("wrong", [with_number(TWO, 0), with_number(TWO, 1), replace(TWO, as_of=0)])
def test_the_issuer_cannot_seal_what_gates_refuse(wrong: Segment) -> None:
    """A mistake must show where it is made, not as a nation's gates going stale."""
    with pytest.raises(Malformed):
        segment.seal(wrong, SIGNER)


@given(st.binary(max_size=200))
def test_any_payload_is_read_or_refused_by_name(payload: bytes) -> None:
    """Whatever a member signs, a gate goes on with the others."""
    with pytest.raises(Unreadable):
        segment.decode(payload)
