"""Anybody may submit statements in a member's name, and look at drafts: what they bring ends, and holds up nobody."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, event

from credentials.errors import QuotaExceeded
from tests.unit.trust_registry.founded import ADDITIONS, HENAN, NOW, FoundedRegistry
from tests.unit.trust_registry.publishing.test_denials import officer
from tests.unit.trust_registry.test_submissions import draft, leaves, stranger, submit, waiting
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.enrolment.waiting import MAX_STATEMENTS_WAITING, WAITING_SECONDS
from trust_registry.publishing.denials import MAX_UNLISTED_DENIED, deny, sign_request


def test_strangers_statements_stay_for_ever(registry: FoundedRegistry) -> None:
    """They filled the registry's log and database for good. Now they leave no leaf, and go after thirty days."""
    ids = submit(registry, stranger(registry), count=MAX_STATEMENTS_WAITING)
    assert (leaves(registry), waiting(registry)) == ([], ids)
    registry.submit("CN-44", NOW + WAITING_SECONDS + MAX_STATEMENTS_WAITING)
    assert not set(ids) & set(waiting(registry))


def test_a_strangers_statement_breaks_the_draft_of_all_that_waits(registry: FoundedRegistry) -> None:
    """For a member that nobody enrols, or in the name of one that waits beside it: it is left out, and named."""
    (foreign,) = submit(registry, stranger(registry, "CN-33"))
    henan = registry.submit()
    (beside,) = submit(registry, stranger(registry, "CN-44"))
    guangdong = registry.submit("CN-44")
    additions = {"CN-41": HENAN, "CN-44": {**HENAN, "region": 440_000}}
    ids, skipped = draft(registry, DraftRequest([], additions, all_submitted=True))
    assert (ids, set(skipped)) == ([henan], {foreign, beside, guangdong})


def test_strangers_hold_every_place_of_a_member(registry: FoundedRegistry) -> None:
    """However often an officer drops them: the member's own comes by an officer, and always has a place."""
    henan = registry.province()
    henan.make_statement(registry.publication.audience, NOW)
    own = henan.submission()
    for _ in range(2):
        for each in waiting(registry):
            registry.publication.drop(each)
        submit(registry, stranger(registry), count=MAX_STATEMENTS_WAITING)
        with pytest.raises(QuotaExceeded):
            registry.publication.submit(own.statement, own.proofs, NOW)
    taken = registry.publication.submit(own.statement, own.proofs, NOW, by_officer=True)
    ids, skipped = draft(registry, DraftRequest([taken.id], {"CN-41": HENAN}, all_submitted=True))
    assert (ids, len(skipped)) == ([taken.id], MAX_STATEMENTS_WAITING)


def test_a_draft_that_anybody_may_look_at_costs_by_what_is_in_it(registry: FoundedRegistry) -> None:
    """Looking costs as many queries for more statements as for one, and verifies nothing a second time."""
    counted: list[int] = []
    engine: Engine = registry.engine
    event.listen(engine, "before_cursor_execute", lambda *_: counted.append(1))
    costs, ids = [], []
    for member in ("CN-41", "CN-44"):
        ids.append(registry.submit(member))
        additions = {each: ADDITIONS[each] for each in ("CN-41", "CN-44")[: len(ids)]}
        view = registry.publication.draft(DraftRequest(ids, additions), registry.keyids[0], NOW)
        counted.clear()
        registry.publication.view(view.record.id)
        registry.publication.proofs(view.record.id)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_one_officer_fills_the_places_of_denials(registry: FoundedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kids that nobody has took up all there were, and no stolen key could be denied any more."""
    monkeypatch.setattr("trust_registry.publishing.denials.MAX_UNLISTED_DENIED", 3)
    assert MAX_UNLISTED_DENIED > 3
    registry.enrol("CN-41")
    signer = officer(registry)
    audience = registry.publication.audience
    made_up = [f"{number:016x}" for number in range(4)]
    for kid in made_up[:3]:
        deny(registry.publication, sign_request(signer, kid, "compromised", audience, NOW), NOW)
    with pytest.raises(QuotaExceeded):
        deny(registry.publication, sign_request(signer, made_up[3], "compromised", audience, NOW), NOW)
    stolen = registry.province().state().keys[0].kid
    assert (
        deny(registry.publication, sign_request(signer, stolen, "compromised", audience, NOW), NOW).kid.hex() == stolen
    )
