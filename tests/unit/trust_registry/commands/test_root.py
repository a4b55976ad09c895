"""The next root by command: at the registry, at the officers' desks, and at a gate that follows."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata

from credentials.errors import ApprovalRejected, Conflict, InvalidRequest, KeyRejected, MetadataRejected
from service_kit.fetch import Fetcher
from tests.unit.trust_registry.desks import Desk
from tests.unit.trust_registry.serving import serving
from trust_registry.cli import registry
from trust_registry.client.trust.snapshot import TrustSnapshot
from trust_registry.client.trust.store import TrustStore
from trust_registry.client.trust.updater import TrustUpdater
from trust_registry.key_files import read_key
from trust_registry.officer.approval import officer_id
from trust_registry.repository.files import load_repository, targets_of
from trust_registry.repository.renewal import with_targets
from trust_registry.root.founding import load_online

NOW = int(time.time())
"""The registry's commands go by the system's clock."""


class Ceremony:
    """The officers' desks: one draft file, a bundle of the day, and everybody's own root."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.bundle = folder / "bundle.zip"

    def key(self, name: str) -> Path:
        path = self.folder / name
        self.desk.json(registry, "root", "key", str(path))
        return path

    def officer(self, number: int) -> Path:
        return self.desk.folder / f"officers/officer-{number}.pem"

    def draft(self, name: str, *options: str) -> Path:
        path = self.folder / name
        self.desk.json(registry, "root", "draft", *self.desk.data, "-o", str(path), *options)
        self.desk.json(registry, "bundle", *self.desk.data, "-o", str(self.bundle))
        return path

    def sign(self, draft: Path, key: Path) -> dict[str, int]:
        from_bundle = ["--root", self.desk.root, "--bundle", str(self.bundle), "--yes"]
        return self.desk.json(registry, "root", "sign", str(draft), "--key", str(key), *from_bundle)

    def publish(self, *drafts: Path) -> dict[str, int]:
        return self.desk.json(registry, "root", "publish", *map(str, drafts), *self.desk.data)


@pytest.fixture
def ceremony(desk: Desk, tmp_path: Path) -> Ceremony:
    return Ceremony(desk, tmp_path)


def update(desk: Desk, folder: Path, mirror: str = "") -> TrustSnapshot:
    store = TrustStore(folder, Path(desk.root).read_bytes())
    return TrustUpdater(store, mirror or f"{desk.url}/mirror", Fetcher()).update(NOW)


def driven_up(desk: Desk) -> dict[str, bytes]:
    """What a thief of two officers' keys and of the online keys lays on a mirror of their own: versions far ahead."""
    paths = (desk.folder / "mirror").rglob("*.json")
    files = {str(path.relative_to(desk.folder / "mirror")): path.read_bytes() for path in paths}
    now = load_repository(files.get)
    ahead = targets_of(now)
    ahead.version = 2**40
    metadata = Metadata(ahead)
    for number in (1, 2):
        metadata.sign(CryptoSigner(read_key(desk.folder / f"officers/officer-{number}.pem")), append=True)
    online = load_online(desk.folder, None)
    for _ in range(5):
        now = with_targets(now, metadata.to_bytes(), now.trust_list, online, NOW)
    return files | dict(now.files())


def test_versions_that_were_driven_up_come_down(desk: Desk, ceremony: Ceremony, tmp_path: Path) -> None:
    """The drill of docs/operations.md: a root with other keys brings gates back that a thief had led astray."""
    folder = tmp_path / "gate"
    update(desk, folder)
    with serving(driven_up(desk)) as thief:
        assert update(desk, folder, thief.url).versions["targets"] == 2**40
    with pytest.raises(MetadataRejected, match="older than"):
        update(desk, folder)
    fourth = ceremony.key("officer-4.pem")
    published = json.loads((desk.folder / "mirror/metadata/1.root.json").read_bytes())
    leaving = published["signed"]["roles"]["root"]["keyids"][0]
    gone = next(number for number in (1, 2, 3) if officer_id(read_key(ceremony.officer(number))) == leaving)
    changes = ("--add-officer", f"{fourth}.pub", "--remove-officer", leaving[:8], "--new-online-keys")
    draft = ceremony.draft("root-2.json", *changes)
    for key in (*(ceremony.officer(number) for number in (1, 2, 3) if number != gone), fourth):
        ceremony.sign(draft, key)
    ceremony.publish(draft)
    recovered = update(desk, folder)
    assert recovered.versions["root"] == 2
    assert recovered.versions["targets"] < 2**40


