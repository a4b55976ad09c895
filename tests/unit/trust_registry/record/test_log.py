"""The registry's log: each deed leaves its leaf, in the deed's own transaction, and nobody's name."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from credentials.errors import ApprovalRejected, KeyDenied, StatementRejected
from credentials.signing import PemSigner
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.record import log


def told(registry: FoundedRegistry, since: int = 0) -> list[tuple[str, dict[str, Any]]]:
    leaves = log.read_page(registry.publication.storage, since)
    assert [leaf.number for leaf in leaves] == list(range(since, since + len(leaves)))
    return [(leaf.kind, json.loads(leaf.content)) for leaf in leaves]


def test_from_statement_to_publication(registry: FoundedRegistry) -> None:
    """Who looks at the log later must be able to say which list was signed by whom, and what it was made of."""
    registry.enrol("CN-41")
    (received, made, *approved, published) = told(registry)
    assert received[0] == "statement-received"
    assert (received[1]["member"], received[1]["sequence"]) == ("CN-41", 1)
    assert received[1]["root"] == registry.province().state().root_kid
    assert (made[0], made[1]["base"], made[1]["by"]) == ("draft-made", 1, registry.keyids[0])
    draft = made[1]["draft"]
    assert approved == [("draft-approved", {"draft": draft, "by": keyid}) for keyid in registry.keyids[:2]]
    trust_list = registry.publication.repository().trust_list
    assert published == (
        "list-published",
        {
            "draft": draft,
            "version": 2,
            "trust_list": hashlib.sha256(trust_list).hexdigest(),
            "approved_by": sorted(registry.keyids[:2]),
        },
    )
    assert made[1]["trust_list"] == published[1]["trust_list"]


def test_a_change_of_root_is_announced(registry: FoundedRegistry) -> None:
    """The one change that takes a member over must not hide among others."""
    registry.enrol("CN-41")
    province = registry.province()
    province.replace_root(NOW)
    statement = registry.submit(now=NOW)
    draft = registry.publication.draft(DraftRequest([statement], {}), registry.keyids[0], NOW)
    registry.approve(draft, 0, 2)
    before = len(told(registry))
    registry.publication.publish(draft.record.id, NOW)
    (published, announced) = told(registry, before)
    assert published[0] == "list-published"
    assert announced == (
        "root-change-announced",
        {"member": "CN-41", "root": province.state().root_kid, "version": 3},
    )


def test_a_denial_names_who_asked_and_in_which_words(registry: FoundedRegistry) -> None:
    """An officer who denies a province's key answers for it; asking again is no second denial."""
    registry.enrol("CN-41")
    kid = registry.province().state().keys[0].kid
    request = sign_request(
        PemSigner(registry.officer_keys[0], bytes.fromhex(registry.keyids[0])), kid, "lost", AUDIENCE, NOW
    )
    before = len(told(registry))
    for _ in range(2):
        deny(registry.publication, request, NOW)
    assert told(registry, before) == [
        (
            "key-denied",
            {
                "kid": kid,
                "sequence": 1,
                "reason": "lost",
                "asked_by": registry.keyids[0],
                "request": hashlib.sha256(request.encode()).hexdigest(),
            },
        )
    ]


def test_what_was_refused_leaves_no_leaf(registry: FoundedRegistry) -> None:
    """Else strangers could fill the log for good, and a leaf would prove nothing."""
    draft = registry.draft("CN-41")
    registry.approve(draft, 0)
    before = told(registry)
    with pytest.raises(ApprovalRejected):
        registry.publication.publish(draft.record.id, NOW)
    with pytest.raises(ApprovalRejected):
        registry.publication.approve(draft.record.id, registry.keyids[1], "00", NOW)
    with pytest.raises(StatementRejected):
        registry.publication.submit("e30.e30.AA", (), NOW)
    # The same statement once more is the one that is known.
    submission = registry.province().submission()
    registry.publication.submit(submission.statement, submission.proofs, NOW)
    registry.approve(draft, 1)
    deny(
        registry.publication,
        sign_request(
            PemSigner(registry.officer_keys[0], bytes.fromhex(registry.keyids[0])),
            registry.province().state().keys[0].kid,
            "lost",
            AUDIENCE,
            NOW,
        ),
        NOW,
    )
    with pytest.raises(KeyDenied):
        registry.publication.publish(draft.record.id, NOW)
    assert [kind for kind, _ in told(registry)[len(before) :]] == ["draft-approved", "key-denied"]


def test_content_is_canonical_and_every_kind_has_words(registry: FoundedRegistry) -> None:
    """Its hash will stand in a tree one day: the same content must be the same bytes."""
    registry.enrol("CN-41", "CN-44")
    leaves = log.read_page(registry.publication.storage, 0)
    for leaf in leaves:
        written = json.dumps(json.loads(leaf.content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert leaf.content == written
        assert leaf.at == NOW
        assert leaf.kind in log.KINDS
    assert len(list(log.words([leaf._asdict() for leaf in leaves]))) == len(leaves)


def test_a_page_is_bounded(registry: FoundedRegistry) -> None:
    """A log of years must not come in one answer."""
    with registry.publication.storage.writing() as records:
        for _ in range(log.MAX_PAGE + 1):
            records.log.append("key-denied", NOW, {})
    assert len(log.read_page(registry.publication.storage, 0)) == log.MAX_PAGE
    assert len(log.read_page(registry.publication.storage, log.MAX_PAGE)) == 1
