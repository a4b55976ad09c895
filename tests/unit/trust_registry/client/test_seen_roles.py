"""What was verified of a role counts from that moment, whatever becomes of the rest of the update, and after a restart.

Each test goes on with a new store and a new updater on the same folder, as a gate that was switched off and on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata

from credentials.errors import BundleRejected, FetchFailed, MetadataRejected, StorageFull
from service_kit.durable import write_atomic
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.published import DAY, HOUR, Published
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.trust import store as store_module
from trust_registry.client.trust.bundle import pack, read_bundle
from trust_registry.client.trust.repository import version_of
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater

NOW = 1_795_000_000
TIMESTAMP = "metadata/timestamp.json"
ONLINE = ("timestamp", "snapshot", "denials")
POINTS = ("snapshot.json", "targets.json", "denials.json", ".trust-list.json", ".denials.json")
"""The ends of the files that an update asks for after the timestamp, in order."""
ROLES = ("timestamp", "snapshot", "targets", "denials")
"""In the order in which an update verifies them."""
AFTER = {"timestamp": POINTS, "snapshot": POINTS[1:], "targets": POINTS[2:], "denials": POINTS[3:]}
"""By role, the files that may be missing after it has been verified."""


class Gate:
    """A gate that follows what ``published`` lays out, with a restart before every update."""

    def __init__(self, folder: Path, published: Published, mirror: Serving) -> None:
        self.folder, self.published, self.mirror = folder, published, mirror
        self.trusted_root = published.trusted_root

    @property
    def store(self) -> TrustStore:
        return TrustStore(self.folder, self.trusted_root)

    def update(self, at: int = NOW) -> TrustSnapshot:
        return TrustUpdater(self.store, self.mirror.url, Fetcher()).update(at)

    def update_without(self, end: str) -> None:
        """An update in which the new file that ends so is missing."""
        files = self.published.files
        path = next(path for path in reversed(files) if path.endswith(end) and path != TIMESTAMP)
        data = files.pop(path)
        with pytest.raises((FetchFailed, MetadataRejected)):
            self.update()
        files[path] = data


@pytest.fixture
def published() -> Published:
    return Published(NOW)


@pytest.fixture
def gate(published: Published, tmp_path: Path) -> Iterator[Gate]:
    with serving(published.files) as mirror:
        gate = Gate(tmp_path, published, mirror)
        gate.update()
        yield gate


def replace_online_key(published: Published, *roles: str) -> None:
    """A new root that takes these roles' online keys away."""
    for role in roles:
        published.root.revoke_key(published.online[role].public_key.keyid, role)
        published.online[role] = CryptoSigner.generate_ecdsa()
        published.root.add_key(published.online[role].public_key, role)
    published.publish_root()


@pytest.mark.parametrize(("role", "missing"), [(role, end) for role, ends in AFTER.items() for end in ends])
def test_a_role_that_was_seen_is_not_taken_back(gate: Gate, role: str, missing: str) -> None:
    """The update broke off after it; then the mirror serves what it served before, signed anew or not."""
    published = gate.published
    before, versions = dict(published.files), dict(published.versions)
    published.deny(published.provinces[0].keys[0].kid)
    published.publish(NOW + 60)
    gate.update_without(missing)
    newer = dict(published.files)
    published.files.clear()
    published.files.update(before)
    with pytest.raises(MetadataRejected, match="older"):
        gate.update()
    # A thief of the keys above it can sign a newer name for the older file; the role itself still counts.
    published.versions.update(timestamp=versions["timestamp"] + 5, snapshot=versions["snapshot"] + 5)
    published.versions.update({each: versions[each] - 1 for each in ("targets", "denials")})
    if role in ("snapshot", "targets", "denials"):
        published.publish(NOW + 90)
        with pytest.raises(MetadataRejected, match="older"):
            gate.update()
    published.files.clear()
    published.files.update(newer)
    published.versions.update({each: versions[each] + 9 for each in versions if each != "root"})
    published.publish(NOW + 120)
    assert published.provinces[0].keys[0].kid in gate.update().denied


