"""What anybody may submit: it has an end, a number, leaves no trace, and holds up nobody else."""

from __future__ import annotations

import json

import pytest

from credentials.errors import Conflict, InvalidRequest, NotFound, QuotaExceeded
from tests.unit.trust_registry.founded import ADDITIONS, AUDIENCE, HENAN, NOW, FoundedRegistry
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.enrolment.waiting import (
    MAX_DRAFT_AGE_SECONDS,
    MAX_STATEMENTS_WAITING,
    WAITING_SECONDS,
    count_waiting,
    waiting_statements,
)
from trust_registry.province.folder import ProvinceFolder
from trust_registry.storage.ports import StatementRecord

ALL = DraftRequest([], {}, all_submitted=True)


def stranger(registry: FoundedRegistry, member: str = "CN-41") -> ProvinceFolder:
    """Somebody with keys of their own who says that they are this member."""
    folder = registry.folder.parent / f"stranger-{len(list(registry.folder.parent.iterdir()))}"
    province = ProvinceFolder(folder, registry.writer)
    province.found(member, NOW)
    return province


def submit(registry: FoundedRegistry, province: ProvinceFolder, now: int = NOW, count: int = 1) -> list[str]:
    """Statements of a member that is not enrolled, each another; their ids."""
    ids: list[str] = []
    for number in range(count):
        province.make_statement(AUDIENCE, now + number, again=bool(ids) or bool(province.state().sequence))
        submission = province.submission()
        ids.append(registry.publication.submit(submission.statement, submission.proofs, now + number).id)
    return ids


def without_the_old_ones_word(province: ProvinceFolder) -> None:
    """As a stranger would do it, or a member whose root key is gone."""
    path = province.directory / "province.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "root_change": None}))


def waiting(registry: FoundedRegistry) -> list[str]:
    with registry.publication.storage.reading() as records:
        return [record.id for record in waiting_statements(records)]


def leaves(registry: FoundedRegistry) -> list[str]:
    with registry.publication.storage.reading() as records:
        return [leaf.kind for leaf in records.log.read(0, 256)]


def draft(registry: FoundedRegistry, request: DraftRequest) -> tuple[list[str], dict[str, str]]:
    """The statements of a draft, and why others were left out."""
    view = registry.publication.draft(request, registry.keyids[0], NOW)
    return list(view.record.statement_ids), {each.id: each.why for each in view.skipped}


def test_a_statement_leaves_no_leaf_until_it_is_drafted(registry: FoundedRegistry) -> None:
    """The log is for good: strangers must not write into it as they like."""
    henan = registry.submit()
    assert leaves(registry) == []
    for _ in range(2):
        registry.publication.draft(DraftRequest([henan], {"CN-41": HENAN}), registry.keyids[0], NOW)
    assert leaves(registry) == ["statement-received", "draft-made", "draft-made"]


def test_so_many_wait_for_a_member_and_no_more(registry: FoundedRegistry) -> None:
    """Whoever floods one member's name holds up no other, and the message says how it is cleared."""
    ids = submit(registry, stranger(registry), count=MAX_STATEMENTS_WAITING)
    with pytest.raises(QuotaExceeded, match="registry drop"):
        submit(registry, stranger(registry))
    registry.submit("CN-44")
    registry.publication.drop(ids[0])
    registry.submit("CN-41")


def test_what_an_officer_brings_has_a_place_beside_any_number_of_strangers(registry: FoundedRegistry) -> None:
    """Else sixteen strangers' statements, sent anew when dropped, would keep a province out for good."""
    submit(registry, stranger(registry), count=MAX_STATEMENTS_WAITING)
    province = registry.province()
    province.make_statement(AUDIENCE, NOW)
    submission = province.submission()
    with pytest.raises(QuotaExceeded, match="registry submit"):
        registry.publication.submit(submission.statement, submission.proofs, NOW)
    taken = registry.publication.submit(submission.statement, submission.proofs, NOW, by_officer=True)
    assert draft(registry, DraftRequest([taken.id], {"CN-41": HENAN}))[0] == [taken.id]
    view = registry.publication.draft(DraftRequest([taken.id], {"CN-41": HENAN}), registry.keyids[0], NOW)
    registry.approve(view, 0, 1)
    registry.publication.publish(view.record.id, NOW)
    assert registry.publication.repository().targets


