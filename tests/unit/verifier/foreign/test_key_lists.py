"""Keys that are published as JWK: each brought into the one form, or named; none stops the others."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from credentials.algorithms import es256
from credentials.base64url import to_base64url
from credentials.errors import InvalidRequest
from credentials.foreign.document import document_of, parse_foreign_keys
from credentials.foreign.facts import CardKind
from credentials.keys import new_private_key
from service_kit.inputs import Input
from tests import dcc, shc
from tests.outside.test_smart_health_cards import VECTORS
from tests.samples import ISSUED_AT
from tests.unit.verifier.foreign.test_certificates import certificate as signers_certificate
from verifier.foreign.collecting import ImportedKeys, collected, merged
from verifier.foreign.key_lists import in_gdhcn, in_jwks, in_vci

JWK = shc.JWK | {"kid": to_base64url(shc.KID), "use": "sig", "alg": "ES256"}
GDHCN = VECTORS / "gdhcn"


def given(content: Any) -> Input:
    return Input("list.json", content if isinstance(content, bytes) else json.dumps(content).encode())


def vci(*issuers: Any) -> ImportedKeys:
    return collected(in_vci(given({"directory": "https://example.org", "issuerInfo": list(issuers)})))


def issuer(address: object = shc.ISSUER, keys: Any = (JWK,), **more: Any) -> dict[str, Any]:
    return {"issuer": {"iss": address, "name": "Health"}, "keys": list(keys), **more}


def did(*methods: Any) -> ImportedKeys:
    return collected(in_gdhcn(given({"id": "did:web:x", "verificationMethod": list(methods)}), ISSUED_AT))


def method(jwk: Any, kid: str = "2Rk3X8HntrI=") -> dict[str, Any]:
    return {"id": f"did:web:x:v2:trustlist:DCC:XA:DSC#{kid}", "type": "JsonWebKey2020", "publicKeyJwk": jwk}


@pytest.mark.skipif(not GDHCN.is_dir(), reason=f"NOT CHECKED: no trust list at {GDHCN} (set TONGXING_VECTORS)")
def test_who_s_list_with_the_faults_that_real_ones_have() -> None:
    """Each key is loaded or named as its expectation says."""
    found = collected(in_gdhcn(given((GDHCN / "trustlist-dsc.json").read_bytes()), ISSUED_AT))
    named = {place.split()[-1] for place, _ in (*found.left_out, *found.noted)}
    expected = json.loads((GDHCN / "expected.json").read_text())
    for kid, row in expected.items():
        assert (kid.removesuffix(" (second)") in named) is (row["outcome"] == "named"), kid
    loaded = [kid for kid, row in expected.items() if row["outcome"] == "loaded"]
    assert len(found.keys) == len(loaded) + len(found.noted)
    assert {len(key.kid) for key in found.keys} == {8}
    assert all(key.public_key for key in found.keys)
    document = document_of("CN-44", 1, ISSUED_AT, found.keys)
    assert len(parse_foreign_keys(document).named("eu-dcc", found.keys[0].kid)) == 2


@pytest.mark.parametrize(
    ("jwk", "why"),
    [
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "for none of"),
        ({"kty": ["EC"]}, "for none of"),
        (shc.JWK | {"d": "AA"}, "private key"),
        (shc.JWK | {"use": "enc"}, "something else"),
        (shc.JWK | {"crv": "P-521"}, "P-256"),
        (shc.JWK | {"x": to_base64url(b"\1" + bytes(32))}, "32 bytes"),
        (shc.JWK | {"x": to_base64url(bytes(30))}, "32 bytes"),
        (shc.JWK | {"x": "="}, "base64url"),
        (shc.JWK | {"kid": 7}, "kid"),
        (shc.JWK | {"kid": "=="}, "kid"),
        (shc.JWK | {"kid": "健"}, "kid"),
        (dict(dcc.rsa_key().jwk) | {"e": "AQ"}, ""),
        ("key", "no key"),
        (None, "no key"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(jwk: Any, why: str) -> None:
    """And the one behind it is loaded."""
    found = did(method(jwk), method(shc.JWK))
    assert len(found.keys) == 1
    ((place, wrong),) = found.left_out
    assert place.startswith("verificationMethod[0]")
    assert why in wrong


def test_what_a_certificate_says_counts_where_it_can_be_read() -> None:
    """Country, times and kinds; one that cannot be read, or that is of another key, is told."""
    own = [dcc_certificate("FR")]
    (with_it,) = did(method(shc.JWK | {"x5c": own})).keys
    assert (with_it.issuer, with_it.not_after < 2**32 - 1) == ("FR", True)
    for chain in (["AA"], ["="], [7], []):
        found = did(method(shc.JWK | {"x5c": chain}))
        assert (found.keys[0].issuer, len(found.noted)) == ("XA", 1)
    other = es256.jwk_of(new_private_key().public_key())
    assert "another key" in did(method(other | {"x5c": own})).left_out[0][1]


def dcc_certificate(country: str) -> str:
    return base64.b64encode(signers_certificate(country)).decode()


def test_a_kid_in_every_spelling() -> None:
    """An identifier escapes it, a JWK has it plain, and some leave the padding out."""
    for kid in ("2Rk3X8HntrI=", "2Rk3X8HntrI", "2Rk3X8HntrI%3D"):
        assert did(method(shc.JWK, kid)).keys[0].kid == dcc.KID
        assert did(method(shc.JWK | {"kid": kid})).keys[0].kid == dcc.KID


def test_one_bad_entry_in_a_thousand() -> None:
    """Named by its place; all others come."""
    issuers = [issuer(f"https://health.example.org/{number}") for number in range(1000)]
    issuers[500] = issuer("http://health.example.org/500")
    found = vci(*issuers)
    assert len(found.keys) == 999
    assert found.left_out == (("issuerInfo[500]", "its issuer has no https address"),)
    assert found.noted == ()
    assert {key.kinds for key in found.keys} == {frozenset(CardKind)}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (issuer(keys=[]), "fetched whole"),
        ({"issuer": {"iss": shc.ISSUER}}, "fetched whole"),
        (issuer(keys=[JWK | {"kid": to_base64url(bytes(32))}]), "thumbprint"),
        (issuer(keys=[JWK | {"kid": "=="}]), "kid is not"),
        (issuer(keys=[shc.JWK]), "with a kid"),
        (issuer(keys=["x"]), "with a kid"),
        (issuer(keys=[dict(dcc.rsa_key().jwk) | {"kid": to_base64url(shc.KID)}]), "ES256"),
        (issuer("https://with blank.example"), "https"),
        ("x", "https"),
        (None, "https"),
    ],
)
def test_a_directory_half_fetched_and_odd_issuers(entry: Any, why: str) -> None:
    """What is missing is told by whose it is."""
    found = vci(entry, issuer("https://other.example.org"))
    assert len(found.keys) == 1
    assert why in found.left_out[0][1]


def test_withdrawals() -> None:
    """An issuer that counts none has none; one whose are not there is told, for its cards may stay open."""
    counted = JWK | {"crlVersion": 2}
    crl: dict[str, Any] = {
        "kid": JWK["kid"],
        "method": "rid",
        "ctr": 2,
        "rids": ["vwAjHdarZuc.1687450765", "FKDIxsTCGlU"],
    }
    assert vci(issuer()).keys[0].revoked == ()
    assert vci(issuer(keys=[counted], crls=[crl])).keys[0].revoked == tuple(crl["rids"])
    missing = vci(issuer(keys=[counted]))
    assert (missing.keys[0].revoked, "not there" in missing.noted[0][1]) == (None, True)
    old = vci(issuer(keys=[counted], crls=[crl | {"ctr": 1}]))
    assert "older" in old.noted[0][1]
    for wrong in (7, crl | {"method": "x"}, crl | {"ctr": "2"}, crl | {"rids": ["a b"]}, crl | {"rids": "x"}):
        found = vci(issuer(keys=[counted], crls=[wrong]))
        assert (len(found.left_out), found.keys[0].revoked) == (1, None)


def test_one_issuer_s_keys() -> None:
    """Of an address, or of a country; of what else it is nobody's."""
    jwks = given({"keys": [JWK]})
    assert collected(in_jwks(shc.ISSUER, jwks)).keys[0].format == "smart-health-card"
    country = collected(in_jwks("ch", given({"keys": [dict(dcc.rsa_key().jwk) | {"kid": "2Rk3X8HntrI="}, 7]})))
    assert (country.keys[0].format, country.keys[0].issuer, country.keys[0].algorithm) == ("eu-dcc", "CH", "PS256")
    assert len(country.left_out) == 1
    with pytest.raises(InvalidRequest, match="neither"):
        collected(in_jwks("example.org", jwks))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys":[]}', b'{"issuerInfo":[', b"<html>"])
def test_what_is_no_list(content: bytes) -> None:
    """A page of a network that wants a sign-in, a file that was cut: said with its name."""
    for read in (in_vci, lambda file: in_gdhcn(file, 0), lambda file: in_jwks(shc.ISSUER, file)):
        with pytest.raises(InvalidRequest, match=r"list\.json"):
            collected(read(given(content)))


def test_lists_of_several_sources_stand_together() -> None:
    """WHO's does not put out the EU's; the directory anew puts out what it no longer has."""
    eu, us = dcc.key("AT"), shc.key()
    who = dcc.key("XA")
    assert merged((eu, us), (who,), by_issuer=True) == (eu, us, who)
    assert merged((eu, us), (who,), by_issuer=False) == (us, who)
    assert merged((eu, us), (dcc.key("AT", not_after=9),), by_issuer=True)[0] is us