@pytest.mark.parametrize("missing", POINTS)
def test_a_root_that_was_seen_counts_though_the_mirror_hides_it(gate: Gate, missing: str) -> None:
    """It took a stolen timestamp key away; the rest of that update failed; the thief goes on signing."""
    published = gate.published
    thief = published.online["timestamp"]
    replace_online_key(published, "timestamp")
    published.publish(NOW + 60)
    gate.update_without(missing)
    hidden = published.files.pop("metadata/2.root.json")
    honest, published.online["timestamp"] = published.online["timestamp"], thief
    published.publish_timestamp()
    with pytest.raises(MetadataRejected, match="timestamp was signed by"):
        gate.update()
    assert gate.store.load(NOW).versions["root"] == 1, "the gate goes on with what it judged by"
    published.online["timestamp"] = honest
    published.files["metadata/2.root.json"] = hidden
    published.publish(NOW + 120)
    assert gate.update().versions["root"] == 2


def test_a_removed_keys_timestamp_is_refused_though_it_is_the_one_that_is_held(gate: Gate) -> None:
    """The quick way for unchanged bytes must not pass by what was seen since."""
    published = gate.published
    before = published.files[TIMESTAMP]
    updater = TrustUpdater(gate.store, gate.mirror.url, Fetcher())
    updater.update(NOW)
    replace_online_key(published, "timestamp")
    published.publish(NOW + 60)
    lost = published.files.pop(published.path("snapshot"))
    with pytest.raises(FetchFailed):
        updater.update(NOW)
    del published.files["metadata/2.root.json"]
    newer, published.files[TIMESTAMP] = published.files[TIMESTAMP], before
    with pytest.raises(MetadataRejected):
        updater.update(NOW)
    published.files |= {TIMESTAMP: newer, published.path("snapshot"): lost}
    assert updater.update(NOW).versions["root"] == 2


def drive_up(published: Published, *roles: str) -> None:
    for role in roles:
        published.versions[role] = 2**40


def change_officer(published: Published) -> None:
    published.replace_officer(0)


RECOVERIES: dict[str, tuple[tuple[str, ...], Callable[[Published], None]]] = {
    "timestamp": (("timestamp",), lambda published: replace_online_key(published, "timestamp")),
    "snapshot": (("timestamp", "snapshot"), lambda published: replace_online_key(published, "timestamp", "snapshot")),
    "targets": (("targets",), change_officer),
}


@pytest.mark.parametrize("whole", [True, False], ids=["the update was whole", "the update broke off"])
@pytest.mark.parametrize("role", RECOVERIES)
def test_versions_driven_up_come_down_below_a_root_with_other_keys(gate: Gate, role: str, whole: bool) -> None:
    """TUF 5.3.11: a thief who had the keys once must not shut every gate for ever. For targets as well."""
    published = gate.published
    versions, files = dict(published.versions), dict(published.files)
    drive_up(published, *RECOVERIES[role][0])
    published.publish(NOW + 60)
    if whole:
        gate.update()
    else:
        gate.update_without(".trust-list.json")
    published.files.clear()
    published.files.update(files)
    published.versions.update({each: versions[each] + 5 for each in versions if each != "root"})
    published.publish(NOW + 90)
    with pytest.raises(MetadataRejected, match="older"):
        gate.update()
    RECOVERIES[role][1](published)
    published.publish(NOW + 120)
    assert gate.update().versions["root"] == 2
    assert gate.update().versions[role] == published.versions[role]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_new_root_with_the_same_keys_lets_nothing_go_back(gate: Gate, role: str) -> None:
    """Roots are renewed every year; that is no occasion for a rollback."""
    published = gate.published
    published.versions = {name: version + 5 for name, version in published.versions.items() if name != "root"} | {
        "root": 1
    }
    published.publish(NOW + 60)
    gate.update()
    published.versions[role] -= 3
    published.publish_root()
    published.publish(NOW + 120)
    with pytest.raises(MetadataRejected, match=f"{role} version"):
        gate.update()


