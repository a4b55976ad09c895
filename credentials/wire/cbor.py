"""CBOR under a strict reader and a deterministic writer (RFC 8949 sections 4.2.1 and 5).

The reader refuses what cbor2 would let pass: indefinite lengths, duplicate keys, tags, bytes after the item. Floats and
simple values do come through, so whoever reads a field asks for its exact type, keys included: in Python 1, 1.0 and
True are equal. Non-shortest integers are left to ``lint`` and to the issuer's self-check, which compare with the
deterministic encoding: a gate reads only what an issuer signed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any

from cbor2 import CBORDecodeError, CBORDecoder, CBORTag
from cbor2 import dumps as _dumps

from credentials.errors import Malformed, TooLarge
from credentials.profile.limits import MAX_CBOR_DEPTH, MAX_JSON_INTEGER

_AS_THEY_ARE = frozenset({str, bool, type(None)})


def dumps(value: Any) -> bytes:
    """Encode plain values; the maps must already be in the order of RFC 8949 section 4.2.1.

    cbor2's ``canonical`` orders by length first (RFC 7049) and costs twice as much.
    """
    return _dumps(value)


def loads(data: bytes, limit: int) -> Any:
    """Decode exactly one item of at most ``limit`` bytes, which is to be that of a code: see :func:`load_fields`.

    Raises TooLarge above ``limit``, Malformed for anything that the module's docstring names.
    """
    return _only_item(data, limit, _STRICT)


def loads_foreign(data: bytes, limit: int, *, allow_indefinite: bool = True) -> Any:
    """As :func:`loads`, for what others sign: dates and times stay in their tags, lengths may be indefinite where that
    is allowed, and every key of a map is an integer or a text.

    What stands in the tags 0 and 1 comes as a CBORTag. Raises what :func:`loads` raises.
    """
    return _only_item(data, limit, _OF_OTHERS if allow_indefinite else _OF_OTHERS_DEFINITE)


def as_json(value: Any) -> Any:
    """What :func:`loads_foreign` gave, as JSON has it: 2.0 is 2, a date stands without its tag, and what JSON has no
    value for, or every reader another, is NaN, which no rule can use: bytes, fractions, numbers beyond 2^53 - 1."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return {name: as_json(item) for name, item in value.items() if type(name) is str}
    if kind is list:
        return [as_json(item) for item in value]
    if kind is CBORTag:
        return as_json(value.value)
    is_whole = kind is int or (kind is float and value.is_integer())
    return int(value) if is_whole and abs(value) <= MAX_JSON_INTEGER else math.nan


def dump_fields(fields: list[Any]) -> bytes:
    """Encode ``fields`` as a map with the keys 1, 2, 3, …"""
    return dumps(dict(enumerate(fields, start=1)))


def load_fields(data: bytes, limit: int, number: int) -> list[Any]:
    """The values of a map with the keys 1, 2, 3, … ``number`` (at most 23) in this order, in which no other map has a
    key but texts and byte strings. Raises what :func:`loads` raises.

    Such a map may be megabytes. Arrays of -1 and -2 all have one hash in Python, so that a map that is keyed by them
    costs the square of its length: 80 kB took 1.4 s, and a member's 4 MB would have taken an hour.
    """
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    stream = BytesIO(data)
    if stream.read(1) != bytes([_MAP | number]):
        raise Malformed(f"not a map of {number} keys")
    fields = [_field(stream, key) for key in range(1, number + 1)]
    if stream.tell() != len(data):
        raise Malformed("bytes after the CBOR item")
    return fields


def _field(stream: BytesIO, key: int) -> Any:
    if stream.read(1) != bytes([key]):
        raise Malformed(f"key {key} is missing")
    return _item(stream, _OF_FIELDS)


def _only_item(data: bytes, limit: int, decoder: _Decoder) -> Any:
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    stream = BytesIO(data)
    value = _item(stream, decoder)
    if stream.tell() != len(data):
        raise Malformed("bytes after the CBOR item")
    return value


def _item(stream: BytesIO, decoder: _Decoder) -> Any:
    try:
        return decoder(stream).decode()
    except (CBORDecodeError, ValueError, TypeError, OverflowError) as error:
        raise Malformed("not strict CBOR") from error


def _with_plain_keys(found: Mapping[Any, Any], *_: Any) -> Mapping[Any, Any]:
    # True and 1.0 are no keys, though Python finds 1 by them, and what else can be one differs between readers.
    if not _PLAIN_KEYS.issuperset(map(type, found)):
        raise Malformed("a key of a map is neither an integer nor a text")
    return found


def _refuse_tag(*_: Any) -> Any:
    raise Malformed("CBOR tag not allowed here")


def _keep_tag(tag: int, value: Any, *_: Any) -> CBORTag:
    return CBORTag(tag, value)


_PLAIN_KEYS = frozenset({int, str})
_MAP = 0xA0
"""The head of a map of up to 23 entries, without their number (RFC 8949 section 3)."""
# The tags that cbor2 decodes by itself would never reach the tag hook.
_KNOWN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_NO_TAGS = dict.fromkeys(_KNOWN_TAGS, _refuse_tag)
_TIMES_KEPT = _NO_TAGS | {tag: partial(_keep_tag, tag) for tag in (0, 1)}
_Decoder = Callable[[BytesIO], CBORDecoder]
_STRICT = partial(
    CBORDecoder,
    tag_hook=_refuse_tag,
    semantic_decoders=_NO_TAGS,
    max_depth=MAX_CBOR_DEPTH,
    allow_indefinite=False,
    allow_duplicate_keys=False,
)
_OF_FIELDS = partial(_STRICT, strict_hashable_types=True)
_OF_OTHERS_DEFINITE = partial(_STRICT, semantic_decoders=_TIMES_KEPT, object_hook=_with_plain_keys)
_OF_OTHERS = partial(_OF_OTHERS_DEFINITE, allow_indefinite=True)
