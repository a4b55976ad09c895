"""Keys on their way in: everything odd is refused by name, at enrolment and not at a gate."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from credentials.errors import KeyRejected
from credentials.keys import (
    compressed_point,
    jwk_of,
    key_from_point,
    kid_of,
    load_private_key,
    new_private_key,
    private_key_pem,
    public_key_from_jwk,
)
from tests.samples import HOLDER_KEY, ISSUER_KEY, MEMBER

PUBLIC = ISSUER_KEY.public_key()
PASSPHRASE = "好密码".encode()


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_with_leading_zero() -> ec.EllipticCurvePrivateKey:
    return next(
        key
        for scalar in range(1, 10_000)
        if (key := ec.derive_private_key(scalar, ec.SECP256R1())).public_key().public_numbers().x < 1 << 248
    )


def test_kid_names_member_and_key() -> None:
    """46 kids of the VCI directory stand under two issuers; one that contains the member cannot."""
    info = PUBLIC.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert kid_of(MEMBER, PUBLIC) == hashlib.sha256(b"CN-41\x00" + info).digest()[:8]
    assert kid_of("CN-42", PUBLIC) != kid_of(MEMBER, PUBLIC) != kid_of(MEMBER, HOLDER_KEY.public_key())


def test_a_point_leads_back_to_its_key() -> None:
    """The holder's key travels as 33 bytes."""
    for key in (ISSUER_KEY, HOLDER_KEY, key_with_leading_zero()):
        point = compressed_point(key.public_key())
        assert len(point) == 33
        assert key_from_point(point) == key.public_key()


@pytest.mark.parametrize(
    "point",
    [
        b"",
        bytes(33),
        b"\x02" + bytes(31) + b"\x01" * 2,
        b"\x02" + b"\xff" * 32,
        b"\x05" + compressed_point(PUBLIC)[1:],
        b"\x04" + compressed_point(PUBLIC)[1:],
        PUBLIC.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
    ],
)
def test_what_is_no_point_is_refused(point: bytes) -> None:
    """The point at infinity, one off the curve and one in another form: none may become a key."""
    with pytest.raises(KeyRejected):
        key_from_point(point)


def test_a_jwk_leads_back_to_its_key() -> None:
    """RFC 7518 section 6.2.1: coordinates of exactly 32 bytes, leading zeros included."""
    for key in (PUBLIC, key_with_leading_zero().public_key()):
        jwk = jwk_of(key)
        assert sorted(jwk) == ["crv", "kty", "x", "y"]
        assert len(jwk["x"]) == len(jwk["y"]) == 43
        assert public_key_from_jwk({**jwk, "kid": "ignored", "use": "sig"}) == key