def test_a_time_that_was_ahead_does_not_outlive_its_correction(gate: Gate) -> None:
    """The registry's clock ran 25 h fast for one signature. What comes after it is newer, whatever its time says."""
    published, kid = gate.published, gate.published.provinces[0].keys[0].kid
    published.publish(NOW + 25 * HOUR)
    assert gate.update().registry_time == NOW + 25 * HOUR
    published.deny(kid)
    published.publish(NOW + 60)
    snapshot = gate.update()
    assert kid in snapshot.denied
    assert snapshot.registry_time == NOW + 60


@pytest.mark.parametrize("off", [-HOUR, HOUR], ids=["an hour slow", "an hour fast"])
@pytest.mark.parametrize("whose", ["the gate's", "the registry's"])
def test_a_clock_that_is_wrong_by_an_hour_and_is_then_set(gate: Gate, off: int, whose: str) -> None:
    """Daylight saving, a wrong zone: what was seen by the wrong clock counts by the right one; nothing goes back."""
    published, before = gate.published, dict(gate.published.files)
    published.deny(kid := published.provinces[0].keys[0].kid)
    published.publish(NOW + off if whose == "the registry's" else NOW)
    assert kid in gate.update(NOW + off if whose == "the gate's" else NOW).denied
    newer = dict(published.files)
    published.files.clear()
    published.files.update(before)
    with pytest.raises(MetadataRejected, match="older"):
        gate.update(NOW)
    published.files.clear()
    published.files.update(newer)
    published.publish(NOW + 60)
    assert kid in gate.update(NOW + 60).denied
    assert kid in gate.store.load(NOW).denied


def test_another_timestamp_of_the_same_version_is_named(gate: Gate) -> None:
    """A registry that was restored from yesterday's backup signs numbers once more: the first counts, at each look."""
    before = gate.store.roles().held["timestamp"]
    gate.published.versions["timestamp"] -= 1
    gate.published.publish_timestamp(note="of another history")
    updater = TrustUpdater(gate.store, gate.mirror.url, Fetcher())
    for _ in range(2):
        updater.update(NOW)
        assert updater.stale is not None and "another timestamp 1" in updater.stale.detail
        assert gate.store.roles().held["timestamp"] == before


def test_a_bundle_counts_like_a_mirror(gate: Gate) -> None:
    """Half of a stick's content is enough to know that a root took a key away, and an old stick takes nothing back."""
    published = gate.published
    before, old = dict(published.files), pack(published.files)
    replace_online_key(published, "timestamp")
    published.publish(NOW + 60)
    half = {path: data for path, data in published.files.items() if path != published.path("snapshot")}
    with pytest.raises(BundleRejected):
        read_bundle(pack(half), gate.trusted_root, NOW, roles=gate.store.roles())
    with pytest.raises(MetadataRejected):
        read_bundle(old, gate.trusted_root, NOW, roles=gate.store.roles())
    published.files.clear()
    published.files.update(before)
    with pytest.raises(MetadataRejected):
        gate.update()


@pytest.mark.parametrize("damage", [b"", b"rubbish"])
def test_a_damaged_memory_falls_back_on_the_set(gate: Gate, damage: bytes) -> None:
    """A disk error costs what was seen beyond the set, and no more."""
    published, before = gate.published, dict(gate.published.files)
    published.publish(NOW + 60)
    gate.update()
    (gate.folder / "roles.zip").write_bytes(damage)
    newer = dict(published.files)
    published.files.clear()
    published.files.update(before)
    with pytest.raises(MetadataRejected, match="older"):
        gate.update()
    published.files.update(newer)
    assert gate.update().versions["timestamp"] == 2


def _full(path: Path, data: bytes) -> None:
    raise StorageFull("no space left")


