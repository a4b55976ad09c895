"""A registry on the loopback, for the commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from service_kit.logs import configure
from tests.serving import in_thread
from tests.unit.trust_registry.desks import Desk
from trust_registry import service
from trust_registry.app import create_app
from trust_registry.cli import registry
from trust_registry.config import RegistrySettings


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("TONGXING_DATA_DIR", "TONGXING_REGISTRY_URL", "TONGXING_CLOCK_OFFSET_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    # The server's log lines would stand in the commands' output: both are this process.
    configure("CRITICAL")
    folder = tmp_path / "registry"
    assert CliRunner().invoke(registry, ["init", str(folder)], catch_exceptions=False).exit_code == 0
    server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(RegistrySettings(data_dir=folder, registry_url=url))
    try:
        with in_thread(server):
            yield Desk(folder, url)
    finally:
        app.extensions[service.EXTENSION].publication.storage.engine.dispose()
