"""The registry's log when its database is lost or behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.errors import StoreBehind
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.record.logs import Follower
from trust_registry.publishing.publication import Publication
from trust_registry.repository.files import Repository, registry_time_of
from trust_registry.storage.sql import SqlStorage, open_storage


def on_new_database(registry: FoundedRegistry, path: Path) -> tuple[Publication, SqlStorage]:
    storage = open_storage(f"sqlite:///{path}")
    held = registry.publication
    return Publication(storage, registry.mirror, held.online, held.record.signer, AUDIENCE), storage


def test_a_lost_database_takes_the_log_back_and_goes_on(registry: FoundedRegistry, tmp_path: Path) -> None:
    """A log that began at 0 again would be a second history."""
    registry.enrol("CN-41")
    size = registry.publication.record.publish(NOW).checkpoint.size
    follower = Follower(registry.mirror.read, registry.publication.record.signer.key)
    assert follower.look() == size > 0
    other, storage = on_new_database(registry, tmp_path / "other.sqlite")
    other.adopt()
    with storage.writing() as records:
        assert records.log.size() == size
        records.log.append("draft-approved", NOW, {})
    other.record.publish(NOW)
    assert follower.look() == size + 1
    storage.engine.dispose()


def test_a_registry_whose_log_alone_is_behind_changes_nothing_until_it_is_recovered(
    registry: FoundedRegistry, tmp_path: Path
) -> None:
    """The repository is of the day, the log's leaves are not: every deed would number a leaf twice."""
    other, storage = on_new_database(registry, tmp_path / "other.sqlite")
    other.adopt()
    draft = registry.draft("CN-41")
    registry.approve(draft, 0)
    size = registry.publication.record.publish(NOW).checkpoint.size
    with pytest.raises(StoreBehind, match="recover"):
        other.retime(NOW + 1)
    assert other.recover(NOW + 2) is not None
    with storage.reading() as records:
        leaves = records.log.read(0, 99)
    assert [leaf.kind for leaf in leaves[size:]] == ["recovered"]
    assert other.recover(NOW + 3) is None
    other.retime(NOW + 4)
    storage.engine.dispose()


def test_of_two_who_recover_at_once_one_does_and_the_other_puts_nothing_back(
    registry: FoundedRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one would have put what it read of the mirror over what was signed since, and told of it twice."""
    other, storage = on_new_database(registry, tmp_path / "other.sqlite")
    other.adopt()
    registry.publication.retime(NOW + 1)
    read = other.mirror.repository

    def read_and_wait() -> Repository:
        newer = read()
        monkeypatch.undo()
        assert other.recover(NOW + 2) is not None
        other.retime(NOW + 3)
        return newer

    monkeypatch.setattr(other.mirror, "repository", read_and_wait)
    assert other.recover(NOW + 4) is None
    assert registry_time_of(other.repository()) == NOW + 3
    with storage.reading() as records:
        assert [leaf.kind for leaf in records.log.read(0, 99)] == ["recovered"]
    storage.engine.dispose()
