from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import StatusReferenceInvalid
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.status.bits import from_bits, to_bits

# draft-ietf-oauth-status-list-21 section 4.1.
EXAMPLE = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
EXAMPLE_BITS = bytes.fromhex("b9a3")


def test_the_example_of_the_draft() -> None:
    """The wrong bit order shows other people's status (learner-credential-wallet #335)."""
    indices = [index for index, bit in enumerate(EXAMPLE) if bit]
    assert to_bits(indices, len(EXAMPLE)) == EXAMPLE_BITS
    assert list(from_bits(EXAMPLE_BITS)) == indices


@given(st.sets(st.integers(0, 4095)))
def test_back_and_forth(indices: set[int]) -> None:
    """No index may be lost, added or moved by a neighbour's."""
    assert list(from_bits(to_bits(indices, 4096))) == sorted(indices)


def test_a_whole_list_has_its_capacity() -> None:
    """The first and the last index are where off-by-one errors live."""
    bits = to_bits([0, STATUS_LIST_SIZE - 1])
    assert (len(bits), bits[0], bits[-1]) == (STATUS_LIST_SIZE // 8, 1, 128)
    assert list(from_bits(bits)) == [0, STATUS_LIST_SIZE - 1]


def test_no_bits_are_no_indices() -> None:
    """An empty array is an array."""
    assert list(from_bits(b"")) == list(from_bits(bytes(8))) == []


@pytest.mark.parametrize("index", [-1, STATUS_LIST_SIZE])
def test_an_index_outside_is_refused(index: int) -> None:
    """A negative index would silently set a bit from the end."""
    with pytest.raises(StatusReferenceInvalid):
        to_bits([index])
