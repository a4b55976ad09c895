"""Two officers, one list: what is refused on the way, and what survives a stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from credentials.errors import (
    ApprovalRejected,
    Conflict,
    InvalidRequest,
    KeyDenied,
    MetadataRejected,
    NotFound,
    SelfCheckFailed,
    SequenceNotNewer,
    TongxingError,
)
from credentials.signing import PemSigner
from tests.doubles.writers import Stopped
from tests.unit.trust_registry.founded import AUDIENCE, HENAN, NOW, FoundedRegistry
from trust_registry.client.trust.repository import metadata_path, verify_repository, version_of
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.enrolment.waiting import MAX_DRAFT_AGE_SECONDS, waiting_statements
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.record.log import read_page
from trust_registry.repository.files import (
    TIMESTAMP_PATH,
    check_repository,
    load_repository,
    registry_time_of,
)
from trust_registry.repository.published import read_published
from trust_registry.storage.ports import Records
from trust_registry.storage.sql import SqlStorage

DAY = 24 * 3600


class Overtaken(SqlStorage):
    """A database in which somebody else does ``deed`` between what is read and what is written, once."""

    deed: Callable[[], object] | None = None

    @contextmanager
    def writing(self) -> Iterator[Records]:
        deed, self.deed = self.deed, None
        if deed is not None:
            deed()
        with super().writing() as records:
            yield records


def overtaken(registry: FoundedRegistry, deed: Callable[[], object]) -> None:
    """Let ``deed`` be done between the next reading and writing."""
    storage = Overtaken(registry.engine)
    registry.publication.storage, storage.deed = storage, deed


def members_on_mirror(registry: FoundedRegistry) -> list[str]:
    """What a client with the root of trust reads, strictly verified."""
    return list(verify_repository(registry.source, registry.trusted_root).trust_list.members)


def test_two_officers_bring_a_member_in(registry: FoundedRegistry) -> None:
    """The main road: statement, draft, two signatures, published, read by a client."""
    registry.enrol("CN-41", "CN-44")
    assert members_on_mirror(registry) == ["CN-41", "CN-44"]
    statements = read_published(registry.publication.repository()).statements
    assert {statement.sequence for statement in statements.values()} == {1}


def test_one_officer_is_not_enough(registry: FoundedRegistry) -> None:
    """One officer, bribed or robbed, must not be able to list anybody."""
    draft = registry.draft("CN-41")
    with pytest.raises(ApprovalRejected, match="0 of 2"):
        registry.publication.publish(draft.record.id, NOW)
    registry.approve(draft, 0)
    with pytest.raises(ApprovalRejected, match="1 of 2"):
        registry.publication.publish(draft.record.id, NOW)
    with pytest.raises(ApprovalRejected, match="already"):
        registry.approve(draft, 0)
    with pytest.raises(ApprovalRejected, match="1 of 2"):
        registry.publication.publish(draft.record.id, NOW)
    assert members_on_mirror(registry) == []


def test_strangers_and_wrong_signatures_do_not_count(registry: FoundedRegistry) -> None:
    """Only officers of the root, and only over this very draft."""
    draft = registry.draft("CN-41")
    for keyid, signature in [("0" * 64, "00" * 70), (registry.keyids[0], "00" * 70)]:
        with pytest.raises(ApprovalRejected, match="not an officer"):
            registry.publication.approve(draft.record.id, keyid, signature, NOW)


def test_overtaken_draft_is_a_conflict(registry: FoundedRegistry) -> None:
    """Officers signed a change against a list that is no longer in force; what they saw is not what would be."""
    first, second = registry.draft("CN-41"), registry.draft("CN-44")
    registry.approve(first, 0, 1)
    registry.approve(second, 0, 1)
    registry.publication.publish(first.record.id, NOW)
    with pytest.raises(Conflict):
        registry.publication.publish(second.record.id, NOW)
    with pytest.raises(ApprovalRejected):
        registry.approve(second, 2)
    with pytest.raises(Conflict):
        registry.publication.approve(second.record.id, registry.keyids[2], "00" * 70, NOW)
    assert members_on_mirror(registry) == ["CN-41"]


def test_publishing_again_changes_nothing(registry: FoundedRegistry) -> None:
    """An impatient officer who asks twice must not make two versions."""
    draft = registry.draft("CN-41")
    registry.approve(draft, 0, 1)
    first = registry.publication.publish(draft.record.id, NOW)
    assert registry.publication.publish(draft.record.id, NOW + 5) == first


def test_old_draft_does_not_surprise(registry: FoundedRegistry) -> None:
    """A signature given a week ago was given to another world."""
    draft = registry.draft("CN-41")
    registry.approve(draft, 0, 1)
    with pytest.raises(Conflict, match="seven days"):
        registry.publication.publish(draft.record.id, NOW + MAX_DRAFT_AGE_SECONDS + 1)


def test_key_denied_since_the_draft_stops_it(registry: FoundedRegistry) -> None:
    """A theft that becomes known between signing and publishing must still count."""
    draft = registry.draft("CN-41")
    registry.approve(draft, 0, 1)
    kid = registry.province().state().keys[0].kid
    officer = _officer_signer(registry)
    deny(registry.publication, sign_request(officer, kid, "compromised", AUDIENCE, NOW), NOW)
    with pytest.raises(KeyDenied):
        registry.publication.publish(draft.record.id, NOW)


def test_resubmission_gives_the_same_record(registry: FoundedRegistry) -> None:
    """A province whose answer was lost sends it again."""
    first = registry.submit()
    submission = registry.province().submission()
    assert registry.publication.submit(submission.statement, submission.proofs, NOW + 9).id == first


def test_other_submissions_of_the_same_sequence_are_overtaken(registry: FoundedRegistry) -> None:
    """One member, one next statement: the officers' choice closes the others."""
    other = registry.submit()
    registry.province().make_statement(AUDIENCE, NOW + 1, again=True)
    submission = registry.province().submission()
    chosen = registry.publication.submit(submission.statement, submission.proofs, NOW + 1).id
    draft = registry.publication.draft(DraftRequest([chosen], {"CN-41": HENAN}), "officer", NOW + 1)
    registry.approve(draft, 0, 1, now=NOW + 1)
    registry.publication.publish(draft.record.id, NOW + 1)
    with registry.publication.storage.reading() as records:
        kept = [records.statements.get(id) for id in (other, chosen)]
        assert waiting_statements(records) == []
    assert [each and each.state for each in kept] == ["overtaken", "published"]


