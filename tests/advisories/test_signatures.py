"""Signatures that are too short, too long, empty of numbers, or good twice over."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from credentials.algorithms import es256
from credentials.errors import Malformed, PresentationSignature, WrongSignature
from credentials.formats import native, presentation
from credentials.profile.lists import Form
from credentials.wire import base45, cose
from tests.advisories.crafted import PROTECTED, cose_items, with_signature
from tests.samples import HOLDER_KEY, ISSUER_KEY, KEY, SHOWN_AT, live_text, read, text_of, typical

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ZERO, ONE, GOOD = bytes(32), bytes(31) + b"\1", cose_items(PROTECTED)[3]
N = ORDER.to_bytes(32, "big")
MESSAGE = cose.open_layout(base45.decode(with_signature(GOOD)[4:]), 300).signed_bytes


def mirrored(signature: bytes) -> bytes:
    """(r, n - s): the other signature that verifies."""
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def test_the_signature_taken_is_good() -> None:
    """Else everything below would be refused for no reason of its own."""
    es256.verify(KEY.public_key, GOOD, MESSAGE)


def test_der_instead_of_raw() -> None:
    """Java and OpenSSL give DER; a reader that takes both has two texts for one code (dcc-qa #159)."""
    der = ISSUER_KEY.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    again = encode_dss_signature(int.from_bytes(GOOD[:32], "big"), int.from_bytes(GOOD[32:], "big"))
    for signature in (der, again):
        with pytest.raises(WrongSignature):
            es256.verify(KEY.public_key, signature, MESSAGE)
        with pytest.raises(Malformed):
            read(with_signature(signature))


@pytest.mark.parametrize(
    "signature",
    [b"", GOOD[:63], GOOD + b"\0", b"\0" + GOOD, GOOD[1:], GOOD[:32], GOOD * 2, GOOD[:32] + b"\0" + GOOD[32:]],
)
def test_63_or_65_bytes(signature: bytes) -> None:
    """Leading zeros left out or added: a wrong length must not crash, and must not be padded (dcc-qa #159)."""
    with pytest.raises(WrongSignature):
        es256.verify(KEY.public_key, signature, MESSAGE)
    with pytest.raises(Malformed):
        read(with_signature(signature))


@pytest.mark.parametrize(
    "signature",
    [
        *(ZERO + ZERO, ZERO + ONE, ONE + ZERO, ZERO + GOOD[32:], GOOD[:32] + ZERO),
        *(N + N, N + ONE, ONE + N, GOOD[:32] + N, N + GOOD[32:], b"\xff" * 64, ONE + ONE),
    ],
)
def test_r_or_s_of_zero_or_of_the_order(signature: bytes) -> None:
    """CVE-2022-21449, "psychic signatures": Java took r = s = 0 for anybody's signature over anything."""
    with pytest.raises(WrongSignature):
        es256.verify(KEY.public_key, signature, MESSAGE)
    with pytest.raises(WrongSignature):
        read(with_signature(signature))


def test_the_mirrored_signature_verifies_and_is_no_identity() -> None:
    """ECDSA is malleable: a withdrawal or a replay by the hash of the text would be escaped by anybody."""
    text, other = with_signature(GOOD), with_signature(mirrored(GOOD))
    assert text != other
    assert read(text).cti == read(other).cti
    assert read(text) == read(other)


def test_a_live_code_is_bound_to_the_very_bytes() -> None:
    """The holder signed the hash of the credential: a mirrored issuer's signature inside does not fit any more."""
    text = text_of(typical(Form.PHONE))
    data = base45.decode(text.removeprefix("TX1:"))
    other = native.PREFIX + base45.encode(data[:-64] + mirrored(data[-64:]))
    assert read_bare(other) == read_bare(text)
    live = base45.decode(presentation.present(text, HOLDER_KEY, SHOWN_AT).removeprefix("TXP1:"))
    moved = live[:1] + base45.decode(other.removeprefix("TX1:")) + live[1 + len(data) :]
    with pytest.raises(PresentationSignature):
        read(presentation.PREFIX + base45.encode(moved))


def read_bare(text: str) -> bytes:
    return cose.verify(native.unwrap(text), KEY).payload


def test_a_mirrored_live_code_is_the_same_showing() -> None:
    """Replay is known by (cti, time), which are the same; a hash of the text would be another."""
    text = live_text(typical(Form.PHONE))
    data = base45.decode(text.removeprefix("TXP1:"))
    other = presentation.PREFIX + base45.encode(data[:-64] + mirrored(data[-64:]))
    assert other != text
    assert read(other).cti == read(text).cti
    assert presentation.unwrap(other).time == presentation.unwrap(text).time
