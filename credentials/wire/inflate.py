"""Inflating what others have deflated (zlib, RFC 1950; raw, RFC 1951), never beyond a cap.

890 bytes inflate to 900 kB, 1 MB to 1 GiB: the cap binds while inflating, not afterwards.
"""

from __future__ import annotations

import zlib

from credentials.errors import Malformed, TooLarge


def inflate(data: bytes, limit: int) -> bytes:
    """The content of one whole zlib stream, at most ``limit`` bytes; no more than that is ever held.

    Raises TooLarge above ``limit``, Malformed for a damaged or cut stream and for bytes after it.
    """
    return _inflated(zlib.decompressobj(), data, limit)


def inflate_raw(data: bytes, limit: int) -> bytes:
    """As :func:`inflate`, of a stream without zlib's head and sum, as JOSE has it (RFC 7516 section 4.1.3)."""
    return _inflated(zlib.decompressobj(-zlib.MAX_WBITS), data, limit)


def _inflated(stream: zlib._Decompress, data: bytes, limit: int) -> bytes:
    try:
        # One byte of room more: a stream that fills it is too large, one that does not has had room to end.
        content = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise Malformed("not a zlib stream") from error
    if len(content) > limit:
        raise TooLarge(f"inflates to more than {limit} bytes")
    if not stream.eof:
        raise Malformed("zlib stream is cut off")
    if stream.unused_data:
        raise Malformed("bytes after the zlib stream")
    return content
