"""Compact JWS for signed JSON objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jwt.api_jws import PyJWS

from credentials.base64url import from_base64url, to_base64url
from credentials.errors import AlgorithmMismatch, Malformed, TooLarge, WrongSignature
from credentials.wire import jws
from tests.samples import KEY, SIGNER, STRANGER_KEY

TYP = "tongxing-sample+jws"
PUBLIC = KEY.public_key
SIGNED = jws.sign({"b": "通行", "a": [1, None, True, 0.5]}, SIGNER, TYP)


def crafted(header: object, payload: bytes = b'{"a":1}') -> str:
    """A JWS with whatever header and payload, under the issuer's good signature."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{to_base64url(head)}.{to_base64url(payload)}"
    return f"{signed}.{to_base64url(SIGNER.sign(signed.encode()))}"


GOOD = {"alg": "ES256", "typ": TYP, "kid": KEY.kid.hex()}


def verify(compact: str) -> dict[str, Any]:
    return jws.verify(jws.read(compact), PUBLIC, TYP)


def test_what_is_signed_is_read() -> None:
    """Same value, and the same bytes for the same value: names sorted, no spaces, UTF-8 as it is."""
    envelope = jws.read(SIGNED)
    assert envelope.kid == KEY.kid.hex()
    assert envelope.header == GOOD
    assert envelope.payload == '{"a":[1,null,true,0.5],"b":"通行"}'.encode()
    assert verify(SIGNED) == {"b": "通行", "a": [1, None, True, 0.5]}


def test_it_is_a_jws_to_others() -> None:
    """RFC 7515: whoever speaks the standard must be able to check a statement."""
    assert json.loads(PyJWS().decode(SIGNED, PUBLIC, algorithms=["ES256"])) == verify(SIGNED)


def test_more_may_stand_in_the_header() -> None:
    """A proof of possession carries what it answers."""
    assert jws.read(jws.sign({}, SIGNER, TYP, nonce="7")).header == {**GOOD, "nonce": "7"}


def test_the_limit_is_exact() -> None:
    """What is longer is not decoded at all."""
    assert jws.read(SIGNED, len(SIGNED)).kid
    with pytest.raises(TooLarge):
        jws.read(SIGNED, len(SIGNED) - 1)


@pytest.mark.parametrize(
    "compact",
    [
        *("", ".", "..", "...", "....", "a.b", SIGNED + ".", "." + SIGNED, SIGNED.replace(".", "", 1)),
        *("é.a.b", "\ud800.a.b", to_base64url(b" " * 13_000 + json.dumps(GOOD).encode()) + ".e30."),
    ],
)
def test_what_is_no_compact_jws_is_malformed(compact: str) -> None:
    """The text comes from a stranger, and nothing has been verified yet."""
    with pytest.raises(Malformed):
        jws.read(compact)


@pytest.mark.parametrize(
    "header",
    [
        *([], 1, "x", None, {}, {**GOOD, "kid": 1}, {**GOOD, "kid": None}, {"alg": "ES256", "typ": TYP}),
        *(b"{", b"", b"\xff", {**GOOD, "crit": ["b64"]}, {**GOOD, "crit": []}, b'{"kid":"a","kid":"b"}'),
    ],
)
def test_a_header_without_a_kid_or_with_crit_is_malformed(header: object) -> None:
    """``crit`` says "refuse me unless you understand this" (RFC 7515 section 4.1.11), and we understand none."""
    with pytest.raises(Malformed):
        jws.read(crafted(header))


@pytest.mark.parametrize("typ", [None, "JWT", TYP.upper(), "tongxing-other+jws", [TYP], ""])
def test_another_typ_is_malformed(typ: object) -> None:
    """A rule set is no statement, though the same member signed it (RFC 8725 section 3.11)."""
    with pytest.raises(Malformed):
        verify(crafted({**GOOD, "typ": typ}))


@pytest.mark.parametrize("alg", ["ES384", "es256", "RS256", "EdDSA", "", None, ["ES256"], 1])
def test_another_algorithm_is_refused(alg: object) -> None:
    """The header says what was signed with; it never chooses what is verified with."""
    with pytest.raises(AlgorithmMismatch):
        verify(crafted({**GOOD, "alg": alg}))


def test_a_stranger_does_not_verify() -> None:
    """Nor does a payload exchanged under a good signature."""
    with pytest.raises(WrongSignature):
        jws.verify(jws.read(SIGNED), STRANGER_KEY.public_key(), TYP)
    head, _, signature = SIGNED.split(".")
    with pytest.raises(WrongSignature):
        verify(f"{head}.{to_base64url(b'{}')}.{signature}")


def test_a_detached_payload_is_refused() -> None:
    """``b64: false`` without ``crit`` (RFC 7797 section 6): what is signed would not be what is read."""
    with pytest.raises(WrongSignature):
        verify(crafted({**GOOD, "b64": False}))


@pytest.mark.parametrize("payload", [b"[]", b"1", b'"a"', b"null", b"true"])
def test_a_payload_that_is_no_object_is_malformed(payload: bytes) -> None:
    """Everything signed here is an object with named fields."""
    with pytest.raises(Malformed):
        verify(crafted(GOOD, payload))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xfe", bytes(range(256))])
def test_base64url_leads_back(data: bytes) -> None:
    """RFC 7515 section 2, without padding."""
    text = to_base64url(data)
    assert "=" not in text
    assert from_base64url(text) == data


@pytest.mark.parametrize(
    "text", ["A", "AA=", "AA==", "AB", "A+", "_/8", "++++", "////", "A A", "AA\n", "é", "AAAAA", "=", "AA.A"]
)
def test_base64url_in_any_other_form_is_malformed(text: str) -> None:
    """One value, one text: else the hash of a statement changes while its content does not."""
    with pytest.raises(Malformed):
        from_base64url(text)
