"""The one COSE_Sign1 layout (RFC 9052 section 4.2) that anything signed in CBOR has here.

::

    d2 84                     tag 18, array of 4
    4d a2 01 26 04 48 <kid>   protected header {1: number of the native algorithm, 4: kid of 8 bytes}
    a0                        empty unprotected header
    58 <n> | 59 <nn> | 5a <nnnn>   payload of n bytes, shortest length
    58 40 <signature>         r‖s of 64 bytes, and nothing after it

It is matched byte for byte before any cryptography, so no header can say which algorithm to use or carry a kid in the
wrong place (vacdec #1). The payload stays opaque until the signature holds: :class:`Envelope` is unverified,
:class:`VerifiedPayload` is what :func:`verify` makes of it, and what needs verified data takes only that.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from credentials.algorithms.table import NATIVE
from credentials.errors import AlgorithmMismatch, Malformed, TooLarge
from credentials.keys import VerificationKey
from credentials.profile.limits import KID_BYTES, SIGNATURE_BYTES
from credentials.signing import Signer
from credentials.wire import cbor

_PROTECTED_HEAD = b"\xa2\x01" + cbor.dumps(NATIVE.COSE_NUMBER) + b"\x04\x48"
_HEAD = b"\xd2\x84" + bytes([0x40 + len(_PROTECTED_HEAD) + KID_BYTES]) + _PROTECTED_HEAD
_SIGNATURE_HEAD = b"\x58\x40"
_SIGNED_HEAD = b"\x84\x6aSignature1\x4d" + _PROTECTED_HEAD
_FRONT = struct.Struct(f">{len(_HEAD)}s{KID_BYTES}s2s")
"""Head, kid, and the empty map with the head byte of the payload."""
_TAIL = len(_SIGNATURE_HEAD) + SIGNATURE_BYTES
_PAYLOAD_AT = _FRONT.size - 1
# Empty map and head byte of a byte string -> how many length bytes follow, and the least length that needs them.
_LENGTHS = {b"\xa0\x58": (1, 24), b"\xa0\x59": (2, 256), b"\xa0\x5a": (4, 65_536)}
_OTHER = (0, 1)


class Envelope(NamedTuple):
    """A signed object whose signature nobody has checked. ``kid`` 8 bytes, ``signature`` 64 bytes."""

    kid: bytes
    payload: bytes
    signature: bytes
    signed_bytes: bytes
    """The Sig_structure (RFC 9052 section 4.4) over which the signature must hold."""


class VerifiedPayload(NamedTuple):
    """A payload whose signature holds under ``key``."""

    payload: bytes
    key: VerificationKey


def seal(payload: bytes, signer: Signer) -> bytes:
    """Sign ``payload`` (24 bytes to 4 GiB) into the fixed layout."""
    body = _byte_string_head(len(payload)) + payload
    signature = signer.sign(_SIGNED_HEAD + signer.kid + b"\x40" + body)
    return _HEAD + signer.kid + b"\xa0" + body + _SIGNATURE_HEAD + signature


def open_layout(data: bytes, limit: int) -> Envelope:
    """Take the fixed layout apart. Raises TooLarge above ``limit`` bytes, Malformed for any other layout."""
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    envelope, end = open_prefix(data)
    if end != len(data):
        raise Malformed("bytes after the COSE_Sign1")
    return envelope


def open_prefix(data: bytes, start: int = 0) -> tuple[Envelope, int]:
    """The object that begins at ``start``, and the offset after it. Raises Malformed."""
    length_at = start + _FRONT.size
    if len(data) < length_at:
        raise Malformed("not the fixed COSE_Sign1 layout")
    head, kid, mark = _FRONT.unpack_from(data, start)
    width, least = _LENGTHS.get(mark, _OTHER)
    content_at = length_at + width
    length = int.from_bytes(data[length_at:content_at], "big")
    end = content_at + length
    tail = end + _TAIL
    if head != _HEAD or length < least or data[end : end + 2] != _SIGNATURE_HEAD or len(data) < tail:
        raise Malformed("not the fixed COSE_Sign1 layout")
    signed_bytes = b"%b%b\x40%b" % (_SIGNED_HEAD, kid, data[start + _PAYLOAD_AT : end])
    return Envelope(kid, data[content_at:end], data[end + 2 : tail], signed_bytes), tail


def verify(envelope: Envelope, key: VerificationKey) -> VerifiedPayload:
    """Check the signature with the algorithm pinned on ``key``.

    Raises AlgorithmMismatch when that is not the layout's, WrongSignature when the signature does not hold.
    """
    if key.algorithm != NATIVE.NAME:
        raise AlgorithmMismatch(f"the key is not for {NATIVE.NAME}")
    NATIVE.verify(key.public_key, envelope.signature, envelope.signed_bytes)
    return VerifiedPayload(envelope.payload, key)


def _byte_string_head(length: int) -> bytes:
    for mark, (width, least) in reversed(_LENGTHS.items()):
        if length >= least:
            return mark[1:] + length.to_bytes(width, "big")
    raise Malformed("payload shorter than 24 bytes")
