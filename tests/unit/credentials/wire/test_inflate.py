from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import Malformed, TooLarge
from credentials.wire.inflate import inflate

LIMIT = 1000


@given(st.binary(max_size=LIMIT), st.integers(0, 9))
def test_gives_back_what_was_deflated(content: bytes, level: int) -> None:
    """Any peer's compression level must be readable, up to the very last byte of the cap."""
    assert inflate(zlib.compress(content, level), len(content)) == content


@given(st.binary(min_size=1, max_size=LIMIT))
def test_one_byte_above_the_limit_is_too_large(content: bytes) -> None:
    """The cap must bind exactly: an off-by-one here would refuse a full status list or admit a longer one."""
    with pytest.raises(TooLarge):
        inflate(zlib.compress(content), len(content) - 1)


def test_a_bomb_costs_no_memory() -> None:
    """64 MB from 64 kB took gates down that checked the size after inflating."""
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            inflate(bomb, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(bomb)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200), st.data())
def test_a_cut_stream_is_malformed(content: bytes, data: st.DataObject) -> None:
    """Half a download must never pass for a shorter list."""
    stream = zlib.compress(content)
    cut = data.draw(st.integers(0, len(stream) - 1))
    with pytest.raises(Malformed):
        inflate(stream[:cut], LIMIT)


@pytest.mark.parametrize("damaged", [b"hello", b"\x78\xda\xff\xff", b"\x1f\x8b" + bytes(20)])
def test_what_is_no_zlib_stream_is_malformed(damaged: bytes) -> None:
    """A foreign exception must not leave this room; gzip is not zlib."""
    with pytest.raises(Malformed):
        inflate(damaged, LIMIT)


def test_bytes_after_the_stream_are_malformed() -> None:
    """What trails a stream is read by some and not by others: two readers must not see two contents."""
    with pytest.raises(Malformed):
        inflate(zlib.compress(b"list") + b"\0", LIMIT)


def test_a_wrong_checksum_is_malformed() -> None:
    """A flipped bit in transport must be noticed even when the stream still inflates."""
    stream = bytearray(zlib.compress(b"list"))
    stream[-1] ^= 1
    with pytest.raises(Malformed):
        inflate(bytes(stream), LIMIT)
