"""One history of the registry's log, or two: what a gate finds when it meets another, or a mirror that changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials.log import ed25519
from credentials.log.checkpoint import sign_checkpoint
from tests.unit.trust_registry.client.record.witnessed import RecordingGate, WitnessedRegistry, bundle_of, witnessed
from tests.unit.trust_registry.serving import Serving
from trust_registry.client.record.comparison import Answer
from trust_registry.client.record.memory import FORK
from trust_registry.enrolment.drafting import DraftRequest
from trust_registry.metadata.list_proof import LOG_CHECKPOINT

Opened = tuple[WitnessedRegistry, Serving]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with witnessed(tmp_path, "CN-41", "CN-44", least=1) as found:
        yield found


def rewritten(registry: WitnessedRegistry, folder: Path) -> WitnessedRegistry:
    """The same registry, keys and all, put back to now in ``folder``: what it does from here on is another history."""
    shutil.copytree(registry.folder, folder / "registry", ignore=shutil.ignore_patterns("*.sqlite*"))
    twin = object.__new__(WitnessedRegistry)
    twin.__dict__ |= {
        **registry.__dict__,
        "folder": folder / "registry",
        "storages": [],
        "url": f"sqlite:///{folder}/t",
    }
    twin.publication = twin.another_process()
    twin.publication.adopt()
    twin.hear()
    return twin


def test_a_second_history_is_caught_by_the_gate_that_saw_the_first(opened: Opened, tmp_path: Path) -> None:
    """Whoever has all of the registry's keys, and its witnesses' too, still cannot take back what a gate has seen."""
    registry, mirror = opened
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    gate.round()
    (tmp_path / "twin").mkdir()
    twin = rewritten(registry, tmp_path / "twin")
    registry.publish(DraftRequest([], {}, removals=["CN-44"]))
    assert gate.round().compared is not None and gate.keeper.standing is not None
    assert gate.keeper.standing.compared == (Answer.SAME, "")
    for _ in range(2):
        twin.publish(DraftRequest([], {}))
    gate.registry = twin
    standing = gate.round()
    assert standing.compared is not None and standing.compared.answer is Answer.FORK
    assert (standing.alarm, standing.code, standing.state) == (True, "record-forked", "unproven")
    evidence = tmp_path / "gate" / FORK
    assert evidence.exists()
    assert gate.restarted().forked, "also after a restart"
    evidence.unlink()
    assert not gate.restarted().forked, "until an operator has taken the evidence away"
    for storage in twin.storages:
        storage.engine.dispose()


def test_a_bundle_from_elsewhere_is_compared_even_if_it_is_older(opened: Opened, tmp_path: Path) -> None:
    """Two gates that meet: older, newer, and of another history."""
    registry, mirror = opened
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    before = bundle_of(registry)
    gate.round()
    assert gate.keeper.compare_bundle(before, registry.now).answer is Answer.SAME
    (tmp_path / "twin").mkdir()
    twin = rewritten(registry, tmp_path / "twin")
    registry.publish(DraftRequest([], {}, removals=["CN-44"]))
    gate.round()
    offline = RecordingGate(registry, tmp_path / "offline", Serving({}))
    offline.keeper.take(registry.trust(), bundle_of(registry), registry.now)
    compared = offline.keeper.compare_bundle(before, registry.now)
    assert compared.answer is Answer.CANNOT, "an older one has no tiles of ours, and there is no network"
    assert gate.keeper.compare_bundle(before, registry.now).answer is Answer.SAME, "our own mirror has them"
    twin.publish(DraftRequest([], {}))
    twin.publish(DraftRequest([], {}))
    assert offline.keeper.compare_bundle(bundle_of(twin), registry.now).answer is Answer.FORK
    assert offline.keeper.load(registry.trust(), registry.now).forked
    for storage in twin.storages:
        storage.engine.dispose()


def test_what_no_log_of_the_policy_signed_is_no_fork(opened: Opened, tmp_path: Path) -> None:
    """Else anybody who carries a stick could raise the alarm; and without anything held there is no answer."""
    registry, mirror = opened
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    assert gate.keeper.compare(b"", registry.now).answer is Answer.CANNOT
    gate.round()
    thief = registry.publication.record.signer._replace(private_key=ed25519.new_private_key())
    for content in (b"", b"<html>", sign_checkpoint(7, bytes(32), thief).content, b"x" * 200_000):
        compared = gate.keeper.compare(content, registry.now)
        assert compared.answer is Answer.CANNOT and compared.detail
    assert not (tmp_path / "gate" / FORK).exists()


def test_a_mirror_that_gives_no_tiles_hides_nothing_for_good(opened: Opened, tmp_path: Path) -> None:
    """The answer is that it cannot be compared; the checkpoint that is held stays until it can."""
    registry, mirror = opened
    gate = RecordingGate(registry, tmp_path / "gate", mirror)
    held = gate.round().held
    registry.publish(DraftRequest([], {}))
    mirror.files = {path: data for path, data in registry.files().items() if not path.startswith("log/tile/")}
    standing = gate.again()
    assert standing.state == "witnessed" and standing.compared is not None
    assert standing.compared.answer is Answer.CANNOT and standing.held == held
    bundle = registry.mirror.bundle()
    assert b"log/tile/0/000.p/" in bundle and LOG_CHECKPOINT.encode() in bundle
