"""Somebody with an account on the machine holds what they can open: nothing waits for it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service_kit.durable import make_secret
from service_kit.http.static import publish, tidy
from service_kit.storage.database import connect, migrate
from tests.unit.trust_registry.founded import FoundedRegistry
from trust_registry.client.trust.store import TrustStore
from trust_registry.storage.sql import MIGRATIONS, VERSION_TABLE
from verifier.keeping.rounds import Duty


def test_holding_every_folder_of_the_mirror_stops_no_publication(tmp_path: Path) -> None:
    """Folders of the mirror are readable by all, and a lock on one is anybody's: denials timed out."""
    mirror, lock = tmp_path / "mirror", tmp_path / "publishing.lock"
    publish(mirror / "metadata" / "timestamp.json", b"1", lock)
    with held_by_another(mirror, mirror / "metadata"):
        publish(mirror / "metadata" / "timestamp.json", b"2", lock)
        tidy(mirror, lock)
    assert (mirror / "metadata" / "timestamp.json").read_bytes() == b"2"


def test_no_lock_can_be_opened_by_others(tmp_path: Path) -> None:
    """The registry's, a database's while it migrates, a gate's trust and its duty: each 0600, none below the mirror."""
    umask = os.umask(0)
    try:
        publish(tmp_path / "registry" / "mirror" / "news.json", b"{}", tmp_path / "registry" / "publishing.lock")
        engine = connect(f"sqlite:///{tmp_path / 'registry' / 'registry.sqlite'}")
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        engine.dispose()
        assert Duty(tmp_path / "gate").take()
        with FoundedRegistry(tmp_path / "founded") as registry:
            store = TrustStore(tmp_path / "gate" / "trust", registry.trusted_root)
            assert store.read() is None
            with store.locked():
                pass
        assert make_secret(tmp_path / "gate" / "gate.secret", 32)
    finally:
        os.umask(umask)
    locks = [path for path in tmp_path.rglob("*") if path.name in ("publishing.lock", "duty", "lock")]
    locks += tmp_path.rglob("*.migrating")
    assert len(locks) == 5
    for path in [*locks, tmp_path / "gate" / "gate.secret"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert "mirror" not in path.relative_to(tmp_path).parts


def test_holding_the_folder_of_a_secret_stops_no_start(tmp_path: Path) -> None:
    """The secret is made by a link that is there or not, and under no lock at all."""
    with held_by_another(tmp_path):
        assert make_secret(tmp_path / "gate.secret", 32)
        assert not make_secret(tmp_path / "gate.secret", 32)
    assert [path.name for path in tmp_path.iterdir()] == ["gate.secret"]


@contextmanager
def held_by_another(*folders: Path) -> Iterator[None]:
    """What another process holds is the same to us as what another descriptor holds."""
    descriptors = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY) for folder in folders]
    for descriptor in descriptors:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
