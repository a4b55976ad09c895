"""Machine clients: the province's own applications, each with its public key; nobody else may ask for codes."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from sqlalchemy import Engine, insert, select, update

from credentials.algorithms.table import PublicKey
from credentials.errors import InvalidRequest, NotFound
from credentials.keys import jwk_of, public_key_from_jwk
from issuer.storage import tables
from service_kit.http.auth import MAX_ID_CHARACTERS
from service_kit.storage.database import reading, transaction
from service_kit.storage.retrying import retried

_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_ID_CHARACTERS}}}")


class Client(NamedTuple):
    """A registered client. Times in seconds UTC."""

    client_id: str
    added_at: int
    revoked_at: int | None


class Clients:
    """The clients in the issuer's database.

    Durable when a call returns; safe to call concurrently. Who can write it can have codes issued.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @retried
    def add(self, client_id: str, jwk: Any, at: int) -> None:
        """Register a client. Raises KeyRejected for its key, InvalidRequest, Conflict when the id is taken."""
        # No colon: the commands' own idempotency keys are scoped to ids that have one.
        if not _ID.fullmatch(client_id):
            raise InvalidRequest(f"client id: 1 to {MAX_ID_CHARACTERS} letters, digits and ._-")
        public = json.dumps(jwk_of(public_key_from_jwk(jwk)))
        with transaction(self._engine) as connection:
            connection.execute(insert(tables.client).values(client_id=client_id, jwk=public, added_at=at))

    @retried
    def revoke(self, client_id: str, at: int) -> None:
        """Take a client's rights away for good. Raises NotFound."""
        row = tables.client
        with transaction(self._engine) as connection:
            changed = connection.execute(
                update(row).where(row.c.client_id == client_id, row.c.revoked_at.is_(None)).values(revoked_at=at)
            )
            if not changed.rowcount:
                raise NotFound("no active client of this id")

    @retried
    def all(self) -> list[Client]:
        """All clients, revoked ones included."""
        row = tables.client.c
        with reading(self._engine) as connection:
            found = connection.execute(select(row.client_id, row.added_at, row.revoked_at).order_by(row.client_id))
            return [Client(*each) for each in found]

    @retried
    def key_of(self, client_id: str) -> PublicKey | None:
        """The key of an active client, or None."""
        row = tables.client.c
        query = select(row.jwk).where(row.client_id == client_id, row.revoked_at.is_(None))
        with reading(self._engine) as connection:
            jwk = connection.execute(query).scalar_one_or_none()
        return None if jwk is None else public_key_from_jwk(json.loads(jwk))
