"""Wycheproof's cases of ECDSA on P-256, of Ed25519, of JWS and of key sets, all of them; signatures by which codes and
statements are made are asked of both judges.

They hold what implementations have fallen for: r and s out of range, points at infinity, sums of unusual carries,
algorithms named by the token, keys that it brings along, base64 that is none.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jwt import get_unverified_header

from credentials.algorithms import es256
from credentials.base64url import to_base64url
from credentials.errors import SignInUnproven, TongxingError, WrongSignature
from credentials.keys import public_key_from_jwk
from credentials.log import ed25519
from credentials.wire import jws
from issuer.sign_in.id_token import ALGORITHMS, ExpectedToken, keys_for, verify
from tests.web.twin import NodeTwin

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("TONGXING_VECTORS") or REPOSITORY.parent / "shared" / "vectors") / "wycheproof"
ECDSA, JWS = "ecdsa_secp256r1_sha256_p1363_test.json", "json_web_signature_test.json"
KEY_SETS, EDDSA = "json_web_key_test.json", "ed25519_test.json"

pytestmark = pytest.mark.skipif(
    not (FOLDER / JWS).is_file(), reason=f"NOT CHECKED: no Wycheproof at {FOLDER} (set TONGXING_VECTORS)"
)

EXCEPTIONS = {
    "another algorithm": "sound by HMAC, RSA or P-521, which nothing here is signed with: its key is refused",
}
"""Why a case that Wycheproof calls valid is refused here. No case that it calls invalid is ever taken."""


@cache
def groups(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    return list(json.loads(path.read_text())["testGroups"]) if path.is_file() else []


def cases(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(group, case) for group in groups(name) for case in group["tests"]]


def test_the_suites_are_whole() -> None:
    """A suite of which half is missing passes too."""
    assert len(cases(ECDSA)) >= 262 and len(cases(JWS)) >= 401 and len(cases(KEY_SETS)) >= 26
    assert len(cases(EDDSA)) >= 151


def test_ecdsa_on_p256_in_both_judges(node_judge: NodeTwin) -> None:
    """Not one exception: what it calls valid holds, and nothing else does."""
    for group, case in cases(ECDSA):
        jwk = jwk_of(group["publicKey"])
        try:
            es256.verify(public_key_from_jwk(jwk), bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            ours = None
        except TongxingError as error:
            ours = error.code
        theirs = node_judge("signature", jwk=jwk, message=case["msg"], signed=case["sig"])
        assert (ours is None) is (case["result"] == "valid"), case
        assert theirs == ours, case


def test_ed25519() -> None:
    """What logs and witnesses sign by: not one exception, and every key of theirs is taken."""
    for group, case in cases(EDDSA):
        key = ed25519.check_public_key(bytes.fromhex(group["publicKey"]["pk"]))
        try:
            ed25519.verify(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
            holds = True
        except WrongSignature:
            holds = False
        assert holds is (case["result"] == "valid"), case


def jwk_of(key: dict[str, Any]) -> dict[str, str]:
    x, y = (int(key[name], 16).to_bytes(32, "big") for name in ("wx", "wy"))
    return {"kty": "EC", "crv": "P-256", "x": to_base64url(x), "y": to_base64url(y)}


def test_jws_in_both_judges(node_judge: NodeTwin) -> None:
    """Confused algorithms, embedded keys, missing parts, keys for another use (RFC 7515, RFC 7517)."""
    excepted, taken = set(), 0
    for group, case in cases(JWS):
        key = group.get("public") or group["private"]
        ours, theirs = code_of(case["jws"], key), node_judge("jwsCode", compact=case["jws"], jwk=key)
        assert (theirs is None) is (ours is None), case
        if case["result"] != "valid":
            assert ours is not None, case
        elif ours is not None:
            excepted.add(reason(key))
        else:
            taken += 1
    assert excepted == EXCEPTIONS.keys()
    assert taken >= 2


def code_of(compact: Any, key: dict[str, Any]) -> str | None:
    """The code of what is wrong with a JWS by this key; None where the signature holds, whatever the payload is."""
    if type(compact) is not str:
        return "malformed"
    try:
        envelope = jws.read(compact)
        public_key = public_key_from_jwk(key)
    except TongxingError as error:
        return error.code
    try:
        jws.verify(envelope, public_key, envelope.header.get("typ"))  # type: ignore[arg-type]
    except TongxingError as error:
        # Its payloads are not ours: that they are no JSON objects is found after the signature has held.
        return None if error.code == "malformed" else error.code
    return None


def reason(key: dict[str, Any]) -> str:
    return "no reason" if key.get("crv") == "P-256" else "another algorithm"


WEAK_AND_TAKEN = {"rejectsKeyWithRocaVulnerability"}
"""What Wycheproof calls invalid and we take: an RSA key with the fingerprint of ROCA (CVE-2017-15361). Only an identity
provider's own published keys are RSA here, and nothing but that fingerprint tells that a faulty card made them."""


def test_key_sets_of_an_identity_provider() -> None:
    """Mixed sets, a kid that stands twice, keys for another use, too short, off the curve, of another type or curve."""
    taken = {case["comment"] for group, case in cases(KEY_SETS) if is_taken(group, case)}
    valid = {
        case["comment"]
        for _, case in cases(KEY_SETS)
        if case["result"] == "valid" and get_unverified_header(case["jws"])["alg"] in ALGORITHMS
    }
    # The other valid ones are HS256 to HS512, with which whoever knows a key would be the provider.
    assert valid == {"acceptsValid"}
    assert taken == valid | WEAK_AND_TAKEN


def is_taken(group: dict[str, Any], case: dict[str, Any]) -> bool:
    """Whether a key of the set verifies: the payload is found to be no claims only after that."""
    header = get_unverified_header(case["jws"])
    published = group.get("public") or group["private"]
    for algorithm in ALGORITHMS:
        keys = keys_for(header.get("kid"), published, algorithm)
        with pytest.raises(SignInUnproven) as told:
            verify(case["jws"], keys, ExpectedToken("https://id.example", "client", algorithm, "nonce"), 0)
        if "strict JSON" in told.value.detail:
            return True
    return False
