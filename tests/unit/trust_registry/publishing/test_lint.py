"""Lint and bundle: what clients would refuse, what ends soon, and what is carried to a gate without network."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.errors import StorageUnavailable
from tests.unit.trust_registry.founded import AUDIENCE, NOW, FoundedRegistry
from tests.unit.trust_registry.mirror import test_member_files as files
from trust_registry.client.trust.bundle import read_bundle
from trust_registry.mirror import member_files
from trust_registry.mirror.folder import MirrorFolder
from trust_registry.publishing.denials import deny, sign_request
from trust_registry.publishing.lint import LintFinding, lint

pytestmark = pytest.mark.enrolled("CN-41")

DAY = 24 * 3600


def findings(registry: FoundedRegistry, now: int = NOW) -> list[LintFinding]:
    return lint(registry.mirror, registry.trusted_root, now)


def test_a_healthy_registry_has_no_findings(registry: FoundedRegistry) -> None:
    """A lint that always finds something is never read."""
    files.put_status(registry, files.status(registry, 1))
    assert findings(registry) == []


def test_what_ends_soon_is_a_warning_what_has_ended_an_error(registry: FoundedRegistry) -> None:
    """A nightly job that fails unseen blacked out a nation's gates (green-pass-overview #8)."""
    soon = {finding.place: finding.level for finding in findings(registry, NOW + 5 * DAY)}
    assert soon == {"timestamp": "error", "snapshot": "warning", "denials": "warning"}
    assert {finding.place for finding in findings(registry, NOW + 80 * DAY) if finding.level == "warning"} == {
        "targets"
    }
    (root,) = [finding for finding in findings(registry, NOW + 306 * DAY) if finding.place == "root"]
    assert root.level == "warning"
    assert "registry root draft" in root.detail
    late = findings(registry, NOW + 345 * DAY)
    assert any("ends in 20 days" in finding.detail for finding in late)
    ended = findings(registry, NOW + 366 * DAY)
    assert LintFinding("warning", "CN-41", "fewer than 2 active credential keys") in ended


def test_broken_mirror_is_an_error(registry: FoundedRegistry) -> None:
    """A file lost or altered on a mirror is found before the gates find it."""
    for file in (registry.mirror_folder / "targets").iterdir():
        file.write_bytes(b"{}")
    assert [finding.level for finding in findings(registry)] == ["error"]


def test_bad_member_files_are_errors(registry: FoundedRegistry) -> None:
    """A withdrawal file that gates refuse leaves a province without withdrawals."""
    registry.mirror.put_member_file("CN-41", "status.cose", b"garbage")
    registry.mirror.put_member_file("CN-44", "rules.jws", b"garbage")
    assert [finding.place for finding in findings(registry)] == [
        "CN-41/status.cose",
        "CN-44/rules.jws",
        "news.json",
    ]


def test_denied_keys_that_are_still_listed(registry: FoundedRegistry) -> None:
    """The province still has to leave it out and list a new one."""
    kid = registry.province().state().keys[0].kid
    request = sign_request(registry.province().root_signer(), kid, "lost", AUDIENCE, NOW)
    deny(registry.publication, request, NOW)
    assert [finding.detail for finding in findings(registry)] == [f"credential key {kid} is denied and still listed"]


def test_bundle_is_what_a_gate_needs(registry: FoundedRegistry) -> None:
    """Carried on a stick, verified from the root of trust, without network (离线包)."""
    status, rules = files.status(registry, 1), files.rules(registry)
    files.put_status(registry, status)
    publication = registry.publication
    member_files.accept_rules(publication.storage, publication.mirror, "CN-41", rules, NOW)
    files.put_token(registry, 3, files.token(registry, "https://registry.example/3"))
    content = registry.mirror.bundle()
    assert content == registry.mirror.bundle()
    bundle = read_bundle(content, registry.trusted_root, NOW)
    assert bundle.member_files == {"CN-41": {"status.cose": status, "rules.jws": rules, "rules/1.jws": rules}}
    assert bundle.snapshot.versions["targets"] == 2


def test_unreadable_mirror_is_told(tmp_path: Path) -> None:
    """A folder where a file should be is the operator's to mend, not an empty mirror."""
    (tmp_path / "metadata").mkdir()
    with pytest.raises(StorageUnavailable):
        MirrorFolder(tmp_path, lambda path, content: None).read("metadata")
