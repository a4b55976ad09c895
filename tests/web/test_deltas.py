"""A browser's gate that takes what is new comes to the same as one that takes everything."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from credentials.status import segment as segments
from credentials.status import snapshot as snapshots
from credentials.status.segment import Segment
from credentials.status.snapshot import StatusList, StatusSnapshot
from tests.vectors.cast import DAY, HOUR, NOW, signer
from tests.vectors.foreign import foreign_list, listed
from tests.vectors.knowledge import GUANGDONG, HENAN, ZHEJIANG, rule_sets, trusts
from tests.vectors.reading import read_trust
from tests.web.twin import NodeTwin
from trust_registry.client.members.member_files import read_member_file
from trust_registry.client.members.mirror import MemberState
from trust_registry.client.members.status_chain import StatusChain
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.metadata.file_names import segment_name
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import PROFILES, Policy
from verifier.snapshot.delta import MAX_POSITION_CHARACTERS, MAX_SEGMENTS_AT_A_GATE, read_position
from verifier.snapshot.page import SnapshotPage

TRUSTS, RULES = trusts(), rule_sets()
TRUST = read_trust(TRUSTS["fresh"])


def begin(member: str, number: int = 7, withdrawn: Iterable[int] = range(0, 2**20, 999), head: int = 1) -> StatusChain:
    """A member's chain at a snapshot."""
    lists = {3: StatusList.of(3, NOW + 8 * DAY, withdrawn)}
    snapshot = StatusSnapshot(member, number, NOW - HOUR + number, NOW + DAY, lists, bytes(32 * [head]))
    data = snapshots.seal(snapshot, signer(member, "status-1"))
    return StatusChain.begin(read_member_file("status.cose", data, member, TRUST))


def more(chain: StatusChain, count: int = 1) -> StatusChain:
    """With so many segments more."""
    for _ in range(count):
        state = chain.state
        new = {3: array("I", [state.sequence])}
        made = Segment(state.member, state.sequence + 1, state.as_of + 1, state.head, {}, new)
        data = segments.seal(made, signer(state.member, "status-1"))
        chain = chain.follow(read_member_file(segment_name(made.number), data, state.member, TRUST))
    return chain


def rebased(chain: StatusChain, extra: int = 0) -> StatusChain:
    """The same state on a newer snapshot, with so many segments more."""
    data = snapshots.seal(chain.state, signer(chain.state.member, "status-1"))
    file = read_member_file("status.cose", data, chain.state.member, TRUST)
    return more(chain.rebase(file), extra)


def page(
    *chains: StatusChain,
    trust: TrustSnapshot | None = TRUST,
    rules: tuple[str, ...] = ("48 hours",),
    policy: Policy = PROFILES["venue"],
    foreign_keys: str | None = None,
) -> SnapshotPage:
    """What a service gives that holds these chains."""
    members = {chain.state.member: _state(chain) for chain in chains}
    host = members.get(GUANGDONG, MemberState(None, None, (), None, ()))
    members[GUANGDONG] = host._replace(
        rules_files=tuple(RULES[name].encode() for name in rules),
        foreign_keys_file=None if foreign_keys is None else foreign_keys.encode(),
    )
    statuses = {chain.state.member: chain.state for chain in chains}
    return SnapshotPage(Knowledge(trust, statuses if trust else {}), members, GUANGDONG, policy, "Gate 3")


def _state(chain: StatusChain) -> MemberState:
    return MemberState(
        chain.state, NOW, (), None, (),
        status_file=chain.base.data,
        segment_files=tuple(file.data for file in chain.segments),
        status_heads=chain.heads,
    )  # fmt: skip


class Gate:
    """A gate in a browser that holds the whole of ``before``, and asks for what is new."""

    def __init__(self, twin: NodeTwin, before: SnapshotPage) -> None:
        self._twin = twin
        twin("learn", name="gate", snapshot=json.loads(before.body))

    @property
    def position(self) -> str:
        return str(self.told()["document"]["position"])

    def told(self) -> Any:
        return self._twin("tell", name="gate")

    def ask(self, service: SnapshotPage) -> dict[str, Any]:
        """The answer that it takes."""
        answer: dict[str, Any] = json.loads(service.since(self.position))
        assert self.take(answer) is None
        return answer

    def take(self, answer: Any) -> Any:
        return self._twin("follow", name="gate", answer=answer)

    def holds(self, service: SnapshotPage) -> bool:
        """Whether that is what one holds that takes the whole of it."""
        whole = self._twin("learn", name="whole", snapshot=json.loads(service.body))
        ours = self.told()
        composed = ("statuses", "segments", "position")
        documents = [
            {key: each[key] for key in each if key not in composed} for each in (ours["document"], whole["document"])
        ]
        return ours["statuses"] == whole["statuses"] and documents[0] == documents[1] and ours["failures"] == []


