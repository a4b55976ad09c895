from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest

from credentials.errors import BundleRejected
from tests.unit.trust_registry.published import DAY, HOUR, Published
from trust_registry.client.trust import bundle
from trust_registry.client.trust.bundle import Bundle, pack, read_bundle

NOW = 1_669_000_000


@pytest.fixture
def published() -> Published:
    return Published(NOW)


def opened(published: Published, data: bytes | None = None, at: int = NOW) -> Bundle:
    return read_bundle(pack(published.files) if data is None else data, published.trusted_root, at)


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")
        for path, content in entries:
            archive.writestr(path, content)
    return packed.getvalue()


def test_a_bundle_gives_what_a_fetch_gives(published: Published) -> None:
    """A gate on a mountain pass judges like one in the city."""
    published.files |= {
        "members/CN-41/status.cose": b"status",
        "members/CN-41/rules.jws": b"rules",
        "members/CN-41/token-status-lists/1.jwt": b"not for gates",
        "members/CN-65/status.cose": b"not a member",
    }
    read = opened(published)
    assert list(read.snapshot.members) == ["CN-41", "CN-44"]
    assert read.snapshot.verified_at == NOW
    assert read.member_files == {"CN-41": {"status.cose": b"status", "rules.jws": b"rules"}, "CN-44": {}}
    assert "CN-41" in read.pins.members


def test_an_unpacked_bundle_is_read_as_well(published: Published, tmp_path: Path) -> None:
    """``--trust DIR``: the same judge for the folder of a mirror."""
    for path, content in published.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert len(read_bundle(tmp_path, published.trusted_root, NOW).snapshot.members) == 2
    (tmp_path / "metadata/timestamp.json").write_bytes(b" " * (bundle.MAX_ENTRY_BYTES + 1))
    with pytest.raises(BundleRejected, match="too large"):
        read_bundle(tmp_path, published.trusted_root, NOW)
    with pytest.raises(BundleRejected, match="missing"):
        read_bundle(tmp_path / "elsewhere", published.trusted_root, NOW)


def test_expiry_becomes_age(published: Published) -> None:
    """A bundle is always a little old: how old is too old, policy says."""
    read = opened(published, at=NOW + 30 * DAY)
    assert read.snapshot.age(NOW + 30 * DAY) == 30 * DAY


def test_a_bundle_older_than_what_is_held_is_refused(published: Published) -> None:
    """The carrier must not be able to bring back last week's denials."""
    old = pack(published.files)
    published.publish(NOW + HOUR)
    held = opened(published).snapshot.versions
    with pytest.raises(BundleRejected, match="older"):
        read_bundle(old, published.trusted_root, NOW, held_versions=held)
    same = read_bundle(pack(published.files), published.trusted_root, NOW, held_versions=held)
    assert same.snapshot.versions == held


def test_a_bundle_of_another_registry_is_refused(published: Published) -> None:
    """The carrier is believed in nothing; the trusted root decides."""
    with pytest.raises(BundleRejected):
        read_bundle(pack(Published(NOW).files), published.trusted_root, NOW)


def test_a_bundle_with_a_file_missing_is_refused(published: Published) -> None:
    """Half a bundle is none."""
    del published.files["metadata/1.denials.json"]
    with pytest.raises(BundleRejected, match="denials metadata is missing"):
        opened(published)


def test_the_same_files_give_the_same_zip(published: Published) -> None:
    """So that two people can compare bundles by their hash."""
    shuffled = dict(reversed(published.files.items()))
    assert pack(published.files) == pack(shuffled)