def test_the_published_jwk_is_read() -> None:
    """RFC 7515 appendix A.3: made by others."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    assert jwk_of(public_key_from_jwk(jwk)) == {key: jwk[key] for key in ("kty", "crv", "x", "y")}


def test_coordinates_of_31_and_of_33_bytes_are_brought_to_32() -> None:
    """257 of 368 keys of a published list had them; a leading zero is no other number."""
    key = key_with_leading_zero().public_key()
    numbers = key.public_numbers()
    x, y = text(numbers.x.to_bytes(31)), text(numbers.y.to_bytes(33))
    assert public_key_from_jwk(jwk_of(key) | {"x": x, "y": y}) == key


@pytest.mark.parametrize(
    "changed",
    [
        {"kty": "RSA"},
        {"kty": None},
        {"crv": "P-384"},
        {"crv": "UNKNOWN CURVE"},
        {"crv": "p-256"},
        {"x": None},
        {"x": 7},
        {"x": ""},
        {"x": "!" * 43},
        {"x": "é" * 43},
        {"x": "A" * 65},
        {"x": "A" * 41},
        {"x": text(bytes(30))},
        {"x": text(b"\x01" + bytes(32))},
        {"x": text(bytes(34))},
        {"x": text(b"\xff" * 32)},
        {"y": jwk_of(HOLDER_KEY.public_key())["y"]},
    ],
)
def test_an_odd_jwk_is_refused(changed: dict[str, object]) -> None:
    """Each of these was found in a published trust list, or is one typing error away from it."""
    with pytest.raises(KeyRejected):
        public_key_from_jwk({**jwk_of(PUBLIC), **changed})


@pytest.mark.parametrize(
    "said",
    [
        {"use": "sig"},
        {"alg": "ES256"},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"]},
        {"key_ops": ["verify", "deriveKey"]},
        {"use": "sig", "key_ops": ["verify"], "alg": "ES256", "ext": True, "kid": "1"},
    ],
)
def test_a_jwk_for_verifying_is_read(said: dict[str, object]) -> None:
    """As browsers export them, and as other issuers publish theirs."""
    assert public_key_from_jwk(jwk_of(PUBLIC) | said) == PUBLIC


@pytest.mark.parametrize(
    "said",
    [
        {"use": "enc"},
        {"use": "SIG"},
        {"use": ""},
        {"use": None},
        {"use": ["sig"]},
        {"alg": "ES384"},
        {"alg": "ECDH-ES"},
        {"alg": "es256"},
        {"alg": "none"},
        {"alg": None},
        {"key_ops": []},
        {"key_ops": ["sign"]},
        {"key_ops": ["deriveKey"]},
        {"key_ops": ["verify", "verify"]},
        {"key_ops": ["Verify"]},
        {"key_ops": "verify"},
        {"key_ops": ["verify", 1]},
        {"key_ops": [["verify"]]},
        {"key_ops": None},
        {"key_ops": {"verify": True}},
        {"use": "sig", "key_ops": ["verify", "deriveKey"]},
        {"use": "enc", "key_ops": ["verify"]},
    ],
)
def test_a_jwk_for_something_else_is_refused(said: dict[str, object]) -> None:
    """RFC 7517 sections 4.2 to 4.4: its owner has said what it is not for, and may use it for something else."""
    with pytest.raises(KeyRejected):
        public_key_from_jwk(jwk_of(PUBLIC) | said)


@pytest.mark.parametrize("jwk", [None, "key", 7, [], b"", {}])
def test_what_is_no_jwk_is_refused(jwk: object) -> None:
    """A statement is written by hand by another administration: anything can stand in its place."""
    with pytest.raises(KeyRejected):
        public_key_from_jwk(jwk)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_file_leads_back_to_its_key(passphrase: bytes | None) -> None:
    """With a passphrase the file alone is worth nothing."""
    pem = private_key_pem(ISSUER_KEY, passphrase)
    assert load_private_key(pem, passphrase).private_numbers() == ISSUER_KEY.private_numbers()
    assert (b"ENCRYPTED" in pem) is (passphrase is not None)


def test_an_empty_passphrase_does_not_mean_none() -> None:
    """An empty passphrase file must not leave a province's key in the clear without a word."""
    with pytest.raises(KeyRejected):
        private_key_pem(ISSUER_KEY, b"")


@pytest.mark.parametrize(
    ("pem", "passphrase"),
    [
        (private_key_pem(ISSUER_KEY, PASSPHRASE), None),
        (private_key_pem(ISSUER_KEY, PASSPHRASE), b"wrong"),
        (private_key_pem(ISSUER_KEY), PASSPHRASE),
        (b"", None),
        (b"no pem", None),
        (PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo), None),
        (b" " * 20_000 + private_key_pem(ISSUER_KEY), None),
    ],
)
def test_an_unreadable_key_file_is_refused(pem: bytes, passphrase: bytes | None) -> None:
    """No exception of the library may leave this room; a file of 1 GB named by mistake must cost nothing."""
    with pytest.raises(KeyRejected):
        load_private_key(pem, passphrase)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
)
def test_a_private_key_of_another_kind_is_refused(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    """secp256k1 has 32-byte coordinates as well: every length fits and nothing verifies."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(KeyRejected):
        load_private_key(pem)


def test_a_private_key_on_a_curve_that_nobody_knows_is_refused() -> None:
    """The library has a third kind of exception for it, which must not leave this room either."""
    der = ISSUER_KEY.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # prime192v2 in the place of prime256v1: the last arc of the curve's OID.
    odd = der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030102"))
    kind = b"PRIVATE KEY-----"
    with pytest.raises(KeyRejected):
        load_private_key(b"-----BEGIN " + kind + b"\n" + base64.encodebytes(odd) + b"-----END " + kind + b"\n")


def test_new_keys_differ() -> None:
    """The same key twice would be the end of everybody who has it."""
    assert new_private_key().private_numbers() != new_private_key().private_numbers()