def test_an_enrolled_member_has_places_of_its_own(registry: FoundedRegistry) -> None:
    """Strangers cannot keep it from bringing its next keys."""
    registry.enrol("CN-41")
    registry.province().add_key("credential", NOW)
    with registry.publication.storage.writing() as records:
        for number in range(MAX_STATEMENTS_WAITING):
            records.statements.add(
                StatementRecord(f"{number:032x}", "CN-41", 2, f"{number:064x}", "", (), NOW, "submitted", False)
            )
    statement = registry.submit()
    with registry.publication.storage.reading() as records:
        counts = [count_waiting(records, "CN-41", vouched) for vouched in (True, False)]
    assert statement in waiting(registry)
    assert counts == [1, MAX_STATEMENTS_WAITING]


def test_what_nobody_drafts_with_goes(registry: FoundedRegistry) -> None:
    """After thirty days; one that a draft holds lives as long as the draft may be published."""
    (old,), (drafted,) = submit(registry, stranger(registry)), submit(registry, stranger(registry, "CN-33"))
    registry.publication.draft(DraftRequest([drafted], {"CN-33": {**HENAN, "region": 330000}}), registry.keyids[0], NOW)
    late = NOW + WAITING_SECONDS + 1
    registry.submit("CN-44", late)
    assert drafted in waiting(registry)
    assert old not in waiting(registry)
    registry.submit("CN-41", late + MAX_DRAFT_AGE_SECONDS)
    assert drafted not in waiting(registry)


def test_an_officer_drops_what_is_nobodys(registry: FoundedRegistry) -> None:
    """What a list has taken up stays for the record."""
    statement = registry.submit()
    assert registry.publication.drop(statement).id == statement
    assert waiting(registry) == []
    with pytest.raises(NotFound):
        registry.publication.drop(statement)
    view = registry.draft("CN-44")
    registry.approve(view, 0, 1)
    registry.publication.publish(view.record.id, NOW)
    with pytest.raises(Conflict, match="published"):
        registry.publication.drop(view.record.statement_ids[0])


class TestAllThatWaits:
    """An officer asks for all that waits."""

    def test_one_for_a_member_not_enrolled_is_named_and_breaks_nothing(self, registry: FoundedRegistry) -> None:
        """It made every draft fail, until somebody cleared the database by hand."""
        (foreign,) = submit(registry, stranger(registry, "CN-33"))
        henan = registry.submit()
        ids, skipped = draft(registry, ALL._replace(additions={"CN-41": HENAN}))
        assert ids == [henan]
        assert "--additions" in skipped[foreign]

    def test_two_of_one_member_are_both_left_out(self, registry: FoundedRegistry) -> None:
        """Which is right is for the officers to say; the one that is named is taken."""
        both = [*submit(registry, stranger(registry)), registry.submit()]
        request = ALL._replace(additions={"CN-41": HENAN})
        ids, skipped = draft(registry, request)
        assert (ids, set(skipped)) == ([], set(both))
        ids, skipped = draft(registry, request._replace(statement_ids=[both[1]]))
        assert (ids, set(skipped)) == ([both[1]], {both[0]})

    def test_a_new_root_key_is_never_taken_along(self, registry: FoundedRegistry) -> None:
        """A stranger's next statement of an enrolled member would come into the list with everybody else's."""
        registry.enrol("CN-41", "CN-44")
        registry.province().replace_root(NOW)
        without_the_old_ones_word(registry.province())
        registry.province("CN-44").replace_root(NOW)
        henan, guangdong = registry.submit(), registry.submit("CN-44")
        ids, skipped = draft(registry, ALL)
        assert ids == [guangdong]
        assert "root key" in skipped[henan]
        assert draft(registry, DraftRequest([henan], {}))[0] == [henan]

    def test_what_enrolment_refuses_by_now_is_named(self, registry: FoundedRegistry) -> None:
        """Overtaken by a publication, or denied."""
        registry.enrol("CN-44")
        statement = registry.submit()
        view = registry.publication.draft(DraftRequest([statement], {"CN-41": HENAN}), registry.keyids[0], NOW)
        registry.approve(view, 0, 1)
        registry.publication.publish(view.record.id, NOW)
        with registry.publication.storage.writing() as records:
            records.statements.close(statement, "submitted")
        ids, skipped = draft(registry, ALL)
        assert ids == []
        assert "sequence" in skipped[statement]


def test_a_named_statement_is_never_left_out(registry: FoundedRegistry) -> None:
    """An officer who names one is told what is wrong with it."""
    (foreign,) = submit(registry, stranger(registry, "CN-33"))
    with pytest.raises(InvalidRequest):
        registry.publication.draft(DraftRequest([foreign], ADDITIONS), registry.keyids[0], NOW)
