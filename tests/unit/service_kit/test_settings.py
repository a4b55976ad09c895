"""Settings: nothing misspelt, nothing guessed, nothing secret shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from credentials.errors import SettingInvalid
from service_kit.settings import ServiceSettings, read_settings, refuse_unknown

DATA = {"TONGXING_DATA_DIR": "/srv/tongxing"}


@dataclass(frozen=True, kw_only=True)
class GateSettings(ServiceSettings):
    lanes: int = 1
    is_strict: bool = False
    key_file: Path | None = None


def test_reads_each_type() -> None:
    """A number left a text, or a text "false" taken for true, would surface far from its cause."""
    settings = read_settings(
        GateSettings,
        {**DATA, "TONGXING_LANES": "-3", "TONGXING_IS_STRICT": "Yes", "TONGXING_KEY_FILE": "/k.pem"},
    )
    assert settings == GateSettings(data_dir=Path("/srv/tongxing"), lanes=-3, is_strict=True, key_file=Path("/k.pem"))


def test_defaults_are_the_safe_ones() -> None:
    """Whoever sets nothing gets production, the true clock and no server to reach."""
    settings = read_settings(ServiceSettings, DATA)
    assert (settings.environment, settings.clock_offset_seconds, settings.redis_url) == ("production", 0, "")
    assert settings.database("issuer") == "sqlite:////srv/tongxing/issuer.sqlite"


def test_a_database_url_is_taken_as_it_is() -> None:
    """PostgreSQL is chosen by this setting alone."""
    url = "postgresql://db/tongxing"
    assert read_settings(ServiceSettings, {**DATA, "TONGXING_DATABASE_URL": url}).database("issuer") == url


@pytest.mark.parametrize("environ", [{}, {"TONGXING_DATA_DIR": ""}])
def test_a_required_setting_is_missed_by_name(environ: dict[str, str]) -> None:
    """Empty is missing: compose files pass on what is unset as empty, and Path("") would be the current folder."""
    with pytest.raises(SettingInvalid, match="TONGXING_DATA_DIR: missing"):
        read_settings(ServiceSettings, environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LANES", "three"),
        ("LANES", "1_000"),
        ("LANES", "٣"),
        ("LANES", "9" * 5000),
        ("IS_STRICT", "perhaps"),
        ("ENVIRONMENT", "Production"),
        ("LOG_LEVEL", "CHATTY"),
        ("CLOCK_OFFSET_SECONDS", "60"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(name: str, value: str) -> None:
    """An operator must see which variable is wrong; its value may be a password pasted into the wrong line."""
    with pytest.raises(SettingInvalid, match=f"TONGXING_{name}") as caught:
        read_settings(GateSettings, {**DATA, f"TONGXING_{name}": value})
    assert value not in str(caught.value)


def test_only_a_demo_may_move_the_clock() -> None:
    """A moved clock at a production gate would accept what has expired."""
    demo = {**DATA, "TONGXING_ENVIRONMENT": "demo", "TONGXING_CLOCK_OFFSET_SECONDS": "3600"}
    settings = read_settings(ServiceSettings, demo)
    assert settings.clock().offset_seconds == 3600
    assert abs(settings.clock().now() - ServiceSettings(data_dir=Path()).clock().now() - 3600) <= 1
    with pytest.raises(SettingInvalid, match="400 days"):
        read_settings(ServiceSettings, {**demo, "TONGXING_CLOCK_OFFSET_SECONDS": "99999999"})


def test_an_unknown_setting_is_refused() -> None:
    """TONGXING_REDIS_ULR must not mean "no Redis"."""
    with pytest.raises(SettingInvalid, match="TONGXING_REDIS_ULR: no such setting"):
        refuse_unknown({**DATA, "TONGXING_REDIS_ULR": "redis://cache"}, GateSettings)


def test_settings_of_several_services_may_stand_together() -> None:
    """One process may play several roles, and other programs have variables of their own."""
    refuse_unknown(
        {**DATA, "TONGXING_LANES": "1", "TONGXING_ROLES": "x", "PATH": "/bin"}, ServiceSettings, GateSettings
    )


def test_passwords_do_not_show() -> None:
    """Settings get printed when somebody looks for a fault."""
    settings = ServiceSettings(data_dir=Path(), database_url="postgresql://u:hush@db", redis_url="redis://:hush@c")
    assert "hush" not in repr(settings)
