"""The algorithm is pinned on the key: no token chooses how it is checked (RFC 8725 section 3.1)."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from credentials.algorithms import es256
from credentials.base64url import from_base64url, to_base64url
from credentials.errors import AlgorithmMismatch, CredentialError, KeyRejected, Malformed, WrongSignature
from credentials.keys import key_from_point, load_private_key, public_key_from_jwk
from credentials.wire import cose, jws
from tests.advisories.crafted import PROTECTED, cose_text
from tests.samples import ISSUER_KEY, KEY, SIGNER, read, typical

TYP = "tongxing-sample+jws"
PUBLIC = KEY.public_key
P384 = ec.derive_private_key(0x384, ec.SECP384R1())


def jws_with(alg: object, signature: bytes, **header: object) -> str:
    head = json.dumps({"alg": alg, "typ": TYP, "kid": KEY.kid.hex(), **header}).encode()
    return f"{to_base64url(head)}.{to_base64url(b'{}')}.{to_base64url(signature)}"


def check(compact: str) -> None:
    jws.verify(jws.read(compact), PUBLIC, TYP)


def test_the_crafted_credential_is_good_but_for_the_attack() -> None:
    """Else these tests would refuse for another reason than they say."""
    assert read(cose_text(PROTECTED)) == typical()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None])
@pytest.mark.parametrize("signature", [b"", bytes(64)])
def test_alg_none_in_a_jws(alg: object, signature: bytes) -> None:
    """CVE-2015-9235: "none" was taken for an algorithm, in capitals when the lower case was refused."""
    with pytest.raises(AlgorithmMismatch):
        check(jws_with(alg, signature))


@pytest.mark.parametrize("alg", [0, None, -35, -36, -257, 5, "ES256", -8, -47])
def test_another_alg_in_a_cose_header(alg: object) -> None:
    """ES384, RS256, HMAC, EdDSA, ES256K, no algorithm at all: none of them is our layout (RFC 9053 section 2)."""
    with pytest.raises(Malformed):
        read(cose_text({1: alg, 4: KEY.kid}))


@pytest.mark.parametrize(
    "secret",
    [
        PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        PUBLIC.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        PUBLIC.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
        b"",
    ],
)
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_hs256_with_the_public_key_as_secret(alg: str, secret: bytes) -> None:
    """CVE-2016-10555, CVE-2022-29217: everybody knows the public key, so everybody could sign."""
    head, payload, _ = jws_with(alg, b"").split(".")
    mac = hmac.digest(secret, f"{head}.{payload}".encode(), alg.replace("HS", "sha"))
    with pytest.raises(AlgorithmMismatch):
        check(f"{head}.{payload}.{to_base64url(mac)}")


def test_an_hmac_that_says_es256() -> None:
    """The other way round: the header is right and the signature is a MAC."""
    head, payload, _ = jws_with("ES256", b"").split(".")
    mac = hmac.digest(es256.NAME.encode(), f"{head}.{payload}".encode(), "sha512")
    with pytest.raises(WrongSignature):
        check(f"{head}.{payload}.{to_base64url(mac)}")


def test_a_key_that_comes_with_the_token() -> None:
    """CVE-2018-0114: a key in the header (jwk, x5c, jku) is the attacker's own."""
    stranger = ec.generate_private_key(ec.SECP256R1())
    head, payload, _ = jws_with("ES256", b"", jwk={"kty": "EC"}, jku="https://example.org/keys").split(".")
    signature = es256.sign(stranger, f"{head}.{payload}".encode())
    with pytest.raises(WrongSignature):
        check(f"{head}.{payload}.{to_base64url(signature)}")


def test_alg_in_the_unprotected_header() -> None:
    """What is not signed chooses nothing (RFC 9052 section 3)."""
    for protected, unprotected in (({4: KEY.kid}, {1: -7}), (PROTECTED, {1: -7}), (PROTECTED, {1: 0})):
        with pytest.raises(Malformed):
            read(cose_text(protected, unprotected))


def test_a_p384_key_comes_in_by_no_door() -> None:
    """ES256 is P-256 and SHA-256 (RFC 7518 section 3.4): another curve makes signatures that others refuse."""
    pem = P384.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    numbers = P384.public_key().public_numbers()
    x, y = (to_base64url(value.to_bytes(48, "big")) for value in (numbers.x, numbers.y))
    point = P384.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    for crv in ("P-384", "P-256"):
        with pytest.raises(KeyRejected):
            public_key_from_jwk({"kty": "EC", "crv": crv, "x": x, "y": y})
    with pytest.raises(KeyRejected):
        load_private_key(pem)
    with pytest.raises(KeyRejected):
        key_from_point(point)


def test_a_p384_key_verifies_nothing() -> None:
    """Should one be pinned to ES256 all the same, it ends in an error of ours and not in one of a library."""
    envelope = cose.open_layout(cose.seal(bytes(40), SIGNER), 300)
    with pytest.raises(WrongSignature):
        cose.verify(envelope, KEY._replace(public_key=P384.public_key()))
    der = P384.sign(envelope.signed_bytes, ec.ECDSA(hashes.SHA256()))
    raw = b"".join(number.to_bytes(48, "big") for number in decode_dss_signature(der))
    for signature in (raw, raw[:64], raw[:32] + raw[48:80], hashlib.sha512(raw).digest()):
        with pytest.raises(WrongSignature):
            es256.verify(P384.public_key(), signature, envelope.signed_bytes)
    with pytest.raises(WrongSignature):
        jws.verify(jws.read(jws.sign({}, SIGNER, TYP)), P384.public_key(), TYP)


def test_a_token_of_one_kind_is_none_of_another() -> None:
    """A COSE signature over JWS bytes, or the other way round, must never fit (RFC 8725 section 3.12)."""
    compact = jws.sign({}, SIGNER, TYP)
    signed, _, signature = compact.rpartition(".")
    envelope = cose.open_layout(cose.seal(signed.encode(), SIGNER), 1000)
    with pytest.raises(CredentialError):
        cose.verify(envelope._replace(signature=from_base64url(signature)), KEY)
    with pytest.raises(CredentialError):
        check(f"{signed}.{to_base64url(envelope.signature)}")
    es256.verify(ISSUER_KEY.public_key(), from_base64url(signature), signed.encode())
