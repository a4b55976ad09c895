"""The live presentation: ``TXP1:`` and the Base45 of [credential, time, mode, signature].

::

    84                        array of 4
    d2 84 4d ...              the credential's COSE_Sign1 as it was issued, not wrapped again (its own lengths say
                              where it ends; a wrapper would push the largest code over symbol version 14)
    1a <time>                 when the phone signed, integer seconds, four bytes
    00 | 01                   mode: 0 time, 1 nonce
    58 40 <signature>         by the holder's key (cnf), r‖s

Signed is the deterministic CBOR of ["TXP1", SHA-256(credential), time, nonce or null, gate or null]; hash, nonce and
gate name are not carried. In time mode both are null. A screenshot therefore ages, and a code
drawn for later carries a time that has not come.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import NamedTuple

from credentials.algorithms.table import NATIVE, PrivateKey, PublicKey
from credentials.errors import Malformed, PresentationSignature, TooLarge, WrongSignature
from credentials.formats import native
from credentials.profile.limits import (
    MAX_CREDENTIAL_BYTES,
    MAX_CREDENTIAL_TEXT_CHARACTERS,
    MAX_PRESENTATION_BYTES,
    MAX_PRESENTATION_TEXT_CHARACTERS,
    MAX_TIME_SECONDS,
    SIGNATURE_BYTES,
)
from credentials.profile.steps import ALL_STEPS
from credentials.wire import base45, cbor, cose
from credentials.wire.cose import Envelope

PREFIX = "TXP1:"
STEPS, IS_FOREIGN = ALL_STEPS, False
_CREDENTIAL_AT = 1
_HEAD = 0x84
_TIME_HEAD = 0x1A
_TAIL_BYTES = 5 + 1 + 2 + SIGNATURE_BYTES
_SIGNED_HEAD = b"\x85\x64TXP1\x58\x20"
_NULLS = b"\xf6\xf6"


class Mode(IntEnum):
    """What makes the presentation fresh: the phone's clock, or a nonce that the gate showed."""

    TIME = 0
    NONCE = 1


_MODES = tuple(Mode)


class Presentation(NamedTuple):
    """A live code taken apart, unverified. ``time`` seconds UTC by the phone's clock."""

    envelope: Envelope
    credential_hash: bytes
    time: int
    mode: Mode
    signature: bytes


def present(
    credential_text: str,
    holder_key: PrivateKey,
    at: int,
    nonce: bytes | None = None,
    gate: str | None = None,
) -> str:
    """Draw the live code for a ``TX1:`` text at ``at``: in nonce mode when a nonce and the gate's name are given.

    Raises NotACredential, TooLarge or Malformed when ``credential_text`` is none, Malformed for a time out of bounds
    and for a nonce without the gate's name.
    """
    if (nonce is None) is not (gate is None):
        raise Malformed("a nonce and the gate's name go together")
    if not 0 <= at <= MAX_TIME_SECONDS:
        raise Malformed("time out of bounds")
    credential = native.open_text(credential_text, native.PREFIX, MAX_CREDENTIAL_TEXT_CHARACTERS, _checked)
    mode = Mode.TIME if nonce is None else Mode.NONCE
    clock = bytes([_TIME_HEAD]) + at.to_bytes(4, "big")
    signature = NATIVE.sign(holder_key, _signed(hashlib.sha256(credential).digest(), clock, nonce, gate))
    data = bytes([_HEAD]) + credential + clock + bytes([mode]) + b"\x58\x40" + signature
    return PREFIX + base45.encode(data)


def unwrap(text: str) -> Presentation:
    """Take a ``TXP1:`` text apart, without believing it. Raises NotACredential, TooLarge or Malformed."""
    return native.open_text(text, PREFIX, MAX_PRESENTATION_TEXT_CHARACTERS, _open)


def verify(
    presentation: Presentation,
    holder_key: PublicKey,
    nonce: bytes | None = None,
    gate: str | None = None,
) -> None:
    """Check the holder's signature; for nonce mode, over the nonce and name that this gate gave out.

    Raises PresentationSignature, also when the mode, which is not signed, does not say what was signed.
    """
    if (presentation.mode is Mode.NONCE) is (nonce is None):
        raise PresentationSignature("mode and nonce do not go together")
    clock = bytes([_TIME_HEAD]) + presentation.time.to_bytes(4, "big")
    message = _signed(presentation.credential_hash, clock, nonce, gate)
    try:
        NATIVE.verify(holder_key, presentation.signature, message)
    except WrongSignature as error:
        raise PresentationSignature from error


def _signed(credential_hash: bytes, clock: bytes, nonce: bytes | None, gate: str | None) -> bytes:
    challenge = _NULLS if nonce is None and gate is None else cbor.dumps(nonce) + cbor.dumps(gate)
    return _SIGNED_HEAD + credential_hash + clock + challenge


def _checked(data: bytes) -> bytes:
    cose.open_layout(data, MAX_CREDENTIAL_BYTES)
    return data


def _open(data: bytes) -> Presentation:
    if len(data) > MAX_PRESENTATION_BYTES:
        raise TooLarge(f"more than {MAX_PRESENTATION_BYTES} bytes")
    if not data or data[0] != _HEAD:
        raise Malformed("not the fixed presentation layout")
    envelope, end = cose.open_prefix(data, _CREDENTIAL_AT)
    tail = data[end:]
    if len(tail) != _TAIL_BYTES or tail[0] != _TIME_HEAD or tail[5] > Mode.NONCE or tail[6:8] != b"\x58\x40":
        raise Malformed("not the fixed presentation layout")
    credential_hash = hashlib.sha256(data[_CREDENTIAL_AT:end]).digest()
    return Presentation(envelope, credential_hash, int.from_bytes(tail[1:5], "big"), _MODES[tail[5]], tail[8:])
