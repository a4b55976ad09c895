"""Any TUF repository by our own steps, through the command that the suite tuf-conformance calls (its CLIENT-CLI.md)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from tests.unit.trust_registry.serving import Serving, serving
from trust_registry.client.conformance import MAX_DELEGATED_ROLES, main

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
            self.mirror.files[f"metadata/{signed.version}.{quote(role, safe='')}.json"] = data
            if role in ROLES:
                self.mirror.files[f"metadata/{role}.json"] = data
            named = MetaFile.from_data(signed.version, data, ["sha256"])
            listed = named if self.with_hashes else MetaFile(signed.version)
            snapshot, timestamp = self.signed["snapshot"], self.signed["timestamp"]
            assert isinstance(snapshot, Snapshot) and isinstance(timestamp, Timestamp)
            if isinstance(signed, Targets):
                snapshot.meta[f"{role}.json"] = listed
            if role == "snapshot":
                timestamp.snapshot_meta = listed

    def delegate(self, delegator: str, name: str, paths: Sequence[str] = ("*",), *, ends: bool = False) -> None:
        """Let a role speak for these paths, with a key of its own for each role that delegates to it."""
        above, signer = self.signed[delegator], CryptoSigner.generate_ecdsa()
        above.delegations = above.delegations or Delegations({}, roles={})
        above.delegations.roles[name] = DelegatedRole(name, [], 1, ends, list(paths))
        above.add_key(signer.public_key, name)
        self.signers.setdefault(name, []).append(signer)
        self.signed.setdefault(name, Targets(expires=SOON)).version = 0

    def publish_all(self) -> None:
        delegated = [role for role in self.signed if role not in ROLES]
        self.publish(*delegated, "targets", "snapshot", "timestamp")

    def add(self, path: str, content: bytes, role: str = "targets") -> str:
        """A target; where its content lies."""
        targets = self.signed[role]
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

    def download(self, *names: str) -> int:
        self._mirror.asked.clear()
        asked: list[str | Path] = [each for name in names for each in ("--target-name", name)]
        place: list[str | Path] = ["--target-dir", self.targets, "--target-base-url", f"{self._mirror.url}/targets"]
        return self.run(*asked, *place, "download")

    def searched(self) -> list[str]:
        """The delegated roles that were fetched since, in order."""
        asked = [path.removeprefix("metadata/1.") for path in self._mirror.asked if path.startswith("metadata/1.")]
        return [name.removesuffix(".json") for name in asked if name.removesuffix(".json") not in ROLES]

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


GRAPHS = {
    "one beside the other": ([("targets", "a"), ("targets", "b")], ["a", "b"]),
    "below before beside": ([("targets", "a"), ("targets", "b"), ("a", "c"), ("c", "d")], ["a", "c", "d", "b"]),
    "in a circle": ([("targets", "a"), ("a", "b"), ("b", "a"), ("targets", "c")], ["a", "b", "c"]),
    "twice the same": ([("targets", "a"), ("targets", "b"), ("a", "c"), ("b", "c")], ["a", "c", "b"]),
}


@pytest.mark.parametrize("edges, order", GRAPHS.values(), ids=list(GRAPHS))
def test_a_search_goes_through_the_delegations_in_their_order(
    client: Client, repository: Repository, edges: list[tuple[str, str]], order: list[str]
) -> None:
    """TUF 5.6.7: depth first, each role once."""
    for above, name in edges:
        repository.delegate(above, name)
    repository.publish_all()
    assert client.download("nowhere") == 1
    assert client.searched() == order and set(order) <= set(client.versions())


@pytest.mark.parametrize(
    "path, order",
    [("any", ["a", "last"]), ("any.md", ["md", "a", "last"]), ("folder/any.md", []), ("x.MD", ["a", "last"])],
)
def test_a_search_asks_only_who_may_list_the_path_and_ends_where_it_is_told(
    client: Client, repository: Repository, path: str, order: list[str]
) -> None:
    """A star does not reach into a folder, and letters are as they are; beside a terminating role none comes after."""
    repository.delegate("targets", "md", ["*.md"])
    repository.delegate("targets", "a")
    repository.delegate("targets", "beside")
    repository.delegate("a", "last", ends=True)
    repository.delegate("a", "unasked")
    repository.publish_all()
    assert client.download(path) == 1 and client.searched() == order


def test_a_search_ends_however_long_the_chain_is(client: Client, repository: Repository) -> None:
    """TUF 5.6.7.1: whoever may delegate must not be able to keep a client going for ever."""
    chain = ["targets", *(f"r{number}" for number in range(MAX_DELEGATED_ROLES + 2))]
    for above, name in pairwise(chain):
        repository.delegate(above, name)
    repository.publish_all()
    assert client.download("nowhere") == 1 and client.searched() == chain[1 : MAX_DELEGATED_ROLES + 1]


@pytest.mark.parametrize("name", ["?", "#", "/above", "../above", "with.dots", "2.root", "1.targets"])
def test_a_delegated_role_keeps_to_its_own_file_whatever_it_is_called(
    client: Client, repository: Repository, name: str
) -> None:
    """Neither another path at the mirror nor another role's place in the folder, the root's least of all."""
    repository.delegate("targets", name)
    repository.mirror.files[repository.add("file", b"content", name)] = b"content"
    repository.publish_all()
    assert client.download("file") == 0
    assert f"metadata/1.{quote(name, safe='')}.json" in repository.mirror.asked
    root = (client.metadata / "root.json").read_bytes()
    assert root == repository.mirror.files["metadata/1.root.json"]
    assert sorted(each.name for each in client.metadata.iterdir()) == sorted(
        f"{each}.json" for each in (*ROLES, quote(name, safe=""))
    )
    # What was kept is taken up again: of the metadata nothing but the next root and the timestamp is asked for.
    assert client.download("file") == 0
    assert repository.mirror.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


@pytest.mark.parametrize("fault", ["signature", "expiry", "version", "unlisted", "missing"])
def test_a_delegated_role_is_verified_like_every_other(client: Client, repository: Repository, fault: str) -> None:
    """What is wrong with it ends the search: what it lists is not fetched, and it is not kept."""
    repository.delegate("targets", "role")
    repository.delegate("targets", "beside")
    place = repository.add("file", b"content", "role")
    repository.mirror.files[place] = b"content"
    if fault == "signature":
        repository.signers["role"] = [CryptoSigner.generate_ecdsa()]
    if fault == "expiry":
        repository.signed["role"].expires = PAST
    repository.publish_all()
    if fault == "version":
        repository.publish("role", version=2)
        repository.mirror.files["metadata/1.role.json"] = repository.mirror.files["metadata/2.role.json"]
    if fault == "unlisted":
        del repository.signed["snapshot"].meta["role.json"]
        repository.publish("snapshot", "timestamp")
    if fault == "missing":
        del repository.mirror.files["metadata/1.role.json"]
    assert client.refresh() == 0
    assert client.download("file") == 1
    assert set(client.versions()) == set(ROLES) and not client.targets.exists()
    assert client.searched() == ([] if fault == "unlisted" else ["role"])


def test_a_delegated_role_does_not_go_back(client: Client, repository: Repository) -> None:
    """Listed at a lower version by a thief of the snapshot's key, though that key is a new one."""
    repository.delegate("targets", "role")
    repository.mirror.files[repository.add("file", b"content", "role")] = b"content"
    repository.publish_all()
    repository.publish("role", "snapshot", "timestamp")
    assert client.download("file") == 0 and client.versions()["role"] == 2
    repository.rotate("snapshot")
    repository.publish("role", version=1)
    repository.publish("root", "snapshot", "timestamp")
    assert client.download("file") == 1 and client.versions()["role"] == 2


def test_a_role_that_one_delegator_lets_speak_does_not_speak_for_another(
    client: Client, repository: Repository
) -> None:
    """Held and verified for the first path, it is verified anew by the keys that the second delegator names. What was
    asked for before is there; what comes after is not begun."""
    for team in ("a", "b"):
        repository.delegate("targets", f"team-{team}", [f"{team}/*"])
        repository.delegate(f"team-{team}", "shared", [f"{team}/*"])
        repository.mirror.files[repository.add(f"{team}/file", b"content", "shared")] = b"content"
    repository.mirror.files[repository.add("plain", b"content")] = b"content"
    repository.signers["shared"].pop()
    repository.publish_all()
    assert client.download("a/file", "b/file", "plain") == 1
    assert [each.name for each in client.targets.iterdir()] == ["a%2Ffile"]


def test_the_command_is_one(client: Client) -> None:
    """As the suite starts it: a process with an exit code."""
    command = [sys.executable, "-m", "trust_registry.client.conformance"]
    options = ["--metadata-dir", str(client.metadata), "--metadata-url", "http://127.0.0.1:9/metadata"]
    done = subprocess.run([*command, *options, "refresh"], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (1, "") and "FetchFailed" in done.stderr
