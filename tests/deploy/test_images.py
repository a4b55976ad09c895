"""The container file and the compose file: by their own linters, and what no linter knows of us."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from service_kit.durable import read_secret
from service_kit.process.server import STOP_SECONDS
from service_kit.settings import NOT_OF_A_SERVICE, variable
from tests.deploy.proxied import DEPLOY, SETTING, TEMPLATE
from wsgi import SETTINGS

BIN = Path(sys.executable).parent
COMPOSE = DEPLOY / "compose.yaml"
CONTAINERFILE = DEPLOY / "Containerfile"
OURS = ("registry", "henan", "guangdong", "zhejiang")


@cache
def compose() -> dict[str, Any]:
    """The compose file, merges done."""
    content: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text())
    return content


def lint(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_container_file_is_clean() -> None:
    """Errors in it show when somebody builds in a hurry."""
    lint(str(BIN / "hadolint"), "--failure-threshold", "style", str(CONTAINERFILE))


def test_the_compose_file_is_by_its_schema() -> None:
    """A misspelt key is passed over in silence by some engines."""
    lint(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


@pytest.mark.parametrize("script", ["prepare.sh", "postgres/databases.sh"])
def test_the_scripts_can_be_read(script: str) -> None:
    """By the shell that will run them, and they may be run."""
    lint("bash", "-n", str(DEPLOY / script))
    assert (DEPLOY / script).stat().st_mode & stat.S_IXUSR


def test_the_image_is_nobodys_and_locked() -> None:
    """Root in a container is root at the next hole; what has no hash is whatever the network gives."""
    text = CONTAINERFILE.read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    installs = re.findall(r"pip install .*", text)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    assert "requirements-test" not in text


def test_no_secret_gets_into_a_build() -> None:
    """A key in one layer of an image stays in it for whoever has the image."""
    ignored = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    assert {"**/*.pem", "**/*.key", "**/*.secret", "**/*.sqlite*", "deploy", ".*"} <= set(ignored)


@pytest.mark.parametrize("name", list(compose()["services"]))
def test_each_container_has_little_rights(name: str) -> None:
    """Whoever breaks into one can write nothing that stays, and become nobody else."""
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert ("ports" in service) == (name == "nginx")
    assert not [image for image in (service["image"],) if image.endswith(":latest") and "TONGXING" not in image]


@pytest.mark.parametrize("name", OURS)
def test_each_service_is_told_settings_that_there_are(name: str) -> None:
    """And secrets as files that it is given."""
    service = compose()["services"][name]
    known = {variable(field) for cls in SETTINGS.values() for field in cls.__dataclass_fields__} | NOT_OF_A_SERVICE
    assert set(service["environment"]) <= known
    named = re.findall(r"/run/secrets/([a-z-]+)", " ".join(map(str, service["environment"].values())))
    assert sorted(set(named)) == sorted(service["secrets"])
    assert set(service["secrets"]) <= set(compose()["secrets"])
    assert all(each == "authority" or each == "trust-root" or each.startswith(name) for each in service["secrets"])
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


def test_each_has_a_database_and_cache_of_its_own() -> None:
    """A province's record of decisions is nobody else's to read."""
    told = [compose()["services"][name]["environment"] for name in OURS]
    for setting in ("TONGXING_DATABASE_URL", "TONGXING_REDIS_URL"):
        assert len({each[setting] for each in told}) == len(OURS)
    for name, each in zip(OURS, told, strict=True):
        assert each["TONGXING_DATABASE_URL"].startswith(f"postgresql://{name}@postgres/{name}?")


def test_each_timer_does_what_its_service_does() -> None:
    """Without them the mirror goes stale while every server is healthy."""
    services = compose()["services"]
    for name in OURS:
        timer = services[f"{name}-timer"]
        assert timer["environment"] == services[name]["environment"]
        wanted = "tongxing registry timestamp" if name == "registry" else "tongxing issuer publish"
        assert wanted in timer["entrypoint"][-1]


def test_nginx_is_told_all_that_its_configuration_asks_for() -> None:
    """What is not filled in stays a dollar sign in its place, and nginx does not start."""
    nginx = compose()["services"]["nginx"]
    assert set(SETTING.findall(TEMPLATE.read_text())) == {
        name for name in nginx["environment"] if name.startswith("TONGXING_")
    }
    for volume in nginx["volumes"]:
        assert volume.endswith(":ro")
        source = DEPLOY / volume.partition(":")[0]
        assert source.exists() or "data" in source.parts


def test_preparing_makes_secrets_once(tmp_path: Path) -> None:
    """Run a second time by mistake it must not lock a province out of its own database."""
    environment = os.environ | {"TONGXING_USER": str(os.getuid())}
    seen = []
    for _ in range(2):
        subprocess.run([DEPLOY / "prepare.sh", tmp_path], check=True, env=environment, capture_output=True)
        seen.append({path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()})
    made, again = seen
    assert made == again
    files = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    keys = {f"{name}-{use}.pem" for name in OURS[1:] for use in ("credential", "status")}
    assert set(made) == files - keys - {"trust-root.json"}
    for name in made:
        if not name.endswith(".pem"):
            assert len(read_secret(tmp_path / "secrets" / name)) >= 48
    assert made["henan-database"].startswith(b"postgres:5432:henan:henan:")