def names(answer: dict[str, Any]) -> set[str]:
    """What an answer tells beyond the times."""
    of_trust = set(answer["trust"]) - {"anchor", "versions", "registry_time", "expiries", "whole", "unproven_since"}
    told = {name for name in answer if name not in ("trust", "since", "position", "member", "gate") and answer[name]}
    return of_trust | told


def test_a_minute_is_small(node_judge: NodeTwin) -> None:
    """Megabytes a minute at every gate of the country would be its network."""
    henan, zhejiang = begin(HENAN), begin(ZHEJIANG)
    gate, after = Gate(node_judge, page(henan, zhejiang)), page(more(henan, 2), zhejiang)
    answer = gate.ask(after)
    assert names(answer) == {"segments"}
    assert {member: len(each) for member, each in answer["segments"].items()} == {HENAN: 2}
    assert len(json.dumps(answer)) < len(after.body) / 10
    assert gate.holds(after)
    assert names(gate.ask(after)) == set(), "nothing is told twice"
    assert gate.holds(after)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"rules": ("48 hours", "denies henan")}, {"rules"}),
        ({"policy": PROFILES["station"]}, {"policy"}),
        ({"foreign_keys": foreign_list(listed())}, {"foreign_keys"}),
        ({"trust": read_trust({**TRUSTS["fresh"], "registry_time": NOW})}, set()),
        ({"trust": read_trust({**TRUSTS["fresh"], "denied": []})}, {"denied"}),
        ({"trust": read_trust(TRUSTS["with a changed member"])}, {"members"}),
        ({"trust": read_trust({**TRUSTS["fresh"], "whole": False})}, set()),
    ],
    ids=["rules", "profile", "foreign keys", "time", "denials", "member", "an unreadable entry"],
)
def test_only_what_has_changed_is_told(node_judge: NodeTwin, after: dict[str, Any], told: set[str]) -> None:
    """The registry signs its time anew every hour; that alone must not bring every gate all keys again."""
    chain = begin(HENAN)
    gate, service = Gate(node_judge, page(chain)), page(chain, **after)
    assert names(gate.ask(service)) == told
    assert gate.holds(service)


def test_a_newer_snapshot_of_a_member_changes_nothing_for_who_follows(node_judge: NodeTwin) -> None:
    """Services begin anew with a snapshot now and then; gates that stand there already need it not."""
    chain = more(begin(HENAN), 3)
    gate, service = Gate(node_judge, page(chain)), page(rebased(chain, 2))
    assert names(gate.ask(service)) == {"segments"}
    assert gate.holds(service)


def test_who_has_followed_for_long_begins_anew(node_judge: NodeTwin) -> None:
    """Else a gate reads thousands of segments at each start."""
    chain = more(begin(HENAN), MAX_SEGMENTS_AT_A_GATE)
    gate = Gate(node_judge, page(chain))
    assert names(gate.ask(page(more(chain)))) == {"segments"}
    service = page(rebased(more(chain), 1))
    assert names(gate.ask(service)) == {"statuses", "segments"}
    assert gate.holds(service)
    assert names(gate.ask(service)) == set()


@pytest.mark.parametrize(
    "now", [rebased(more(begin(HENAN), 4), 1), more(begin(HENAN, head=2), 1), begin(HENAN, number=7, head=3)]
)
def test_who_cannot_follow_is_given_the_snapshot(node_judge: NodeTwin, now: StatusChain) -> None:
    """Who stands before the service's snapshot, or on another branch of a fork."""
    gate, service = Gate(node_judge, page(begin(HENAN), begin(ZHEJIANG))), page(now, begin(ZHEJIANG))
    answer = gate.ask(service)
    assert list(answer["statuses"]) == [HENAN]
    assert gate.holds(service)


