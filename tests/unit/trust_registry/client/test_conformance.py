"""Any TUF repository by our own steps, through the command that the suite tuf-conformance calls (its CLIENT-CLI.md)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.conformance import main

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
PAST = SOON - timedelta(days=60)
ROLES = ("root", "timestamp", "snapshot", "targets")


class Repository:
    """A plain repository: four roles, a key each, every version on its mirror."""

    def __init__(self, mirror: Serving) -> None:
        self.mirror = mirror
        self.signed: dict[str, Any] = {
            "root": Root(expires=SOON, consistent_snapshot=True),
            "timestamp": Timestamp(expires=SOON),
            "snapshot": Snapshot(expires=SOON),
            "targets": Targets(expires=SOON),
        }
        self.signers: dict[str, list[CryptoSigner]] = {role: [] for role in ROLES}
        self.with_hashes = False
        for role in ROLES:
            self.rotate(role)
            self.signed[role].version = 0
        self.publish("targets", "snapshot", "timestamp", "root")

    @property
    def root(self) -> Root:
        root = self.signed["root"]
        assert isinstance(root, Root)
        return root

    def rotate(self, role: str, kinds: Sequence[str] = ("ecdsa",)) -> None:
        """New keys in place of a role's old ones; the root is signed by the old ones too."""
        made = [getattr(CryptoSigner, f"generate_{kind}")() for kind in kinds]
        self.signers[role] = [*(self.signers[role] if role == "root" else []), *made]
        self.root.roles[role].keyids.clear()
        for signer in made:
            self.root.add_key(signer.public_key, role)

    def publish(self, *roles: str, version: int | None = None) -> None:
        """Sign the next version of each role (or this one), and list it where the repository lists it."""
        for role in roles:
            signed = self.signed[role]
            signed.version = signed.version + 1 if version is None else version
            metadata = Metadata(signed)
            for signer in self.signers[role]:
                metadata.sign(signer, append=True)
            data = metadata.to_bytes()
            for name in (f"{role}.json", f"{signed.version}.{role}.json"):
                self.mirror.files[f"metadata/{name}"] = data
            named = MetaFile.from_data(signed.version, data, ["sha256"])
            listed = named if self.with_hashes else MetaFile(signed.version)
            snapshot, timestamp = self.signed["snapshot"], self.signed["timestamp"]
            assert isinstance(snapshot, Snapshot) and isinstance(timestamp, Timestamp)
            if role == "targets":
                snapshot.meta["targets.json"] = listed
            if role == "snapshot":
                timestamp.snapshot_meta = listed

    def add(self, path: str, content: bytes) -> str:
        """A target; where its content lies."""
        targets = self.signed["targets"]
        assert isinstance(targets, Targets)
        targets.targets[path] = target = TargetFile.from_data(path, content, ["sha256"])
        folder, slash, name = path.rpartition("/")
        prefix = f"{target.hashes['sha256']}." if self.root.consistent_snapshot else ""
        return f"targets/{folder}{slash}{prefix}{name}"


class Client:
    """The command, in a folder of its own."""

    def __init__(self, folder: Path, mirror: Serving) -> None:
        self.metadata, self.targets, self._mirror = folder / "metadata", folder / "targets", mirror
        self.trusted = folder / "trusted.json"

    def run(self, *words: str | Path) -> int:
        options = ["--metadata-dir", self.metadata, "--metadata-url", f"{self._mirror.url}/metadata", *words]
        return main(list(map(str, options)))

    def init(self) -> int:
        self.trusted.write_bytes(self._mirror.files["metadata/1.root.json"])
        return self.run("init", self.trusted)

    def refresh(self) -> int:
        self._mirror.asked.clear()
        return self.run("refresh")

    def download(self, name: str) -> int:
        self._mirror.asked.clear()
        place: list[str | Path] = ["--target-name", name, "--target-dir", self.targets, "--target-base-url"]
        return self.run(*place, f"{self._mirror.url}/targets", "download")

    def versions(self) -> dict[str, int]:
        files = sorted(self.metadata.glob("*.json"))
        return {path.stem: Metadata.from_bytes(path.read_bytes()).signed.version for path in files}


@pytest.fixture
def mirror() -> Iterator[Serving]:
    with serving({}) as mirror:
        yield mirror


@pytest.fixture
def repository(mirror: Serving) -> Repository:
    return Repository(mirror)


@pytest.fixture
def client(tmp_path: Path, mirror: Serving, repository: Repository) -> Client:
    client = Client(tmp_path, mirror)
    assert client.init() == 0 and not mirror.asked
    return client


def test_a_first_refresh_asks_for_each_role_once(client: Client, mirror: Serving) -> None:
    """And keeps each under its own name, in the very bytes."""
    assert client.refresh() == 0
    asked = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    assert mirror.asked == [f"metadata/{name}" for name in asked]
    assert client.versions() == dict.fromkeys(ROLES, 1)
    for role in ROLES:
        assert (client.metadata / f"{role}.json").read_bytes() == mirror.files[f"metadata/1.{role}.json"]
    assert client.refresh() == 0
    assert mirror.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_a_root_that_is_none_asks_for_nothing(client: Client, mirror: Serving) -> None:
    """Of another shape, or with a signature that does not hold."""
    for content in (b"{}", mirror.files["metadata/1.root.json"].replace(b'"sig":"30', b'"sig":"31')):
        (client.metadata / "root.json").write_bytes(content)
        assert client.refresh() == 1 and not mirror.asked


