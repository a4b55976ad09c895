"""ES256: ECDSA on P-256 with SHA-256, signatures as 64 bytes r‖s (RFC 7518 section 3.4, RFC 9053 section 2.1).

ECDSA is malleable: (r, n-s) verifies as well. No hash of a signature or of a whole token is an identity.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from credentials.errors import WrongSignature
from credentials.limits import COORDINATE_BYTES, SIGNATURE_BYTES

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey

NAME = "ES256"
_ECDSA = ec.ECDSA(hashes.SHA256())
# A gate's dearest call: hashing beforehand saves the library some questions about the hash.
_ECDSA_OF_DIGEST = ec.ECDSA(Prehashed(hashes.SHA256()))
_LARGEST_POSITIVE = 0x7F


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


def sign(private_key: PrivateKey, message: bytes) -> bytes:
    """A 64-byte signature over ``message``."""
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA))
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


def _to_der(signature: bytes) -> bytes:
    """What the library takes (RFC 3279 section 2.2.3): integers without needless zeros, none that looks negative."""
    r, s = signature[:COORDINATE_BYTES].lstrip(b"\0"), signature[COORDINATE_BYTES:].lstrip(b"\0")
    if not r or r[0] > _LARGEST_POSITIVE:
        r = b"\0" + r
    if not s or s[0] > _LARGEST_POSITIVE:
        s = b"\0" + s
    return b"0%c\2%c%b\2%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)
