"""The roof for WSGI servers: which roles are mounted, and that none starts with a wrong setting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from werkzeug.test import Client

import wsgi
from credentials.errors import SettingInvalid
from service_kit.durable import write_atomic
from trust_registry.root.founding import found


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
    monkeypatch.setattr(wsgi, "_openings", {})
    client = Client(wsgi.application)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.get("/registry/healthz").status_code == 200
    assert client.get("/registry/v1/state").get_json()["members"] == []
    assert client.get("/verifier/healthz").status_code == 404
    assert list(wsgi._openings) == [os.getpid()]


def test_a_fork_opens_for_itself(registry: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a server has used the application before it forked: threads and connections are its own."""
    for name, value in registry.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wsgi, "_openings", {})
    wsgi.open_now()
    own = wsgi._opening()
    with monkeypatch.context() as forked:
        forked.setattr("os.getpid", lambda: -1)
        assert wsgi._opening() is not own
    assert wsgi._opening() is own


def test_what_cannot_be_opened_is_tried_again(
    registry: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Alive, not ready, 503: and it serves as soon as what was missing is there."""
    for name, value in registry.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wsgi, "_openings", {})
    monkeypatch.setattr(wsgi, "AGAIN_SECONDS", 0)
    key = tmp_path / "registry" / "online" / "snapshot.pem"
    away = key.rename(tmp_path / "away.pem")
    client = Client(wsgi.application)
    assert client.get("/healthz").status_code == 200
    not_ready = client.get("/readyz")
    assert (not_ready.status_code, not_ready.json) == (503, {"status": "not ready", "code": "setting-invalid"})
    refused = client.get("/registry/v1/state")
    assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
    assert "snapshot" not in refused.text
    away.rename(key)
    assert client.get("/registry/v1/state").status_code == 200


def test_a_failure_is_not_repeated_for_each_request(
    registry: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A database that is away takes seconds to say so: a thousand callers must not each wait for it."""
    for name, value in registry.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wsgi, "_openings", {})
    key = tmp_path / "registry" / "online" / "snapshot.pem"
    away = key.rename(tmp_path / "away.pem")
    client = Client(wsgi.application)
    assert client.get("/readyz").status_code == 503
    away.rename(key)
    monkeypatch.setattr(wsgi, "AGAIN_SECONDS", 3600)
    assert client.get("/readyz").status_code == 503