def test_bad_draft_requests_are_named(registry: FoundedRegistry) -> None:
    """An officer's slip is told before two people have signed it."""
    submitted = registry.submit()
    draft = registry.publication.draft
    bad: list[tuple[DraftRequest, type[TongxingError]]] = [
        (DraftRequest(["0" * 32], {}), NotFound),
        (DraftRequest([submitted], {}), InvalidRequest),
        (DraftRequest([submitted] * 2, {"CN-41": HENAN}), InvalidRequest),
        (DraftRequest(["x"] * 65, {}), InvalidRequest),
        (DraftRequest([], {"CN-41": HENAN}), InvalidRequest),
        (DraftRequest([], {}, ["CN-41"]), InvalidRequest),
        (DraftRequest([submitted], {"CN-41": {**HENAN, "region": 440000}}), InvalidRequest),
    ]
    for request, error in bad:
        with pytest.raises(error):
            draft(request, "officer", NOW)
    with pytest.raises(NotFound):
        registry.publication.view("0" * 32)


def test_draft_without_changes_renews_the_list(registry: FoundedRegistry) -> None:
    """Targets end after 90 days even when nothing happens."""
    registry.enrol("CN-41")
    later = NOW + 100 * DAY
    draft = registry.publication.draft(DraftRequest([], {}), "officer", later)
    assert draft.changes == []
    registry.publication.retime(later)
    registry.approve(draft, 1, 2, now=later)
    registry.publication.publish(draft.record.id, later)
    assert members_on_mirror(registry) == ["CN-41"]


