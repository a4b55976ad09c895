"""The snapshot for browsers, whole and as deltas, and what a process keeps of it; more in tests/web/test_deltas.py."""

from __future__ import annotations

import json
from dataclasses import replace

from credentials.log.ed25519 import new_private_key
from credentials.log.keys import LOG, signer
from tests.unit.verifier.known import VENUE, known
from trust_registry.client.members.mirror import MemberState
from trust_registry.metadata.log_keys import LogKey, log_key_to_json
from verifier.snapshot.delta import MAX_STATUSES_IN_A_DELTA, Head, Position, read_position
from verifier.snapshot.page import MAX_KEPT_DELTA_BYTES, SnapshotPage
from verifier.snapshot.snapshot import trust_to_json

KNOWN = known()
HEADS = (bytes(range(32)),)
BEGUN = 1_795_000_000


def page(status_bytes: int = 100, members: int = 2) -> SnapshotPage:
    """Of so many members, each with a ``status.cose`` of so many bytes."""
    (status, *_) = KNOWN.statuses.values()
    ids = MANY[:members]
    states = {
        member: MemberState(status, 1, (), None, (), status_file=bytes(status_bytes), status_heads=HEADS)
        for member in ids
    }
    knowledge = type(KNOWN)(KNOWN.trust, dict.fromkeys(ids, status), ())
    return SnapshotPage(knowledge, states, "CN-44", VENUE, "Gate 3")


MANY = [f"CN-{number}" for number in range(31, 31 + MAX_STATUSES_IN_A_DELTA + 1)]


def position_of(service: SnapshotPage, mark: str = "") -> str:
    """Its own, or one without heads and with another first mark."""
    held = read_position(json.loads(service.body)["position"])
    assert held is not None
    return str(held if not mark else Position((mark * 16, *held.marks[1:]), {}))


def test_the_same_question_is_answered_once() -> None:
    """All gates of a place ask the same within a minute."""
    service = page()
    position = position_of(service)
    assert service.since(position) is service.since(position)


def test_what_is_kept_is_bounded() -> None:
    """Else whoever makes up positions fills a worker's memory."""
    service = page(MAX_KEPT_DELTA_BYTES // 8)
    first = service.since(position_of(service, "a"))
    assert len(first) * 2 < MAX_KEPT_DELTA_BYTES < len(first) * 6
    for mark in "bcdefgh":
        service.since(position_of(service, mark))
    assert sum(map(len, service._deltas.values())) <= MAX_KEPT_DELTA_BYTES
    assert service.since(position_of(service, "a")) is not first


def test_one_that_is_too_large_is_not_kept() -> None:
    """It would push out all others, and be asked for once."""
    service = page(MAX_KEPT_DELTA_BYTES)
    assert len(service.since(position_of(service, "a"))) > MAX_KEPT_DELTA_BYTES
    assert service._deltas == {}


def test_who_knows_next_to_nothing_is_given_the_whole() -> None:
    """It is at hand; a delta with every member's withdrawals would be made for one gate alone."""
    few, many = page(members=MAX_STATUSES_IN_A_DELTA), page(members=MAX_STATUSES_IN_A_DELTA + 1)
    assert "since" in json.loads(few.since(position_of(few, "a")))
    assert many.since(position_of(many, "a")) == many.body


def test_positions_are_short() -> None:
    """They stand in a URL: 34 members, numbers of years of segments."""
    heads = {f"CN-{number}": Head(10_000_000, 128, "A" * 8) for number in range(11, 45)}
    text = str(Position(("B" * 16,) * 7, heads))
    assert len(text) < 1024
    assert read_position(text) == Position(("B" * 16,) * 7, heads)


def test_a_member_comes_with_the_sound_keys_of_its_log() -> None:
    """By them a page proves a decision; one that its member does not have is another log's."""
    own, another = (signer("tongxing/CN-41/log", LOG, new_private_key()) for _ in range(2))
    said = [
        log_key_to_json(LogKey("CN-41", own.key, None, BEGUN, BEGUN + 9), own),
        log_key_to_json(LogKey("CN-41", another.key, None, BEGUN, BEGUN + 9), own),
    ]
    assert KNOWN.trust is not None
    henan = KNOWN.trust.members["CN-41"]
    members = {
        **KNOWN.trust.members,
        "CN-41": henan._replace(statement=henan.statement._replace(member="CN-41", logs=said)),
    }
    told = {each["id"]: each["logs"] for each in trust_to_json(replace(KNOWN.trust, members=members))["members"]}
    assert told.pop("CN-41") == [own.key.vkey]
    assert not any(told.values())
