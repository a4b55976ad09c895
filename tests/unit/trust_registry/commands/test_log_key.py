"""``tongxing registry log-key``: the log's key changes, its origin stays, and every reader can follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from credentials.errors import NotFound, StoreBehind, WrongSignature
from credentials.log.checkpoint import open_checkpoint
from credentials.log.keys import read_vkey
from tests.contract.test_public_record import forget
from tests.unit.trust_registry.founded import NOW, FoundedRegistry
from tests.unit.trust_registry.record.logs import Follower, append
from trust_registry.cli import registry as group
from trust_registry.config import RegistrySettings
from trust_registry.opening import open_publication
from trust_registry.record.publishing import CHECKPOINT


def run(registry: FoundedRegistry, *words: str) -> dict[str, object]:
    """What a command prints; what it raises is raised here."""
    arguments = ["log-key", *words, "--data-dir", str(registry.folder), "--json"]
    result = CliRunner().invoke(group, arguments, catch_exceptions=False, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_the_key_changes_and_the_log_goes_on_under_its_name(tmp_path: Path) -> None:
    """The leaf that tells of it is in the first checkpoint by the new key, which holds all that was before."""
    with FoundedRegistry(tmp_path) as registry:
        append(registry.publication.storage, 5)
        registry.publication.record.publish(NOW)
        old = registry.publication.record.signer.key
        follower = Follower(registry.mirror.read, old)
        before = follower.look()
        with pytest.raises(NotFound, match="log-key new"):
            run(registry, "use")
        waiting = run(registry, "new")
        assert run(registry, "new") == waiting
        told = run(registry, "use")
        new = read_vkey(str(told["vkey"]))
        assert told["vkey"] == waiting["vkey"] and new.name == old.name and new != old
        follower._key = new
        assert follower.look() == told["size"] == before + 1
        assert json.loads(follower.entries[-1])["content"] == {"from": old.vkey, "to": new.vkey}
        with pytest.raises(WrongSignature):
            open_checkpoint(registry.mirror.read(CHECKPOINT) or b"", [old])
        with pytest.raises(NotFound):
            run(registry, "use")


def test_a_backup_of_before_the_change_is_noticed_by_the_old_keys_checkpoint(tmp_path: Path) -> None:
    """The mirror's checkpoint is by the key of before: it is ours all the same, and nothing is written below it."""
    with FoundedRegistry(tmp_path) as registry:
        append(registry.publication.storage, 5)
        registry.publication.record.publish(NOW)
        signed_before = registry.mirror.read(CHECKPOINT) or b""
        run(registry, "new")
        run(registry, "use")
        registry.mirror.files.put(CHECKPOINT, signed_before)
        publication, storage = open_publication(
            RegistrySettings(data_dir=registry.folder, registry_url="https://registry.example/registry")
        )
        forget(storage, 2)
        with pytest.raises(StoreBehind):
            publication.record.publish(NOW)
        storage.engine.dispose()
