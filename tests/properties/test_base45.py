"""Base45 on big integers does what the plain loop of RFC 9285 does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import Malformed
from credentials.wire import base45
from tests.properties import naive


@given(st.binary(max_size=700))
def test_bytes_come_back(data: bytes) -> None:
    """Whatever is encoded is decoded to the same."""
    assert base45.decode(base45.encode(data)) == data


@given(st.binary(max_size=700))
def test_the_text_is_that_of_the_plain_loop(data: bytes) -> None:
    """Lanes of a big integer run into one another when a bound is wrong; a loop has no lanes."""
    assert base45.encode(data) == naive.base45_encode(data)


@given(st.text(naive.BASE45, max_size=600) | st.text(naive.BASE45 + "aé!\n王", max_size=60) | st.text(max_size=30))
def test_a_text_is_read_as_by_the_plain_loop(text: str) -> None:
    """Also where there is an error: both refuse, or both give the same bytes."""
    try:
        expected = naive.base45_decode(text)
    except naive.Refused:
        with pytest.raises(Malformed):
            base45.decode(text)
    else:
        assert base45.decode(text) == expected


@given(st.text(naive.BASE45, max_size=300))
def test_bytes_have_one_text(text: str) -> None:
    """What can be read is written the same way again: a code has exactly one text."""
    try:
        data = base45.decode(text)
    except Malformed:
        return
    assert base45.encode(data) == text
