"""Locks between processes: nobody else's to take, and no wait without an end."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
import structlog

from credentials.errors import StorageUnavailable
from service_kit.process import locking
from service_kit.process.locking import locked, open_lock, try_lock


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whoever may open a lock's file may hold it for ever; one that an earlier version left open to all is closed."""
    path = tmp_path / "folder" / "lock"
    for _ in range(2):
        with locked(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o666)


def test_one_at_a_time(tmp_path: Path) -> None:
    """In threads as in processes: each opens the file for itself."""
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path / "lock"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_a_wait_ends_and_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that waits without a word for somebody's lock hears nothing and reports nothing."""
    monkeypatch.setattr(locking, "TOLD_SECONDS", 0.0)
    held = open_lock(tmp_path / "duty.lock")
    assert try_lock(held)
    said = pytest.raises(StorageUnavailable, match=r"duty\.lock: held by another process.*fuser")
    with structlog.testing.capture_logs() as logs, said, locked(tmp_path / "duty.lock", 0.2):
        raise AssertionError("two at once")
    assert [entry["lock"] for entry in logs] == ["duty.lock"]
    os.close(held)
    with locked(tmp_path / "duty.lock", 0.2):
        pass


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Else its mode would change a file of somebody's choice."""
    (tmp_path / "other").touch(0o644)
    (tmp_path / "lock").symlink_to(tmp_path / "other")
    with pytest.raises(StorageUnavailable), locked(tmp_path / "lock"):
        pass
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o644
