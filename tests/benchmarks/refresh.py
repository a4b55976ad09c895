"""What a gate in a browser fetches: the whole snapshot once, and what is new each minute.

The national set of :mod:`tests.benchmarks.feed`, with a day's withdrawals spread over its minutes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.profile.members import MEMBERS
from credentials.signing import Signer
from credentials.status import gaps, segment, snapshot
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusSnapshot
from tests.vectors.cast import key_entry, member_entry
from tests.vectors.knowledge import rule_sets
from tests.vectors.reading import read_trust
from trust_registry.client.members.mirror import MemberState
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import PROFILES
from verifier.snapshot.page import SnapshotPage

HOST = "CN-44"
MINUTES_A_DAY = 24 * 60
_KEYS = ("credential-1", "credential-2", "status-1", "rules-1", "log-1")
_HEAD = bytes(range(32))
_IDS = sorted(member for member in MEMBERS if member[3:].isdecimal())


def sizes(statuses: Sequence[StatusSnapshot], signer: Signer) -> tuple[int, int]:
    """Bytes of the whole, and of the delta after a minute in which every member has withdrawn codes."""
    held = {member: replace(status, head=_HEAD) for member, status in zip(_IDS, statuses, strict=True)}
    files = {member: snapshot.seal(status, signer) for member, status in held.items()}
    before = _page(held, {
        member: MemberState(status, 1, (), None, (), status_file=files[member], status_heads=(status.head,))
        for member, status in held.items()
    })  # fmt: skip
    states = {member: _minute_later(status, files[member], signer) for member, status in held.items()}
    after = _page({member: state.status for member, state in states.items() if state.status}, states)
    position = str(json.loads(before.body)["position"])
    return len(before.body), len(after.since(position))


def _page(statuses: dict[str, StatusSnapshot], members: dict[str, MemberState]) -> SnapshotPage:
    now = statuses[HOST].as_of
    entries = [
        member_entry(member, "河南", "Henan", [key_entry(member, label) for label in _KEYS]) for member in statuses
    ]
    roles = ("root", "targets", "snapshot", "timestamp", "denials")
    trust = {
        "registry_time": now,
        "expiries": dict.fromkeys(roles, now),
        "whole": True,
        "members": entries,
        "denied": [],
    }
    rules = (rule_sets()["48 hours"].encode(),)
    states = members | {HOST: members[HOST]._replace(rules_files=rules)}
    return SnapshotPage(Knowledge(read_trust(trust), statuses), states, HOST, PROFILES["venue"], "Gate 3")


def _minute_later(status: StatusSnapshot, file: bytes, signer: Signer) -> MemberState:
    chance, numbers = random.Random(status.withdrawn_count), list(status.lists)
    drawn: dict[int, set[int]] = {}
    for _ in range(round(status.withdrawn_count / MINUTES_A_DAY)):
        drawn.setdefault(chance.choice(numbers), set()).add(chance.randrange(STATUS_LIST_SIZE))
    changes = {number: gaps.ascending(indices) for number, indices in drawn.items()}
    made = Segment(status.member, status.sequence + 1, status.as_of + 60, status.head, {}, changes)
    heads = (status.head, made.digest)
    data = segment.seal(made, signer)
    return MemberState(
        segment.apply(status, made), 1, (), None, (), status_file=file, segment_files=(data,), status_heads=heads
    )
