from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.errors import FetchFailed, FetchTooLarge, MetadataRejected
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.published import DAY, HOUR, Published
from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.trust import updater as updater_module
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater

NOW = int(time.time())


@pytest.fixture
def published() -> Published:
    return Published(NOW)


@pytest.fixture
def mirror(published: Published) -> Iterator[Serving]:
    with serving(published.files) as mirror:
        yield mirror


@pytest.fixture
def store(published: Published, tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path, published.trusted_root)


@pytest.fixture
def updater(store: TrustStore, mirror: Serving) -> TrustUpdater:
    return TrustUpdater(store, mirror.url, Fetcher())


def test_fetches_verifies_and_stores(updater: TrustUpdater, store: TrustStore, published: Published) -> None:
    """The daily work: what was signed at the registry is found at the gate, and after its restart."""
    snapshot = updater.update(NOW)
    assert list(snapshot.members) == ["CN-41", "CN-44"]
    assert snapshot.reported == ()
    assert store.load(NOW).keys.keys() == snapshot.keys.keys()
    published.deny(published.provinces[0].keys[0].kid)
    published.publish()
    assert published.provinces[0].keys[0].kid in updater.update(NOW).denied


def test_asks_for_one_file_when_nothing_is_new(updater: TrustUpdater, mirror: Serving) -> None:
    """Every gate asks every 30 seconds: it must cost a mirror next to nothing."""
    updater.update(NOW)
    mirror.asked.clear()
    assert updater.update(NOW + 30).verified_at == NOW + 30
    assert mirror.asked == ["metadata/timestamp.json"]


def test_fetches_only_what_is_new(updater: TrustUpdater, mirror: Serving, published: Published) -> None:
    """The hourly timestamp must not make every gate fetch the whole list again."""
    updater.update(NOW)
    published.publish_timestamp()
    mirror.asked.clear()
    assert updater.update(NOW).versions["timestamp"] == 2
    assert not [path for path in mirror.asked if "snapshot" in path or "targets.json" in path]


def test_follows_a_new_root(updater: TrustUpdater, published: Published) -> None:
    """An officer leaves; gates must follow by themselves."""
    updater.update(NOW)
    published.replace_officer(2)
    published.publish()
    assert updater.update(NOW).versions["root"] == 2


def test_a_rollback_is_refused_and_the_held_set_stays(
    updater: TrustUpdater, store: TrustStore, published: Published
) -> None:
    """An older list served again."""
    old = dict(published.files)
    published.publish()
    updater.update(NOW)
    published.files.clear()
    published.files |= old
    with pytest.raises(MetadataRejected):
        updater.update(NOW)
    assert store.load(NOW).versions["targets"] == 2


def test_a_rollback_is_refused_after_a_restart(store: TrustStore, mirror: Serving, published: Published) -> None:
    """The memory of what was seen is on the disk."""
    old = dict(published.files)
    published.publish()
    TrustUpdater(store, mirror.url, Fetcher()).update(NOW)
    published.files.clear()
    published.files |= old
    with pytest.raises(MetadataRejected):
        TrustUpdater(store, mirror.url, Fetcher()).update(NOW)


def test_an_expired_timestamp_fails_the_update_and_nothing_else(
    mirror: Serving, store: TrustStore, published: Published
) -> None:
    """green-pass-overview #8: a failed nightly job must age the list, not black out the gates."""
    updater = TrustUpdater(store, mirror.url, Fetcher())
    updater.update(NOW)
    published.publish(NOW - 2 * DAY)
    with pytest.raises(MetadataRejected, match="expired"):
        updater.update(NOW)
    assert store.load(NOW).versions["timestamp"] == 1


def test_a_frozen_mirror_is_noticed_by_the_gates_clock(updater: TrustUpdater) -> None:
    """The same bytes for ever: fresh today, refused once they have expired."""
    updater.update(NOW)
    with pytest.raises(MetadataRejected, match="timestamp expired"):
        updater.update(NOW + DAY)


def test_expiry_is_judged_by_the_gates_clock(store: TrustStore, mirror: Serving) -> None:
    """python-tuf knows only the system's clock; the gate may know better."""
    with pytest.raises(MetadataRejected, match="timestamp expired"):
        TrustUpdater(store, mirror.url, Fetcher()).update(NOW + 2 * DAY)
    assert store.read() is None


@pytest.mark.parametrize(
    "name", ["1.snapshot.json", "1.targets.json", "1.denials.json", ".trust-list.json", ".denials.json"]
)
@pytest.mark.parametrize("fault", ["half", "broken", "gone", "tampered"])
def test_half_a_fetch_stores_nothing(
    updater: TrustUpdater, store: TrustStore, mirror: Serving, published: Published, name: str, fault: str
) -> None:
    """A list fetched half, a hash that does not fit, a file that is not there yet."""
    path = next(path for path in published.files if path.endswith(name))
    if fault == "gone":
        del published.files[path]
    elif fault == "tampered":
        published.files[path] = published.files[path].replace(b'"', b"'", 1)
    else:
        getattr(mirror, fault).add(path)
    with pytest.raises((FetchFailed, MetadataRejected)):
        updater.update(NOW)
    assert store.read() is None


def test_the_next_update_heals(updater: TrustUpdater, mirror: Serving, published: Published) -> None:
    """A bad minute of the mirror must leave no trace."""
    updater.update(NOW)
    published.publish()
    mirror.half.add("metadata/2.targets.json")
    with pytest.raises((FetchFailed, MetadataRejected)):
        updater.update(NOW)
    mirror.half.clear()
    assert updater.update(NOW).versions["targets"] == 2


def test_a_dead_mirror_is_named(store: TrustStore, published: Published) -> None:
    """Registry switched off: the gate says what failed and goes on with what it has."""
    with serving(published.files) as mirror:
        updater = TrustUpdater(store, mirror.url, Fetcher())
        updater.update(NOW)
    with pytest.raises(FetchFailed):
        updater.update(NOW)
    assert len(store.load(NOW).members) == 2


def test_a_target_that_is_not_listed_is_refused(updater: TrustUpdater, published: Published) -> None:
    """No list is not an empty list."""
    published.hidden_target = "denials.json"
    published.publish()
    with pytest.raises(MetadataRejected, match="not listed"):
        updater.update(NOW)


def test_no_file_may_be_endless(updater: TrustUpdater, published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stolen online key lists a denials file of any length; the gate has its own limit."""
    monkeypatch.setattr(updater_module, "MAX_FILE_BYTES", 100)
    with pytest.raises(FetchTooLarge):
        updater.update(NOW)


def test_a_damaged_store_is_replaced(updater: TrustUpdater, store: TrustStore, mirror: Serving, tmp_path: Path) -> None:
    """A disk error must not need a technician on a mountain pass."""
    updater.update(NOW)
    (tmp_path / "trust.zip").write_bytes(b"rubbish")
    fresh = TrustUpdater(store, mirror.url, Fetcher())
    assert len(fresh.update(NOW).members) == 2
    assert len(store.load(NOW).members) == 2


def test_the_same_registry_time_is_seen(updater: TrustUpdater, published: Published) -> None:
    """The clock's lower bound and every age come from this one signed number."""
    signed = json.loads(published.files["metadata/timestamp.json"])["signed"]
    assert updater.update(NOW + HOUR).registry_time == signed["issued_at"] == NOW
