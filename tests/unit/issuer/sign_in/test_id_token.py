"""ID tokens: what makes one the provider's word about this sign-in, and every way in which it is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from credentials.errors import SignInUnproven
from issuer.sign_in import id_token
from issuer.sign_in.id_token import (
    ALGORITHMS,
    MAX_AGE_SECONDS,
    MAX_CHARACTERS,
    MAX_KEYS,
    MAX_PROVIDER_AHEAD_SECONDS,
    ExpectedToken,
)

NOW = 1_795_000_000
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS: dict[str, Any] = {
    "RS256": RSA,
    "PS256": RSA,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
EXPECTED = ExpectedToken("https://id.example", "tongxing", "RS256", "n" * 43)


def claims(**changes: Any) -> dict[str, Any]:
    """An honest token's claims; a change to None leaves one out."""
    honest = {"iss": "https://id.example", "sub": "wang", "aud": "tongxing", "nonce": "n" * 43, "iat": NOW,
              "exp": NOW + 300}  # fmt: skip
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def jwk(algorithm: str = "RS256", **changes: Any) -> dict[str, Any]:
    """The public key for an algorithm as a provider publishes it."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(KEYS[algorithm].public_key(), as_dict=True)
    return {**made, "kid": "k", **changes}


def signed(payload: dict[str, Any], algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode(payload, KEYS[algorithm], algorithm, headers={"kid": "k", **header})


def verified(token: str, algorithm: str = "RS256", published: Any = None, at: int = NOW) -> dict[str, Any]:
    """As the provider's client does it."""
    published = {"keys": [jwk(algorithm)]} if published is None else published
    keys = id_token.keys_for(id_token.key_id(token), published, algorithm)
    return id_token.verify(token, keys, EXPECTED._replace(algorithm=algorithm), at)


def refused(token: str, **options: Any) -> str:
    """Why it is not believed."""
    with pytest.raises(SignInUnproven) as error:
        verified(token, **options)
    return error.value.detail


def raw(header: dict[str, Any], payload: bytes, signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = (json.dumps(header).encode(), payload, signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_honest_token_is_believed(algorithm: str) -> None:
    """By each algorithm that can be agreed on."""
    assert verified(signed(claims(), algorithm), algorithm) == claims()
    assert verified(signed(claims(aud=["tongxing"], azp="tongxing"), algorithm), algorithm)["azp"] == "tongxing"


def test_no_algorithm_is_nobodys_word() -> None:
    """``alg: none``, in any case, with and without something behind the last point: anybody can write it."""
    for name in ("none", "None", "NONE"):
        for signature in (b"", b"x"):
            token = raw({"alg": name, "kid": "k"}, json.dumps(claims()).encode(), signature)
            assert "not signed" in refused(token)


def test_the_public_key_is_no_secret() -> None:
    """HS256 with the published key as secret (CVE-2015-9235): whoever reads the key set would be the provider."""
    public = RSA.public_key()
    for encoding, form in (
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.PEM, serialization.PublicFormat.PKCS1),
    ):
        secret = public.public_bytes(encoding, form)
        body = ".".join(raw({"alg": "HS256", "kid": "k"}, json.dumps(claims()).encode()).split(".")[:2])
        mac = jwt.get_algorithm_by_name("HS256").sign(body.encode(), secret)
        token = f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        assert "not signed" in refused(token)
        secret_jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(secret).decode(), "kid": "k"}
        assert "not signed" in refused(token, published={"keys": [secret_jwk]})


def test_the_algorithm_is_the_one_agreed_on() -> None:
    """A good signature by another algorithm of the same key is an algorithm that the token chose."""
    assert "not signed" in refused(signed(claims(), "PS256"))
    assert "not signed" in refused(signed(claims(), "ES256"), published={"keys": [jwk(), jwk("ES256")]})


def test_another_key_says_nothing() -> None:
    """Neither one that is not published, nor one that comes with the token."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key(), as_dict=True)
    token = jwt.encode(claims(), other, "RS256", headers={"kid": "k", "jwk": own, "jku": "https://evil.example/keys"})
    assert "not signed" in refused(token)


@pytest.mark.parametrize(
    "published",
    [
        {"keys": [jwk(kid="other")]},
        {"keys": [jwk(use="enc")]},
        {"keys": [jwk(alg="PS256")]},
        {"keys": [jwk(d="AQAB")]},
        {"keys": [{"kty": "RSA", "kid": "k"}, {"kty": "RSA", "kid": "k", "n": 5, "e": []}, {"kid": "k"}, 7, None]},
        {"keys": "k"},
        {},
        [],
        {"keys": [jwk(kid="other")] * MAX_KEYS + [jwk()]},
    ],
    ids=["other-kid", "encryption", "other-alg", "private", "garbage", "text", "empty", "list", "too-many"],
)
def test_keys_that_are_none(published: Any) -> None:
    """A provider's key set holds keys for other ends, and mistakes; none of them may verify, or end in our fault."""
    assert "not signed" in refused(signed(claims()), published=published)


