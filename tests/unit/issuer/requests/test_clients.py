"""Machine clients: who may ask, until they may not."""

from __future__ import annotations

from typing import Any

import pytest

from credentials.errors import Conflict, InvalidRequest, KeyRejected, NotFound
from credentials.keys import jwk_of, new_private_key
from issuer.requests.clients import Client, Clients
from tests.unit.issuer.office import NOW, IssuerOnDisk

JWK = jwk_of(new_private_key().public_key())


@pytest.fixture
def clients(issuer: IssuerOnDisk) -> Clients:
    return Clients(issuer.engines[0])


def test_client_comes_and_goes(clients: Clients) -> None:
    """A revoked client has no key, and its id is never somebody else's."""
    assert clients.key_of("app") is None
    clients.add("app", JWK, NOW)
    key = clients.key_of("app")
    assert key is not None
    assert jwk_of(key) == JWK
    clients.revoke("app", NOW + 1)
    assert clients.key_of("app") is None
    assert clients.all() == [Client("app", NOW, NOW + 1)]
    with pytest.raises(Conflict):
        clients.add("app", JWK, NOW + 2)
    with pytest.raises(NotFound):
        clients.revoke("app", NOW + 2)
    with pytest.raises(NotFound):
        clients.revoke("nobody", NOW)


@pytest.mark.parametrize("client_id", ["", "x" * 65, "bulk:", "issue:", "a b", "应用", "a\n"])
def test_odd_ids_are_refused(clients: Clients, client_id: str) -> None:
    """No client may share the idempotency keys of the commands."""
    with pytest.raises(InvalidRequest):
        clients.add(client_id, JWK, NOW)


@pytest.mark.parametrize("jwk", [None, {}, {**JWK, "d": "AA"}, {**JWK, "crv": "P-384"}])
def test_odd_keys_are_refused(clients: Clients, jwk: Any) -> None:
    """A private key pasted where a public one belongs is refused, not stored."""
    with pytest.raises(KeyRejected):
        clients.add("app", jwk, NOW)
    assert clients.all() == []