def test_a_member_that_is_new_or_gone(node_judge: NodeTwin) -> None:
    """What a denied key has signed is dropped, and not asked for again and again."""
    gate = Gate(node_judge, page(begin(HENAN)))
    service = page(more(begin(ZHEJIANG)))
    answer = gate.ask(service)
    assert (answer["gone"], list(answer["statuses"])) == ([HENAN], [ZHEJIANG])
    assert gate.holds(service)


def test_a_worker_that_is_behind_takes_nothing_back(node_judge: NodeTwin) -> None:
    """Of several workers one has made the round already; the next request may come to another."""
    chain = begin(HENAN)
    ahead, behind = page(more(chain, 2)), page(more(chain))
    gate = Gate(node_judge, ahead)
    assert names(gate.ask(behind)) == set()
    assert gate.holds(ahead)
    assert names(gate.ask(page(more(chain, 3)))) == {"segments"}
    assert gate.holds(page(more(chain, 3)))


def test_any_worker_answers_alike_after_any_restart() -> None:
    """Nothing is remembered of who was told what."""
    before, after = page(begin(HENAN)), page(more(begin(HENAN)))
    position = json.loads(before.body)["position"]
    again = page(more(begin(HENAN)))
    assert again.etag == after.etag != before.etag
    assert json.loads(again.since(position)).keys() == json.loads(after.since(position)).keys()
    assert str(read_position(position)) == position


@pytest.mark.parametrize("position", ["", "x", "A" * 80, "A" * (MAX_POSITION_CHARACTERS + 1), "é" * 80])
def test_a_position_that_nobody_can_read_is_answered_with_the_whole(position: str) -> None:
    """Of another version of the service, or made up."""
    service = page(begin(HENAN))
    assert service.since(position) == service.body


def test_a_position_that_is_nobodys_is_told_everything() -> None:
    """As one whose every mark is another."""
    answer = json.loads(page(begin(HENAN)).since("A" * 112 + "~41.7.0.x"))
    assert names(answer) == {"members", "denied", "record", "rules", "reasons", "policy", "statuses"}


def test_without_a_trust_list_there_is_only_the_whole(node_judge: NodeTwin) -> None:
    """And a gate does not take it for news: it knows more."""
    gate, service = Gate(node_judge, page(begin(HENAN))), page(trust=None)
    answer = json.loads(service.since(gate.position))
    assert answer["trust"] is None
    assert gate.take(answer) == "older"
    assert gate.holds(page(begin(HENAN)))


def _damaged(answer: dict[str, Any]) -> dict[str, Any]:
    (segment,) = answer["segments"][HENAN]
    return answer | {"segments": {HENAN: [segment[:-8] + "AAAAAAA="]}}


UNFIT: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "of another position": lambda answer: answer | {"since": answer["position"]},
    "damaged": _damaged,
    "with a gap": lambda answer: answer | {"segments": {HENAN: answer["segments"][HENAN] * 2}},
    "cut": lambda answer: answer | {"statuses": {HENAN: "0oRN"}},
    "not base64": lambda answer: answer | {"statuses": {HENAN: "="}},
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_leaves_what_is_held(node_judge: NodeTwin, name: str) -> None:
    """A gate that forgot on a bad line would turn people away until the network is back."""
    chain = begin(HENAN)
    before, after = page(chain), page(more(chain))
    gate = Gate(node_judge, before)
    answer = json.loads(after.since(gate.position))
    assert gate.take(UNFIT[name](answer)) == "delta-does-not-fit"
    assert gate.holds(before)
    assert gate.take(json.loads(after.body)) is None, "the whole heals it"
    assert gate.holds(after)


def test_an_older_delta_is_not_taken(node_judge: NodeTwin) -> None:
    """A service that was put back must not take from a gate what it knows of denials."""
    gate = Gate(node_judge, page(begin(HENAN)))
    old = page(begin(HENAN), trust=read_trust(TRUSTS["three hours old"]))
    assert gate.take(json.loads(old.since(gate.position))) == "older"
    assert gate.holds(page(begin(HENAN)))


VERSIONS = {"root": 2, "timestamp": 9, "snapshot": 5, "targets": 4, "denials": 3}


