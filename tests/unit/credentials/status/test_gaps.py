from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import Malformed, StatusReferenceInvalid
from credentials.profile.limits import MAX_RICE_PARAMETER, MAX_STATUS_LIST_BYTES, STATUS_LIST_SIZE
from credentials.status import gaps

LAST = STATUS_LIST_SIZE - 1
INDICES = st.one_of(
    st.sets(st.integers(0, LAST), max_size=60),
    st.sets(st.integers(0, 100)),
    st.sets(st.integers(LAST - 100, LAST)),
).map(gaps.ascending)


@given(INDICES)
def test_back_and_forth(indices: array[int]) -> None:
    """A lost index lets a withdrawn code pass, an added one refuses an innocent person."""
    parameter, data = gaps.encode(indices)
    assert gaps.decode(len(indices), parameter, data) == indices


@given(INDICES)
def test_no_parameter_would_be_smaller(indices: array[int]) -> None:
    """The search stops early; it must not stop before the smallest."""
    before = array("i", [-1]) + array("i", indices)[:-1] if indices else array("i")
    lengths = [index - previous - 1 for previous, index in zip(before, indices, strict=True)]
    sizes = {
        parameter: sum((gap >> parameter) + 1 + parameter for gap in lengths)
        for parameter in range(MAX_RICE_PARAMETER + 2)
    }
    parameter, data = gaps.encode(indices)
    assert sizes[parameter] == min(sizes.values())
    assert len(data) == -(-sizes[parameter] // 8)


def test_frozen() -> None:
    """Two readers of the format, in Python and in the browser, must agree on every bit."""
    gap_codes = ("10011", "10000", "011001", "10000", "00011010")  # 3, 0, 25, 0, 58
    data = int("".join(gap_codes).ljust(32, "0"), 2).to_bytes(4, "big")
    assert gaps.encode(gaps.ascending([3, 4, 30, 31, 90])) == (4, data) == (4, bytes.fromhex("9c1980d0"))


def test_the_emptiest_and_the_fullest_list() -> None:
    """Nothing withdrawn is the usual list, everything the worst day: neither may outgrow its bit array."""
    assert gaps.encode(gaps.ascending([])) == (0, b"")
    assert gaps.decode(0, 0, b"") == array("I")
    everything = array("I", range(STATUS_LIST_SIZE))
    assert gaps.encode(everything) == (0, b"\xff" * MAX_STATUS_LIST_BYTES)
    assert gaps.decode(STATUS_LIST_SIZE, 0, b"\xff" * MAX_STATUS_LIST_BYTES) == everything


def test_the_largest_gap_takes_the_largest_parameter() -> None:
    """The reader's bound on the parameter must not refuse what the writer makes of a lone last index."""
    parameter, data = gaps.encode(gaps.ascending([LAST]))
    assert parameter == MAX_RICE_PARAMETER
    assert list(gaps.decode(1, parameter, data)) == [LAST]


@pytest.mark.parametrize(
    ("count", "parameter", "data"),
    [
        pytest.param(1, -1, b"\x80", id="parameter below 0"),
        pytest.param(1, 20, b"\x80\0\0", id="parameter above 19"),
        pytest.param(-1, 0, b"", id="count below 0"),
        pytest.param(2**40, 0, b"\xff", id="count that no bytes could hold"),
        pytest.param(9, 0, b"\xff", id="count above the codes"),
        pytest.param(7, 0, b"\xff", id="count below the codes"),
        pytest.param(1, 0, b"\x00", id="no code at all"),
        pytest.param(2, 2, b"\x81", id="code cut off by the end"),
        pytest.param(1, 2, b"\x01", id="low bits cut off by the end"),
        pytest.param(1, 2, b"\x81", id="padding of ones"),
        pytest.param(1, 2, b"\x80\x00", id="a byte of padding too many"),
        pytest.param(0, 0, b"\x00", id="padding of an empty list"),
        pytest.param(1, 19, b"\x10\x00\x00", id="index of 2^20 and more"),
        pytest.param(2, 19, b"\xff\xff\xf4\0\0\0", id="second index of 2^20 and more"),
        pytest.param(1, 19, bytes(MAX_STATUS_LIST_BYTES - 3) + b"\x80\0\0", id="gap beyond 32 bits"),
        pytest.param(1, 0, bytes(MAX_STATUS_LIST_BYTES), id="zeros without end"),
        pytest.param(1, 0, b"\x80" + bytes(MAX_STATUS_LIST_BYTES), id="more bytes than the bit array"),
    ],
)
def test_what_no_writer_makes_is_malformed(count: int, parameter: int, data: bytes) -> None:
    """Every list has one reading: what could be read in two ways, or costs more than its bytes, is out."""
    with pytest.raises(Malformed):
        gaps.decode(count, parameter, data)


@given(st.integers(0, 30), st.integers(0, MAX_RICE_PARAMETER), st.binary(max_size=40))
def test_any_bytes_are_read_or_malformed(count: int, parameter: int, data: bytes) -> None:
    """Whatever comes: strictly ascending indices inside the list, or Malformed, and nothing else."""
    try:
        indices = gaps.decode(count, parameter, data)
    except Malformed:
        return
    assert len(indices) == count
    assert list(indices) == sorted(set(indices))
    assert all(index < STATUS_LIST_SIZE for index in indices)


def test_order_and_repeats_do_not_matter_on_the_way_in() -> None:
    """A table gives its rows in any order; the set is the same."""
    assert list(gaps.ascending([9, 2, 9, 5])) == [2, 5, 9]


@pytest.mark.parametrize("indices", [[-1], [STATUS_LIST_SIZE], [0, STATUS_LIST_SIZE]])
def test_indices_outside_are_refused_on_the_way_in(indices: list[int]) -> None:
    """The bit of an index past the end is nobody's: better no snapshot than a wrong one."""
    with pytest.raises(StatusReferenceInvalid):
        gaps.ascending(indices)


@pytest.mark.parametrize("indices", [[5, 2], [5, 5], [STATUS_LIST_SIZE]])
def test_unordered_indices_are_never_written(indices: list[int]) -> None:
    """Out of order they would be written as other people's indices."""
    with pytest.raises(StatusReferenceInvalid):
        gaps.encode(array("I", indices))
