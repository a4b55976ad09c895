"""Keys: how they come in (JWK, PEM, compressed point), how they are named (kid), what they may be used for.

Everything odd about a key is refused when it is enrolled, so that a gate never parses a certificate or a
doubtful encoding.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credentials.algorithms.table import NATIVE
from credentials.errors import KeyRejected
from credentials.profile.limits import COMPRESSED_POINT_BYTES, COORDINATE_BYTES, KID_BYTES, MAX_PEM_BYTES

KEY_USES = ("credential", "status", "rules", "log")
"""What a key of a statement may be listed for. ``log`` is retired: it is read and nothing signs by it."""
_CURVE = ec.SECP256R1()
_MAX_COORDINATE_TEXT = 64
_OF_SIGNATURES = frozenset({"sign", "verify"})
"""Key operations that go with the use ``sig``."""


class VerificationKey(NamedTuple):
    """A member's key as the registry lists it. ``kid`` 8 bytes; times in seconds UTC, ``not_after`` exclusive."""

    kid: bytes
    member: str
    algorithm: str
    use: str
    not_before: int
    not_after: int
    public_key: ec.EllipticCurvePublicKey


def kid_of(member: str, public_key: ec.EllipticCurvePublicKey) -> bytes:
    """The first 8 bytes of SHA-256(member id ‖ 0x00 ‖ SubjectPublicKeyInfo): unique across the registry."""
    info = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(member.encode() + b"\x00" + info).digest()[:KID_BYTES]


def compressed_point(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """The key as 33 bytes (SEC 1 section 2.3.3)."""
    return public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def key_from_point(point: bytes) -> ec.EllipticCurvePublicKey:
    """The P-256 key of a 33-byte compressed point. Raises KeyRejected when it is not on the curve."""
    if len(point) != COMPRESSED_POINT_BYTES:
        raise KeyRejected("not a compressed point of 33 bytes")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    except ValueError as error:
        raise KeyRejected("point is not on the curve") from error


def jwk_of(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public key as a JWK with coordinates of exactly 32 bytes (RFC 7518 section 6.2.1)."""
    numbers = public_key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _coordinate_text(numbers.x), "y": _coordinate_text(numbers.y)}


def public_key_from_jwk(jwk: object) -> ec.EllipticCurvePublicKey:
    """Read a public P-256 JWK. Raises KeyRejected, naming what is odd.

    Coordinates of 31 bytes, or of 33 with a leading zero, are brought to 32 (257 of 368 keys of a WHO list
    had them); anything else is refused, and so is a private key pasted where a public one belongs, or a key that
    says of itself that it is not for such signatures.
    """
    if not isinstance(jwk, Mapping):
        raise KeyRejected("not a JWK")
    if "d" in jwk:
        raise KeyRejected("a private key where a public one belongs")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise KeyRejected("not an EC key on P-256")
    if not is_for_verifying(jwk, NATIVE.NAME):
        raise KeyRejected(f"a key for something else than verifying {NATIVE.NAME}, by its use, key_ops or alg")
    point = b"\x04" + _coordinate(jwk.get("x")) + _coordinate(jwk.get("y"))
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    except ValueError as error:
        raise KeyRejected("point is not on the curve") from error


def is_for_verifying(jwk: Mapping[str, object], algorithm: str) -> bool:
    """Whether what a JWK says of its purpose allows to verify by ``algorithm`` (RFC 7517 sections 4.2 to 4.4).

    What it does not say allows everything. ``key_ops`` are texts, each once, ``verify`` among them; beside a ``use``
    they must be consistent with it.
    """
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        return False
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or not all(isinstance(each, str) for each in operations):
        return False
    known = {*operations}
    consistent = "use" not in jwk or known <= _OF_SIGNATURES
    return "verify" in known and len(known) == len(operations) and consistent


def load_private_key(pem: bytes, passphrase: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """Read a PKCS#8 PEM private key on P-256. Raises KeyRejected."""
    if len(pem) > MAX_PEM_BYTES:
        raise KeyRejected("key file too large")
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRejected("not a readable private key, or the passphrase is missing or wrong") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyRejected("private key is not on P-256")
    return key


def private_key_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey, passphrase: bytes | None = None) -> bytes:
    """The key as PKCS#8 PEM, encrypted when a passphrase is given. Raises KeyRejected for an empty one."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        if not passphrase:
            raise KeyRejected("empty passphrase")
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key from the operating system's randomness."""
    return ec.generate_private_key(_CURVE)


def _coordinate_text(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(COORDINATE_BYTES, "big")).rstrip(b"=").decode()


def _coordinate(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > _MAX_COORDINATE_TEXT:
        raise KeyRejected("coordinate missing or too long")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyRejected("coordinate is not base64url") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise KeyRejected("coordinate is not canonical base64url")
    if len(raw) == COORDINATE_BYTES + 1 and raw[0] == 0:
        raw = raw[1:]
    if len(raw) == COORDINATE_BYTES - 1:
        raw = b"\x00" + raw
    if len(raw) != COORDINATE_BYTES:
        raise KeyRejected("coordinate is not 32 bytes")
    return raw
