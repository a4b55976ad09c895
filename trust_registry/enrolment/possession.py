"""Proof of possession (持有证明): each key of a statement signs that the member has it, for this registry.

A compact JWS, ``typ`` ``tongxing-possession+jws``, by the key itself, over::

    {"member": "CN-41", "kid": hex16, "audience": the registry's base URL,
     "statement": digest of the statement}

Without it a province could list a key that is another's, and be held to what that other signs or have it
denied. The audience keeps a proof made for a test registry out of the real one; the digest binds it to one
statement, so that none can be kept and used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from credentials.errors import CredentialError, ProofOfPossessionFailed
from credentials.keys import VerificationKey
from credentials.signing import Signer
from credentials.wire import jws
from trust_registry.metadata.statement import MAX_KEYS, Statement

POSSESSION_TYPE = "tongxing-possession+jws"
MAX_PROOF_CHARACTERS = 2_048


def prove(statement: Statement, signer: Signer, audience: str) -> str:
    """The proof for the key of ``signer``, which must be one of the statement's."""
    payload = {
        "member": statement.member,
        "kid": signer.kid.hex(),
        "audience": audience,
        "statement": statement.digest,
    }
    return jws.sign(payload, signer, POSSESSION_TYPE)


def check_possession(statement: Statement, proofs: Sequence[str], audience: str) -> None:
    """Check that every key of the statement has signed its proof. Raises ProofOfPossessionFailed."""
    if len(proofs) > MAX_KEYS:
        raise ProofOfPossessionFailed(f"more than {MAX_KEYS} proofs")
    given = _by_kid(proofs)
    for key in statement.keys:
        if key.kid.hex() not in given:
            raise ProofOfPossessionFailed(f"no proof for key {key.kid.hex()}")
        _check(statement, key, given[key.kid.hex()], audience)


def _by_kid(proofs: Iterable[str]) -> dict[str, jws.JwsEnvelope]:
    try:
        envelopes = [jws.read(proof, MAX_PROOF_CHARACTERS) for proof in proofs]
    except CredentialError as error:
        raise ProofOfPossessionFailed(str(error)) from error
    return {envelope.kid: envelope for envelope in envelopes}


def _check(statement: Statement, key: VerificationKey, proof: jws.JwsEnvelope, audience: str) -> None:
    kid = key.kid.hex()
    try:
        fields = jws.verify(proof, key.public_key, POSSESSION_TYPE)
    except CredentialError as error:
        raise ProofOfPossessionFailed(f"key {kid}: {error}") from error
    expected = {
        "member": statement.member,
        "kid": kid,
        "audience": audience,
        "statement": statement.digest,
    }
    for name, value in expected.items():
        if fields.get(name) != value:
            raise ProofOfPossessionFailed(f"key {kid}: another {name}")
