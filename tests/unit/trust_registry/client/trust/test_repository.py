from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from securesystemslib.signer import CryptoSigner

from credentials.errors import MetadataRejected
from tests.unit.trust_registry.published import DAY, HOUR, Published
from trust_registry.client.trust.repository import (
    VerifiedRepository,
    check_not_expired,
    check_not_older,
    metadata_path,
    target_path,
    verify_repository,
)

NOW = 1_669_000_000


@dataclass
class Files:
    """A source over a dictionary."""

    files: dict[str, bytes]

    def metadata(self, role: str, version: int | None) -> bytes | None:
        return self.files.get(metadata_path(role, version))

    def target(self, name: str, sha256: str) -> bytes | None:
        return self.files.get(target_path(name, sha256))


def verify(published: Published, trusted_root: bytes | None = None) -> VerifiedRepository:
    return verify_repository(Files(published.files), trusted_root or published.trusted_root)


@pytest.fixture
def published() -> Published:
    return Published(NOW)


def test_reads_a_whole_set(published: Published) -> None:
    """What two officers signed is what the gate gets, with the registry's time and every expiry."""
    published.deny(b"12345678")
    published.publish()
    read = verify(published)
    assert list(read.trust_list.members) == ["CN-41", "CN-44"]
    assert list(read.denials.denied) == [b"12345678"]
    assert read.registry_time == NOW
    assert read.versions == {"root": 1, "targets": 2, "denials": 2, "snapshot": 2, "timestamp": 2}
    assert read.expiries["timestamp"] == NOW + DAY
    assert len(read.files) == 6


def test_old_metadata_is_read_all_the_same(published: Published) -> None:
    """A gate without network works with what it has; how old that is, policy judges."""
    assert verify(published).expiries["timestamp"] < 1_700_000_000


HOPS = ["metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json", "metadata/1.denials.json"]


@pytest.mark.parametrize("path", HOPS)
@pytest.mark.parametrize("part", ["signed", "signatures"])
def test_a_tampered_hop_is_noticed(published: Published, path: str, part: str) -> None:
    """dgc-gateway PR #88, dgc-lib PR #57: entries signed at every hop and checked at none."""
    document = json.loads(published.files[path])
    if part == "signed":
        document["signed"]["expires"] = "2099-01-01T00:00:00Z"
    else:
        document["signatures"] = document["signatures"][:1] * (len(document["signatures"]) - 1)
    published.files[path] = json.dumps(document).encode()
    with pytest.raises(MetadataRejected):
        verify(published)


@pytest.mark.parametrize("name", ["trust-list.json", "denials.json"])
def test_a_tampered_target_is_noticed(published: Published, name: str) -> None:
    """A hash that does not fit: the list is refused whole."""
    path = next(path for path in published.files if path.endswith(f".{name}"))
    published.files[path] = published.files[path].replace(b"sequence", b"Sequence").replace(b"version", b"Version")
    with pytest.raises(MetadataRejected):
        verify(published)


def test_every_file_is_needed(published: Published) -> None:
    """A set fetched half is no set."""
    for path in [path for path in published.files if path != "metadata/1.root.json"]:
        kept = published.files.pop(path)
        with pytest.raises(MetadataRejected, match="missing"):
            verify(published)
        published.files[path] = kept


def test_files_of_two_versions_do_not_mix(published: Published) -> None:
    """A mirror in the middle of a copy, or somebody who combines old and new at will."""
    old = dict(published.files)
    published.publish(NOW + HOUR)
    for role in ("snapshot", "targets", "denials"):
        mixed = {**published.files, f"metadata/2.{role}.json": old[f"metadata/1.{role}.json"]}
        with pytest.raises(MetadataRejected):
            verify_repository(Files(mixed), published.trusted_root)


def test_an_older_version_is_noticed_without_its_hash(published: Published) -> None:
    """Hashes in a snapshot are optional in TUF; the version must hold by itself."""
    published.with_hashes = False
    published.publish()
    published.publish()
    published.files["metadata/3.targets.json"] = published.files["metadata/2.targets.json"]
    with pytest.raises(MetadataRejected, match="targets has version 2 where 3 belongs"):
        verify(published)


def test_one_officer_is_not_enough(published: Published) -> None:
    """No single officer can change who may sign."""
    members = published.trust_list()
    published.officers = published.officers[:1]
    published.publish(trust_list=members)
    with pytest.raises(MetadataRejected, match="1/2"):
        verify(published)


def test_the_online_key_of_denials_cannot_add_members(published: Published) -> None:
    """A stolen online key can only take trust away."""
    published.officers = [published.online["denials"]] * 2
    published.publish()
    with pytest.raises(MetadataRejected):
        verify(published)


def test_another_key_cannot_deny(published: Published) -> None:
    """Denying is a power too: a stranger's list of denials must not count."""
    published.online["denials"] = CryptoSigner.generate_ecdsa()
    published.publish()
    with pytest.raises(MetadataRejected, match="denials was signed by 0/1"):
        verify(published)


