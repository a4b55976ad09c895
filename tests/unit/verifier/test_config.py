"""The verifier's settings, told plainly when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from credentials.errors import SettingInvalid
from service_kit.settings import read_settings
from tests.doubles.writers import write_plainly
from trust_registry.root.founding import found
from verifier.config import VerifierSettings
from verifier.judging.policy import profile_named


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    root = found(tmp_path / "registry", write_plainly, None, 1_790_000_000).trust_root
    return {
        "TONGXING_DATA_DIR": str(tmp_path),
        "TONGXING_TRUST_ROOT": str(root),
        "TONGXING_MEMBER": "CN-44",
        "TONGXING_REGISTRY_URL": "https://registry.example/registry/",
    }


def test_settings(environ: dict[str, str]) -> None:
    """The mirror stands below the registry; the policy takes members of this environment only."""
    settings = read_settings(VerifierSettings, environ | {"TONGXING_PROFILE": "border", "TONGXING_ENVIRONMENT": "test"})
    assert settings.mirror_url == "https://registry.example/registry/mirror"
    assert (settings.policy.name, settings.policy.environment) == ("border", "test")
    assert settings.policy.shared_replay_memory
    assert settings.poll_seconds == 30


def test_a_gates_name(environ: dict[str, str]) -> None:
    """A phone shows it to its holder; without one it is the member."""
    assert read_settings(VerifierSettings, environ).gate == "CN-44"
    assert read_settings(VerifierSettings, environ | {"TONGXING_GATE_NAME": "南站 3 口"}).gate == "南站 3 口"


def test_only_a_demonstration_waits_for_nobody(environ: dict[str, str]) -> None:
    """In earnest a member must have time to notice, and to protest."""
    demo = environ | {"TONGXING_CHANGE_WAIT_SECONDS": "0", "TONGXING_ENVIRONMENT": "demo"}
    assert read_settings(VerifierSettings, demo).change_wait_seconds == 0
    assert read_settings(VerifierSettings, environ).change_wait_seconds == 72 * 3600


def test_no_network(environ: dict[str, str]) -> None:
    """A gate that has none must not need to be told an address."""
    del environ["TONGXING_REGISTRY_URL"]
    assert read_settings(VerifierSettings, environ).mirror_url == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TONGXING_MEMBER", "cn-44"),
        ("TONGXING_PROFILE", "palace"),
        ("TONGXING_GATE_NAME", "九个字的卡口名太长了"),
        ("TONGXING_GATE_NAME", "a\nb"),
        ("TONGXING_POLL_SECONDS", "0"),
        ("TONGXING_POLL_SECONDS", "3601"),
        ("TONGXING_CHANGE_WAIT_SECONDS", "0"),
        ("TONGXING_CHANGE_WAIT_SECONDS", "86399"),
        ("TONGXING_CHANGE_WAIT_SECONDS", "2592001"),
        ("TONGXING_REGISTRY_URL", "http://registry.example/"),
        ("TONGXING_TRUST_ROOT", "/nowhere/trust-root.json"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], name: str, value: str) -> None:
    """A gate with a wrong root or member would refuse everybody, and nobody would know why."""
    with pytest.raises(SettingInvalid):
        read_settings(VerifierSettings, environ | {name: value})


def test_an_unknown_profile_says_which_there_are() -> None:
    """Whoever types it wrong must not have to look it up."""
    with pytest.raises(SettingInvalid, match="venue, station, border"):
        profile_named("palace", "demo")
