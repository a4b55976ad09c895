"""ES256: ECDSA on P-256 with SHA-256, signatures as 64 bytes r‖s (RFC 7518 section 3.4, RFC 9053 section 2.1).

All that is this algorithm's own: its names and numbers, its keys in every form in which they travel, and signatures.
Everything odd about a key is refused where it comes in, so that no doubtful encoding reaches a gate.

ECDSA is malleable: (r, n-s) verifies as well. No hash of a signature or of a whole token is an identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from credentials.base64url import from_base64url, to_base64url
from credentials.errors import KeyRejected, Malformed, WrongSignature
from credentials.profile.limits import COMPRESSED_POINT_BYTES, COORDINATE_BYTES, MAX_PEM_BYTES, SIGNATURE_BYTES

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey

NAME = "ES256"
COSE_NUMBER = -7
_CURVE = ec.SECP256R1()
KEY_TYPE, _JWK_CURVE = "EC", "P-256"
_COSE_TYPE, _COSE_CURVE = 2, 1
"""EC2 and P-256 (RFC 9053 section 7.1)."""
_COSE_KEY = frozenset({1, -1, -2, -3})
"""Keys of a COSE_Key: kty, crv, x, y."""
_MAX_COORDINATE_TEXT = 64
_INFO_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
"""What stands before an uncompressed point of this curve in DER (RFC 5480 section 2)."""
_COMPRESSED_INFO_HEAD = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
"""And before a compressed one."""
_ECDSA = ec.ECDSA(hashes.SHA256())
# A gate's dearest call: hashing beforehand saves the library some questions about the hash.
_ECDSA_OF_DIGEST = ec.ECDSA(Prehashed(hashes.SHA256()))
_FRAMES = {
    (0, 0): b"\x30\x44\x02\x20%b\x02\x20%b",
    (0, 1): b"\x30\x45\x02\x20%b\x02\x21\0%b",
    (1, 0): b"\x30\x45\x02\x21\0%b\x02\x20%b",
    (1, 1): b"\x30\x46\x02\x21\0%b\x02\x21\0%b",
}
"""By the highest bits of r and s; for those of full length, as nearly all are."""


def verify(public_key: PublicKey, signature: bytes, message: bytes) -> None:
    """Return when ``signature`` (64 bytes) is by ``public_key`` over ``message``.

    Raises WrongSignature otherwise, also for a wrong length and for r or s of zero (dcc-qa #159).
    """
    if len(signature) != SIGNATURE_BYTES:
        raise WrongSignature("not 64 bytes")
    try:
        public_key.verify(_to_der(signature), sha256(message).digest(), _ECDSA_OF_DIGEST)
    except InvalidSignature as error:
        raise WrongSignature from error


def from_der(signature: bytes) -> bytes:
    """The 64 bytes of a signature in DER (RFC 3279 section 2.2.3), as authenticators make it (WebAuthn section 6.5.5).

    Raises WrongSignature for what is not strict DER, or too long a number.
    """
    try:
        return b"".join(number.to_bytes(COORDINATE_BYTES, "big") for number in decode_dss_signature(signature))
    except (ValueError, OverflowError) as error:
        raise WrongSignature("not a signature in strict DER") from error


def sign(private_key: PrivateKey, message: bytes) -> bytes:
    """A 64-byte signature over ``message``."""
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA))
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


def _to_der(signature: bytes) -> bytes:
    """What the library takes (RFC 3279 section 2.2.3): two integers, with a zero before one that looks negative."""
    r, s = signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]
    if r[0] and s[0]:
        return _FRAMES[r[0] >> 7, s[0] >> 7] % (r, s)
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def new_private_key() -> PrivateKey:
    """A fresh P-256 key from the operating system's randomness."""
    return ec.generate_private_key(_CURVE)


def is_public_key(key: object) -> bool:
    """Whether it is one of this algorithm's."""
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def compressed_point(public_key: PublicKey) -> bytes:
    """The key as 33 bytes (SEC 1 section 2.3.3)."""
    return public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def key_from_point(point: bytes) -> PublicKey:
    """The key of a 33-byte compressed point. Raises KeyRejected when it is not on the curve."""
    if len(point) != COMPRESSED_POINT_BYTES:
        raise KeyRejected("not a compressed point of 33 bytes")
    try:
        # In DER: each live code brings a key, and the library takes a fifth longer for a bare point.
        key = serialization.load_der_public_key(_COMPRESSED_INFO_HEAD + point)
    except ValueError as error:
        raise KeyRejected("point is not on the curve") from error
    assert isinstance(key, ec.EllipticCurvePublicKey), "as its head says"
    return key


def cose_key_of(point: bytes) -> dict[int, Any]:
    """A compressed point as a COSE_Key: x, and y as its sign bit (RFC 9053 section 7.1.1)."""
    return {1: _COSE_TYPE, -1: _COSE_CURVE, -2: point[1:], -3: point[0] == 3}


def point_of_cose_key(key: object) -> bytes:
    """The 33-byte compressed point of a COSE_Key. The curve's equation is checked when the point becomes a key.

    Raises Malformed for any other key, a coordinate of another length, and a y that is no sign bit.
    """
    # True and 1.0 are no keys and no numbers, though Python finds 1 by them.
    if type(key) is not dict or key.keys() != _COSE_KEY or {*map(type, key)} != {int}:
        raise Malformed("not a COSE_Key of kty, crv, x and y")
    x, odd = key[-2], key[-3]
    if not (type(key[1]) is type(key[-1]) is int and (key[1], key[-1]) == (_COSE_TYPE, _COSE_CURVE)):
        raise Malformed(f"COSE_Key is not on {_JWK_CURVE}")
    if type(x) is not bytes or len(x) != COORDINATE_BYTES or type(odd) is not bool:
        raise Malformed("COSE_Key without an x of 32 bytes and the sign bit of y")
    return (b"\x03" if odd else b"\x02") + x


def jwk_of(public_key: PublicKey) -> dict[str, str]:
    """The public key as a JWK with coordinates of exactly 32 bytes (RFC 7518 section 6.2.1)."""
    numbers = public_key.public_numbers()
    x, y = _coordinate_text(numbers.x), _coordinate_text(numbers.y)
    return {"kty": KEY_TYPE, "crv": _JWK_CURVE, "x": x, "y": y}


def key_from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """The key of a public JWK. Raises KeyRejected, naming what is odd.

    Coordinates of 31 bytes, or of 33 with a leading zero, are brought to 32 (257 of 368 keys of a WHO list had them);
    anything else is refused.
    """
    return key_from_encoded(point_of_jwk(jwk))


def point_of_jwk(jwk: Mapping[str, object]) -> bytes:
    """The point of a public JWK, uncompressed, as 65 bytes; whether it is on the curve is found out when it becomes a
    key. Raises KeyRejected as :func:`key_from_jwk` does."""
    if jwk.get("kty") != KEY_TYPE or jwk.get("crv") != _JWK_CURVE:
        raise KeyRejected(f"not an {KEY_TYPE} key on {_JWK_CURVE}")
    return b"\x04" + _coordinate(jwk.get("x")) + _coordinate(jwk.get("y"))


def public_key_info(point: bytes) -> bytes:
    """SubjectPublicKeyInfo (RFC 5480) of an uncompressed point."""
    return _INFO_HEAD + point


def key_from_pem(pem: bytes) -> PublicKey:
    """Read a public key in PEM. Raises KeyRejected."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRejected("a key cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not is_public_key(key):
        raise KeyRejected(f"a key is not on {_JWK_CURVE}")
    return key


def load_private_key(pem: bytes, passphrase: bytes | None = None) -> PrivateKey:
    """Read a PKCS#8 PEM private key. Raises KeyRejected."""
    if len(pem) > MAX_PEM_BYTES:
        raise KeyRejected("key file too large")
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRejected("not a readable private key, or the passphrase is missing or wrong") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyRejected(f"private key is not on {_JWK_CURVE}")
    return key


def private_key_pem(key: PrivateKey, passphrase: bytes | None = None) -> bytes:
    """The key as PKCS#8 PEM, encrypted when a passphrase is given. Raises KeyRejected for an empty one."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        if not passphrase:
            raise KeyRejected("empty passphrase")
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def key_from_encoded(point: bytes) -> PublicKey:
    """The key of an encoded point (SEC 1 section 2.3.3). Raises KeyRejected when it is not on the curve."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    except ValueError as error:
        raise KeyRejected("point is not on the curve") from error


def _coordinate_text(value: int) -> str:
    return to_base64url(value.to_bytes(COORDINATE_BYTES, "big"))


def _coordinate(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > _MAX_COORDINATE_TEXT:
        raise KeyRejected("coordinate missing or too long")
    try:
        raw = from_base64url(text)
    except Malformed as error:
        raise KeyRejected(f"coordinate is {error.detail}") from error
    if len(raw) == COORDINATE_BYTES:
        return raw
    if len(raw) == COORDINATE_BYTES - 1:
        return b"\x00" + raw
    if len(raw) == COORDINATE_BYTES + 1 and raw[0] == 0:
        return raw[1:]
    raise KeyRejected("coordinate is not 32 bytes")
