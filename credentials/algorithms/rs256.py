"""RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), for passkeys of platforms that make no others.

Nobody signs by it here, and no code or document of a member may. Its keys are those of
:mod:`credentials.algorithms.ps256`, by the same bounds.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from credentials.algorithms import ps256
from credentials.errors import WrongSignature

PublicKey = ps256.PublicKey

NAME = "RS256"
COSE_NUMBER = -257
KEY_TYPE = ps256.KEY_TYPE
_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()

is_public_key, jwk_of, key_from_jwk = ps256.is_public_key, ps256.jwk_of, ps256.key_from_jwk


def verify(public_key: PublicKey, signature: bytes, message: bytes) -> None:
    """Return when ``signature`` (as long as the modulus) is by ``public_key`` over ``message``.

    Raises WrongSignature otherwise, also for another length.
    """
    try:
        public_key.verify(signature, message, _PADDING, _HASH)
    except InvalidSignature as error:
        raise WrongSignature from error
