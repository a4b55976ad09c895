"""The one layout of COSE_Sign1."""

from __future__ import annotations

import cbor2
import pytest

from credentials.errors import AlgorithmMismatch, Malformed, TooLarge, WrongSignature
from credentials.wire import cose
from tests.samples import KEY, SIGNER, STRANGER_KEY

LIMIT = 100_000
PAYLOADS = [bytes(24), bytes(255), bytes(256), bytes(65_535), bytes(65_536)]
SEALED = cose.seal(bytes(range(40)), SIGNER)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_sealed_is_opened(payload: bytes) -> None:
    """At each width of the length, and at each border between two."""
    envelope = cose.open_layout(cose.seal(payload, SIGNER), LIMIT)
    assert (envelope.kid, envelope.payload) == (KEY.kid, payload)
    assert cose.verify(envelope, KEY) == (payload, KEY)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_it_is_what_rfc_9052_says(payload: bytes) -> None:
    """The bytes by hand must be those that a whole COSE library would write and sign (sections 4.2 and 4.4)."""
    sealed = cose.seal(payload, SIGNER)
    tag = cbor2.loads(sealed)
    protected, unprotected, content, signature = tag.value
    assert (tag.tag, cbor2.loads(protected), unprotected, content) == (18, {1: -7, 4: KEY.kid}, {}, payload)
    assert len(signature) == 64
    assert cbor2.dumps(tag, canonical=True) == sealed
    envelope = cose.open_layout(sealed, LIMIT)
    assert envelope.signed_bytes == cbor2.dumps(["Signature1", protected, b"", payload])
    assert envelope.signature == signature


@pytest.mark.parametrize("length", [0, 1, 23])
def test_a_payload_that_the_layout_cannot_hold_is_malformed(length: int) -> None:
    """Below 24 bytes the shortest length would stand in the head itself: a fourth layout that nobody needs."""
    with pytest.raises(Malformed):
        cose.seal(bytes(length), SIGNER)


def test_the_limit_is_exact() -> None:
    """What is longer is not looked at."""
    assert cose.open_layout(SEALED, len(SEALED)).kid == KEY.kid
    with pytest.raises(TooLarge):
        cose.open_layout(SEALED, len(SEALED) - 1)


@pytest.mark.parametrize("data", [SEALED, cose.seal(bytes(300), SIGNER)])
def test_every_cut_is_malformed(data: bytes) -> None:
    """Half a code, read from a torn paper, must never index past its end."""
    for length in range(len(data)):
        with pytest.raises(Malformed):
            cose.open_layout(data[:length], LIMIT)
        with pytest.raises(Malformed):
            cose.open_prefix(b"\x84" + data[:length], 1)


def test_an_object_is_found_inside_another() -> None:
    """A presentation carries the credential without a wrapper; its own lengths say where it ends."""
    data = b"before" + SEALED + b"after"
    envelope, end = cose.open_prefix(data, 6)
    assert envelope == cose.open_layout(SEALED, LIMIT)
    assert end == 6 + len(SEALED)
    with pytest.raises(Malformed):
        cose.open_prefix(data, 5)


@pytest.mark.parametrize(
    ("head", "length"),
    [
        *(("57", 23), ("5817", 23), ("590018", 24), ("5900ff", 255), ("5a00000100", 256), ("5a0000ffff", 65_535)),
        *(("5b0000000000010000", 65_536), ("5f5818", 24), ("78ff", 255), ("40", 0)),
    ],
)
def test_only_the_shortest_length_is_read(head: str, length: int) -> None:
    """Two encodings of one credential would have two hashes, and a presentation is bound to the hash."""
    data = bytes.fromhex("d2844da201260448") + KEY.kid + b"\xa0" + bytes.fromhex(head) + bytes(length)
    with pytest.raises(Malformed):
        cose.open_layout(data + b"\x58\x40" + bytes(64), LIMIT)


def test_a_length_beyond_the_end_is_malformed() -> None:
    """4 GiB announced, a few bytes there."""
    head = bytes.fromhex("d2844da201260448") + KEY.kid + b"\xa0\x5a\xff\xff\xff\xff"
    with pytest.raises(Malformed):
        cose.open_layout(head + bytes(200), LIMIT)


def test_another_key_does_not_verify() -> None:
    """The signature is the first thing that is believed."""
    envelope = cose.open_layout(SEALED, LIMIT)
    with pytest.raises(WrongSignature):
        cose.verify(envelope, KEY._replace(public_key=STRANGER_KEY.public_key()))


def test_a_key_of_another_algorithm_does_not_verify() -> None:
    """The algorithm is the one pinned on the key; a key for SM2 must not be tried with ECDSA."""
    with pytest.raises(AlgorithmMismatch):
        cose.verify(cose.open_layout(SEALED, LIMIT), KEY._replace(algorithm="SGD_SM3_SM2"))


def test_everything_but_the_signature_is_signed() -> None:
    """A kid outside the signed bytes could be swapped for that of another key of the same member."""
    envelope = cose.open_layout(SEALED, LIMIT)
    assert KEY.kid in envelope.signed_bytes
    assert envelope.payload in envelope.signed_bytes
