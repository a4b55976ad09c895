"""What a guard's engineer reads of the public record, and what two gates that meet find out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry, generate_latest

from credentials.errors import InvalidRequest
from credentials.log.checkpoint import sign_checkpoint
from service_kit.cache.store import InProcessCache
from tests.doubles.clock import FixedClock
from tests.unit.trust_registry.client.record.witnessed import WitnessedRegistry, witnessed
from tests.unit.trust_registry.founded import NOW
from tests.unit.trust_registry.serving import Serving
from trust_registry.client.record.memory import FORK
from trust_registry.metadata.list_proof import LOG_CHECKPOINT, proof_path
from verifier.cli import verifier
from verifier.gate.gate import Gate
from verifier.judging.policy import profile_named
from verifier.keeping.freshness import Freshness, KnowledgeSources
from verifier.metrics import GateCollector

DAY = 24 * 3600


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WitnessedRegistry, Serving]]:
    with witnessed(tmp_path_factory.mktemp("registry"), "CN-41", "CN-44", least=2) as found:
        yield found


class Guarded:
    """A gate of Guangdong and its folder."""

    def __init__(self, registry: WitnessedRegistry, folder: Path, mirror: Serving | None) -> None:
        self.folder, self.root = folder / "gate", folder / "trust-root.json"
        folder.mkdir(exist_ok=True)
        self.root.write_bytes(registry.trusted_root)
        self.clock = FixedClock(NOW)
        self.gate = Gate(profile_named("venue", "production"), self.clock, InProcessCache(self.clock))
        place = KnowledgeSources(self.folder, registry.trusted_root, mirror.url if mirror else "")
        self.freshness = Freshness(place, "CN-44", self.clock, self.gate.learn)

    def run(self, *arguments: str) -> Result:
        environ = {"TONGXING_TRUST_ROOT": str(self.root), "TONGXING_MEMBER": "CN-44", "LANG": "C.UTF-8"}
        environ["TONGXING_DATA_DIR"] = str(self.folder)
        return CliRunner(env=environ).invoke(verifier, list(arguments), catch_exceptions=False)

    def metrics(self) -> str:
        registry = CollectorRegistry()
        registry.register(GateCollector(self.gate, self.freshness))
        return generate_latest(registry).decode()


def test_two_gates_that_meet(opened: tuple[WitnessedRegistry, Serving], tmp_path: Path) -> None:
    """One prints its checkpoint, the other compares: the same history, another one, or no answer."""
    registry, mirror = opened
    mirror.files = registry.files()
    ours, theirs = Guarded(registry, tmp_path / "a", mirror), Guarded(registry, tmp_path / "b", None)
    ours.freshness.refresh()
    theirs.freshness.take_bundle(registry.mirror.bundle())
    assert theirs.freshness.compared is not None and theirs.freshness.compared.answer == "cannot-be-compared"
    theirs.freshness.take_bundle(registry.mirror.bundle())
    assert theirs.freshness.compared.answer == "same-history"
    said = ours.run("state", "--json")
    checkpoint = json.loads(said.stdout)["record"]["checkpoint"]
    line = f"checkpoint   {checkpoint['origin']}: {checkpoint['size']} leaves, root {checkpoint['root']}"
    assert line in ours.run("state").stdout
    file = tmp_path / "theirs.json"
    for content in (said.stdout.encode(), mirror.files[LOG_CHECKPOINT], mirror.files[proof_path(3)]):
        file.write_bytes(content)
        done = theirs.run("compare", str(file), "--json")
        assert (done.exit_code, json.loads(done.stdout)["answer"]) == (0, "same-history")
    own = registry.publication.record.signer
    file.write_bytes(sign_checkpoint(checkpoint["size"], bytes(32), own).content)
    assert theirs.run("compare", str(file)).exit_code == 1
    assert (tmp_path / "b" / "gate" / "trust" / FORK).exists()
    assert "ALARM        record-forked" in theirs.run("state").stdout
    file.write_bytes(sign_checkpoint(checkpoint["size"] - 1, bytes(32), own).content)
    done = ours.run("compare", str(file))
    assert done.exit_code == 2 and done.stdout.startswith("cannot-be-compared: ")
    file.write_text("{}")
    with pytest.raises(InvalidRequest, match="no checkpoint in it"):
        theirs.run("compare", str(file))


def test_a_list_that_is_not_proven_is_in_state_metrics_and_the_judges_trust(
    opened: tuple[WitnessedRegistry, Serving], tmp_path: Path
) -> None:
    """At once for those who run the gate; what guards are told counts from then."""
    registry, mirror = opened
    mirror.files = {path: data for path, data in registry.files().items() if not path.startswith("log/")}
    guarded = Guarded(registry, tmp_path, mirror)
    guarded.freshness.refresh()
    text = guarded.run("state").stdout
    assert "record       unproven" in text and "ALARM        fetch-failed" in text
    assert 'tongxing_record_alarm{code="fetch-failed"} 1.0' in guarded.metrics()
    guarded.clock.time = NOW + 2 * DAY
    guarded.freshness.refresh()
    trust = guarded.gate.knowledge.trust
    assert trust is not None and trust.unproven_since == NOW
    assert f"tongxing_record_unproven_seconds {2.0 * DAY}" in guarded.metrics()
    mirror.files = registry.files()
    guarded.freshness.refresh()
    trust = guarded.gate.knowledge.trust
    assert trust is not None and trust.unproven_since is None
    assert "tongxing_record_witnesses 2.0" in guarded.metrics()
    assert "tongxing_record_alarm{" not in guarded.metrics()
