"""The claims' layout: a short cut that may never lead anywhere else than the long way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials import claims, claims_layout
from credentials.errors import Unreadable
from credentials.model import Form, StatusCredential
from tests.properties.legal import credentials
from tests.samples import largest, smallest, typical, verified

SAMPLES = [*map(typical, Form), *map(largest, Form), smallest()._replace(status_reference=typical().status_reference)]
PAYLOADS = [claims.encode(sample._replace(holder_name="欧阳*")) for sample in SAMPLES]


def leads_nowhere_else(payload: bytes) -> bool:
    """Whether the layout was read; what it reads, the general reader reads as well, and to the same values."""
    short = claims_layout.read(payload)
    if short is not None:
        long = claims.decode_items(verified(payload))
        assert short == long
        assert list(map(type, short)) == list(map(type, long))
    return short is not None


@given(credentials())
def test_what_issuers_write_is_read_by_its_layout(credential: StatusCredential) -> None:
    """If this stopped, nothing would be wrong but every gate would be slower."""
    left_out = (
        credential.source is not None
        or credential.status_reference is None
        or len(credential.holder_name.encode()) > 23
    )
    assert leads_nowhere_else(claims.encode(credential)) is not left_out


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_changed_byte_leads_nowhere_else(payload: bytes) -> None:
    """A member's key signs what its holder likes: an odd code must be as odd at every gate."""
    for at in range(len(payload)):
        for value in range(256):
            leads_nowhere_else(payload[:at] + bytes([value]) + payload[at + 1 :])


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_cut_or_moved_piece_leads_nowhere_else(payload: bytes) -> None:
    """Whole parts left out, doubled or swapped: the sizes of maps and what hangs together."""
    chance = random.Random(8949)
    for _ in range(4_000):
        a, b, c = sorted(chance.choices(range(len(payload) + 1), k=3))
        leads_nowhere_else(payload[:a] + payload[b:])
        leads_nowhere_else(payload[:b] + payload[a:])
        leads_nowhere_else(payload[:a] + payload[b:c] + payload[a:b] + payload[c:])


@given(st.data())
def test_bytes_changed_together_lead_nowhere_else(data: st.DataObject) -> None:
    """A size and what it counts, a time and its bound: what one change alone does not reach."""
    payload = bytearray(data.draw(st.sampled_from(PAYLOADS)))
    for _ in range(data.draw(st.integers(2, 6))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    leads_nowhere_else(bytes(payload))


@given(credentials(), credentials())
def test_parts_of_two_codes_lead_nowhere_else(one: StatusCredential, other: StatusCredential) -> None:
    """A guardian on paper, a phone code without a key: each field legal, the whole not."""
    mixed = one._replace(form=other.form, guardian=other.guardian, decision_reference=other.decision_reference)
    leads_nowhere_else(claims.encode(mixed._replace(source=None)))


def test_times_and_names_out_of_bounds_are_left_to_the_general_reader() -> None:
    """It is the one that says what is wrong."""
    sample = typical()
    piece = sample.evidence[0]
    odd = [
        sample._replace(expires_at=sample.issued_at),
        sample._replace(issued_at=1_577_836_799),
        sample._replace(holder_name="a\u200bb"),
        sample._replace(issuer="CN-99"),
        sample._replace(evidence=(piece._replace(sampled_at=piece.sampled_at + 1),)),
        sample._replace(evidence=(piece._replace(sampled_at=1_577_836_200),)),
        sample._replace(evidence=(piece._replace(region=990_101),)),
    ]
    for credential in odd:
        payload = claims.encode(credential)
        assert claims_layout.read(payload) is None
        with pytest.raises(Unreadable):
            claims.decode(verified(payload))
