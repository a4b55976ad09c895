"""Times of every odd kind, each accepted by some verifier in the field (dgc-testdata #86, dev-tools PR #48)."""

from __future__ import annotations

import datetime
import decimal
import fractions

import cbor2
import pytest

from credentials.errors import Malformed
from credentials.formats.native import claims
from credentials.formats.native.claims import EXP, IAT, OURS
from tests.samples import ISSUED_AT, claims_map, decode_map, read, signed_text, typical, verified

WHEN = datetime.datetime.fromtimestamp(ISSUED_AT + 60, datetime.UTC)
ODD = {
    "a float": float(ISSUED_AT + 60),
    "a float with a fraction": ISSUED_AT + 60.5,
    "infinity": float("inf"),
    "not a number": float("nan"),
    "a text": str(ISSUED_AT + 60),
    "an ISO text": WHEN.isoformat(),
    "bytes": (ISSUED_AT + 60).to_bytes(4, "big"),
    "milliseconds": (ISSUED_AT + 60) * 1000,
    "days": ISSUED_AT // 86_400,
    "tag 0": cbor2.CBORTag(0, WHEN.isoformat()),
    "tag 1": cbor2.CBORTag(1, ISSUED_AT + 60),
    "tag 1 with a float": cbor2.CBORTag(1, ISSUED_AT + 60.0),
    "tag 100": cbor2.CBORTag(100, ISSUED_AT // 86_400),
    "tag 1001": cbor2.CBORTag(1001, {1: ISSUED_AT + 60}),
    "negative": -ISSUED_AT,
    "zero": 0,
    "the year 2106": 2**32,
    "beyond 2^53": 2**53 + 1,
    "beyond 2^63": 2**63,
    "a big number": cbor2.CBORTag(2, (ISSUED_AT + 60).to_bytes(9, "big")),
    "a decimal": decimal.Decimal(ISSUED_AT + 60),
    "a fraction": fractions.Fraction(ISSUED_AT + 60, 1),
    "true": True,
    "null": None,
    "undefined": cbor2.undefined,
    "an array": [ISSUED_AT + 60],
}


@pytest.mark.parametrize("key", [IAT, EXP])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_time_is_malformed(odd: object, key: int) -> None:
    """A float rounds, a text sorts, milliseconds never expire and a negative time always has."""
    mapping = claims_map(typical())
    mapping[key] = odd
    if key == IAT:
        mapping[EXP] = 2**32 - 1
    with pytest.raises(Malformed):
        decode_map(mapping)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_sampling_time_is_malformed(odd: object) -> None:
    """Validity counts from sampling (quicktest-onboarding #60), so this time is as dear as the others."""
    mapping = claims_map(typical())
    mapping[OURS][4][0][2] = odd
    with pytest.raises(Malformed):
        decode_map(mapping)


def test_a_time_of_the_same_value_in_another_width_is_the_same_time() -> None:
    """Eight bytes where four do is no attack at a gate (the issuer signed it), and the issuer's own check finds it."""
    payload = claims.encode(typical())
    four = b"\x04\x1a" + typical().expires_at.to_bytes(4, "big")
    eight = b"\x04\x1b" + typical().expires_at.to_bytes(8, "big")
    assert payload.count(four) == 1
    long = payload.replace(four, eight)
    assert read(signed_text(long)) == typical()
    assert claims.encode(claims.decode(verified(long))) != long