@pytest.mark.parametrize(
    "path",
    [
        "../escape",
        "/etc/passwd",
        "a/../b",
        "C:\\x",
        "a//b",
        "metadata/.hidden",
        "\u202ex",
        "a/b/c/d/e/f/g/h/i/j",
        "x" * 200,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(published: Published, path: str) -> None:
    """Zip slip: nothing is unpacked to disk today, and nobody should have to remember that."""
    with pytest.raises(BundleRejected, match="path"):
        opened(published, zipped((path, b"x")))
    with pytest.raises(BundleRejected, match="path"):
        pack({path: b"x"})


def test_the_same_path_twice_is_refused(published: Published) -> None:
    """Two readers that take different ones of two entries would see two different bundles."""
    with pytest.raises(BundleRejected, match="twice"):
        opened(published, zipped(("metadata/timestamp.json", b"1"), ("metadata/timestamp.json", b"2")))


def test_folders_in_the_zip_are_ignored(published: Published) -> None:
    """Many zip programs write them."""
    entries = [("metadata/", b""), *published.files.items()]
    assert opened(published, zipped(*entries)).snapshot.is_whole


def test_bombs_are_refused_before_they_are_unpacked(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kilobyte that unpacks to a gigabyte must not stop a gate."""
    bomb = zipped(("metadata/timestamp.json", bytes(bundle.MAX_ENTRY_BYTES + 1)))
    assert len(bomb) < 100_000
    with pytest.raises(BundleRejected, match="too large when unpacked"):
        opened(published, bomb)
    monkeypatch.setattr(bundle, "MAX_BUNDLE_CONTENT_BYTES", 1000)
    with pytest.raises(BundleRejected, match="too large when unpacked"):
        opened(published)
    monkeypatch.setattr(bundle, "MAX_BUNDLE_BYTES", 100)
    with pytest.raises(BundleRejected, match="more than 100 bytes"):
        opened(published)


def test_a_bomb_that_lies_about_its_size_is_refused(published: Published) -> None:
    """The size in the table is the attacker's word; what is unpacked must be counted."""
    content = bytes(8 * 1024 * 1024)
    data = bytearray(zipped(("metadata/timestamp.json", content)))
    for place in (data.index(b"PK\x03\x04") + 22, data.index(b"PK\x01\x02") + 24):
        assert data[place : place + 4] == len(content).to_bytes(4, "little")
        data[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(BundleRejected, match="damaged"):
        opened(published, bytes(data))


def test_too_many_entries_are_refused_before_they_are_listed(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million empty entries fill the memory by their names alone."""
    monkeypatch.setattr(bundle, "MAX_ENTRIES", 3)
    with pytest.raises(BundleRejected, match="too many entries"):
        opened(published)
    monkeypatch.setattr(bundle, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(BundleRejected, match="too many entries"):
        opened(published)


def test_what_is_no_plain_zip_is_refused(published: Published) -> None:
    """Every odd form is one more way for two readers to differ."""
    whole = pack(published.files)
    commented = io.BytesIO(whole)
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"hello"
    for data in (b"", b"PK", whole[:-1], whole[len(whole) // 2 :], commented.getvalue(), whole + b"x"):
        with pytest.raises(BundleRejected):
            opened(published, data)
    locator = whole[:-42] + b"PK\x06\x07" + bytes(16) + whole[-22:]
    with pytest.raises(BundleRejected, match="plain zip"):
        opened(published, locator)


def test_encrypted_or_oddly_packed_entries_are_refused(published: Published) -> None:
    """They would end in an exception of the zip library at best."""
    with pytest.raises(BundleRejected, match="unknown way"):
        opened(published, zipped(("metadata/timestamp.json", b"x" * 99), method=zipfile.ZIP_BZIP2))
    data = bytearray(zipped(("metadata/timestamp.json", b"x" * 99)))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BundleRejected, match="encrypted"):
        opened(published, bytes(data))


def test_a_flipped_bit_is_noticed(published: Published) -> None:
    """Sticks and discs rot."""
    whole = pack(published.files)
    refused = 0
    for place in range(0, len(whole), 37):
        data = bytearray(whole)
        data[place] ^= 0x10
        try:
            read = opened(published, bytes(data))
        except BundleRejected:
            refused += 1
        else:
            assert read.repository.files == opened(published).repository.files
    assert refused > len(whole) // 37 // 2
