from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import pytest

from credentials.errors import MetadataRejected, StorageFull, StorageUnavailable, TrustMissing
from tests.unit.trust_registry.client.trust.test_repository import verify
from tests.unit.trust_registry.published import HOUR, Published
from trust_registry.client.trust import store as store_module
from trust_registry.client.trust.bundle import pack
from trust_registry.client.trust.store import TrustStore

NOW = 1_669_000_000


@pytest.fixture
def published() -> Published:
    return Published(NOW)


@pytest.fixture
def store(published: Published, tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust", published.trusted_root)


def test_a_new_gate_has_nothing(store: TrustStore) -> None:
    """It must say so, not pass for a gate with an empty list."""
    with pytest.raises(TrustMissing):
        store.load(NOW)


def test_what_was_taken_is_there_after_a_restart(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """A gate starts without network and knows what it knew."""
    taken = store.accept(verify(published), NOW)
    again = TrustStore(tmp_path / "trust", published.trusted_root).load(NOW + HOUR)
    assert again.versions == taken.versions
    assert list(again.keys) == list(taken.keys)
    assert again.verified_at == NOW
    assert again.age(NOW + HOUR) == HOUR


def test_an_older_set_is_refused(published: Published, store: TrustStore) -> None:
    """An older list served again, by whatever way it comes: a mirror or a stick."""
    old = verify(published)
    published.publish(NOW + HOUR)
    store.accept(verify(published), NOW)
    with pytest.raises(MetadataRejected, match="older"):
        store.accept(old, NOW)
    assert store.load(NOW).versions["targets"] == 2


def test_a_half_or_altered_set_is_never_used(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """A disk that lies, or somebody who edits the file: refused, and a whole new set heals it."""
    store.accept(verify(published), NOW)
    file = tmp_path / "trust" / "trust.zip"
    for damage in (file.read_bytes()[:-40], file.read_bytes().replace(b"PK\x03\x04", b"PK\x03\x05", 1), b""):
        file.write_bytes(damage)
        with pytest.raises(MetadataRejected):
            store.load(NOW)
        store.accept(verify(published), NOW)
        assert len(store.load(NOW).members) == 2


def test_the_same_set_is_not_written_again(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """Several workers of a gate update at the same time; the disk need not hear of each."""
    store.accept(verify(published), NOW)
    before = (tmp_path / "trust" / "trust.zip").stat().st_mtime_ns
    store.accept(verify(published), NOW + HOUR)
    assert (tmp_path / "trust" / "trust.zip").stat().st_mtime_ns == before
    assert store.load(NOW + HOUR).verified_at == NOW


@pytest.mark.parametrize("name", ["metadata/1.targets.json", "verified.json"])
def test_a_set_with_a_damaged_entry_is_refused(
    published: Published, store: TrustStore, tmp_path: Path, name: str
) -> None:
    """The zip still opens; what is in it must not pass for whole."""
    store.accept(verify(published), NOW)
    with zipfile.ZipFile(tmp_path / "trust" / "trust.zip") as archive:
        start = archive.getinfo(name).header_offset + 30 + len(name) + 4
    data = bytearray((tmp_path / "trust" / "trust.zip").read_bytes())
    data[start] ^= 0xFF
    (tmp_path / "trust" / "trust.zip").write_bytes(bytes(data))
    with pytest.raises(MetadataRejected, match="stored set"):
        store.load(NOW)


def test_a_set_without_its_time_is_refused(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """Somebody dropped a bundle in by hand: there is a command for that, which checks and remembers."""
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "trust.zip").write_bytes(pack(published.files))
    with pytest.raises(MetadataRejected, match="no time of verification"):
        store.load(NOW)


def test_a_full_disk_leaves_what_was_held(
    published: Published, store: TrustStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate goes on with the older set."""
    store.accept(verify(published), NOW)
    published.publish(NOW + HOUR)

    def full(path: Path, data: bytes) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "write_atomic", full)
        with pytest.raises(StorageFull):
            store.accept(verify(published), NOW)
    assert store.load(NOW).versions["targets"] == 1


def test_a_crash_between_the_set_and_the_pins_is_repaired(
    published: Published, store: TrustStore, tmp_path: Path
) -> None:
    """Killed between two writes: the next start draws the same conclusions."""
    store.accept(verify(published), NOW)
    pins = (tmp_path / "trust" / "pins.json").read_bytes()
    published.provinces[0].replace_root(signed_by_old=False)
    published.publish(NOW + HOUR)
    store.accept(verify(published), NOW + HOUR)
    (tmp_path / "trust" / "pins.json").write_bytes(pins)
    snapshot = store.load(NOW + 2 * HOUR)
    assert snapshot.members["CN-41"].changed_until == NOW + 74 * HOUR
    assert store.load(NOW + 3 * HOUR).members["CN-41"].changed_until == NOW + 74 * HOUR


def test_the_wait_for_a_changed_root_is_a_setting(published: Published, tmp_path: Path) -> None:
    """A drill or a demonstration cannot wait three days."""
    store = TrustStore(tmp_path, published.trusted_root, wait=60)
    store.accept(verify(published), NOW)
    published.provinces[0].replace_root(signed_by_old=False)
    published.publish()
    assert store.accept(verify(published), NOW).members["CN-41"].changed_until == NOW + 60
    assert store.load(NOW + 60).members["CN-41"].changed_until == 0


def test_denials_are_remembered_over_a_restart(published: Published, store: TrustStore) -> None:
    """A thief of the online key waits for the reboot of a gate, in vain."""
    kid = published.provinces[0].keys[0].kid
    published.deny(kid)
    published.publish()
    store.accept(verify(published), NOW)
    published.denied = []
    published.publish()
    store.accept(verify(published), NOW)
    assert kid in store.load(NOW).denied


def test_damaged_pins_stop_the_gate(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """To begin anew without a word would be to trust whoever damaged them."""
    store.accept(verify(published), NOW)
    (tmp_path / "trust" / "pins.json").write_bytes(b"{}")
    with pytest.raises(StorageUnavailable, match="pins"):
        store.load(NOW)


def test_a_folder_that_cannot_be_used_is_named(published: Published, tmp_path: Path) -> None:
    """A wrong path or right must be an error of ours, not a foreign exception."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="folder"):
        TrustStore(tmp_path / "file", published.trusted_root).load(NOW)
    (tmp_path / "trust.zip").mkdir()
    with pytest.raises(StorageUnavailable, match=r"trust\.zip"):
        TrustStore(tmp_path, published.trusted_root).load(NOW)


def test_many_hands_leave_the_newest(published: Published, store: TrustStore, tmp_path: Path) -> None:
    """Several processes of a gate share a folder; whatever the order, the newest whole set stays."""
    sets = []
    for hour in range(6):
        published.publish(NOW + hour * HOUR)
        sets.append(verify(published))

    def take(repository: object) -> None:
        own = TrustStore(tmp_path / "trust", published.trusted_root)
        try:
            own.accept(repository, NOW)  # type: ignore[arg-type]
        except MetadataRejected:
            return

    threads = [threading.Thread(target=take, args=(one,)) for one in reversed(sets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load(NOW).versions == sets[-1].versions
