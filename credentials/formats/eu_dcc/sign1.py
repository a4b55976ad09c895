"""The COSE_Sign1 of an EU card (RFC 9052 section 4.2), taken apart with the leniences that it needs.

The payload stays opaque until a signature holds. The algorithm that a header names is only compared with the key's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from credentials.algorithms.table import FOR_FOREIGN
from credentials.errors import Malformed
from credentials.foreign.envelope import ForeignEnvelope
from credentials.formats.eu_dcc.leniences import Lenience
from credentials.formats.eu_dcc.limits import MAX_CARD_BYTES, MAX_HEADER_BYTES, MAX_KID_BYTES, NAME
from credentials.wire import cbor

_CWT, _SIGN1 = b"\xd8\x3d", b"\xd2"
"""The tags 61 and 18 as they are encoded."""
_ALGORITHM, _CRITICAL, _KID = 1, 2, 4
_NAMES = {algorithm.COSE_NUMBER: name for name, algorithm in FOR_FOREIGN.items()}
_UNKNOWN = "unknown"
_SIGNED_HEAD = b"\x84\x6aSignature1"
"""The Sig_structure (RFC 9052 section 4.4) up to the protected header; no external data follows it."""
_HEADERS_KEPT = 256
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


def open_card(data: bytes) -> ForeignEnvelope:
    """Take the inflated bytes apart. Raises Malformed, TooLarge."""
    odd: list[str] = []
    items = _loads(_untagged(data, odd), MAX_CARD_BYTES)
    if type(items) is not list or len(items) != 4:
        raise Malformed("not a COSE_Sign1")
    protected, unprotected, payload, signature = items
    if not type(protected) is type(payload) is type(signature) is bytes:
        raise Malformed("header, payload or signature of a COSE_Sign1 is no byte string")
    headers = _header(protected), _map(unprotected) if unprotected != {} else _NOTHING
    if _CRITICAL in headers[0] or _CRITICAL in headers[1]:
        raise Malformed("a header that this reader does not know is critical")
    kid = _found(headers, _KID, Lenience.KID_UNPROTECTED, odd)
    number = _found(headers, _ALGORITHM, Lenience.ALGORITHM_UNPROTECTED, odd)
    if type(kid) is not bytes or not 0 < len(kid) <= MAX_KID_BYTES:
        raise Malformed(f"kid is not a byte string of 1 to {MAX_KID_BYTES}")
    algorithm = _NAMES.get(number, _UNKNOWN) if type(number) is int else _UNKNOWN
    signed = b"%b%b\x40%b" % (_SIGNED_HEAD, cbor.dumps(protected), cbor.dumps(payload))
    return ForeignEnvelope(NAME, kid, algorithm, payload, signature, signed, tuple(odd))


def _untagged(data: bytes, odd: list[str]) -> bytes:
    """What stands inside tag 18, inside 61(18), or bare."""
    if data.startswith(_CWT + _SIGN1):
        odd.append(Lenience.TAG_OF_CWT)
        return data[len(_CWT + _SIGN1) :]
    if data.startswith(_SIGN1):
        return data[len(_SIGN1) :]
    odd.append(Lenience.TAG_MISSING)
    return data


# All cards of one key have the same header, byte for byte. What raises is not kept.
@lru_cache(_HEADERS_KEPT)
def _header(protected: bytes) -> Mapping[Any, Any]:
    return MappingProxyType(_map(_loads(protected, MAX_HEADER_BYTES))) if protected else _NOTHING


def _loads(data: bytes, limit: int) -> Any:
    return cbor.loads_foreign(data, limit, allow_indefinite=False)


def _map(value: object) -> dict[Any, Any]:
    if type(value) is not dict:
        raise Malformed("a header is no map of labels")
    return value


def _found(headers: tuple[Mapping[Any, Any], Mapping[Any, Any]], label: int, lenience: Lenience, odd: list[str]) -> Any:
    protected, unprotected = headers
    if label in protected:
        return protected[label]
    if label in unprotected:
        odd.append(lenience)
    return unprotected.get(label)
