"""ES256: ECDSA on P-256 with SHA-256, signatures as 64 bytes r‖s (RFC 7518 section 3.4, RFC 9053 section 2.1).

ECDSA is malleable: (r, n-s) verifies as well. No hash of a signature or of a whole token is an identity.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from credentials.errors import WrongSignature
from credentials.profile.limits import COORDINATE_BYTES, SIGNATURE_BYTES

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey

NAME = "ES256"
COSE_NUMBER = -7
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
