"""The officer's own review: a registry that has been broken into must not get a signature by showing lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tuf.api.metadata import TargetFile, Targets

from credentials.errors import ApprovalRejected
from service_kit.clock import DAY_SECONDS
from tests.unit.trust_registry.founded import ADDITIONS, AUDIENCE, NOW, FoundedRegistry
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.enrolment.waiting import MAX_DRAFT_AGE_SECONDS
from trust_registry.metadata import denials, trust_list
from trust_registry.officer import approval
from trust_registry.officer.approval import DraftDocument
from trust_registry.publishing.publication import DraftView
from trust_registry.repository.files import message_of, parse_signed_targets
from trust_registry.repository.renewal import next_targets

pytestmark = pytest.mark.enrolled("CN-44")


@pytest.fixture
def document(registry: FoundedRegistry) -> DraftDocument:
    return registry.document(registry.draft("CN-41"))


def review(registry: FoundedRegistry, document: DraftDocument, now: int = NOW) -> approval.Review:
    return approval.review(document, registry.source, registry.trusted_root, AUDIENCE, now)


def test_review_says_what_changes_in_all_languages(registry: FoundedRegistry, document: DraftDocument) -> None:
    """What the officer reads is worked out from the bytes that are signed: member, kids, rights."""
    reviewed = review(registry, document)
    assert (reviewed.version, reviewed.expires_at) == (3, NOW + 90 * DAY_SECONDS)
    kids = [change.kid for change in reviewed.changes if change.what == "key-added"]
    order: list[str | None] = [key.kid for key in registry.province().state().keys]
    assert kids == sorted(kids, key=order.index)
    said = [(change.what, *change.text) for change in reviewed.changes]
    assert (
        "permission-added",
        "增加权限：可签发状态 红码",
        "增加權限：可簽發狀態 紅碼",
        "may now issue status Red",
    ) in said
    assert (
        "permission-added",
        "增加权限：可签发形式 本人手机",
        "增加權限：可簽發形式 本人手機",
        "may now issue form Own phone",
    ) in said
    assert said[0][1].startswith(f"新成员，根密钥 {reviewed.changes[0].kid}（production），热线 ")
    assert said[0][1].endswith('名称"河南" / "Henan"')


def test_a_name_that_says_another_root_key_or_ends_its_own_quotes(registry: FoundedRegistry) -> None:
    """One officer drafts, another reads the root key out over the telephone: the one in a name is not read for it.
    At enrolment, at a change of name, and at removal."""
    name = '河南"（production），热线 0371-12320，根密钥 1111111111111111'
    quoted = json.dumps(name, ensure_ascii=False)

    def drafted(*request: Any) -> DraftView:
        return registry.publication.draft(DraftRequest(*request), registry.keyids[0], NOW)

    entry = ADDITIONS["CN-41"] | {"names": {"zh": name, "en": name}}
    added = drafted([registry.submit("CN-41")], {"CN-41": entry})
    registry.approve(added, 0, 1)
    registry.publication.publish(added.record.id, NOW)
    renamed, removed = drafted([], {"CN-41": ADDITIONS["CN-41"]}), drafted([], {}, ["CN-41"])
    for draft in (added, renamed, removed):
        said = draft.changes[0]
        for text in said.text:
            assert quoted in text
            assert "1111111111111111" not in text.replace(quoted, "")


def test_signature_fits_the_officers_key_id(registry: FoundedRegistry, document: DraftDocument) -> None:
    """Root names officers by their TUF key ids."""
    signed = approval.sign(review(registry, document), registry.officer_keys[1])
    assert signed.keyid == registry.keyids[1] == approval.officer_id(registry.officer_keys[1])


def forged_list(document: DraftDocument, change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(document.trust_list)
    change(fields)
    return json.dumps(fields).encode()


def resealed(document: DraftDocument, members: bytes, change: Callable[[Targets], object]) -> DraftDocument:
    """The draft as a broken-into registry would make it: bytes and list fit, the content is another."""
    targets = parse_signed_targets(document.message)
    targets.targets[trust_list.TARGET] = TargetFile.from_data(trust_list.TARGET, members, ["sha256"])
    change(targets)
    return document._replace(message=message_of(targets), trust_list=members)


def nothing(_: object) -> None:
    return None


def _later(targets: Targets, days: int) -> None:
    targets.expires = targets.expires.replace(year=targets.expires.year + days // 365)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda targets: setattr(targets, "version", 9), "does not follow"),
        (lambda targets: _later(targets, 365), "90 days"),
        (lambda targets: _later(targets, -365), "in the past"),
        (lambda targets: targets.unrecognized_fields.update(x=1), "more than the trust list"),
        (
            lambda targets: targets.targets.update({"more.json": TargetFile.from_data("more.json", b"{}", ["sha256"])}),
            "more than the trust list",
        ),
        (lambda targets: setattr(targets, "delegations", None), "who may deny"),
        (
            lambda targets: setattr(targets.delegations.roles[denials.ROLE], "paths", ["*"]),
            "who may deny",
        ),
    ],
)
def test_odd_targets_metadata_is_refused(
    registry: FoundedRegistry, document: DraftDocument, change: Callable[[Targets], object], detail: str
) -> None:
    """What stands beside the list is signed too: a slipped-in delegation would be a second registry."""
    with pytest.raises(ApprovalRejected, match=detail):
        review(registry, resealed(document, document.trust_list, change))


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda fields: fields.update(version=7), "next version"),
        (lambda fields: fields.update(issued_at=NOW - MAX_DRAFT_AGE_SECONDS - 1), "lately"),
        (lambda fields: fields.update(issued_at=NOW + 3600), "lately"),
        (lambda fields: fields["members"].append({"id": "CN-33"}), "CN-33"),
        (lambda fields: fields["members"][0].update(statement="a.b.c"), "statement"),
        (lambda fields: fields.pop("version"), "malformed"),
    ],
)
def test_odd_trust_lists_are_refused(
    registry: FoundedRegistry,
    document: DraftDocument,
    change: Callable[[dict[str, Any]], object],
    detail: str,
) -> None:
    """Every entry is verified again by the one who signs (dgc-gateway PR #88)."""
    with pytest.raises(ApprovalRejected, match=detail):
        review(registry, resealed(document, forged_list(document, change), nothing))


def test_list_that_is_not_the_one_named(registry: FoundedRegistry, document: DraftDocument) -> None:
    """The registry shows one list and has another signed."""
    shown = forged_list(document, lambda fields: fields["members"][0].update(hotline="12345"))
    with pytest.raises(ApprovalRejected, match="not the one"):
        review(registry, document._replace(trust_list=shown))


def test_garbage_instead_of_a_message(registry: FoundedRegistry, document: DraftDocument) -> None:
    """Only canonical targets metadata is ever signed with an officer's key: not a root, not a text."""
    root = registry.trusted_root
    spaced = document.message.replace(b'"version":', b'"version": ')
    for message in (b"", b"[]", b"{}", b"pay 100", spaced, root, b"[" * 100_000):
        with pytest.raises(ApprovalRejected):
            review(registry, document._replace(message=message))


def test_missing_proofs_are_refused(registry: FoundedRegistry, document: DraftDocument) -> None:
    """An officer sees for himself that the province has each key."""
    with pytest.raises(ApprovalRejected, match="proof-of-possession-failed"):
        review(registry, document._replace(proofs={}))


def test_stale_or_foreign_repository_is_refused(registry: FoundedRegistry, document: DraftDocument) -> None:
    """A registry that shows an old list as the current one would hide what it takes away."""
    with pytest.raises(ApprovalRejected, match="expired"):
        review(registry, document, NOW + 2 * DAY_SECONDS)
    elsewhere = FoundedRegistry(registry.folder.parent / "elsewhere")
    with pytest.raises(ApprovalRejected, match="metadata-rejected"):
        approval.review(document, elsewhere.source, registry.trusted_root, AUDIENCE, NOW)


def test_root_change_without_the_old_key_is_shouted(registry: FoundedRegistry) -> None:
    """The one change that officers must check in person, and the one that the old key has signed."""
    registry.enrol("CN-41")
    province = registry.province()
    old = province.state()
    province.replace_root(NOW)
    assert "由旧密钥签名" in _root_words(registry)
    state = (province.directory / "province.json").read_text()
    change = json.dumps(province.state().root_change)
    (province.directory / "province.json").write_text(state.replace(change, "null"))
    assert province.state().root_kid != old.root_kid
    assert "没有旧密钥的签名" in _root_words(registry, again=True)


def _root_words(registry: FoundedRegistry, again: bool = False) -> str:
    province = registry.province()
    province.make_statement(AUDIENCE, NOW + again, again=again)
    submission = province.submission()
    id = registry.publication.submit(submission.statement, submission.proofs, NOW + again).id
    draft = registry.publication.draft(DraftRequest([id], {}), "officer", NOW + again)
    reviewed = review(registry, registry.document(draft), NOW + again)
    return next(change.text.of("zh-CN") for change in reviewed.changes if change.what == "root-changed")


def test_every_change_of_a_listed_member_is_told(registry: FoundedRegistry) -> None:
    """A hotline, a name, an environment, a key's end: nothing changes unseen."""
    registry.enrol("CN-41")
    province = registry.province()
    first = province.state().keys[0].kid
    province.add_key("credential", NOW)
    province.retire_key(first, NOW)
    province.drop_key(province.state().keys[3].kid)
    province.add_key("log", NOW)
    province.set_url("witness", "https://witness.henan.example")
    id = registry.submit("CN-41")
    additions = {
        "CN-41": {
            "names": {"zh": "河南省", "en": "Henan Province"},
            "hotline": "0371-96111",
            "environment": "test",
            "region": 410100,
            "may_issue": {"statuses": ["green", "yellow"], "forms": ["phone"]},
        }
    }
    draft = registry.publication.draft(DraftRequest([id], additions), "officer", NOW)
    reviewed = review(registry, registry.document(draft))
    assert reviewed.changes == draft.changes
    assert {change.what for change in reviewed.changes} == {
        "names-changed",
        "hotline-changed",
        "environment-changed",
        "region-changed",
        "permission-added",
        "permission-removed",
        "statement-renewed",
        "key-added",
        "key-removed",
        "key-changed",
        "log-key-added",
        "witness-key-changed",
    }
    moved = next(change.text.of("en") for change in reviewed.changes if change.what == "witness-key-changed")
    assert "at https://witness.henan.example" in moved, "where checkpoints will be sent"


def test_unchanged_members_need_no_proofs(registry: FoundedRegistry) -> None:
    """A renewal of the list must not ask provinces for anything."""
    repository = registry.publication.repository()
    members = trust_list.read_trust_list(repository.trust_list)
    renewed = trust_list.write_trust_list(members.version + 1, NOW, members.members.values(), members.witness_policy)
    document = DraftDocument(message_of(next_targets(repository, renewed, NOW)), renewed, {})
    assert review(registry, document).changes == []
