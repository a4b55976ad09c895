"""The servers that tests start: where their programs come from, and that they can be taken away and brought back."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest
import redis

from tests import servers
from tests.servers import NoServer, PostgreSQL, Redis


def test_postgresql_comes_back_with_what_was_committed(stoppable_postgresql: PostgreSQL) -> None:
    """Tests of lost servers prove something only if the data outlives the crash."""
    with psycopg.connect(stoppable_postgresql.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 41 AS number")
    stoppable_postgresql.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(stoppable_postgresql.url())
    stoppable_postgresql.start()
    with psycopg.connect(stoppable_postgresql.url(), autocommit=True) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (41,)
        connection.execute("DROP TABLE kept")


def test_redis_falls_silent_and_comes_back(stoppable_redis: Redis) -> None:
    """A cut network is not a closed connection: nothing answers, and nothing says so."""
    with redis.Redis.from_url(stoppable_redis.url(), socket_timeout=0.1, retry=None) as client:
        client.set("name", "value")
        stoppable_redis.pause()
        with pytest.raises(redis.TimeoutError):
            client.get("name")
        stoppable_redis.resume()
        assert client.get("name") == b"value"
        stoppable_redis.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("name")
        stoppable_redis.start()
        assert client.get("name") is None


@pytest.mark.parametrize("kind", [PostgreSQL, Redis])
def test_programs_come_from_the_wheels_where_none_is_installed(
    kind: type[PostgreSQL] | type[Redis], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh machine must prove as much as one with everything installed."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(servers, "DEBIAN", Path("/nonexistent"))
    server = kind()
    try:
        assert server.is_running
    finally:
        server.close()
    assert not server.folder.exists()


@pytest.mark.parametrize(("kind", "name"), [(PostgreSQL, "PostgreSQL"), (Redis, "Redis")])
def test_what_is_missing_is_named(
    kind: type[PostgreSQL] | type[Redis], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A skip that does not say what is missing looks like a pass."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(servers, "DEBIAN", Path("/nonexistent"))
    monkeypatch.setattr(servers, "WHEELS", {"PostgreSQL": "no_such_module", "Redis": "no_such_module"})
    with pytest.raises(NoServer, match=f"no {name}"):
        kind()
