"""PS256: what is a key of it, and which signatures hold."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from credentials.algorithms import ps256
from credentials.errors import KeyRejected, WrongSignature
from tests.dcc import RSA_KEY, ps256_signature
from tests.samples import ISSUER_KEY

MESSAGE = b"message"
PUBLIC = RSA_KEY.public_key()


def test_a_signature_holds_over_its_message_alone() -> None:
    """The other half of a verification."""
    ps256.verify(PUBLIC, ps256_signature(MESSAGE), MESSAGE)
    for signature, message in ((ps256_signature(MESSAGE), b"other"), (bytes(256), MESSAGE), (b"", MESSAGE)):
        with pytest.raises(WrongSignature):
            ps256.verify(PUBLIC, signature, message)


@pytest.mark.parametrize(
    "scheme",
    [padding.PSS(padding.MGF1(hashes.SHA256()), 20), padding.PSS(padding.MGF1(hashes.SHA1()), 32), padding.PKCS1v15()],
)
def test_another_padding_is_another_algorithm(scheme: Any) -> None:
    """RFC 8230 fixes the salt at the length of the hash; PKCS #1 v1.5 has been forged."""
    with pytest.raises(WrongSignature):
        ps256.verify(PUBLIC, RSA_KEY.sign(MESSAGE, scheme, hashes.SHA256()), MESSAGE)


def test_a_key_goes_out_and_comes_in_as_a_jwk() -> None:
    """As it stands in a list of foreign keys."""
    assert ps256.key_from_jwk(ps256.jwk_of(PUBLIC)).public_numbers() == PUBLIC.public_numbers()
    assert ps256.is_public_key(PUBLIC)
    assert not ps256.is_public_key(ISSUER_KEY.public_key())


def test_a_key_that_would_keep_a_gate_busy_or_that_breaks_is_none() -> None:
    """Cost grows with the square of the modulus; 1,024 bits fall to a budget."""
    for bits in (1024, 5120):
        assert not ps256.is_public_key(rsa.RSAPublicNumbers(65_537, 2**bits - 1).public_key())
    assert not ps256.is_public_key(rsa.RSAPublicNumbers(2**40 + 1, 2**2048 - 1).public_key())


@pytest.mark.parametrize(
    "changed",
    [
        {"kty": "EC"},
        {"n": None},
        {"n": ""},
        {"n": "A" * 1000},
        {"n": "+/=="},
        {"e": "AA"},
        {"e": "Ag"},
        {"n": ps256.jwk_of(rsa.RSAPublicNumbers(65_537, 2**1024 - 1).public_key())["n"]},
    ],
)
def test_an_odd_jwk_is_refused_by_name(changed: dict[str, Any]) -> None:
    """No doubtful key reaches a gate's list."""
    with pytest.raises(KeyRejected):
        ps256.key_from_jwk({**ps256.jwk_of(PUBLIC), **changed})
