"""PS256: RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 7518 section 3.5, RFC 8230 section 2), for foreign cards.

Nobody signs by it here: keys only come in, from certificates and lists of others.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from credentials.base64url import from_base64url, to_base64url
from credentials.errors import KeyRejected, Malformed, WrongSignature

PublicKey = rsa.RSAPublicKey

NAME = "PS256"
COSE_NUMBER = -37
MIN_MODULUS_BITS = 2048
MAX_MODULUS_BITS = 4096
"""A verification costs the square of the modulus: beyond this a queue would wait for one card."""
MAX_EXPONENT_BITS = 32
"""Of the public exponent, for the same reason."""
KEY_TYPE = "RSA"
_SALT_BYTES = 32
_HASH = hashes.SHA256()
_PADDING = padding.PSS(padding.MGF1(_HASH), _SALT_BYTES)
_MAX_NUMBER_TEXT = MAX_MODULUS_BITS // 6 + 4


def verify(public_key: PublicKey, signature: bytes, message: bytes) -> None:
    """Return when ``signature`` (as long as the modulus) is by ``public_key`` over ``message``.

    Raises WrongSignature otherwise, also for another length.
    """
    try:
        public_key.verify(signature, message, _PADDING, _HASH)
    except (InvalidSignature, ValueError) as error:
        raise WrongSignature from error


def is_public_key(key: object) -> bool:
    """Whether it is one of this algorithm's: RSA of 2048 to 4096 bits, with an exponent of at most 32 bits."""
    return (
        isinstance(key, rsa.RSAPublicKey)
        and MIN_MODULUS_BITS <= key.key_size <= MAX_MODULUS_BITS
        and key.public_numbers().e.bit_length() <= MAX_EXPONENT_BITS
    )


def jwk_of(public_key: PublicKey) -> dict[str, str]:
    """The public key as a JWK (RFC 7518 section 6.3.1)."""
    numbers = public_key.public_numbers()
    return {"kty": KEY_TYPE, "n": _number_text(numbers.n), "e": _number_text(numbers.e)}


def key_from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """The key of a public JWK. Raises KeyRejected for another type, and for a modulus or exponent out of bounds."""
    if jwk.get("kty") != KEY_TYPE:
        raise KeyRejected(f"not an {KEY_TYPE} key")
    try:
        key = rsa.RSAPublicNumbers(_number(jwk.get("e")), _number(jwk.get("n"))).public_key()
    except ValueError as error:
        raise KeyRejected("no such RSA key") from error
    if not is_public_key(key):
        raise KeyRejected(f"RSA key is not of {MIN_MODULUS_BITS} to {MAX_MODULUS_BITS} bits, or its exponent too large")
    return key


def _number_text(value: int) -> str:
    return to_base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _number(text: object) -> int:
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_NUMBER_TEXT:
        raise KeyRejected("number missing or too long")
    try:
        return int.from_bytes(from_base64url(text), "big")
    except Malformed as error:
        raise KeyRejected("number is not base64url") from error
