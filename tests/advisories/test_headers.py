"""One layout: what a second header or tag could say differently is refused before any cryptography."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from credentials.errors import Malformed, WrongSignature
from credentials.wire import cose
from tests.advisories.crafted import PROTECTED, SIGN1, cose_items, cose_text, text
from tests.samples import KEY, read, typical

ITEMS = cose_items(PROTECTED)


@pytest.mark.parametrize(
    ("protected", "unprotected"),
    [
        ({1: -7}, {4: KEY.kid}),
        (PROTECTED, {4: KEY.kid}),
        (PROTECTED, {4: bytes(8)}),
        ({1: -7, 4: bytes(8)}, {4: KEY.kid}),
        (PROTECTED, {33: b"certificate"}),
    ],
)
def test_kid_in_the_unprotected_header(protected: dict[Any, Any], unprotected: dict[Any, Any]) -> None:
    """Verifiers that looked there first checked with the key that the attacker named (vacdec #1, dgc-testdata #88)."""
    with pytest.raises(Malformed):
        read(cose_text(protected, unprotected))


@pytest.mark.parametrize(
    "protected",
    [
        b"",
        b"\xa0",
        {4: KEY.kid, 1: -7},
        {1: -7, 4: KEY.kid, 3: 0},
        {1: -7, 4: KEY.kid.hex()},
        {1: -7, 4: KEY.kid[:7]},
        {1: -7, 4: KEY.kid + b"\0"},
        {1: -7, 4: cbor2.CBORTag(37, KEY.kid)},
        {1: -7, 4: [KEY.kid]},
        {1: -7, 2: [4], 4: KEY.kid},
        cbor2.dumps({1: -7, 4: KEY.kid}) + b"\0",
        b"\xbf\x01\x26\x04\x48" + KEY.kid + b"\xff",
        b"\xa2\x01\x26\x04\x58\x08" + KEY.kid,
        b"\xa2\x18\x01\x26\x04\x48" + KEY.kid,
    ],
)
def test_another_protected_header(protected: dict[Any, Any] | bytes) -> None:
    """kid as a text, in a tag, in an array, cut; maps in another order: most were seen in the EU's testdata."""
    with pytest.raises(Malformed):
        read(cose_text(protected))


@pytest.mark.parametrize(
    "data",
    [
        cbor2.dumps(ITEMS),
        cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(SIGN1, ITEMS))),
        cbor2.dumps(cbor2.CBORTag(55_799, cbor2.CBORTag(SIGN1, ITEMS))),
        cbor2.dumps(cbor2.CBORTag(17, ITEMS)),
        cbor2.dumps(cbor2.CBORTag(98, ITEMS)),
        b"\xd8\x12" + cbor2.dumps(ITEMS),
        cbor2.dumps(cbor2.CBORTag(SIGN1, [*ITEMS, b""])),
        cbor2.dumps(cbor2.CBORTag(SIGN1, ITEMS[:3])),
        b"\xd2\x9f" + cbor2.dumps(ITEMS)[1:] + b"\xff",
        cbor2.dumps(cbor2.CBORTag(SIGN1, [ITEMS[0], {}, None, ITEMS[3]])),
        cbor2.dumps(cbor2.CBORTag(SIGN1, [ITEMS[0], {}, cbor2.CBORTag(24, ITEMS[2]), ITEMS[3]])),
        cbor2.dumps(cbor2.CBORTag(SIGN1, [cbor2.loads(ITEMS[0]), {}, ITEMS[2], ITEMS[3]])),
        cbor2.dumps(cbor2.CBORTag(SIGN1, [ITEMS[0], b"", ITEMS[2], ITEMS[3]])),
        cbor2.dumps(cbor2.CBORTag(SIGN1, [ITEMS[0], {}, "a" * 40, ITEMS[3]])),
    ],
)
def test_another_wrapping(data: bytes) -> None:
    """Tag 18 missing, nested, long or another; a detached payload: hcert-spec #69. Native takes exactly one form."""
    with pytest.raises(Malformed):
        read(text(data))


@pytest.mark.parametrize("more", [b"\0", b"\xf6", b"\xff", bytes(20)])
def test_bytes_after_it(more: bytes) -> None:
    """What trails is signed by nobody and makes a second text of the same code (RFC 8949 section 5.1)."""
    data = cbor2.dumps(cbor2.CBORTag(SIGN1, ITEMS))
    assert read(text(data)) == typical()
    with pytest.raises(Malformed):
        read(text(data + more))


def test_the_name_of_another_key() -> None:
    """The kid is signed: a code cannot be moved to another key of the same member that is still valid."""
    header, unprotected, payload, signature = ITEMS
    data = cbor2.dumps(cbor2.CBORTag(SIGN1, [header[:-8] + bytes(8), unprotected, payload, signature]))
    envelope = cose.open_layout(data, 300)
    assert envelope.kid == bytes(8)
    with pytest.raises(WrongSignature):
        cose.verify(envelope, KEY)
