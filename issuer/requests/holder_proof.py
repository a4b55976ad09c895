"""Proof of possession: the phone shows that it holds the key to which its code will be bound.

A compact JWS by the holder's key, ``typ`` ``tongxing-holder+jws``, over {"aud": the issuer's base URL, "iat": seconds,
"jwk": the public key}. Without it anyone could have a code bound to a key that is somebody else's (RFC 7800 section 4).

Such a proof, stolen within its five minutes, gives its thief a code that only the phone can show. What would be of use
without the phone, a paper code or the end of the phone's code, asks for a proof that names the deed in "act".
"""

from __future__ import annotations

from typing import Final, NamedTuple

from credentials.algorithms.table import PrivateKey
from credentials.errors import CredentialError, ProofOfPossessionFailed
from credentials.keys import compressed_point, jwk_of, public_key_from_jwk
from credentials.signing import PemSigner
from credentials.wire import jws
from credentials.wire.strict_json import parse_json

TYPE = "tongxing-holder+jws"
PAPER: Final = "paper"
RELEASE: Final = "release"
MAX_PROOF_CHARACTERS = 2048
MAX_AGE_SECONDS = 300
"""Phones' clocks are often minutes off; the proof carries no right by itself, only the binding."""


class Proven(NamedTuple):
    """What a proof shows: the key's compressed point (33 bytes), and when it was made."""

    point: bytes
    made_at: int


def make_proof(holder_key: PrivateKey, audience: str, at: int, act: str | None = None) -> str:
    """A proof for the issuer at ``audience`` (its base URL), and for the deed ``act`` alone if one is given."""
    public_key = holder_key.public_key()
    signer = PemSigner(holder_key, compressed_point(public_key)[:8])
    fields = {"aud": audience, "iat": at, "jwk": jwk_of(public_key)} | ({} if act is None else {"act": act})
    return jws.sign(fields, signer, TYPE)


def proven_point(proof: str, audience: str, at: int) -> bytes:
    """The compressed point (33 bytes) of the key that signed a proof for no deed in particular.

    Raises what :func:`read_proof` does.
    """
    return read_proof(proof, audience, at).point


def read_proof(proof: str, audience: str, at: int, act: str | None = None) -> Proven:
    """Whose key signed the proof, and when.

    Raises ProofOfPossessionFailed when it is not signed by the key it names, not for us or not for this deed, or older
    or newer than five minutes.
    """
    try:
        envelope = jws.read(proof, MAX_PROOF_CHARACTERS)
        claimed = parse_json(envelope.payload)
        public_key = public_key_from_jwk(claimed.get("jwk") if isinstance(claimed, dict) else None)
        fields = jws.verify(envelope, public_key, TYPE)
    except CredentialError as error:
        raise ProofOfPossessionFailed(str(error)) from error
    if fields.get("aud") != audience:
        raise ProofOfPossessionFailed("made for another issuer")
    if fields.get("act") != act:
        raise ProofOfPossessionFailed("made for another deed")
    made_at = fields.get("iat")
    if type(made_at) is not int or abs(at - made_at) > MAX_AGE_SECONDS:
        raise ProofOfPossessionFailed("made too long ago, or by a wrong clock")
    return Proven(compressed_point(public_key), made_at)
