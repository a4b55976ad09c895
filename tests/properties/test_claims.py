"""Claims: every legal credential comes back, and a second reader reads the same."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credentials.errors import Unreadable
from credentials.formats.native import claims
from credentials.model import StatusCredential
from credentials.profile.lists import Form
from tests.properties import naive
from tests.properties.legal import credentials
from tests.samples import claims_map, largest, live_text, text_of, typical, verified

BASES = [*map(typical, Form), *map(largest, Form), *(largest(form, converted=True) for form in Form)]
PAYLOADS = [claims.encode(credential) for credential in BASES]

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.integers(-2, 30),
    st.floats(),
    st.integers(-2, 30).map(float),
    st.text(max_size=30),
    st.binary(max_size=34),
    st.lists(st.integers(0, 5), max_size=5),
    st.dictionaries(st.integers(-3, 12), st.integers(0, 5), max_size=4),
    st.sampled_from([cbor2.undefined, cbor2.CBORSimpleValue(1), cbor2.CBORTag(1, 1_790_000_400)]),
)


def agree(payload: bytes) -> None:
    """Both readers refuse, ours by an error of its own, or both read the same."""
    try:
        ours: StatusCredential | None = claims.decode(verified(payload))
    except Unreadable:
        ours = None
    try:
        plain: StatusCredential | None = naive.claims_decode(payload)
    except naive.Refused:
        plain = None
    assert ours == plain


@given(credentials())
def test_every_legal_credential_comes_back(credential: StatusCredential) -> None:
    """Nothing that the format allows is lost, rounded or refused."""
    payload = claims.encode(credential)
    assert claims.decode(verified(payload)) == credential
    assert naive.claims_decode(payload) == credential


@given(credentials())
def test_the_encoding_of_every_legal_credential_is_deterministic(credential: StatusCredential) -> None:
    """RFC 8949 section 4.2.1, and the older length-first order as well: our keys are chosen so."""
    payload = claims.encode(credential)
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload


@given(credentials())
def test_every_legal_credential_fits_its_symbol(credential: StatusCredential) -> None:
    """No legal content is larger than what the budgets were reckoned with: nobody's name is too long for a code."""
    most = {form: max(len(claims.encode(largest(form, converted=flag))) for flag in (False, True)) for form in Form}
    assert len(claims.encode(credential)) <= most[credential.form]
    assert text_of(credential)
    if credential.form is not Form.PAPER:
        assert len(live_text(credential)) <= 528


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside the claims."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


@given(st.data())
def test_readers_agree_on_one_odd_value(data: st.DataObject) -> None:
    """1, 1.0 and True are one to Python and three to a browser: gates must not be split by it."""
    mapping = claims_map(data.draw(st.sampled_from(BASES)))
    path = data.draw(st.sampled_from(places(mapping)[1:]))
    place = mapping
    for step in path[:-1]:
        place = place[step]
    match data.draw(st.sampled_from(["value", "key", "missing", "more"])):
        case "value":
            place[path[-1]] = data.draw(ODD)
        case "key" if isinstance(place, dict):
            place[data.draw(st.sampled_from([float(path[-1]), str(path[-1]), path[-1] == 1]))] = place.pop(path[-1])
        case "missing":
            del place[path[-1]]
        case _ if isinstance(place, dict):
            place[data.draw(st.integers(-5, 30))] = data.draw(ODD)
        case _:
            place.append(data.draw(ODD))
    agree(cbor2.dumps(mapping))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_readers_agree_on_every_single_byte(payload: bytes) -> None:
    """Whoever holds a member's key can sign any of these."""
    for at in range(len(payload)):
        for value in {payload[at] ^ bit for bit in (0x01, 0x02, 0x08, 0x20, 0x80, 0xFF)} | {0xF5, 0xF9, 0x18}:
            agree(payload[:at] + bytes([value]) + payload[at + 1 :])


@given(st.sampled_from(PAYLOADS), st.data())
def test_readers_agree_on_what_is_cut_or_pasted(payload: bytes, data: st.DataObject) -> None:
    """Any part of one payload in any place of another."""
    other = data.draw(st.sampled_from(PAYLOADS))
    start, end, at = (data.draw(st.integers(0, len(part))) for part in (payload, payload, other))
    agree(payload[: min(start, end)] + other[at : at + data.draw(st.integers(0, 40))] + payload[max(start, end) :])


@given(st.binary(max_size=310))
@example(b"")
def test_readers_agree_on_garbage(payload: bytes) -> None:
    """Nothing comes of nothing, and never another exception."""
    agree(payload)