def versioned(**changes: Any) -> SnapshotPage:
    """What a service gives with these versions of roles, or another time, denials or anchor."""
    roles = {name: number for name, number in changes.items() if name in VERSIONS}
    fields = {name: value for name, value in changes.items() if name in ("registry_time", "denied")}
    trust = read_trust({**TRUSTS["fresh"], "versions": {**VERSIONS, **roles}, **fields})
    return page(begin(HENAN), trust=replace(trust, anchor=changes.get("anchor", "")))


@pytest.mark.parametrize("role", VERSIONS)
def test_a_lower_version_of_any_role_is_not_taken(node_judge: NodeTwin, role: str) -> None:
    """However late the time is that somebody wrote beside it."""
    gate = Gate(node_judge, versioned())
    older = versioned(**{role: VERSIONS[role] - 1}, registry_time=NOW + DAY)
    assert gate.take(json.loads(older.since(gate.position))) == "older"
    assert gate.take(json.loads(older.body)) == "older"
    assert gate.holds(versioned())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"registry_time": NOW + 25 * HOUR}, {"timestamp": 10, "denials": 4}),
        ({"timestamp": 2**40, "snapshot": 2**40, "targets": 2**40}, {"root": 3, "timestamp": 1, "snapshot": 1}),
        ({"anchor": "a" * 64}, {"anchor": "b" * 64, "root": 1, "timestamp": 1}),
    ],
    ids=["the time was ahead", "a new root after versions driven up", "a registry founded anew"],
)
def test_what_is_newer_is_taken_whatever_its_time(
    node_judge: NodeTwin, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """A registry whose clock was ahead, and was set right, denies a key: that must count at once."""
    gate, service = Gate(node_judge, versioned(**before)), versioned(**after)
    assert gate.take(json.loads(service.since(gate.position))) is None
    assert gate.holds(service)


def test_two_timestamps_of_one_version_do_not_go_back(node_judge: NodeTwin) -> None:
    """No registry signs such; the one that was first stays."""
    gate = Gate(node_judge, versioned())
    assert gate.take(json.loads(versioned(registry_time=NOW - HOUR).since(gate.position))) == "older"


def test_what_was_kept_before_there_were_versions_yields(node_judge: NodeTwin) -> None:
    """A gate that is updated holds a document of the service before: its time may have been ahead."""
    held = json.loads(versioned(registry_time=NOW + 25 * HOUR).body)
    del held["trust"]["versions"], held["trust"]["anchor"]
    gate = Gate(node_judge, versioned())
    node_judge("learn", name="gate", snapshot=held)
    assert gate.take(json.loads(versioned().body)) is None
    assert gate.holds(versioned())


def test_a_list_of_foreign_keys_that_is_held_yields_to_a_newer_one_alone(node_judge: NodeTwin) -> None:
    """A service of several workers may ask one that is behind; a key that was taken from an issuer must stay taken."""
    old, new = (foreign_list(listed(), sequence=number) for number in (1, 2))
    henan = begin(HENAN)
    gate = Gate(node_judge, page(henan, foreign_keys=new))
    gate.ask(page(more(henan), foreign_keys=old))
    assert gate.told()["document"]["foreign_keys"] == new
    newest = foreign_list(listed(), sequence=3)
    gate.ask(page(henan, foreign_keys=newest))
    assert gate.told()["document"]["foreign_keys"] == newest


def test_a_list_whose_key_is_denied_does_not_stand_in_the_way(node_judge: NodeTwin) -> None:
    """Who stole the key may have set its sequence as high as there is."""
    stolen = foreign_list(listed(), sequence=10**6)
    gate = Gate(node_judge, page(foreign_keys=stolen))
    denied = [{"kid": signer(GUANGDONG, "rules-1").kid.hex(), "reason": "compromised", "denied_at": NOW}]
    answer = json.loads(page(trust=read_trust({**TRUSTS["fresh"], "denied": denied}), rules=()).body)
    assert gate.take(answer) is None
    assert gate.told()["document"]["foreign_keys"] is None


def test_a_list_that_does_not_hold_is_said_and_stops_nothing_else(node_judge: NodeTwin) -> None:
    """One bad file is one bad file."""
    document = json.loads(page(begin(HENAN), foreign_keys=foreign_list(listed())[:-4] + "AAAA").body)
    told = node_judge("learn", name="gate", snapshot=document)
    assert told["failures"] == [{"member": GUANGDONG, "file": "foreign-keys.jws", "code": "wrong-signature"}]
    assert HENAN in told["statuses"]
