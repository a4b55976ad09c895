"""ES256: ECDSA on P-256 with SHA-256, signatures as 64 bytes r‖s (RFC 7518 section 3.4, RFC 9053 section 2.1).

ECDSA is malleable: (r, n-s) verifies as well. No hash of a signature or of a whole token is an identity.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from credentials.errors import WrongSignature
from credentials.limits import COORDINATE_BYTES, SIGNATURE_BYTES

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey

NAME = "ES256"
_ECDSA = ec.ECDSA(hashes.SHA256())


def verify(public_key: PublicKey, signature: bytes, message: bytes) -> None:
    """Return when ``signature`` (64 bytes) is by ``public_key`` over ``message``.

    Raises WrongSignature otherwise, also for a wrong length and for r or s of zero (dcc-qa #159).
    """
    if len(signature) != SIGNATURE_BYTES:
        raise WrongSignature("not 64 bytes")
    r = int.from_bytes(signature[:COORDINATE_BYTES], "big")
    s = int.from_bytes(signature[COORDINATE_BYTES:], "big")
    try:
        public_key.verify(encode_dss_signature(r, s), message, _ECDSA)
    except InvalidSignature as error:
        raise WrongSignature from error


def sign(private_key: PrivateKey, message: bytes) -> bytes:
    """A 64-byte signature over ``message``."""
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA))
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