@pytest.mark.parametrize("number, role", list(enumerate(ROLES)))
def test_what_is_wrongly_signed_or_expired_stops_there(
    client: Client, repository: Repository, number: int, role: str
) -> None:
    """What came before is kept; of an expired root the root itself is (TUF 5.3.10)."""
    mirror, signers = repository.mirror, repository.signers[role]
    kept = list(ROLES[:number]) or ["root"]
    repository.signers[role] = []
    repository.publish(role, version=2 if role == "root" else 1)
    assert client.refresh() == 1
    assert set(client.versions()) == set(kept)
    mirror.files.pop("metadata/2.root.json", None)
    repository.signers[role], repository.signed[role].expires = signers, PAST
    repository.publish(role, version=2 if role == "root" else 1)
    assert client.refresh() == 1
    assert set(client.versions()) == set(kept)
    assert client.versions()["root"] == (2 if role == "root" else 1)


@pytest.mark.parametrize("with_hashes", [False, True])
def test_nothing_goes_back(client: Client, repository: Repository, with_hashes: bool) -> None:
    """Timestamp, snapshot and targets, each by itself; a timestamp of the same version is not taken in its place."""
    repository.with_hashes = with_hashes
    repository.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    seen = client.versions()
    repository.publish("timestamp", version=1)
    assert client.refresh() == 1
    repository.publish("snapshot", version=1)
    repository.publish("timestamp", version=3)
    assert client.refresh() == 1
    repository.publish("targets", version=1)
    repository.publish("snapshot", version=3)
    repository.publish("timestamp", version=4)
    assert client.refresh() == 1
    assert client.versions()["targets"] == seen["targets"] and client.versions()["snapshot"] == 2


def test_a_timestamp_of_the_same_version_is_left_alone(client: Client, repository: Repository) -> None:
    """TUF 5.4.3.1: the one that is held goes on counting, and nothing that the other names is asked for."""
    assert client.refresh() == 0
    before = (client.metadata / "timestamp.json").read_bytes()
    repository.publish("snapshot", version=100)
    repository.publish("timestamp", version=1)
    assert client.refresh() == 0
    assert repository.mirror.asked[-1] == "metadata/timestamp.json"
    assert (client.metadata / "timestamp.json").read_bytes() == before


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_versions_that_were_driven_up_come_down_with_new_keys(
    client: Client, repository: Repository, role: str
) -> None:
    """TUF 5.3.11: a thief of an online key must not shut every client for ever."""
    repository.publish(role, version=9_999)
    repository.publish("timestamp", version=9_999)
    assert client.refresh() == 0
    for each in ("snapshot", "timestamp"):
        repository.rotate(each)
    repository.publish("root")
    repository.publish("snapshot", version=2)
    repository.publish("timestamp", version=2)
    assert client.refresh() == 0
    assert client.versions() == {"root": 2, "timestamp": 2, "snapshot": 2, "targets": 1}


@pytest.mark.parametrize("kinds", [("ecdsa",), ("ed25519",), ("rsa",), ("ed25519", "ecdsa", "rsa")])
def test_keys_of_each_kind_and_a_threshold(client: Client, repository: Repository, kinds: tuple[str, ...]) -> None:
    """What the library verifies; one signature fewer than the threshold is none."""
    for role in ("timestamp", "snapshot", "targets"):
        repository.rotate(role, kinds)
        repository.root.roles[role].threshold = len(kinds)
    repository.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    repository.signers["timestamp"].pop()
    repository.publish("timestamp")
    assert client.refresh() == 1 and client.versions()["timestamp"] == 2


def test_a_root_needs_the_old_keys_and_the_new_ones(client: Client, repository: Repository) -> None:
    """TUF 5.3.4; each root of a chain is kept as soon as it was verified."""
    old = list(repository.signers["root"])
    repository.rotate("root")
    repository.publish("root")
    new = [each for each in repository.signers["root"] if each not in old]
    repository.signers["root"] = new
    repository.publish("root")
    assert client.refresh() == 0 and client.versions()["root"] == 3
    repository.rotate("root")
    for signers in (new, repository.signers["root"][1:]):
        repository.signers["root"] = signers
        repository.publish("root", version=4)
        assert client.refresh() == 1 and client.versions()["root"] == 3


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("name", ["file.txt", "a folder/file?#.txt", "../up"])
def test_a_target_is_fetched_once_and_only_as_it_is_signed_for(
    client: Client, repository: Repository, consistent: bool, name: str
) -> None:
    """With and without consistent snapshots; whatever its name is, it lies in the targets' folder."""
    mirror = repository.mirror
    repository.root.consistent_snapshot = consistent
    place = repository.add(name, b"content")
    repository.publish("targets", "snapshot", "timestamp", "root")
    assert client.download("another") == 1 and client.versions()["root"] == 2
    quoted = place.replace(" ", "%20").replace("?", "%3F").replace("#", "%23").replace("targets/../", "")
    mirror.files[quoted] = b"forgery"
    assert client.download(name) == 1 and not list(client.targets.glob("*"))
    mirror.files[quoted] = b"content"
    assert client.download(name) == 0
    (kept,) = client.targets.iterdir()
    assert kept.read_bytes() == b"content"
    assert client.download(name) == 0 and not [path for path in mirror.asked if not path.startswith("metadata")]
    repository.add(name, b"another content")
    repository.publish("targets", "snapshot", "timestamp")
    assert client.download(name) == 1 and kept.read_bytes() == b"content"


def test_the_command_is_one(client: Client) -> None:
    """As the suite starts it: a process with an exit code."""
    command = [sys.executable, "-m", "trust_registry.client.conformance"]
    options = ["--metadata-dir", str(client.metadata), "--metadata-url", "http://127.0.0.1:9/metadata"]
    done = subprocess.run([*command, *options, "refresh"], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (1, "") and "FetchFailed" in done.stderr
