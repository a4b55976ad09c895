# ruff: noqa: F811  (fixtures come by import)
"""Yesterday's backup of an issuer is put back: it is noticed, and nothing that gates have seen is undone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from credentials.algorithms.table import NATIVE
from credentials.errors import FetchFailed, StateBehind
from credentials.keys import VerificationKey, new_private_key
from credentials.model import StatusReference
from credentials.profile.limits import MAX_TIME_SECONDS
from credentials.signing import PemSigner
from issuer.issuing.issuance import ask_for
from issuer.publishing import publication
from issuer.publishing.publication import StatusPublication
from issuer.publishing.recovery import Recovery
from issuer.storage.indices import reference_of
from service_kit.fetch import Fetcher
from tests.unit.issuer.office import DAY, MEMBER, NOW, SECRETS, issuer_on_disk, paper
from tests.unit.issuer.publishing.test_publication import Member, member  # noqa: F401  (a fixture)
from trust_registry.mirror import member_files

HOUR = 3600
EVERY, BEHIND = 4, 8
"""Segments from snapshot to snapshot, and that a mirror keeps behind one: an eighth of what they are in earnest."""


def recovery_of(member: Member, status: PemSigner | None = None, url: str = "") -> Recovery:
    signer = status or member.signer
    key = VerificationKey(signer.kid, MEMBER, NATIVE.NAME, "status", 0, MAX_TIME_SECONDS, signer.public_key)
    return Recovery(member.feed, Fetcher(), url or member.url, key, SECRETS.index_key)


class Restored:
    """A member whose database was put back to how it stood when this was made."""

    def __init__(self, member: Member, folder: Path) -> None:
        self.member = member
        self._live = Path(member.issuer.url.removeprefix("sqlite:///"))
        self._kept = folder / "backup.sqlite"
        _copy(self._live, self._kept)

    def put_back(self) -> None:
        for engine in self.member.issuer.engines:
            engine.dispose()
        _copy(self._kept, self._live)
        member = self.member
        self.recovery = recovery_of(member)
        member.publication = StatusPublication(
            member.issuer.store, member.feed, member.signer, MEMBER, SECRETS.index_key, member.mirror, self.recovery
        )


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()


@pytest.fixture
def restored(member: Member, tmp_path: Path) -> Restored:
    member.withdrawn("before")
    member.publish(NOW)
    return Restored(member, tmp_path)


def issued(member: Member, name: str, at: int) -> StatusReference:
    row = member.issuer.issuance.issue("app", ask_for(paper(lifetime=DAY), name), at)
    return reference_of(row.place, SECRETS.index_key)


def test_nothing_is_behind_in_daily_use(member: Member) -> None:
    """A new database, one that has published, and one whose answer was lost on the way."""
    recovery = recovery_of(member)
    recovery.look()
    recovery.require()
    for at in (NOW, NOW + 60, NOW + 3600):
        member.withdrawn(f"{at}", at)
        member.publish(at)
        recovery.look()
        recovery.require()
    assert recovery.catch_up() is None


@pytest.mark.parametrize("more", [1, EVERY + 1, EVERY + BEHIND + 4])
def test_a_restored_backup(restored: Restored, more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute, after a snapshot, and after so long that the mirror has dropped the segments in between."""
    monkeypatch.setattr(publication, "SNAPSHOT_EVERY_SEGMENTS", EVERY)
    monkeypatch.setattr(member_files, "SEGMENTS_BEHIND", BEHIND)
    member = restored.member
    lost = [member.withdrawn("lost", NOW + 1), issued(member, "lost and not withdrawn", NOW + 1)]
    for number in range(1, more + 1):
        member.withdrawn(f"more {number}", NOW + number)
        member.publish(NOW + number)
    before = member.followed()
    kept = sorted(path.stem for path in (member.registry.mirror_folder / "members" / MEMBER / "segments").iterdir())
    assert ("2" in kept) is (more < EVERY + BEHIND)
    at = NOW + 2 * HOUR
    restored.put_back()
    for _ in range(2):
        with pytest.raises(StateBehind, match="tongxing issuer catch-up"):
            member.publish(at)
    assert member.segment(before.sequence).digest == before.head
    there = restored.recovery.catch_up()
    assert there is not None
    assert (there.sequence, there.head) == (before.sequence, before.head)
    fresh = [issued(member, f"fresh {number}", at) for number in range(3)]
    later = member.withdrawn("later", at)
    member.publish(at)
    state = member.followed()
    assert state.sequence > before.sequence
    assert state.is_withdrawn(lost[0])
    assert not state.is_withdrawn(lost[1])
    assert state.is_withdrawn(later)
    assert not any(state.is_withdrawn(each) for each in fresh)
    assert not {each.list for each in fresh} & set(before.lists)
    for list_id, each in before.lists.items():
        assert set(each.withdrawn) <= set(state.lists[list_id].withdrawn)
    assert member.publish(at + 700).snapshot_bytes
    assert member.snapshot().is_withdrawn(lost[0])


def test_what_was_withdrawn_after_the_restore_is_carried(restored: Restored) -> None:
    """Staff withdraw a code before anybody has noticed; gates hear of it with the first segment after."""
    member = restored.member
    reference = issued(member, "known", NOW)
    kept = Restored(member, Path(restored._kept).parent)
    member.withdrawn("lost", NOW + 1)
    member.publish(NOW + 1)
    kept.put_back()
    after = member.withdrawn("after", NOW + 2)
    kept.recovery.catch_up()
    member.publish(NOW + 3)
    assert member.followed().is_withdrawn(after)
    assert not member.followed().is_withdrawn(reference)


def test_a_database_that_begins_anew(member: Member, tmp_path: Path) -> None:
    """The database is gone, the secret and the keys are there: number 1 is not signed a second time."""
    lost = member.withdrawn("lost")
    member.publish(NOW)
    with issuer_on_disk(tmp_path / "new") as fresh:
        other = Member(member.registry, fresh, member.url, member.clock)
        other.signer = member.signer
        recovery = recovery_of(other)
        recovery.look()
        with pytest.raises(StateBehind):
            recovery.require()
        assert recovery.catch_up() is not None
        other.publish(NOW + 60)
        assert other.followed().is_withdrawn(lost)


def test_what_others_sign_is_nobodys_word(restored: Restored) -> None:
    """A mirror that lies, or a thief whose key was taken away and replaced: neither stops the issuer."""
    member = restored.member
    member.withdrawn("lost", NOW + 1)
    member.publish(NOW + 1)
    restored.put_back()
    recovery = recovery_of(member, PemSigner(new_private_key(), bytes(8)))
    recovery.look()
    recovery.require()


def test_who_started_without_a_network_learns_it_later(restored: Restored) -> None:
    """It looks again until the mirror has answered once, and then asks no more: publishing looks by itself."""
    member = restored.member
    member.withdrawn("lost", NOW + 1)
    member.publish(NOW + 1)
    restored.put_back()
    away = recovery_of(member, url="http://127.0.0.1:1/registry")
    for _ in range(2):
        with pytest.raises(FetchFailed):
            away.look_once()
    away.require()
    back = recovery_of(member)
    back.look_once()
    with pytest.raises(StateBehind):
        back.require()
    back.catch_up()
    back.look_once()
    back.require()


def test_a_mirror_that_does_not_answer(member: Member) -> None:
    """It is not known then; who issues is told by whoever asked."""
    with pytest.raises(FetchFailed):
        recovery_of(member, url="http://127.0.0.1:1/registry").look()