def test_the_root_chain_is_followed(published: Published) -> None:
    """An officer leaves: gates that know only the first root must find their way to the newest."""
    published.replace_officer(2)
    published.replace_officer(0)
    published.publish()
    read = verify(published)
    assert read.versions["root"] == 3
    assert "metadata/2.root.json" in read.files
    assert verify(published, published.files["metadata/3.root.json"]).versions["root"] == 3


@pytest.mark.parametrize(
    "break_chain",
    [
        lambda published: published.publish_root([CryptoSigner.generate_ecdsa()] * 2),
        lambda published: published.publish_root(published.officers[:1]),
        lambda published: published.files.update({"metadata/3.root.json": published.publish_root()}),
        lambda published: published.files.update({"metadata/2.root.json": published.files["metadata/timestamp.json"]}),
        lambda published: published.files.update({"metadata/2.root.json": b"{}"}),
    ],
)
def test_a_root_that_its_predecessor_did_not_sign_is_refused(
    published: Published, break_chain: Callable[[Published], object]
) -> None:
    """Whoever could replace the root would own every gate."""
    break_chain(published)
    with pytest.raises(MetadataRejected):
        verify(published)


def test_the_root_chain_is_bounded(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless chain must end somewhere; what is signed by roots beyond the end then does not hold."""
    monkeypatch.setattr("trust_registry.client.trust.repository.MAX_ROOT_ROTATIONS", 1)
    published.replace_officer(2)
    published.replace_officer(1)
    published.publish()
    with pytest.raises(MetadataRejected):
        verify(published)


def test_a_root_must_stand_for_itself(published: Published) -> None:
    """Old officers alone must not hand over to keys that nobody holds."""
    old = published.officers
    stranger = CryptoSigner.generate_ecdsa()
    for officer in old:
        published.root.revoke_key(officer.public_key.keyid, "root")
    published.root.add_key(stranger.public_key, "root")
    published.root.roles["root"].threshold = 1
    published.publish_root(old[:2])
    with pytest.raises(MetadataRejected):
        verify(published)


def test_metadata_of_one_role_is_not_that_of_another(published: Published) -> None:
    """A root served as timestamp must end as an error, not as a crash."""
    published.files["metadata/timestamp.json"] = published.files["metadata/1.root.json"]
    with pytest.raises(MetadataRejected, match="not timestamp metadata"):
        verify(published)


@pytest.mark.parametrize("issued_at", [None, "now", -1, True])
def test_the_registrys_time_must_be_there(published: Published, issued_at: object) -> None:
    """Every age is counted from it."""
    published.publish_timestamp(issued_at=issued_at)
    with pytest.raises(MetadataRejected, match="issued_at"):
        verify(published)


def test_what_is_no_list_is_refused_even_when_signed(published: Published) -> None:
    """A slip of the officers must not pass as "no members"."""
    published.publish(trust_list=b"[]")
    with pytest.raises(MetadataRejected, match="target"):
        verify(published)


@pytest.mark.parametrize("role", ["targets.json", "denials.json"])
def test_every_role_must_be_listed(published: Published, role: str) -> None:
    """Without denials in the snapshot, a stolen online key could hold them back in silence."""
    published.hidden_role = role
    published.publish()
    with pytest.raises(MetadataRejected, match="snapshot does not list"):
        verify(published)


@pytest.mark.parametrize("target", ["trust-list.json", "denials.json"])
def test_every_target_must_be_listed(published: Published, target: str) -> None:
    """No list is not an empty list."""
    published.hidden_target = target
    published.publish()
    with pytest.raises(MetadataRejected, match="not listed"):
        verify(published)


def test_a_rollback_is_refused() -> None:
    """An older list served again."""
    held = {"root": 2, "timestamp": 9, "snapshot": 5, "targets": 4, "denials": 5}
    check_not_older(held, held)
    check_not_older(held, {})
    for role in held:
        with pytest.raises(MetadataRejected, match=f"{role} version"):
            check_not_older({**held, role: held[role] - 1}, held)


def test_below_a_new_root_whole_sets_are_not_compared() -> None:
    """Fast-forward recovery (TUF 5.3.11): which role may begin anew is judged by its keys, role by role."""
    held = {"root": 2, "timestamp": 2**40, "snapshot": 2**40, "targets": 2**40, "denials": 2**40}
    recovered = {"root": 3, "timestamp": 1, "snapshot": 1, "targets": 4, "denials": 1}
    check_not_older(recovered, held)
    with pytest.raises(MetadataRejected):
        check_not_older({**recovered, "root": 1}, held)


def test_what_was_fetched_expired_is_refused() -> None:
    """Freeze: a mirror that serves yesterday for ever must not look fresh."""
    check_not_expired({"timestamp": NOW + 1}, NOW)
    with pytest.raises(MetadataRejected, match="timestamp expired 0 s ago"):
        check_not_expired({"root": NOW + DAY, "timestamp": NOW}, NOW)


def test_paths_are_those_of_a_mirror() -> None:
    """Server and gates must mean the same files."""
    digest = hashlib.sha256(b"x").hexdigest()
    assert metadata_path("snapshot", 7) == "metadata/7.snapshot.json"
    assert metadata_path("timestamp", None) == "metadata/timestamp.json"
    assert target_path("trust-list.json", digest) == f"targets/{digest}.trust-list.json"
