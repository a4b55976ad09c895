from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
import structlog
from hypothesis import settings

from tests.servers import PostgreSQL, Redis, new_database, started
from tests.web.twin import NodeTwin, bundle

if TYPE_CHECKING:
    from tests.unit.trust_registry.founded import FoundedRegistry

ROOT = Path(__file__).parents[1]

# Processes that tests start load what they would on a machine that has the product alone.
_PATHS = [str(ROOT / "tests" / "absent"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys(_PATHS)))

LONGEST = {"test_demonstration.py", "test_zhengzhou.py", "test_yesterdays_backup.py"}
"""One story each, with servers of its own."""

# A slow moment of a busy machine is no failure, and a run that failed must fail again when it is repeated.
settings.register_profile("tongxing", deadline=None, derandomize=True)
settings.load_profile("tongxing")


@pytest.fixture(autouse=True)
def logs_of_its_own() -> None:
    """A command that runs in this process sets up logging for all that follow it, also from a module's fixture."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def model_registry(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FoundedRegistry]:
    """A closed registry into which these members were brought, one tuple a draft; made once for each such row."""
    from tests.unit.trust_registry.founded import FoundedRegistry

    @cache
    def made(*drafts: tuple[str, ...]) -> FoundedRegistry:
        with FoundedRegistry(tmp_path_factory.mktemp("model") / "founded") as registry:
            for members in drafts:
                registry.enrol(*members)
        return registry

    return made


@pytest.fixture
def registry(
    request: pytest.FixtureRequest, tmp_path: Path, model_registry: Callable[..., FoundedRegistry]
) -> Iterator[FoundedRegistry]:
    """A registry that was just founded, with those members that the tests' mark ``enrolled`` names."""
    from tests.unit.trust_registry.founded import FoundedRegistry
    from trust_registry.repository import in_force

    model = model_registry(*(mark.args for mark in request.node.iter_markers("enrolled")))
    # Copies have one content until a test changes it: what this process has read of one is not known of the next.
    in_force._kept.clear()
    with FoundedRegistry(tmp_path / "founded", model=model) as registry:
        yield registry


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL of our own, one for each worker of pytest-xdist."""
    # A process that is killed leaves what it wrote with the system: only a power cut would show the difference.
    with started(PostgreSQL, fsync="off") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of our own, one for each worker of pytest-xdist."""
    with started(Redis) as server:
        yield server


@pytest.fixture(scope="session")
def node_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeTwin]:
    """The browser's judge in Node, one for each worker of pytest-xdist; skips where there is no Node."""
    twin = NodeTwin(bundle(tmp_path_factory.mktemp("judge")))
    yield twin
    twin.close()


@pytest.fixture
def postgresql(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database on the PostgreSQL that ``TEST_POSTGRES_URL`` names, else on our own."""
    with new_database(os.environ.get("TEST_POSTGRES_URL") or _url(request, "postgresql_server")) as url:
        yield url


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database on the Redis that ``TEST_REDIS_URL`` names, else on our own."""
    url = os.environ.get("TEST_REDIS_URL") or _url(request, "redis_server")
    # Each worker of pytest-xdist empties a database of its own.
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with redis.Redis.from_url(url) as client:
        first = int(client.connection_pool.connection_kwargs.get("db", 0))
        client.execute_command("SELECT", first + number)
        client.flushdb()
    return f"{url.rstrip('/').removesuffix(f'/{first}')}/{first + number}"


@pytest.fixture
def stoppable_postgresql(postgresql_server: PostgreSQL) -> Iterator[PostgreSQL]:
    """Our own PostgreSQL, which a test may stop, kill, pause and start; it runs again afterwards."""
    try:
        yield postgresql_server
    finally:
        postgresql_server.resume()
        if not postgresql_server.is_running:
            postgresql_server.start()


@pytest.fixture
def stoppable_redis(redis_server: Redis) -> Iterator[Redis]:
    """Our own Redis, empty, which a test may stop, kill, pause, start and configure; it runs as it was afterwards."""
    with redis.Redis.from_url(redis_server.url()) as client:
        client.flushall()
    try:
        yield redis_server
    finally:
        # What a test has set, a password perhaps, would lock out the next.
        redis_server.restart()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path}/new/data.sqlite"
    return str(request.getfixturevalue("postgresql"))


def _url(request: pytest.FixtureRequest, server: str) -> str:
    return str(request.getfixturevalue(server).url())


@pytest.fixture(scope="session")
def outside_vectors() -> Path:
    """The folder of other people's vectors: ``TONGXING_VECTORS``, else ``../shared/vectors``."""
    folder = Path(os.environ.get("TONGXING_VECTORS") or ROOT.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip("no outside vectors: TONGXING_VECTORS names no folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever began a test of minutes last would have all other workers wait."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_collection_finish() -> None:
    """Python's collector need not look at thousands of collected tests again and again: a tenth of the work."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What libraries look for at the end must be found again."""
    gc.unfreeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Signatures differ in every process, and a test must have the same name in all of them."""
    return f"{argname}-{len(val)}" if isinstance(val, bytes) else None
