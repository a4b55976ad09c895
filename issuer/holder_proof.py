"""Proof of possession: the phone shows that it holds the key to which its code will be bound.

A compact JWS by the holder's key, ``typ`` ``tongxing-holder+jws``, over {"aud": the issuer's base URL, "iat": seconds,
"jwk": the public key}. Without it anyone could have a code bound to a key that is somebody else's (RFC 7800 section 4).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from credentials.errors import CredentialError, ProofOfPossessionFailed
from credentials.keys import compressed_point, jwk_of, public_key_from_jwk
from credentials.signing import PemSigner
from credentials.wire import jws

TYPE = "tongxing-holder+jws"
MAX_PROOF_CHARACTERS = 2048
MAX_AGE_SECONDS = 300
"""Phones' clocks are often minutes off; the proof carries no right by itself, only the binding."""


def make_proof(holder_key: ec.EllipticCurvePrivateKey, audience: str, at: int) -> str:
    """A proof for the issuer at ``audience`` (its base URL)."""
    public_key = holder_key.public_key()
    signer = PemSigner(holder_key, compressed_point(public_key)[:8])
    return jws.sign({"aud": audience, "iat": at, "jwk": jwk_of(public_key)}, signer, TYPE)


def proven_point(proof: str, audience: str, at: int) -> bytes:
    """The compressed point (33 bytes) of the key that signed the proof.

    Raises ProofOfPossessionFailed when it is not signed by the key it names, not for us, or older or newer than
    five minutes.
    """
    try:
        envelope = jws.read(proof, MAX_PROOF_CHARACTERS)
        claimed = jws.parse_json(envelope.payload)
        public_key = public_key_from_jwk(claimed.get("jwk") if isinstance(claimed, dict) else None)
        fields = jws.verify(envelope, public_key, TYPE)
    except CredentialError as error:
        raise ProofOfPossessionFailed(str(error)) from error
    if fields.get("aud") != audience:
        raise ProofOfPossessionFailed("made for another issuer")
    made_at = fields.get("iat")
    if type(made_at) is not int or abs(at - made_at) > MAX_AGE_SECONDS:
        raise ProofOfPossessionFailed("made too long ago, or by a wrong clock")
    return compressed_point(public_key)
