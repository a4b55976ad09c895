"""The witness policy on its way into the trust list: what officers may ask gates to ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credentials.errors import InvalidRequest
from credentials.log import ed25519
from credentials.log.keys import LOG, signer
from credentials.log.policy import read_policy
from tests.unit.trust_registry.founded import NOW, FoundedRegistry
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.metadata.trust_list import read_trust_list, write_trust_list
from trust_registry.officer.witnesses import next_policy
from trust_registry.repository.published import read_published


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FoundedRegistry]:
    with FoundedRegistry(tmp_path) as founded:
        yield founded


def raise_policy(registry: FoundedRegistry, text: str) -> None:
    draft = registry.publication.draft(DraftRequest([], {}, witness_policy=text), registry.keyids[0], NOW)
    registry.approve(draft, 0, 1)
    registry.publication.publish(draft.record.id, NOW)


def policy_in_force(registry: FoundedRegistry) -> str:
    return read_published(registry.publication.repository()).trust_list.witness_policy


def test_a_registry_is_founded_with_its_log_and_no_quorum(registry: FoundedRegistry) -> None:
    """One province alone has nobody who could cosign; its gates still ask for the log's own signature."""
    text = policy_in_force(registry)
    assert text == f"log {registry.publication.record.signer.key.vkey}\nquorum none\n"
    registry.enrol("CN-41")
    assert policy_in_force(registry) == text, "what officers do not change stays"


def test_whoever_checks_a_provinces_log_has_its_key_from_the_trust_list(registry: FoundedRegistry) -> None:
    """An auditor with a leaf of a province's log must not ask that province by whose key to check it."""
    registry.enrol("CN-41", "CN-44")
    held = read_published(registry.publication.repository())
    policy = read_policy(next_policy(held, ["CN-44"], 1, NOW, "CN-41").encode())
    (log,) = policy.logs
    assert log.key.name == "tongxing/CN-41/log" and list(policy.witnesses) == [b"CN-44"]
    with pytest.raises(InvalidRequest, match="CN-33: no listed member that names a log"):
        next_policy(held, ["CN-44"], 1, NOW, "CN-33")


def test_officers_raise_it_by_draft_and_approval(registry: FoundedRegistry) -> None:
    """Two officers, each of whom reads on their own machine which keys will count, the same way as for any list."""
    registry.enrol("CN-41", "CN-44")
    text = next_policy(read_published(registry.publication.repository()), ["CN-44", "CN-41"], 2, NOW)
    policy = read_policy(text.encode())
    assert list(policy.witnesses) == [b"CN-44", b"CN-41"] and policy.quorum is not None
    draft = registry.publication.draft(DraftRequest([], {}, witness_policy=text), registry.keyids[0], NOW)
    (change,) = draft.changes
    assert (change.member, change.what) == ("policy", "witness-policy-changed")
    for witness in policy.witnesses.values():
        assert witness.key.id.hex() in change.text.of("en") and "2/2" in change.text.of("zh-CN")
    registry.approve(draft, 0, 1)
    registry.publication.publish(draft.record.id, NOW)
    assert policy_in_force(registry) == text


def test_all_members_with_a_witness_are_asked_where_none_is_named(registry: FoundedRegistry) -> None:
    """And a member without one, or more of them than there are, is named before anybody signs."""
    registry.enrol("CN-41", "CN-44")
    held = read_published(registry.publication.repository())
    assert len(read_policy(next_policy(held, [], 1, NOW).encode()).witnesses) == 2
    with pytest.raises(InvalidRequest, match="CN-33"):
        next_policy(held, ["CN-33"], 1, NOW)
    with pytest.raises(InvalidRequest, match="3 of 2"):
        next_policy(held, [], 3, NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: f"x\n{text}", "witness policy: line 1"),
        (lambda text: text[:-1], "whole lines"),
        (lambda text: text[text.index("\n") + 1 :], "names no log"),
        (lambda text: text.replace("log ", "# "), "names no log"),
    ],
    ids=["an unknown line", "half a line", "no log", "a log in a comment"],
)
def test_a_policy_that_no_gate_could_read_is_refused(
    registry: FoundedRegistry, change: Callable[[str], str], why: str
) -> None:
    """Else it would be signed by two officers, and every gate would alarm."""
    registry.enrol("CN-41")
    text = next_policy(read_published(registry.publication.repository()), ["CN-41"], 1, NOW)
    with pytest.raises(InvalidRequest, match=why):
        raise_policy(registry, change(text))


def test_a_witness_that_no_member_names_is_refused(registry: FoundedRegistry) -> None:
    """At no gate would it count, and nobody would know why; another registry's log cannot be checked here either."""
    registry.enrol("CN-41", "CN-44")
    text = next_policy(read_published(registry.publication.repository()), ["CN-41"], 1, NOW)
    draft = registry.publication.draft(
        DraftRequest([], {}, removals=["CN-41"], witness_policy=None), registry.keyids[0], NOW
    )
    assert [change.what for change in draft.changes] == ["member-removed"]
    request = DraftRequest([], {}, removals=["CN-41"], witness_policy=text)
    with pytest.raises(InvalidRequest, match="no member's statement names its key"):
        registry.publication.draft(request, registry.keyids[0], NOW)
    other = next_policy(read_published(registry.publication.repository()), ["CN-41"], 1, NOW)
    log = registry.publication.record.signer.key
    with pytest.raises(InvalidRequest, match="lacks the line of this registry's log"):
        raise_policy(registry, other.replace(log.vkey, _another(log.name)))


def test_a_list_of_before_has_no_policy_and_the_next_one_has(registry: FoundedRegistry) -> None:
    """Lists that were signed before there were policies go on; what is no text is given as one that nobody can read."""
    old = write_trust_list(1, NOW, [])
    assert read_trust_list(old).witness_policy == ""
    odd = read_trust_list(old.replace(b"}", b',"witness_policy":[1]}'))
    assert odd.witness_policy not in ("", "[1]") and not odd.bad_entries


def _another(name: str) -> str:
    return signer(name, LOG, ed25519.new_private_key()).key.vkey