def test_a_gate_with_the_old_root_follows_two_rotations(desk: Desk, ceremony: Ceremony, tmp_path: Path) -> None:
    """An officer leaves, then the server's keys are replaced: gates in the field are touched by nobody."""
    assert update(desk, tmp_path / "gate").versions["root"] == 1
    fourth = ceremony.key("officer-4.pem")
    published = json.loads((desk.folder / "mirror/metadata/1.root.json").read_bytes())
    leaving = published["signed"]["roles"]["root"]["keyids"][2]
    first = ceremony.draft("root-2.json", "--add-officer", f"{fourth}.pub", "--remove-officer", leaving[:8])
    copy = Path(shutil.copy(first, tmp_path / "copy.json"))
    assert ceremony.sign(first, ceremony.officer(1))["old"] == 1
    # The one who leaves signs for the old root, the one who comes for the new one, on a copy.
    assert ceremony.sign(first, ceremony.officer(3))["new"] == 1
    with pytest.raises(ApprovalRejected, match="2 of the old root's officers and 1 of the new one's"):
        ceremony.publish(first)
    read = desk.run(registry, "root", "sign", str(copy), "--key", str(fourth), "--root", desk.root,
                    "--registry", desk.url, answer="n\n")  # fmt: skip
    assert read.exit_code == 1
    assert "移除登记官密钥" in read.output and "is added" in read.output
    ceremony.sign(copy, fourth)
    assert ceremony.publish(first, copy)["root"] == 2
    assert update(desk, tmp_path / "gate").versions["root"] == 2

    second = ceremony.draft("root-3.json", "--new-online-keys")
    for key in (fourth, ceremony.officer(2)):
        ceremony.sign(second, key)
    assert ceremony.publish(second)["root"] == 3
    assert ceremony.publish(second)["root"] == 3
    for gate in ("gate", "gate that slept"):
        assert update(desk, tmp_path / gate).versions["root"] == 3
    assert desk.json(registry, "timestamp", *desk.data)["root"] == 3
    assert desk.json(registry, "lint", *desk.data) == {"findings": []}
    assert update(desk, tmp_path / "gate").versions["root"] == 3


def test_what_is_told_at_the_desk(desk: Desk, ceremony: Ceremony) -> None:
    """A slip of an officer or operator is named where it is made."""
    unchanged = ceremony.draft("root.json")
    sign = ["root", "sign", str(unchanged), "--key", str(ceremony.officer(1)), "--root", desk.root]
    assert desk.run(registry, *sign).exit_code == 2
    told = desk.run(registry, *sign, "--bundle", str(ceremony.bundle), answer="y\n").output
    assert "密钥不变" in told and "1 of the old root's officers" in told and "UTC+8" in told
    mirror = ["--bundle", str(desk.folder / "mirror"), "--yes"]
    assert desk.run(registry, *sign, *mirror).exit_code == 0
    with pytest.raises(Conflict, match="there already"):
        desk.run(registry, "root", "key", str(ceremony.officer(1)))
    for wrong in ("3f9c21ab", "3"):
        with pytest.raises(InvalidRequest, match="no officer"):
            ceremony.draft("x.json", "--remove-officer", wrong)
    with pytest.raises(KeyRejected, match=r"officer-1\.pem"):
        ceremony.draft("x.json", "--add-officer", str(ceremony.officer(1)))