@pytest.mark.parametrize("later", ["full still", "has room again, and the gate restarts after the next update"])
def test_a_root_that_a_full_disk_did_not_take_counts_all_the_same(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    """It was verified, and could not be kept; the mirror then hides it. The process remembers, and catches up."""
    published, updater = gate.published, TrustUpdater(gate.store, gate.mirror.url, Fetcher())
    thief = published.online["timestamp"]
    replace_online_key(published, "timestamp")
    published.publish(NOW + 60)
    hidden = published.files["metadata/2.root.json"]
    with monkeypatch.context() as patched:
        patched.setattr(store_module, "write_atomic", _full)
        with pytest.raises(StorageFull):
            updater.update(NOW)
        del published.files["metadata/2.root.json"]
        honest, published.online["timestamp"] = published.online["timestamp"], thief
        published.publish_timestamp()
        if later == "full still":
            with pytest.raises(MetadataRejected, match="timestamp was signed by"):
                updater.update(NOW)
            return
    with pytest.raises(MetadataRejected, match="timestamp was signed by"):
        updater.update(NOW)
    published.online["timestamp"] = honest
    published.files["metadata/2.root.json"] = hidden
    published.publish(NOW + 120)
    assert updater.update(NOW).versions["root"] == 2
    del published.files["metadata/2.root.json"]
    assert gate.update().versions["root"] == 2


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_a_full_disk_did_not_take_is_taken_along_with_the_next(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """Only the write of that one failed: what is kept after it, of whatever role, must not leave it out."""
    gate.published.publish(NOW + 60)
    store, number, writes = gate.store, ROLES.index(role), 0

    def write(path: Path, data: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes == number + 1:
            raise StorageFull("no space left")
        write_atomic(path, data)

    monkeypatch.setattr(store_module, "write_atomic", write)
    with pytest.raises(StorageFull):
        TrustUpdater(store, gate.mirror.url, Fetcher()).update(NOW)
    held = store.roles().held
    assert gate.store.roles().held != held
    store.roles().record("timestamp", held["timestamp"])
    assert gate.store.roles().held == held
    assert {name for name in ROLES if version_of(held[name]) == 2} == set(ROLES[: number + 1])


@pytest.mark.parametrize("size", [1, 100, -1])
def test_a_half_written_memory_falls_back_on_the_set(gate: Gate, size: int) -> None:
    """A disk that lied about what it had written, and a power cut."""
    gate.published.publish(NOW + 60)
    before = gate.published.files[TIMESTAMP]
    gate.update()
    whole = (gate.folder / "roles.zip").read_bytes()
    (gate.folder / "roles.zip").write_bytes(whole[:size])
    assert gate.store.roles().held["timestamp"] == before
    assert gate.update().versions["timestamp"] == 2
    assert (gate.folder / "roles.zip").read_bytes() == whole


def test_a_folder_of_an_earlier_version_is_taken_up(gate: Gate) -> None:
    """It has the set alone."""
    before = dict(gate.published.files)
    gate.published.publish(NOW + 60)
    gate.update()
    (gate.folder / "roles.zip").unlink()
    gate.published.files.clear()
    gate.published.files.update(before)
    with pytest.raises(MetadataRejected, match="older"):
        gate.update()


def test_another_trusted_root_begins_anew(gate: Gate) -> None:
    """A registry that was founded anew: its root is carried to the gate by hand, and what was seen no longer counts."""
    drive_up(gate.published, "timestamp", "snapshot", "targets")
    replace_online_key(gate.published, "timestamp")
    gate.published.publish()
    gate.update()
    founded = Published(NOW)
    with serving(founded.files) as mirror:
        anew = Gate(gate.folder, founded, mirror)
        assert anew.update().versions["root"] == 1
        founded.publish(NOW + 60)
        assert anew.update().versions["timestamp"] == 2


def test_an_older_process_beside_this_one_takes_nothing_back(gate: Gate) -> None:
    """Two workers fetch at once, one from a slow mirror: what the other has kept meanwhile stays."""
    slow = gate.store.roles()
    gate.published.publish(NOW + 60)
    gate.update()
    kept = gate.store.roles().held
    slow.record("timestamp", slow.held["timestamp"] + b" ")
    assert gate.store.roles().held == kept


def test_an_expired_role_is_not_taken(gate: Gate) -> None:
    """Freeze: judged by the gate's own clock, role by role."""
    with pytest.raises(MetadataRejected, match="timestamp expired"):
        gate.update(NOW + DAY)
    version = Metadata.from_bytes(gate.store.roles().held["timestamp"]).signed.version
    assert version == 1
