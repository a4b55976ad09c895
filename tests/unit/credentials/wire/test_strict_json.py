"""The one reader of JSON: what two readers could read in two ways is read in none."""

from __future__ import annotations

import pytest

from credentials.errors import Malformed
from credentials.wire.strict_json import json_bytes, parse_json, read_json, with_whole_numbers
from tests.growth import MOST, per_doubling


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
    ("data", "told"),
    [
        (b"", "empty"),
        (b" \t\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("{}".encode("utf-16"), "in UTF-16"),
        ("{}".encode("utf-16-le"), "in UTF-16"),
        ("{}".encode("utf-16-be"), "in UTF-16"),
        ('{"name": "王"}'.encode("gb18030"), "not UTF-8"),
        (b"{", "not strict JSON: line 1, column 2$"),
        ('{"name": "王",\n "at": 1,}'.encode(), "not strict JSON: line 2, column 10$"),
        (b'{"name": "\\ud800"}', "half a surrogate pair"),
    ],
)
def test_nothing_blanks_another_encoding_and_no_json_each_have_their_own_word(data: bytes, told: str) -> None:
    """ "Not JSON" of a file that looks right on the screen sends people to look for a comma."""
    with pytest.raises(Malformed, match=told):
        read_json(data)


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1.0", 1), (b"-0", 0), (b"-0.0", 0), (b"1e2", 100), (b"2.50E+1", 25), (b"9007199254740991.0", 2**53 - 1),
        (b"9007199254740993", 2**53 + 1), (b"1" * 300, int("1" * 300)), (b"[1.0,0.5]", [1, 0.5]),
    ],
)  # fmt: skip
def test_a_whole_number_is_an_integer_however_it_is_written(text: bytes, value: object) -> None:
    """A browser has one kind of number: ``1.0`` as an integer there and none here would be two documents."""
    assert repr(with_whole_numbers(parse_json(text))) == repr(value)
    assert with_whole_numbers({"a": [parse_json(text)], "b": "1.0"}) == {"a": [value], "b": "1.0"}


@pytest.mark.parametrize("text", [b"1" * 301, b"1" * 310, b"0." + b"1" * 300, b"-1e309", b"1.0e" + b"0" * 300 + b"1"])
def test_a_number_that_no_double_holds_or_nobody_writes_is_malformed(text: bytes) -> None:
    """Endless to a browser, exact here; and a number of a million digits would cost its square."""
    for data in (text, b'{"a":' + text + b"}", b"[" + text + b"]"):
        with pytest.raises(Malformed):
            parse_json(data)


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
    assert per_doubling(parse_json, lambda length: unit * (length // len(unit)), 100_000) <= MOST


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
