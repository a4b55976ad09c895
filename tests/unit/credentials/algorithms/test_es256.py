"""ES256 as raw r‖s."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from credentials.algorithms import es256
from credentials.errors import KeyRejected, Malformed, WrongSignature
from tests.dcc import RSA_KEY
from tests.samples import ISSUER_KEY, STRANGER_KEY

PUBLIC = ISSUER_KEY.public_key()
MESSAGE = "通行".encode()


def test_a_signature_has_64_bytes_however_small_its_numbers() -> None:
    """One in 256 has an r or s with a leading zero: a signature of 63 bytes crashed verifiers (dcc-qa #159)."""
    for _ in range(300):
        signature = es256.sign(ISSUER_KEY, MESSAGE)
        assert len(signature) == 64
    es256.verify(PUBLIC, signature, MESSAGE)


def test_a_signature_with_leading_zeros_verifies() -> None:
    """It is as good as any other."""
    signature = next(found for _ in range(20_000) if 0 in ((found := es256.sign(ISSUER_KEY, MESSAGE))[0], found[32]))
    es256.verify(PUBLIC, signature, MESSAGE)


def test_the_published_example_verifies() -> None:
    """RFC 6979 appendix A.2.5: a second implementation agrees with ours to the byte."""
    key = ec.derive_private_key(
        0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1()
    ).public_key()
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    es256.verify(key, bytes.fromhex(r + s), b"sample")


@pytest.mark.parametrize("message", [b"", MESSAGE + b"\0", MESSAGE[:-1]])
def test_another_message_does_not_verify(message: bytes) -> None:
    """The whole point."""
    with pytest.raises(WrongSignature):
        es256.verify(PUBLIC, es256.sign(ISSUER_KEY, MESSAGE), message)


def test_another_key_does_not_verify() -> None:
    """Nor does a stranger's."""
    with pytest.raises(WrongSignature):
        es256.verify(STRANGER_KEY.public_key(), es256.sign(ISSUER_KEY, MESSAGE), MESSAGE)


NUMBERS = st.integers(0, 2**256 - 1) | st.integers(0, 300) | st.integers(0, 255).map(lambda bits: 1 << bits)


@given(NUMBERS, NUMBERS)
@example(0, 0)
@example(127, 128)
@example(2**255 - 1, 2**255)
def test_the_library_is_given_der_as_it_writes_it_itself(r: int, s: int) -> None:
    """A needless zero, or a number that looks negative, would refuse one sound code in a hundred."""
    asked = []

    class Asked:
        def verify(self, signature: bytes, *_: object) -> None:
            asked.append(signature)

    es256.verify(Asked(), r.to_bytes(32, "big") + s.to_bytes(32, "big"), MESSAGE)  # type: ignore[arg-type]
    assert asked == [encode_dss_signature(r, s)]


def test_a_public_key_in_pem() -> None:
    """As officers' keys stand in the registry's metadata; another curve or algorithm is none of ours."""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    assert es256.key_from_pem(PUBLIC.public_bytes(*form)) == PUBLIC
    other = ec.derive_private_key(7, ec.SECP384R1()).public_key()
    for pem in (
        b"",
        b"-----BEGIN PUBLIC KEY-----",
        other.public_bytes(*form),
        RSA_KEY.public_key().public_bytes(*form),
    ):
        with pytest.raises(KeyRejected):
            es256.key_from_pem(pem)


@pytest.mark.parametrize("key", [None, {}, {1: 2}, {True: 2, -1: 1, -2: bytes(32), -3: True}])
def test_what_is_no_cose_key(key: object) -> None:
    """True is no 1, though Python finds one by the other."""
    with pytest.raises(Malformed):
        es256.point_of_cose_key(key)