def test_removal_and_new_rights(registry: FoundedRegistry) -> None:
    """Officers can narrow what a member may issue, and take it out."""
    registry.enrol("CN-41", "CN-44")
    narrower = {"may_issue": {"statuses": ["green"], "forms": ["phone"]}}
    # Named twice by mistake, it goes once.
    draft = registry.publication.draft(DraftRequest([], {"CN-41": narrower}, ["CN-44", "CN-44"]), "officer", NOW)
    assert [change.what for change in draft.changes] == [
        "permission-removed",
        "permission-removed",
        "member-removed",
    ]
    registry.approve(draft, 0, 2)
    registry.publication.publish(draft.record.id, NOW)
    assert members_on_mirror(registry) == ["CN-41"]


@pytest.mark.parametrize("stop_before", range(8))
def test_stop_between_any_two_writes_leaves_a_whole_repository(registry: FoundedRegistry, stop_before: int) -> None:
    """A process killed while publishing: clients see the older list whole, and a rerun completes (case 47)."""
    draft = registry.draft("CN-41")
    registry.approve(draft, 0, 1)
    registry.writer.written.clear()
    registry.writer.stop_before = stop_before
    with pytest.raises(Stopped):
        registry.publication.publish(draft.record.id, NOW)
    assert members_on_mirror(registry) == []
    registry.writer.stop_before = None
    registry.another_process().publish(draft.record.id, NOW + 60)
    assert members_on_mirror(registry) == ["CN-41"]


def test_timestamp_is_written_last(registry: FoundedRegistry) -> None:
    """A key file that appears before the list that names it led clients astray."""
    registry.writer.written.clear()
    registry.enrol("CN-41")
    names = [path.relative_to(registry.mirror_folder).as_posix() for path in registry.writer.written]
    record = [name for name in names if name.startswith("log/")]
    assert names[: len(record)] == record, "no gate finds a list without its proof"
    assert record[-2:] == ["log/checkpoint", "log/lists/2.tlog-proof"]
    assert names[len(record)].endswith(".trust-list.json")
    assert names[len(record) + 1 :] == [metadata_path("targets", 2), metadata_path("snapshot", 2), TIMESTAMP_PATH]


@pytest.mark.parametrize("stop_before", range(4))
def test_stop_while_denying_is_completed_by_the_timer(registry: FoundedRegistry, stop_before: int) -> None:
    """A denial that was acknowledged in the database must reach the gates though the process died."""
    registry.enrol("CN-41")
    kid = registry.province().state().keys[0].kid
    request = sign_request(registry.province().root_signer(), kid, "compromised", AUDIENCE, NOW)
    registry.writer.written.clear()
    registry.writer.stop_before = stop_before
    with pytest.raises(Stopped):
        deny(registry.publication, request, NOW)
    assert not verify_repository(registry.source, registry.trusted_root).denials.denied
    registry.writer.stop_before = None
    registry.another_process().retime(NOW + 60)
    assert bytes.fromhex(kid) in verify_repository(registry.source, registry.trusted_root).denials.denied


def test_two_processes_publish_at_once(registry: FoundedRegistry) -> None:
    """One wins, none half: two officers' clicks must not make two lists of one version."""
    drafts = [registry.draft("CN-41"), registry.draft("CN-44")]
    for draft in drafts:
        registry.approve(draft, 0, 1)
    outcomes: list[str] = []

    def publish(draft_id: str) -> None:
        try:
            registry.another_process().publish(draft_id, NOW)
            outcomes.append("published")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=publish, args=(draft.record.id,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "published"]
    assert len(members_on_mirror(registry)) == 1


def test_timestamp_carries_the_signed_time(registry: FoundedRegistry) -> None:
    """Gates take the lower bound of their clock from it, and from nothing else."""
    registry.publication.retime(NOW + 3600)
    verified = verify_repository(registry.source, registry.trusted_root)
    assert verified.registry_time == NOW + 3600
    assert verified.expiries["timestamp"] == NOW + 3600 + DAY
    assert verified.versions == {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1, "denials": 1}


def test_snapshot_is_renewed_in_time(registry: FoundedRegistry) -> None:
    """An expired snapshot blacks out every gate at once (green-pass-overview #8)."""
    registry.publication.retime(NOW + 4 * DAY)
    verified = verify_repository(registry.source, registry.trusted_root)
    assert verified.versions["snapshot"] == verified.versions["denials"] == 2
    assert verified.expiries["snapshot"] == verified.expiries["denials"] == NOW + 11 * DAY


