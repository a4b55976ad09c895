"""CBOR and JSON that say one thing twice, end nowhere, or go too deep (RFC 8949 sections 5 and 10, RFC 8259)."""

from __future__ import annotations

from collections.abc import Callable

import cbor2
import pytest

from credentials.base64url import to_base64url
from credentials.errors import Malformed, NotACredential, TooLarge
from credentials.formats import table
from credentials.formats.native import claims
from credentials.profile.lists import Form
from credentials.wire import cbor, cose, jws
from credentials.wire.strict_json import parse_json
from tests.growth import MOST, per_doubling
from tests.samples import largest, read, signed_text, typical, verified

CREDENTIAL = largest(Form.PAPER)
PAYLOAD = claims.encode(CREDENTIAL)
# Heads of the payload's items: the map, iss, our claim's key, the map behind it.
OURS_AT = PAYLOAD.index(b"\x3a\x00\x01\x00\x00") + 5
TEN_MEGABYTES = 10_000_000


def replaced(old: bytes, new: bytes) -> bytes:
    assert PAYLOAD.count(old) == 1
    return PAYLOAD.replace(old, new)


def refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        claims.decode(verified(payload))


def test_duplicate_keys() -> None:
    """First or last? Two readers of one signed map would see two statuses (RFC 8949 section 5.6)."""
    refused(b"\xa6" + b"\x01\x65CN-11" + PAYLOAD[1:])
    refused(bytes([PAYLOAD[0] + 1]) + PAYLOAD[1:] + b"\x01\x65CN-11")
    ours = PAYLOAD[OURS_AT]
    refused(PAYLOAD[:OURS_AT] + bytes([ours + 1]) + b"\x00\x01" + PAYLOAD[OURS_AT + 1 :])
    refused(PAYLOAD[:OURS_AT] + bytes([ours + 1]) + PAYLOAD[OURS_AT + 1 :] + b"\x18\x00\x01")


@pytest.mark.parametrize(
    ("shortest", "longer"),
    [
        (b"\x00\x03\x01\x0c", b"\x00\x18\x03\x01\x0c"),
        (b"\x00\x03\x01\x0c", b"\x18\x00\x03\x01\x0c"),
        (b"\x01\x67CN-XPCC", b"\x01\x78\x07CN-XPCC"),
        (b"\x01\x67CN-XPCC", b"\x19\x00\x01\x67CN-XPCC"),
        (b"\x02\x82\x17", b"\x02\x98\x02\x17"),
        (b"\x02\x82\x17", b"\x02\x82\x1b\0\0\0\0\0\0\0\x17"),
    ],
)
def test_integers_and_lengths_that_are_not_shortest(shortest: bytes, longer: bytes) -> None:
    """The gate reads what the issuer signed; the issuer's self-check, which encodes again, must not let it out."""
    payload = replaced(shortest, longer)
    assert claims.decode(verified(payload)) == CREDENTIAL
    assert claims.encode(CREDENTIAL) != payload


def test_keys_in_another_order() -> None:
    """Likewise: read at a gate, found by whoever encodes again (RFC 8949 section 4.2.1)."""
    mapping = cbor2.loads(claims.encode(typical()))
    payload = cbor2.dumps(dict(reversed(mapping.items())))
    assert claims.decode(verified(payload)) == typical()
    assert claims.encode(typical()) != payload


def test_indefinite_lengths() -> None:
    """A second way to write everything (RFC 8949 section 3.2), and one that some parsers read past the end."""
    refused(b"\xbf" + PAYLOAD[1:] + b"\xff")
    refused(PAYLOAD[:OURS_AT] + b"\xbf" + PAYLOAD[OURS_AT + 1 :] + b"\xff")
    refused(replaced(b"\x01\x67CN-XPCC", b"\x01\x7f\x67CN-XPCC\xff"))
    refused(replaced(b"\x02\x82\x17\x19\xff\xff", b"\x02\x9f\x17\x19\xff\xff\xff"))
    refused(replaced(b"\x09\x50" + bytes(range(16)), b"\x09\x5f\x50" + bytes(range(16)) + b"\xff"))


