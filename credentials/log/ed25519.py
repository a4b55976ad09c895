"""Ed25519 (RFC 8032), with which logs and witnesses sign, and nothing else here does.

It is not in the table of algorithms: no credential, statement or rule set may be signed by such a key.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from credentials.errors import KeyRejected, WrongSignature
from credentials.profile.limits import MAX_PEM_BYTES

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
_FIELD = 2**255 - 19
_ORDER_EIGHT = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_EIGHT, _FIELD - _ORDER_EIGHT})
"""The second coordinates of the eight points of small order."""


def check_public_key(raw: bytes) -> bytes:
    """The 32 bytes of a public key, unchanged, when they can be one.

    Raises KeyRejected for another length, a coordinate that is not reduced (two texts for one key) or a point of small
    order: under such a key one signature holds for many messages, and whoever lists it needs no private key.
    """
    if len(raw) != PUBLIC_KEY_BYTES:
        raise KeyRejected(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes")
    coordinate = int.from_bytes(raw, "little") % 2**255
    if coordinate >= _FIELD or coordinate in _SMALL_ORDER:
        raise KeyRejected("an Ed25519 public key of small order, or not in its shortest form")
    return raw


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Return when ``signature`` (64 bytes) is by ``public_key`` (32 bytes) over ``message``. Raises WrongSignature."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise WrongSignature("Ed25519") from error


def public_key_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key (RFC 8032 section 5.1.2)."""
    return key.public_key().public_bytes_raw()


def new_private_key() -> Ed25519PrivateKey:
    """A fresh key from the operating system's randomness."""
    return Ed25519PrivateKey.generate()


def private_key_pem(key: Ed25519PrivateKey, passphrase: bytes | None = None) -> bytes:
    """The key as PKCS#8 PEM, encrypted when a passphrase is given."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def load_private_key(pem: bytes, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read a PKCS#8 PEM private key (RFC 8410). Raises KeyRejected."""
    if len(pem) > MAX_PEM_BYTES:
        raise KeyRejected("key file too large")
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRejected("not a readable private key, or the passphrase is missing or wrong") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRejected("private key is not an Ed25519 key, which logs and witnesses need")
    return key