def test_lost_database_is_begun_anew_from_the_mirror(registry: FoundedRegistry) -> None:
    """What was published proves itself; officers need not sign it all again."""
    registry.enrol("CN-41")
    registry.engine.dispose()
    for file in registry.folder.glob("registry.sqlite*"):
        file.unlink()
    again = registry.another_process()
    again.adopt()
    again.adopt()
    again.retime(NOW + 60)
    assert members_on_mirror(registry) == ["CN-41"]


def test_lost_mirror_is_written_again(registry: FoundedRegistry) -> None:
    """The database is the truth of the repository."""
    registry.enrol("CN-41")
    for file in (registry.mirror_folder / "targets").iterdir():
        file.unlink()
    registry.publication.retime(NOW + 60)
    assert members_on_mirror(registry) == ["CN-41"]


def test_our_own_output_is_checked(registry: FoundedRegistry) -> None:
    """A repository that a client would refuse must never be released."""
    repository = registry.publication.repository()
    with pytest.raises(SelfCheckFailed):
        check_repository(repository._replace(trust_list=repository.trust_list + b" "))


def test_broken_mirrors_are_named(registry: FoundedRegistry) -> None:
    """A file missing or of another kind is told by its name."""
    files = dict(registry.publication.repository().files())
    for path in files:
        with pytest.raises(MetadataRejected, match="missing"):
            load_repository({**files, path: None}.get)
    with pytest.raises(MetadataRejected, match="not timestamp"):
        load_repository({**files, TIMESTAMP_PATH: files[metadata_path("root", 1)]}.get)
    with pytest.raises(MetadataRejected, match="not readable"):
        version_of(b"{")


def test_foreign_statement_of_a_listed_member_needs_the_next_sequence(registry: FoundedRegistry) -> None:
    """Somebody with another root key cannot slip in beside the member."""
    registry.enrol("CN-41")
    stranger = FoundedRegistry(registry.folder.parent / "elsewhere").province("CN-41")
    stranger.make_statement(AUDIENCE, NOW)
    submission = stranger.submission()
    with pytest.raises(SequenceNotNewer):
        registry.publication.submit(submission.statement, submission.proofs, NOW)


def _officer_signer(registry: FoundedRegistry) -> PemSigner:
    return PemSigner(registry.officer_keys[0], bytes.fromhex(registry.keyids[0]))


def test_timestamp_is_signed_anew_when_it_is_due(registry: FoundedRegistry) -> None:
    """The service does it by itself; of several workers one, and the others find it done."""
    other = registry.another_process()
    assert not registry.publication.retime_when_due(NOW + 3599, 3600)
    assert registry.publication.retime_when_due(NOW + 3600, 3600)
    assert not other.retime_when_due(NOW + 3601, 3600)
    assert registry_time_of(other.repository()) == NOW + 3600
    assert registry_time_of(registry.mirror.repository()) == NOW + 3600


def test_statement_dropped_while_another_officer_drafts_with_it_leaves_no_draft(registry: FoundedRegistry) -> None:
    """Such a draft named a statement that was gone: no officer could see any of the drafts for seven days."""
    statement, other = registry.submit(), registry.another_process()
    overtaken(registry, lambda: other.drop(statement))
    with pytest.raises(NotFound, match="those that wait"):
        registry.publication.draft(DraftRequest([statement], {"CN-41": HENAN}), registry.keyids[0], NOW)
    assert registry.publication.waiting(NOW) == []
    assert read_page(registry.publication.storage, 0) == []


def test_two_officers_who_draft_with_one_statement_at_once_leave_one_leaf_of_it(registry: FoundedRegistry) -> None:
    """The log says once that a statement came; both drafts stand, as they would one after the other."""
    request, other = DraftRequest([registry.submit()], {"CN-41": HENAN}), registry.another_process()
    overtaken(registry, lambda: other.draft(request, registry.keyids[1], NOW))
    registry.publication.draft(request, registry.keyids[0], NOW)
    kinds = [leaf.kind for leaf in read_page(registry.publication.storage, 0)]
    assert kinds == ["statement-received", "draft-made", "draft-made"]
    assert len(registry.publication.waiting(NOW)) == 2
