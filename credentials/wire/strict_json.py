"""The one reader and the one writer of JSON: for signed objects, request bodies, commands and files alike.

RFC 8259 leaves to each reader what it makes of duplicate names, half surrogate pairs, NaN or endless numbers. Where two
readers stand on one way, one takes what the other refuses; so all ways lead here. Every input costs time in proportion
to its length.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any

from credentials.errors import Malformed
from credentials.profile.limits import MAX_JSON_DEPTH

# Possessive, and content with a text that never ends: a backtracking pattern took quadratic time on "\"\"\"…
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_MAX_NUMBER_CHARACTERS = 300
"""Digits, sign, point and exponent of one number."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\n\r"
_HEX = re.compile("[0-9a-f]*")
# With ``json.dumps`` and ``json.loads`` it would be a new encoder and a new decoder each time.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def read_json(data: bytes) -> Any:
    """JSON that somebody sent or wrote by hand: as :func:`parse_json`, and one byte order mark before it is no matter.

    Editors and spreadsheets on Windows write one, and RFC 8259 section 8.1 lets a reader pass over it. Raises
    Malformed.
    """
    return parse_json(data.removeprefix(_BYTE_ORDER_MARK))


def parse_json(data: bytes) -> Any:
    """Strict JSON: UTF-8 without byte order mark, no duplicate names, no NaN, no number that a double cannot hold or
    that has more than 300 characters, no lone surrogate, at most 64 levels.

    Raises Malformed.
    """
    if not data.strip(_BLANKS):
        raise Malformed("empty, where JSON is needed")
    if _nests_too_deeply(data):
        raise Malformed("JSON nested too deeply")
    try:
        value = _decode(utf8_text(data))
        if b"\\u" in data:
            json_bytes(value)  # Half a surrogate pair can be read but never written (RFC 8259 section 8.2).
        return value
    except UnicodeEncodeError as error:
        raise Malformed("half a surrogate pair in JSON") from error
    except (ValueError, RecursionError) as error:
        place = f": line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Malformed(f"not strict JSON{place}") from error


def is_utf16(data: bytes) -> bool:
    """Whether a text begins as one in UTF-16 does: with a mark, or with ASCII, which has a zero byte beside each letter
    and is sound UTF-8 all the same."""
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]


def utf8_text(data: bytes) -> str:
    """Bytes in UTF-8 as text. Raises Malformed, which tells UTF-16, as shells and editors on Windows write it, from the
    rest: people know that word from the window in which they saved the file."""
    if is_utf16(data):
        raise Malformed("in UTF-16, where UTF-8 is needed")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error


def with_whole_numbers(value: Any) -> Any:
    """The same with ``1.0`` and ``1e2`` as integers: a reader in a browser has one kind of number and cannot tell."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is list:
        return [with_whole_numbers(item) for item in value]
    return {name: with_whole_numbers(item) for name, item in value.items()} if type(value) is dict else value


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8 with sorted names: the same value gives the same bytes."""
    return _encode(value).encode()


def hex_bytes(value: object, length: int, where: str) -> bytes:
    """So many bytes, in the one spelling of them that documents of ours have: two lower-case hex digits each.

    Raises Malformed, naming ``where``.
    """
    if type(value) is not str or len(value) != 2 * length or not _HEX.fullmatch(value):
        raise Malformed(f"{where}: {2 * length} lower-case hex digits")
    return bytes.fromhex(value)


def _nests_too_deeply(data: bytes) -> bool:
    """Whether the brackets nest above the limit, counted before parsing so that ``[[[[…`` costs no stack.

    Texts are taken out first; a text that never ends takes the rest with it and fails in the parser.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_JSON_DEPTH:
        return False
    depth = 0
    for bracket in _brackets(data):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_JSON_DEPTH:
            return True
    return False


def _brackets(data: bytes) -> bytes:
    """The brackets that stand outside of texts, in order."""
    if b"\\" in data:
        return _TEXT.sub(b"", data).translate(None, _NO_BRACKETS)
    # Without escapes every second piece between quotation marks stands outside; this way takes a tenth of the time.
    return b"".join(data.split(b'"')[::2]).translate(None, _NO_BRACKETS)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("duplicate name in JSON")
    return result


def _refuse_constant(name: str) -> Any:
    raise Malformed(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text) if len(text) <= _MAX_NUMBER_CHARACTERS else math.inf
    if not math.isfinite(number):
        raise Malformed("number out of range in JSON")
    return number


def _whole(text: str) -> int:
    # A longer one would cost the square of its digits, and be endless to a browser from the 310th on.
    if len(text) > _MAX_NUMBER_CHARACTERS:
        raise Malformed("number out of range in JSON")
    return int(text)


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole, parse_float=_finite
).decode
