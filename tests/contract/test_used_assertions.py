"""What every memory of used assertions promises (``service_kit.http.auth.JtiStore``), on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from issuer.storage import sql as issuer
from issuer.storage import tables as issuer_tables
from service_kit.http.auth import MAX_CLIENT_AHEAD_SECONDS, MAX_LIFETIME_SECONDS, JtiStore, long_expired
from service_kit.storage.database import connect, migrate
from service_kit.storage.used_assertions import UsedAssertions
from trust_registry.storage import sql as registry
from trust_registry.storage import tables as registry_tables

NOW = 1_795_000_000
Opened = Callable[[], JtiStore]


def use(store: JtiStore, client_id: str, jti: str, expires_at: int) -> bool:
    return store.use(client_id, jti, expires_at, long_expired(expires_at))


@pytest.fixture(
    params=[
        pytest.param((issuer.MIGRATIONS, issuer.VERSION_TABLE, issuer_tables.used_assertion), id="issuer"),
        pytest.param((registry.MIGRATIONS, registry.VERSION_TABLE, registry_tables.used_assertion), id="registry"),
    ]
)
def another(request: pytest.FixtureRequest, database_url: str) -> Iterator[Opened]:
    """Opens the memory as one more process has it."""
    engines: list[Engine] = []

    def opened() -> JtiStore:
        migrations, version_table, table = request.param
        engines.append(connect(database_url))
        migrate(engines[-1], migrations, version_table)
        return UsedAssertions(engines[-1], table)

    yield opened
    for engine in engines:
        engine.dispose()


def test_used_once_whichever_process_sees_it(another: Opened) -> None:
    """Behind a load balancer the second showing of an assertion reaches another process."""
    first, second = another(), another()
    assert use(first, "app", "1", NOW + 60)
    assert not use(second, "app", "1", NOW + 60)
    assert use(second, "other", "1", NOW + 60)
    assert use(second, "app", "2", NOW + 60)


def test_of_many_at_once_one_alone_wins(another: Opened) -> None:
    """An assertion shown to eight workers in one moment is one request and not eight."""
    stores, won = [another() for _ in range(4)], []

    def work(store: JtiStore) -> None:
        for number in range(8):
            # Each also clears away what has expired, so all delete the same rows at once.
            won.append((number, use(store, "app", f"{number}", NOW + number * MAX_LIFETIME_SECONDS)))

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 32
    # Of those that nobody has cleared away yet.
    assert sum(used for number, used in won if number == 7) == 1


def test_forgotten_after_its_end_and_not_before(another: Opened) -> None:
    """The memory must not grow for ever, nor forget what is still good."""
    store = another()
    assert use(store, "app", "1", NOW)
    assert use(store, "app", "2", NOW + MAX_LIFETIME_SECONDS + MAX_CLIENT_AHEAD_SECONDS)
    assert not use(store, "app", "1", NOW)
    assert use(store, "app", "3", NOW + MAX_LIFETIME_SECONDS + MAX_CLIENT_AHEAD_SECONDS + 1)
    assert use(store, "app", "1", NOW)
