"""Proof of possession: one test for each way to bind a code to a key that is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.base64url import to_base64url
from credentials.errors import ProofOfPossessionFailed
from credentials.keys import compressed_point, jwk_of, new_private_key
from credentials.signing import PemSigner
from credentials.wire import jws
from issuer.requests.holder_proof import (
    MAX_AGE_SECONDS,
    MAX_PROOF_CHARACTERS,
    PAPER,
    RELEASE,
    TYPE,
    make_proof,
    proven_point,
    read_proof,
)
from tests.unit.issuer.office import AUDIENCE, NOW

HOLDER, THIEF = new_private_key(), new_private_key()
SIGNER = PemSigner(HOLDER, b"8 bytes.")


def proof(signer: PemSigner = SIGNER, typ: str = TYPE, **changes: Any) -> str:
    return jws.sign({"aud": AUDIENCE, "iat": NOW, "jwk": jwk_of(HOLDER.public_key()), **changes}, signer, typ)


@pytest.mark.parametrize("age", [-MAX_AGE_SECONDS, 0, MAX_AGE_SECONDS])
def test_proof_gives_the_point(age: int) -> None:
    """What goes into cnf is the key that signed; phones' clocks may be minutes off either way."""
    assert proven_point(make_proof(HOLDER, AUDIENCE, NOW - age), AUDIENCE, NOW) == compressed_point(HOLDER.public_key())


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(proof(PemSigner(THIEF, b"8 bytes.")), id="a key that the sender does not hold"),
        pytest.param(proof(aud="https://other.example/issuer"), id="a proof made for another issuer"),
        pytest.param(proof(aud=[AUDIENCE]), id="an audience that is a list"),
        pytest.param(proof(iat=NOW - MAX_AGE_SECONDS - 1), id="an old proof"),
        pytest.param(proof(iat=NOW + MAX_AGE_SECONDS + 1), id="a proof of a time to come"),
        pytest.param(proof(iat=float(NOW)), id="a float as time"),
        pytest.param(proof(iat=str(NOW)), id="a text as time"),
        pytest.param(proof(iat=True), id="a boolean as time"),
        pytest.param(proof(iat=None), id="no time"),
        pytest.param(proof(typ="JWT"), id="something else that the key signed"),
        pytest.param(proof(jwk=None), id="no key"),
        pytest.param(proof(jwk={**jwk_of(HOLDER.public_key()), "d": "AA"}), id="a private key"),
        pytest.param(proof(jwk={**jwk_of(HOLDER.public_key()), "y": jwk_of(HOLDER.public_key())["x"]}), id="no point"),
        pytest.param(proof(jwk={"kty": "oct", "k": "AA"}), id="a secret as key"),
        pytest.param(proof()[:-4] + "AAAA", id="a changed signature"),
        pytest.param(proof(pad="x" * MAX_PROOF_CHARACTERS), id="too long"),
        pytest.param(proof(act="paper"), id="a proof for one deed"),
        pytest.param("", id="nothing"),
        pytest.param("x.y.z", id="garbage"),
        pytest.param(".".join(["eyJhbGciOiJub25lIiwia2lkIjoiMDAifQ", *proof().split(".")[1:2], ""]), id="alg none"),
        pytest.param(to_base64url(b"{}") + ".W10.", id="a payload that is a list"),
    ],
)
def test_attack_fails(attack: str) -> None:
    """RFC 7800 section 4: without proof anyone can have a code bound to a key that is another's."""
    with pytest.raises(ProofOfPossessionFailed):
        proven_point(attack, AUDIENCE, NOW)


def test_a_proof_for_a_deed_is_for_no_other() -> None:
    """Found in a log within its five minutes, a renewal's proof must give no paper and end no code."""
    made = make_proof(HOLDER, AUDIENCE, NOW, PAPER)
    assert read_proof(made, AUDIENCE, NOW + 1, PAPER) == (compressed_point(HOLDER.public_key()), NOW)
    for wrong in (made, make_proof(HOLDER, AUDIENCE, NOW), proof(act=[RELEASE]), proof(act=True)):
        with pytest.raises(ProofOfPossessionFailed):
            read_proof(wrong, AUDIENCE, NOW, RELEASE)


def test_payload_that_is_no_object() -> None:
    """Signed by the key or not, it names none."""
    header = to_base64url(b'{"alg":"ES256","kid":"00","typ":"tongxing-holder+jws"}')
    with pytest.raises(ProofOfPossessionFailed):
        proven_point(f"{header}.W10.AAAA", AUDIENCE, NOW)
