"""The roof for WSGI servers: which roles are mounted, and that none starts with a wrong setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

import wsgi
from credentials.errors import SettingInvalid
from service_kit.durable import write_atomic
from trust_registry.founding import found


@pytest.fixture
def registry(tmp_path: Path) -> dict[str, str]:
    """Settings of a registry that was just made."""
    found(tmp_path / "registry", write_atomic, None, 1_790_000_000)
    return {
        "TONGXING_DATA_DIR": str(tmp_path / "registry"),
        "TONGXING_REGISTRY_URL": "http://127.0.0.1:1/registry",
        "TONGXING_ROLES": "registry",
    }


@pytest.mark.parametrize("roles", ["", "registry,hotel", ","])
def test_unknown_roles_are_named(registry: dict[str, str], roles: str) -> None:
    """A server without a role would be healthy and useless."""
    with pytest.raises(SettingInvalid, match="TONGXING_ROLES"):
        wsgi.make_application(registry | {"TONGXING_ROLES": roles})


def test_a_misspelt_setting_is_an_error(registry: dict[str, str]) -> None:
    """A default in place of what somebody meant is found out too late."""
    with pytest.raises(SettingInvalid, match="TONGXING_REGISTRY_ULR"):
        wsgi.make_application(registry | {"TONGXING_REGISTRY_ULR": "https://registry.example"})


def test_a_role_is_mounted_under_its_name(registry: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One address carries all roles, each under its own path, and health at the root covers them."""
    for name, value in registry.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wsgi, "_application", [])
    client = Client(wsgi.application)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/registry/healthz").status_code == 200
    assert client.get("/registry/v1/state").json["members"] == []  # type: ignore[index]
    assert client.get("/verifier/healthz").status_code == 404
    assert len(wsgi._application) == 1
