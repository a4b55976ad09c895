"""A gate as it stands in life: 34 members, withdrawals of one code in a thousand, one rule set."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

from credentials.model import StatusCredential, StatusReference
from credentials.profile.limits import STATUS_LIST_SIZE
from credentials.profile.members import MEMBERS
from credentials.status.snapshot import StatusList, StatusSnapshot
from tests.benchmarks.measuring import INPUTS
from tests.vectors.cast import DAY, NOW, key_entry, member_entry
from tests.vectors.codes import PAPER, PHONE, issue, show
from tests.vectors.knowledge import GUANGDONG, HENAN, rule_sets
from tests.vectors.reading import read_knowledge, read_trust
from verifier.judging.knowledge import Knowledge

WITHDRAWN_SHARE = 0.001
_SEED = 41
_ODD = {member for member in MEMBERS if not member[3:].isdigit()}


def knowledge(issued: int = 31_500_000) -> Knowledge:
    """What a gate of Guangdong knows when Henan has ``issued`` living codes."""
    trust_fields = {
        "registry_time": NOW - 60,
        "expiries": dict.fromkeys(("root", "targets", "snapshot", "timestamp", "denials"), NOW + DAY),
        "whole": True,
        "members": [_member(member) for member in sorted(set(MEMBERS) - _ODD)],
        "denied": [],
    }
    named = {"trusts": {"all": trust_fields}, "statuses": {}, "rules": rule_sets()}
    rules = read_knowledge(named, {"trust": "all", "statuses": {}, "rules": ["48 hours"]}).rule_sets
    return Knowledge(read_trust(trust_fields), {HENAN: status(issued)}, rules)


def status(issued: int) -> StatusSnapshot:
    """Henan's lists, as many as ``issued`` codes fill, with a thousandth withdrawn."""
    chance = random.Random(_SEED)
    lists = {}
    for number, filled in enumerate(_fillings(issued)):
        withdrawn = sorted(chance.sample(range(STATUS_LIST_SIZE), max(1, int(filled * WITHDRAWN_SHARE))))
        lists[number] = StatusList.of(number, NOW + 8 * DAY, withdrawn)
    return StatusSnapshot(HENAN, 1, NOW - 60, NOW + DAY, lists)


def credentials(snapshot: StatusSnapshot, template: StatusCredential) -> list[StatusCredential]:
    """64 codes that are not withdrawn, each with its own cti, spread over all lists."""
    chance = random.Random(_SEED)
    made: list[StatusCredential] = []
    while len(made) < INPUTS:
        reference = StatusReference(chance.choice(list(snapshot.lists)), chance.randrange(STATUS_LIST_SIZE))
        if not snapshot.is_withdrawn(reference):
            made.append(template._replace(status_reference=reference, cti=os.urandom(8)))
    return made


def papers(snapshot: StatusSnapshot) -> list[str]:
    """64 paper codes as text."""
    return [issue(credential) for credential in credentials(snapshot, PAPER)]


def lives(snapshot: StatusSnapshot) -> list[str]:
    """64 live phone codes as text."""
    return [show(credential) for credential in credentials(snapshot, PHONE)]


def _member(member: str) -> dict[str, object]:
    uses = ("credential-1", "credential-2", "status-1") + (("rules-1",) if member == GUANGDONG else ())
    return member_entry(member, "名称", "Name", [key_entry(member, label) for label in uses])


def _fillings(issued: int) -> Iterator[int]:
    while issued > 0:
        yield min(issued, STATUS_LIST_SIZE)
        issued -= STATUS_LIST_SIZE
