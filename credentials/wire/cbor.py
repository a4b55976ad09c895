"""CBOR under a strict reader and a deterministic writer (RFC 8949 sections 4.2.1 and 5).

The reader refuses what cbor2 would let pass: indefinite lengths, duplicate keys, tags, bytes after the item. Floats and
simple values do come through, so whoever reads a field asks for its exact type, keys included: in Python 1, 1.0 and
True are equal. Non-shortest integers are left to ``lint`` and to the issuer's self-check, which compare with the
deterministic encoding: a gate reads only what an issuer signed.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from cbor2 import CBORDecodeError, CBORDecoder
from cbor2 import dumps as _dumps

from credentials.errors import Malformed, TooLarge
from credentials.limits import MAX_CBOR_DEPTH


def dumps(value: Any) -> bytes:
    """Encode plain values; the maps must already be in the order of RFC 8949 section 4.2.1.

    cbor2's ``canonical`` orders by length first (RFC 7049) and costs twice as much.
    """
    return _dumps(value)


def loads(data: bytes, limit: int) -> Any:
    """Decode exactly one item of at most ``limit`` bytes.

    Raises TooLarge above ``limit``, Malformed for anything that the module's docstring names.
    """
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    stream = BytesIO(data)
    try:
        value = CBORDecoder(
            stream,
            tag_hook=_refuse_tag,
            semantic_decoders=_NO_TAGS,
            max_depth=MAX_CBOR_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        ).decode()
    except (CBORDecodeError, ValueError, TypeError, OverflowError) as error:
        raise Malformed("not strict CBOR") from error
    if stream.tell() != len(data):
        raise Malformed("bytes after the CBOR item")
    return value


def dump_fields(fields: list[Any]) -> bytes:
    """Encode ``fields`` as a map with the keys 1, 2, 3, …"""
    return dumps(dict(enumerate(fields, start=1)))


def load_fields(data: bytes, limit: int, number: int) -> list[Any]:
    """The values of a map with the keys 1, 2, 3, … ``number`` in this order. Raises what :func:`loads` raises."""
    fields = loads(data, limit)
    # In Python true == 1 == 1.0.
    if type(fields) is not dict or [(type(key), key) for key in fields] != [(int, key + 1) for key in range(number)]:
        raise Malformed(f"not a map of the keys 1 to {number}")
    return list(fields.values())


def _refuse_tag(*_: Any) -> Any:
    raise Malformed("CBOR tag not allowed here")


# The tags that cbor2 decodes by itself would never reach the tag hook.
_KNOWN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_NO_TAGS = dict.fromkeys(_KNOWN_TAGS, _refuse_tag)
