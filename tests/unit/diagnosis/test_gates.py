"""The doctor at a gate, with and without network, on a real mirror: what is wrong, and who must act."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnosis.examination import examine
from diagnosis.report import Diagnosis, DoctorReport, StepOutcome
from service_kit.clock import SystemClock
from tests.unit.trust_registry.published import DAY, HOUR
from tests.unit.trust_registry.serving import Serving
from tests.unit.verifier.mirrored import HOST, MIRROR, TODAY, MirroredRegistry, write_root
from verifier.config import FOLDER
from verifier.keeping.freshness import Freshness, KnowledgeSources


@pytest.fixture
def environ(tmp_path: Path, registry: MirroredRegistry, mirror: Serving) -> dict[str, str]:
    """A gate with network."""
    return {
        "TONGXING_ROLES": "verifier",
        "TONGXING_DATA_DIR": str(tmp_path / "gate"),
        "TONGXING_TRUST_ROOT": str(write_root(tmp_path, registry)),
        "TONGXING_MEMBER": HOST,
        "TONGXING_REGISTRY_URL": mirror.url,
        "TONGXING_ENVIRONMENT": "demo",
    }


@pytest.fixture
def offline(environ: dict[str, str], registry: MirroredRegistry) -> dict[str, str]:
    """The same gate without network, that was given a bundle."""
    folder = Path(environ["TONGXING_DATA_DIR"]) / FOLDER
    freshness = Freshness(
        KnowledgeSources(folder, registry.published.trusted_root), HOST, SystemClock(), lambda knowledge: None
    )
    freshness.take_bundle(registry.bundle())
    freshness.stop()
    return {**environ, "TONGXING_REGISTRY_URL": ""}


def finding(report: DoctorReport, name: str) -> tuple[StepOutcome, Diagnosis | None]:
    step = next(step for step in report.steps if step.name == name)
    return step.outcome, step.finding


def code(report: DoctorReport, name: str) -> tuple[str, str]:
    outcome, found = finding(report, name)
    return outcome.value, found.code if found else ""


def test_a_gate_with_network_is_well(environ: dict[str, str]) -> None:
    """And nothing is left behind."""
    report = examine(environ)
    assert (report.exit_code, report.roles) == (0, ("verifier",))
    assert code(report, "feeds") == ("ok", "")
    assert list(Path(environ["TONGXING_DATA_DIR"]).iterdir()) == []


def test_each_step_is_told_when_it_is_done(environ: dict[str, str]) -> None:
    """Somebody sits in front of it; a fetch may take a while."""
    told: list[str] = []
    report = examine(environ, tell=lambda step: told.append(step.name))
    assert told == [step.name for step in report.steps]


def test_a_gate_without_network_is_examined_by_what_it_holds(offline: dict[str, str]) -> None:
    """Its registry is a file; that is no fault."""
    report = examine(offline)
    assert report.exit_code == 0
    assert code(report, "registry-answers") == ("skipped", "no-network")
    assert code(report, "trust-root") == code(report, "feeds") == ("ok", "")


def test_a_gate_that_was_given_nothing(environ: dict[str, str]) -> None:
    """Unpacked and forgotten: it could decide nothing."""
    report = examine({**environ, "TONGXING_REGISTRY_URL": ""})
    assert code(report, "trust-root") == ("wrong", "nothing-stored")
    assert report.exit_code == 64


def test_the_root_of_another_registry_without_network(offline: dict[str, str], tmp_path: Path) -> None:
    """The bundle of one registry under the root of another."""
    (tmp_path / "trust-root.json").write_bytes(MirroredRegistry().published.trusted_root)
    assert code(examine(offline), "trust-root") == ("wrong", "root-of-another-registry")


def test_a_list_that_has_grown_old(offline: dict[str, str]) -> None:
    """Three days without a bundle: the gate refuses to decide, and the doctor says what it wants."""
    report = examine({**offline, "TONGXING_CLOCK_OFFSET_SECONDS": str(4 * DAY)})
    assert code(report, "trust-list") == ("wrong", "trust-old")
    assert report.exit_code == 70


def test_metadata_that_has_expired(environ: dict[str, str], registry: MirroredRegistry) -> None:
    """The registry's timer has stopped: told as that, with no setting to be changed here."""
    registry.published.publish(TODAY - 2 * DAY)
    registry.served |= {MIRROR + path: data for path, data in registry.published.files.items()}
    report = examine(environ)
    assert code(report, "trust-root") == ("ok", "")
    assert code(report, "clock") == ("wrong", "clock-ahead")
    assert code(report, "trust-list") == ("wrong", "metadata-expired")
    assert report.exit_code == 70


def test_rules_that_were_never_published(environ: dict[str, str], registry: MirroredRegistry) -> None:
    """Every code at this member's gates would be undetermined."""
    del registry.served[MIRROR + f"members/{HOST}/rules.jws"]
    report = examine(environ)
    assert code(report, "feeds") == ("wrong", "rules-missing")
    assert report.exit_code == 70


def test_another_members_file_that_is_broken_is_a_warning(environ: dict[str, str], mirror: Serving) -> None:
    """It is not this deployment's fault, and the others work; still somebody should know."""
    mirror.broken.add(MIRROR + "members/CN-41/status.cose")
    report = examine(environ)
    assert code(report, "feeds") == ("ok", "feeds-failing")
    found = finding(report, "feeds")[1]
    assert found is not None
    assert "CN-41 status.cose: fetch-failed" in found.detail
    assert report.exit_code == 0


def test_an_entry_that_cannot_be_read_is_a_warning(environ: dict[str, str], registry: MirroredRegistry) -> None:
    """One bad entry does not stop the rest."""
    registry.henan.statement = registry.henan.statement[:-4] + "AAAA"
    registry.publish()
    assert code(examine(environ), "trust-list") == ("ok", "entries-reported")


def test_a_timestamp_that_nobody_signed(environ: dict[str, str], registry: MirroredRegistry) -> None:
    """The right registry with a broken mirror is not the wrong registry."""
    path = MIRROR + "metadata/timestamp.json"
    registry.served[path] = re.sub(rb'"sig": ?"30', b'"sig":"31', registry.served[path])
    report = examine(environ)
    assert code(report, "trust-root") == ("wrong", "metadata-rejected")
    assert report.exit_code == 70


def test_two_hours_are_the_registrys_own(environ: dict[str, str], registry: MirroredRegistry) -> None:
    """The timestamp is an hour old in the best of deployments."""
    registry.published.publish(TODAY - HOUR)
    registry.served |= {MIRROR + path: data for path, data in registry.published.files.items()}
    assert code(examine(environ), "clock") == ("ok", "")
