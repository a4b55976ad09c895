"""Keys as they were found in published trust lists."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from credentials.base64url import to_base64url
from credentials.errors import KeyRejected
from credentials.keys import jwk_of, public_key_from_jwk
from tests.samples import ISSUER_KEY


def first_key(short: str) -> ec.EllipticCurvePublicKey:
    """A key whose coordinate ``short`` begins with a zero byte."""
    for scalar in range(1, 10_000):
        key = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
        if getattr(key.public_numbers(), short) < 1 << 248:
            return key
    raise AssertionError("one in 256 has one")


def raw(jwk: dict[str, str], name: str) -> bytes:
    return base64.urlsafe_b64decode(jwk[name] + "=")


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_coordinate_of_31_bytes_is_brought_to_32(name: str) -> None:
    """257 of 368 keys of a WHO list were written without leading zeros; there is one way to read them."""
    key = first_key(name)
    jwk = jwk_of(key)
    assert public_key_from_jwk({**jwk, name: to_base64url(raw(jwk, name)[1:])}) == key


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_coordinate_of_33_bytes_is_brought_to_32(name: str) -> None:
    """The sign byte that Java's BigInteger puts before a high bit."""
    jwk = jwk_of(ISSUER_KEY.public_key())
    assert public_key_from_jwk({**jwk, name: to_base64url(b"\0" + raw(jwk, name))}) == ISSUER_KEY.public_key()


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_coordinate_of_any_other_length_is_refused(name: str) -> None:
    """What is cut or doubled is no key, whichever way it could be stretched."""
    jwk = jwk_of(ISSUER_KEY.public_key())
    value = raw(jwk, name)
    for wrong in (value[1:], value[:-1], b"\1" + value, value + b"\0", b"\0\0" + value, value[:16], value + value, b""):
        with pytest.raises(KeyRejected):
            public_key_from_jwk({**jwk, name: to_base64url(wrong)})


@pytest.mark.parametrize("d", ["AQ", "", None, 5])
def test_a_private_key_where_a_public_one_belongs(d: object) -> None:
    """It happened: a member mailed its private JWK. Refused as such, so that the member learns the key is burnt."""
    with pytest.raises(KeyRejected, match="private"):
        public_key_from_jwk({**jwk_of(ISSUER_KEY.public_key()), "d": d})


def test_base64url_in_another_form() -> None:
    """Padded, with +/ for -_, with stray bits in the last character, with spaces (RFC 7515 section 2)."""
    key = next(
        key
        for scalar in range(1, 1000)
        if {"-", "_"} <= set((jwk := jwk_of(key := ec.derive_private_key(scalar, ec.SECP256R1()).public_key()))["x"])
    )
    jwk = jwk_of(key)
    x = jwk["x"]
    stray = x[:-1] + {"A": "B", "E": "F", "I": "J", "M": "N"}.get(x[-1], chr(ord(x[-1]) + 1))
    for wrong in (
        x + "=",
        x + "==",
        x.replace("-", "+").replace("_", "/"),
        stray,
        f" {x}",
        f"{x}\n",
        x[:20] + "\n" + x[20:],
    ):
        assert wrong != x
        with pytest.raises(KeyRejected):
            public_key_from_jwk({**jwk, "x": wrong})
