"""The chain's own rule, as the mirror and every gate ask it."""

from __future__ import annotations

import pytest

from credentials.errors import ChainForked, IssuerMismatch, Malformed, SegmentBackdated
from credentials.keys import kid_of, new_private_key
from credentials.signing import PemSigner
from credentials.status import segment, snapshot
from credentials.status.chain import BEGINNING, End, check_follows, check_stands
from credentials.wire import cbor, cose
from credentials.wire.cose import VerifiedPayload
from tests.unit.credentials.status.chained import Told, status_key

NOW = 1_660_000_000
MEMBER = "CN-44"
PRIVATE_KEY = new_private_key()
SIGNER = PemSigner(PRIVATE_KEY, kid_of(MEMBER, PRIVATE_KEY.public_key()))
KEY = status_key(PRIVATE_KEY.public_key(), MEMBER)
FIRST, SECOND, THIRD = (End(number, NOW + 60 * number, bytes([number]) * 32) for number in (1, 2, 3))


def test_the_first_follows_nothing_and_each_the_one_before() -> None:
    """What the mirror takes, every gate can follow."""
    check_follows(BEGINNING, FIRST, BEGINNING.head)
    check_follows(FIRST, SECOND, FIRST.head)
    check_follows(FIRST, SECOND._replace(as_of=FIRST.as_of), FIRST.head)


def test_a_snapshot_may_stand_beside_what_it_agrees_with() -> None:
    """Behind the segments held, at one of them, or ahead of all."""
    check_stands(SECOND, [FIRST, SECOND, THIRD])
    check_stands(THIRD, [FIRST])
    check_stands(FIRST, [])


@pytest.mark.parametrize(
    ("end", "error"),
    [
        pytest.param(SECOND._replace(head=bytes(32)), ChainForked, id="at another segment"),
        pytest.param(SECOND._replace(as_of=THIRD.as_of + 1), SegmentBackdated, id="later than the segment after it"),
        pytest.param(SECOND._replace(as_of=FIRST.as_of - 1), SegmentBackdated, id="earlier than the one before it"),
        pytest.param(THIRD._replace(number=9, as_of=NOW), SegmentBackdated, id="far ahead and older"),
    ],
)
def test_a_snapshot_that_gates_could_not_go_on_from(end: End, error: type[Exception]) -> None:
    """A mirror that took it would stop every gate that holds the segments."""
    with pytest.raises(error):
        check_stands(end, [FIRST, SECOND, THIRD])


def test_heads_are_read_without_the_lists() -> None:
    """What cannot be taken is refused before the work that it asks for is done."""
    told = Told(MEMBER, NOW)
    made = told.next(5)
    assert snapshot.read_end(_verified(snapshot.seal(told.snapshot, SIGNER))) == told.snapshot.end
    assert segment.read_link(_verified(segment.seal(made, SIGNER))) == (made.end, made.previous)


@pytest.mark.parametrize(("field", "value", "error"), [(1, "other", Malformed), (2, "CN-11", IssuerMismatch)])
def test_heads_of_something_else_are_refused(field: int, value: str, error: type[Exception]) -> None:
    """Another kind of signed object, another member's."""
    told = Told(MEMBER, NOW)
    for payload, read in (
        (snapshot.encode(told.snapshot), snapshot.read_end),
        (segment.encode(told.segments[0]), segment.read_link),
    ):
        changed = {**cbor.loads(payload, 10_000), field: value}
        with pytest.raises(error):
            read(_verified(cose.seal(cbor.dumps(changed), SIGNER)))


def _verified(data: bytes) -> VerifiedPayload:
    return cose.verify(cose.open_layout(data, len(data)), KEY)
