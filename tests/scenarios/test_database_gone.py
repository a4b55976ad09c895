"""An issuer whose PostgreSQL goes away and comes back: 503 with Retry-After meanwhile, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from issuer.config import IssuerSettings
from issuer.opening import prepare
from service_kit.settings import read_settings
from tests.scenarios.provinces import ProvinceInProcesses
from tests.servers import PostgreSQL
from tests.unit.issuer.office import paper
from tests.unit.issuer.serving import environment
from tests.unit.issuer.test_app import Issuer


@pytest.fixture
def issuer(tmp_path: Path, stoppable_postgresql: PostgreSQL, postgresql: str) -> Iterator[Issuer]:
    if str(stoppable_postgresql.port) not in postgresql:
        pytest.skip("PostgreSQL: that of TEST_POSTGRES_URL is not ours to stop")
    settings = read_settings(IssuerSettings, environment(tmp_path, TONGXING_DATABASE_URL=postgresql))
    prepare(settings)
    issuer = Issuer(settings)
    yield issuer
    issuer.office.engine.dispose()


@pytest.mark.parametrize("crash", [False, True])
def test_gone_and_back(issuer: Issuer, stoppable_postgresql: PostgreSQL, crash: bool) -> None:
    """A client that waits as it is told gets the very code it asked for, and the one it had stays the same."""
    before = issuer.issue(paper(), "before")
    assert before.status_code == 201
    stoppable_postgresql.kill() if crash else stoppable_postgresql.stop()
    for key in ("before", "during"):
        answer = issuer.issue(paper(), key)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "storage-unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert stoppable_postgresql.password not in answer.text
    assert issuer.client.get("/readyz").status_code == 503
    stoppable_postgresql.start()
    assert issuer.client.get("/readyz").status_code == 200
    assert issuer.issue(paper(), "before").json == before.json
    during = issuer.issue(paper(), "during")
    assert during.status_code == 201
    assert issuer.issue(paper(), "during").json == during.json


def test_restarted_between_two_requests(issuer: Issuer, stoppable_postgresql: PostgreSQL) -> None:
    """The pool is full of dead connections then; no request may pay for it."""
    assert issuer.issue(paper(), "a").status_code == 201
    stoppable_postgresql.restart()
    assert issuer.issue(paper(), "b").status_code == 201


def test_a_command_names_the_setting(tmp_path: Path, postgresql_server: PostgreSQL) -> None:
    """An operator who mistyped the password reads which setting it is, and no log or screen gets what is in it."""
    province = ProvinceInProcesses(tmp_path)
    province.environment["TONGXING_DATABASE_URL"] = postgresql_server.url(password="mistyped")
    done = province.run("issuer", "publish")
    assert done.returncode == 70
    assert "TONGXING_DATABASE_URL: the server refuses this user, password or database" in done.stderr
    assert "mistyped" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
