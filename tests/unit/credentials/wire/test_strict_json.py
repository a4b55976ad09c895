"""The one reader of JSON: what two readers could read in two ways is read in none."""

from __future__ import annotations

import contextlib
import time

import pytest

from credentials.errors import Malformed
from credentials.wire.strict_json import json_bytes, parse_json, read_json


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"}",
        b"{}{}",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":01}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\n"}',
        b'{"a":1,"a":1}',
        b'{"b":{"a":1,"a":2}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\ud800"}',
        b'{"a":"\\udc00\\ud800"}',
        b'{"\\ud800":1}',
        b'"',
        b'"\\',
    ],
)
def test_lax_json_is_malformed(text: bytes) -> None:
    """RFC 8259 leaves duplicate names and lone surrogates to the reader; two readers would read two things."""
    with pytest.raises(Malformed):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b" {} ", {}),
        (b'{"a":[[1]],"b":"[{\\"]}\\\\"}', {"a": [[1]], "b": '[{"]}\\'}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'{"a":-0.5e-3}', {"a": -0.0005}),
    ],
)
def test_strict_json_is_read(text: bytes, value: object) -> None:
    """Brackets inside texts are no nesting, and an escaped pair of surrogates is a character."""
    assert parse_json(text) == value


def test_the_depth_is_exact() -> None:
    """64 levels are read, 65 are not; a bracket in a text does not count, and siblings are no levels."""
    assert parse_json(b"[" * 64 + b"]" * 64)
    assert parse_json(b'{"' + b"[" * 1000 + b'":1}')
    assert len(parse_json(b"[" + b"[],{}," * 500 + b"1]")) == 1001
    for text in (b"[" * 65 + b"]" * 65, b'{"a":' * 65 + b"1" + b"}" * 65):
        with pytest.raises(Malformed):
            parse_json(text)


@pytest.mark.parametrize("unit", [b'"\\', b'\\"', b'\\"["', b"[", b"]", b"{", b'"', b"[]", b'"[', b'{"a":'])
def test_no_text_takes_more_than_linear_time(unit: bytes) -> None:
    """Headers are parsed before any signature: 12 kB of ``"\\"\\"`` once held a worker for 0.6 s, 1 MB for an hour."""
    began = time.perf_counter()
    with contextlib.suppress(Malformed):
        parse_json(unit * (100_000 // len(unit)))
    assert time.perf_counter() - began < 2


def test_the_writer_refuses_what_is_no_json() -> None:
    """Our own NaN would be malformed to everybody else."""
    with pytest.raises(ValueError):
        json_bytes({"a": float("nan")})


MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_before_what_people_send_is_no_matter() -> None:
    """Editors on Windows write one, and nobody sees it."""
    assert read_json(MARK + b'{"a": 1}') == read_json(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "data",
    [MARK + MARK + b"{}", b"{}" + MARK, b" " + MARK + b"{}", MARK, MARK[:2] + b"{}", "{}".encode("utf-16"), b"{}\0"],
)
def test_neighbours_of_a_byte_order_mark_are_malformed(data: bytes) -> None:
    """Two, one that is late or cut, and the mark of another encoding say that something else is wrong."""
    with pytest.raises(Malformed):
        read_json(data)


def test_what_is_signed_has_no_byte_order_mark() -> None:
    """The browser's reader takes none there either, and a digest is of bytes."""
    with pytest.raises(Malformed):
        parse_json(MARK + b"{}")