def test_one_bad_key_does_not_hide_the_good_one() -> None:
    """Of several under one name, each is tried (verifier-app #35)."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    twin = {**jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key(), as_dict=True), "kid": "k"}
    assert verified(signed(claims()), published={"keys": [{"kty": "??", "kid": "k"}, twin, jwk()]}) == claims()


def test_a_token_without_a_key_id() -> None:
    """Providers with one key may leave the id out; with two it must be there (Core section 10.1)."""
    token = jwt.encode(claims(), RSA, "RS256")
    assert verified(token, published={"keys": [jwk()]}) == claims()
    assert "not signed" in refused(token, published={"keys": [jwk(), jwk(kid="other")]})


def test_a_short_key_is_no_key() -> None:
    """1024 bits of RSA can be factored by those who would want to."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    published = {**jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key(), as_dict=True), "kid": "k"}
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(claims(), short, "RS256", headers={"kid": "k"})
    assert "not signed" in refused(token, published={"keys": [published]})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://other.example"}, "another issuer"),
        ({"iss": "https://id.example/"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "other"}, "somebody else"),
        ({"aud": ["tongxing", "other"]}, "somebody else"),
        ({"aud": []}, "somebody else"),
        ({"aud": None}, "somebody else"),
        ({"azp": "other"}, "requested by somebody else"),
        ({"nonce": "m" * 43}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"nonce": ["n" * 43]}, "another sign-in"),
        ({"nonce": "通"}, "another sign-in"),
        ({"sub": None}, "without a subject"),
    ],
)
def test_whom_it_is_from_for_and_about(changes: dict[str, Any], why: str) -> None:
    """A token of another provider (mix-up), for another client, or of another sign-in (injected code)."""
    assert why in refused(signed(claims(**changes)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 86_400}, "expired"),
        ({"exp": None}, "whole times"),
        ({"exp": NOW + 300.5}, "whole times"),
        ({"exp": True}, "whole times"),
        ({"iat": None}, "whole times"),
        ({"iat": NOW - MAX_AGE_SECONDS - 1}, "too long ago"),
        ({"iat": NOW + MAX_PROVIDER_AHEAD_SECONDS + 1}, "time to come"),
        ({"nbf": NOW + MAX_PROVIDER_AHEAD_SECONDS + 1}, "time to come"),
        ({"nbf": float(NOW)}, "whole times"),
    ],
)
def test_times(changes: dict[str, Any], why: str) -> None:
    """Expired to the second, old, or of a clock that runs ahead."""
    assert why in refused(signed(claims(**changes)))


def test_times_at_their_bounds() -> None:
    """What is just within holds, or honest people are sent away."""
    for changes in ({"exp": NOW + 1}, {"iat": NOW - MAX_AGE_SECONDS}, {"iat": NOW + MAX_PROVIDER_AHEAD_SECONDS}):
        assert verified(signed(claims(**changes))) == claims(**changes)


def test_times_as_texts_are_no_times() -> None:
    """PyJWT alone takes "1795000300" for a time."""
    payload = json.dumps({**claims(), "exp": str(NOW + 300)}).encode()
    token = jwt.api_jws.encode(payload, RSA, "RS256", headers={"kid": "k"})
    assert "whole times" in refused(token)


@pytest.mark.parametrize(
    "payload",
    [b'{"sub":"a","sub":"b"}', b"[]", b"7", b"\xff", b"[" * 10_000, b'{"sub":"\\ud800"}'],
    ids=["twice", "list", "number", "bytes", "deep", "surrogate"],
)
def test_payloads_that_are_no_claims(payload: bytes) -> None:
    """Signed all right: a provider with a fault must not become our fault, nor be read in two ways."""
    refused(jwt.api_jws.encode(payload, RSA, "RS256", headers={"kid": "k"}))


def test_critical_extensions_are_not_understood() -> None:
    """RFC 7515 section 4.1.11: whoever does not know one must refuse."""
    token = jwt.api_jws.encode(json.dumps(claims()).encode(), RSA, "RS256",
                               headers={"kid": "k", "crit": ["b64"], "b64": True})  # fmt: skip
    refused(token)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "eyJ.eyJ.", "通.行.码", "x" * (MAX_CHARACTERS + 1)])
def test_what_is_no_token(token: str) -> None:
    """Ends as unproven and never as our fault."""
    refused(token)