@pytest.mark.parametrize("more", [b"\0", b"\xff", b"\xf6", b"\xa0"])
def test_bytes_after_the_claims(more: bytes) -> None:
    """Signed, and read by nobody: room for what an issuer would not say openly."""
    refused(PAYLOAD + more)
    with pytest.raises(Malformed):
        read(signed_text(claims.encode(typical()) + more))


@pytest.mark.parametrize("opener", [b"\x81", b"\xa1\x00", b"\xd8\x12", b"\x9f", b"\xbf\x00", b"\xc1"])
def test_deep_nesting(opener: bytes) -> None:
    """A stack of a hundred thousand arrays ends the process of a reader that recurses (RFC 8949 section 10)."""
    for depth in (9, 120, 100_000):
        with pytest.raises(Malformed):
            cbor.loads(opener * depth + b"\x00", TEN_MEGABYTES)


def test_deep_nesting_inside_the_claims() -> None:
    """Where a number belongs, and where a key does."""
    for place in (b"\x81" * 100 + b"\x00", b"\xa1\x00" * 60 + b"\x00"):
        refused(claims.encode(typical()).replace(b"\x00\x01\x01\x02", b"\x00" + place + b"\x01\x02"))


def test_a_length_of_gigabytes() -> None:
    """Nine bytes that ask for 2^63: nothing is set aside before it has arrived."""
    for head in (b"\x5b", b"\x7b", b"\x9b", b"\xbb"):
        for length in (2**32, 2**62, 2**63, 2**64 - 1):
            refused(head + length.to_bytes(8, "big"))


def test_ten_megabytes_of_brackets() -> None:
    """Each door is closed before it is read, or reads it without recursion."""
    brackets = "[" * TEN_MEGABYTES
    with pytest.raises(NotACredential):
        table.unwrap(brackets)
    for prefix in ("TX1:", "TXP1:"):
        with pytest.raises(TooLarge):
            table.unwrap(prefix + brackets)
    with pytest.raises(TooLarge):
        jws.read(brackets)
    with pytest.raises(Malformed):
        parse_json(brackets.encode())
    with pytest.raises(Malformed):
        parse_json(b'{"a":' * (TEN_MEGABYTES // 5))
    with pytest.raises(TooLarge):
        cose.open_layout(brackets.encode(), 300)
    with pytest.raises(Malformed):
        cose.open_layout(brackets.encode(), TEN_MEGABYTES)
    with pytest.raises(TooLarge):
        cbor.loads(b"\x81" * TEN_MEGABYTES, 300)
    with pytest.raises(Malformed):
        cbor.loads(b"\x81" * TEN_MEGABYTES, TEN_MEGABYTES)


def test_a_json_bomb_of_escapes() -> None:
    """A pattern that backtracks took 0.6 s for one header of 12 kB, before any signature was looked at."""

    def refuse(header: bytes) -> None:
        with pytest.raises(Malformed):
            jws.read(f"{to_base64url(header)}.e30.AAAA")

    def header_of(unit: bytes) -> Callable[[int], bytes]:
        return lambda length: b'{"kid":"' + unit * length

    for unit in (b'"\\', b'\\"', b'"'):
        assert per_doubling(refuse, header_of(unit), 6000) <= MOST


@pytest.mark.parametrize("key", [b"\x92\x20\x21", b"\xa1\x20\x21", b"\xfb" + bytes(8), b"\x20", b"\xf6"])
def test_a_large_map_whose_keys_share_a_hash(key: bytes) -> None:
    """Arrays of -1 and -2 all have one hash: in 4 MB of status each such key is compared with all others."""
    fields = b"\xa2\x01\x01\x02"
    assert cbor.load_fields(fields + b"\xa1\x61a\x00", 1000, 2) == [1, {"a": 0}]
    with pytest.raises(Malformed):
        cbor.load_fields(fields + b"\xa1" + key + b"\x00", 1000, 2)


@pytest.mark.parametrize(
    "head", [b"\xa1\x01\x01", b"\xa2\x02\x01\x01\x01", b"\xa2\x01\x01\xf5\x01", b"\xb8\x02\x01\x01\x02\x01"]
)
def test_neighbours_of_a_map_of_numbered_fields(head: bytes) -> None:
    """One too few, another order, true in place of 1, a longer spelling of the same head."""
    with pytest.raises(Malformed):
        cbor.load_fields(head, 1000, 2)
