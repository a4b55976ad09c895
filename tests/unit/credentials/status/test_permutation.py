from __future__ import annotations

import hashlib
import hmac
from array import array
from itertools import pairwise
from operator import xor

import pytest

from credentials.errors import KeyRejected, StatusReferenceInvalid
from credentials.profile.limits import MAX_STATUS_LIST, MIN_INDEX_KEY_BYTES, STATUS_LIST_SIZE
from credentials.status.permutation import index_of, position_of, round_tables

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("list_id", "indices"),
    [
        (0, [678705, 63734, 1552, 411894, 647353, 240131, 994583]),
        (65535, [531839, 595592, 716771, 404436, 50759, 333308, 667395]),
    ],
)
def test_frozen_for_ever(list_id: int, indices: list[int]) -> None:
    """A changed permutation would set the bits of other people: this vector must never be edited."""
    positions = (0, 1, 2, 3, 1023, 1024, STATUS_LIST_SIZE - 1)
    assert [index_of(position, list_id, KEY) for position in positions] == indices


@pytest.mark.parametrize("list_id", [0, 7, 65535])
def test_back_from_an_index_to_its_position(list_id: int) -> None:
    """After a database was lost, a bit that gates have seen must not be set for somebody else."""
    for position in (0, 1, 1023, 1024, 777_777, STATUS_LIST_SIZE - 1):
        assert position_of(index_of(position, list_id, KEY), list_id, KEY) == position
    with pytest.raises(StatusReferenceInvalid):
        position_of(STATUS_LIST_SIZE, list_id, KEY)


def test_every_index_of_a_list_is_given_once() -> None:
    """Two residents under one bit would be withdrawn together: proven over the whole list of 2^20."""
    right = array("H", range(1024)) * 1024
    left = array("H", sorted(right))
    for table in round_tables(7, KEY):
        left, right = right, array("H", map(xor, left, map(table.__getitem__, right)))
    indices = [high << 10 | low for high, low in zip(left, right, strict=True)]
    assert sorted(indices) == list(range(STATUS_LIST_SIZE))
    sample = range(0, STATUS_LIST_SIZE, 997)
    assert [index_of(position, 7, KEY) for position in sample] == [indices[position] for position in sample]


def test_the_definition_in_the_docstring_is_what_is_computed() -> None:
    """A second implementation, written from the words alone, must come to the same tables."""
    for number, x in ((0, 0), (3, 17), (9, 1023)):
        message = b"tongxing status index 1" + (258).to_bytes(4, "big") + bytes([number, x // 16])
        block = hmac.new(KEY, message, hashlib.sha256).digest()
        word = int.from_bytes(block[2 * (x % 16) : 2 * (x % 16) + 2], "big")
        assert round_tables(258, KEY)[number][x] == word & 1023


def test_lists_and_keys_are_permuted_differently() -> None:
    """The same order in every list, or under every key, could be learnt once and read everywhere."""
    positions = range(200)
    orders = {
        tuple(index_of(position, list_id, key) for position in positions)
        for list_id, key in ((1, KEY), (2, KEY), (1, KEY[::-1]))
    }
    assert len(orders) == 3


def test_neighbours_are_torn_apart() -> None:
    """A family that registers together must not be recognisable by adjacent indices."""
    indices = [index_of(position, 1, KEY) for position in range(1000)]
    close = sum(abs(one - other) < 1000 for one, other in pairwise(indices))
    assert close < 10  # about 2 of 999 are expected by chance


@pytest.mark.parametrize(
    ("position", "list_id"),
    [(-1, 0), (STATUS_LIST_SIZE, 0), (0, -1), (0, MAX_STATUS_LIST + 1)],
)
def test_out_of_range_is_refused(position: int, list_id: int) -> None:
    """A position past the end would wrap onto somebody else's index."""
    with pytest.raises(StatusReferenceInvalid):
        index_of(position, list_id, KEY)


def test_a_short_key_is_refused() -> None:
    """An empty key, left from a missing setting, would make the order public."""
    with pytest.raises(KeyRejected):
        index_of(0, 0, KEY[: MIN_INDEX_KEY_BYTES - 1])
