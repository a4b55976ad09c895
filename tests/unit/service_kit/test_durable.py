"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import socket
import stat
from pathlib import Path

import pytest

from credentials.errors import SettingInvalid, StorageFull, StorageUnavailable
from credentials.keys import new_private_key
from service_kit.durable import (
    MAX_SECRET_BYTES,
    make_folder,
    make_secret,
    read_secret,
    storage_error,
    write_atomic,
)
from service_kit.storage.database import connect
from trust_registry.key_files import new_folder, write_key


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


SPAWN = multiprocessing.get_context("spawn")


def test_writes_and_replaces(tmp_path: Path) -> None:
    """The plain deed, into folders that are not there yet."""
    path = tmp_path / "members" / "CN-41" / "status.cose"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert names(path.parent) == ["status.cose"]


def test_a_secret_is_never_readable_for_others(tmp_path: Path) -> None:
    """Not even between its making and its renaming: the temporary file is 0600 from the start."""
    path = tmp_path / "key.pem"
    write_atomic(path, b"secret", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(path) == b"secret"


def _write_with_little_room(path: Path, outcome: str) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        write_atomic(path, bytes(5000))
    except StorageFull:
        Path(outcome).touch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def test_without_room_the_old_content_stays(tmp_path: Path) -> None:
    """A full disk while publishing must leave the last good file, and no rubbish beside it."""
    path = tmp_path / "published" / "rules.jws"
    write_atomic(path, b"old")
    process = SPAWN.Process(target=_write_with_little_room, args=(path, str(tmp_path / "said-full")))
    process.start()
    process.join()
    assert (tmp_path / "said-full").exists()
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["rules.jws"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_has_three_names(number: int) -> None:
    """A quota is a full disk to whoever has to make room."""
    found = storage_error(OSError(number, "x"), Path("somebody") / "rules.jws")
    assert isinstance(found, StorageFull)
    assert found.detail == "rules.jws: no space left on the disk; make room, then do it again"


def test_other_faults_say_their_number_and_no_path(tmp_path: Path) -> None:
    """A path may hold a name; the kernel's word is enough to find the fault."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match=r"NOTDIR|EEXIST") as caught:
        write_atomic(tmp_path / "file" / "under", b"x")
    assert str(tmp_path) not in str(caught.value)
    assert isinstance(storage_error(OSError()), StorageUnavailable)


def test_a_folder_where_the_file_should_be_leaves_no_rubbish(tmp_path: Path) -> None:
    """What fails at the renaming must clean up as well."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageUnavailable):
        write_atomic(tmp_path / "taken", b"x")
    assert names(tmp_path) == ["taken"]


def _write_often(path: Path, letter: bytes) -> None:
    for _ in range(20):
        write_atomic(path, letter * 20_000)


def test_readers_and_writers_in_several_processes(tmp_path: Path) -> None:
    """A gate that reads while two processes publish must see one content or the other."""
    path = tmp_path / "list"
    write_atomic(path, b"a" * 20_000)
    writers = [SPAWN.Process(target=_write_often, args=(path, letter)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in (b"a" * 20_000, b"b" * 20_000)
    assert [writer.exitcode for writer in writers] == [0, 0]


def test_makes_folders_that_are_there(tmp_path: Path) -> None:
    """Twice is no error: two processes start at once."""
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """A second start, or a second worker, must find the first one's secret and leave it alone."""
    path = tmp_path / "new" / "own.secret"
    assert make_secret(path, 32) is True
    made = read_secret(path)
    assert len(made) == 32
    assert make_secret(path, 32) is False
    assert read_secret(path) == made


def test_a_secret_where_no_folder_can_be(tmp_path: Path) -> None:
    """A data folder that is a file is told as a fault of the storage, not as a crash."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageUnavailable):
        make_secret(tmp_path / "data" / "own.secret", 32)


def test_secrets_that_are_refused(tmp_path: Path) -> None:
    """A key that others can read is no secret; a whole disk image given by mistake is no key."""
    path = tmp_path / "key.pem"
    with pytest.raises(SettingInvalid, match="cannot be read"):
        read_secret(path)
    path.write_bytes(b"secret")
    path.chmod(0o640)
    with pytest.raises(SettingInvalid, match="0600"):
        read_secret(path)
    path.chmod(0o600)
    path.write_bytes(bytes(MAX_SECRET_BYTES + 1))
    with pytest.raises(SettingInvalid, match="too large"):
        read_secret(path)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "socket", "loop"])
def test_a_secret_is_a_regular_file(tmp_path: Path, kind: str) -> None:
    """A pipe was waited for, for ever; a device has no end."""
    path = tmp_path / "key.pem"
    with socket.socket(socket.AF_UNIX) as listener:
        {
            "pipe": lambda: os.mkfifo(path, 0o600),
            "device": lambda: path.symlink_to("/dev/zero"),
            "folder": lambda: path.mkdir(0o700),
            "socket": lambda: listener.bind(str(path)),
            "loop": lambda: path.symlink_to(path),
        }[kind]()
        with pytest.raises(SettingInvalid, match=r"key\.pem: (not a regular file|cannot be read)"):
            read_secret(path)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_those_that_are_meant_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """Under 000 everybody could write into a registry's folder, under 077 no web server could read its mirror."""
    before = os.umask(umask)
    try:
        with new_folder(tmp_path / "registry") as folder:
            write_key(folder / "keys" / "root.pem", new_private_key(), None)
            write_atomic(folder / "mirror" / "a.json", b"{}")
        engine = connect(f"sqlite:///{tmp_path / 'registry' / 'a.sqlite'}")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE one (id INTEGER)")
            connection.commit()
        engine.dispose()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    expected = {
        "registry": 0o755,
        "keys": 0o700,
        "root.pem": 0o600,
        "mirror": 0o755,
        "a.json": 0o644,
        "a.sqlite": 0o600,
    }
    assert {name: modes[name] for name in expected} == expected
