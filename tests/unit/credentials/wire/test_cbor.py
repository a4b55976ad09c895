"""The strict reader and the deterministic writer."""

from __future__ import annotations

from typing import Any

import pytest
from cbor2 import CBORTag

from credentials.errors import Malformed, TooLarge
from credentials.wire import cbor

LIMIT = 10_000

# RFC 8949 appendix A, as far as our types go.
PUBLISHED: list[tuple[str, Any]] = [
    ("00", 0),
    ("17", 23),
    ("1818", 24),
    ("1903e8", 1000),
    ("1a000f4240", 1_000_000),
    ("1b000000e8d4a51000", 1_000_000_000_000),
    ("1bffffffffffffffff", 2**64 - 1),
    ("20", -1),
    ("3903e7", -1000),
    ("3bffffffffffffffff", -(2**64)),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("4401020304", b"\1\2\3\4"),
    ("60", ""),
    ("63e6b0b4", "水"),
    ("80", []),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a201020304", {1: 2, 3: 4}),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
]


@pytest.mark.parametrize(("coded", "value"), PUBLISHED)
def test_the_published_examples(coded: str, value: Any) -> None:
    """Read and written as RFC 8949 says, in the shortest form."""
    assert cbor.loads(bytes.fromhex(coded), LIMIT) == value
    assert cbor.dumps(value).hex() == coded


def test_maps_are_written_in_the_order_given() -> None:
    """Whoever writes a map orders it; the deterministic order of our claims is not that of cbor2's ``canonical``."""
    assert cbor.dumps({-1: 0, 100: 1}).hex() == "a2" "2000" "186401"  # fmt: skip


@pytest.mark.parametrize(
    "coded",
    [
        "",
        "18",
        "1c",
        "1f",
        "62c328",
        "63eda080",
        "5bffffffffffffffff",
        "7b7fffffffffffffff",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "9a7fffffff",
        "ff",
        "81ff",
        "f818",
        "fc",
        "a101",
    ],
)
def test_what_is_no_cbor_is_malformed(coded: str) -> None:
    """Reserved, cut off, no UTF-8, or a length of 2^63: never another exception, never a large allocation."""
    with pytest.raises(Malformed):
        cbor.loads(bytes.fromhex(coded), LIMIT)


def test_the_limit_is_exact() -> None:
    """One byte above it is not even parsed."""
    assert cbor.loads(b"\x81\x01", 2) == [1]
    with pytest.raises(TooLarge):
        cbor.loads(b"\x81\x01", 1)


def test_the_depth_is_exact() -> None:
    """Eight levels are read, the ninth is refused."""
    assert cbor.loads(b"\x81" * 8 + b"\x00", LIMIT)
    for opener in (b"\x81", b"\xa1\x00"):
        with pytest.raises(Malformed):
            cbor.loads(opener * 9 + b"\x00", LIMIT)


@pytest.mark.parametrize("tag", [*range(300), 1004, 1040, 43_000, 43_001, 55_799, 65_535, 2**32, 2**64 - 1])
def test_every_tag_is_malformed(tag: int) -> None:
    """cbor2 makes dates, big numbers, regular expressions and shared references of tags before any hook sees them."""
    head = bytes([0xC0 | tag]) if tag < 24 else b"\xdb" + tag.to_bytes(8, "big")
    for content in ("00", "80", "60", "40", "820001", "a0"):
        with pytest.raises(Malformed):
            cbor.loads(head + bytes.fromhex(content), LIMIT)


def test_fields_are_read_as_they_were_written() -> None:
    """Keys 1, 2, 3, … in this order, no more and no fewer, within the limit to the byte."""
    fields = [1, "水", [2, {"a": b"b"}]]
    written = cbor.dump_fields(fields)
    assert cbor.load_fields(written, len(written), 3) == fields
    with pytest.raises(TooLarge):
        cbor.load_fields(written, len(written) - 1, 3)
    for wrong, number in ((written, 2), (written, 4), (written + b"\0", 3), (b"", 3), (b"\xa1\x02\0", 1)):
        with pytest.raises(Malformed):
            cbor.load_fields(wrong, LIMIT, number)


def test_what_others_sign_is_read_with_its_times_and_within_its_bound() -> None:
    """Indefinite lengths and tagged times are in use abroad; other tags, and what is too long, end the reading."""
    assert cbor.loads_foreign(bytes.fromhex("bf6161c1196161ff"), 99) == {"a": CBORTag(1, 24_929)}
    with pytest.raises(TooLarge):
        cbor.loads_foreign(bytes(9), 8)
    for data in ("c24101", "d8184101", "0101", "9f", "a201010101"):
        with pytest.raises(Malformed):
            cbor.loads_foreign(bytes.fromhex(data), 99)
