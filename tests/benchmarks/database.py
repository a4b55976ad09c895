"""What the database adds to issuing: one code at a time into a real PostgreSQL, each commit on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from sqlalchemy import Engine

from credentials.keys import new_private_key
from credentials.signing import PemSigner
from issuer.issuing.issuance import Issuance, ask_for
from issuer.storage.holders import SqlPersonStore
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.storage.database import migrate
from tests.benchmarks.measuring import Row
from tests.benchmarks.rows import bare_signature
from tests.contract.schema import engine_on
from tests.servers import PostgreSQL, new_database
from tests.unit.issuer.office import AUDIENCE, NOW, SECRETS, own_key, paper

BATCH = 64


@contextmanager
def into_postgresql(server: PostgreSQL) -> Iterator[list[Row]]:
    """The rows, in a database of their own on this server."""
    with new_database(server.url()) as url, engine_on(url) as engine:
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        yield list(_rows(engine))


def _rows(engine: Engine) -> Iterator[Row]:
    private_key = new_private_key()
    key = own_key(private_key)
    signer = PemSigner(private_key, key.kid)
    store, people = SqlIssuerStore(engine), SqlPersonStore(engine)
    issuance = Issuance(store, people, signer, key, "health-commission", SECRETS, AUDIENCE)

    def issue(count: int) -> None:
        asks = [ask_for(paper(), token_hex(8)) for _ in range(count)]
        assert not any(isinstance(outcome, Exception) for outcome in issuance.issue_many("bench", asks, NOW))

    yield bare_signature(private_key)
    yield Row("issue into PostgreSQL", lambda _: issue(1), unit="S")
    yield Row(f"issue into PostgreSQL, a batch of {BATCH}", lambda _: issue(BATCH), unit="S")
