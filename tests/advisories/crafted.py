"""What an attacker with one good signature can write, which our own writer would not."""

from __future__ import annotations

from typing import Any

import cbor2

from credentials.formats import native
from credentials.formats.native import claims
from credentials.wire import base45
from tests.samples import KEY, SIGNER, typical

PAYLOAD = claims.encode(typical())
PROTECTED = {1: -7, 4: KEY.kid}
SIGN1 = 18


def signature_over(protected: bytes, payload: bytes = PAYLOAD) -> bytes:
    """A good signature over the Sig_structure of RFC 9052 section 4.4."""
    return SIGNER.sign(cbor2.dumps(["Signature1", protected, b"", payload]))


def cose_items(protected: dict[Any, Any] | bytes, unprotected: dict[Any, Any] | None = None) -> list[Any]:
    """The four items of a COSE_Sign1 over a typical credential, its signature good for the protected header given."""
    header = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    return [header, unprotected or {}, PAYLOAD, signature_over(header)]


def text(data: bytes) -> str:
    return native.PREFIX + base45.encode(data)


def cose_text(protected: dict[Any, Any] | bytes, unprotected: dict[Any, Any] | None = None) -> str:
    """The same in its tag, as ``TX1:`` text."""
    return text(cbor2.dumps(cbor2.CBORTag(SIGN1, cose_items(protected, unprotected))))


def with_signature(signature: bytes) -> str:
    """A typical credential under another signature."""
    header, unprotected, payload, _ = cose_items(PROTECTED)
    return text(cbor2.dumps(cbor2.CBORTag(SIGN1, [header, unprotected, payload, signature])))
