"""An issuer with sign-in, and browsers that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service_kit.durable import write_atomic
from tests.unit.issuer.providing import CLIENT, DOCUMENT_CLAIM, SECRET
from tests.unit.issuer.serving import environment


def sign_in_environment(folder: Path, provider: str, **changes: str) -> dict[str, str]:
    """The variables of an issuer whose residents sign in at ``provider``, where it has a secret."""
    secret = folder / "keys" / "client-secret"
    write_atomic(secret, f"{SECRET}\n".encode(), mode=0o600)
    signing_in = {
        "TONGXING_SIGN_IN_ISSUER": provider,
        "TONGXING_SIGN_IN_CLIENT_ID": CLIENT,
        "TONGXING_SIGN_IN_CLIENT_SECRET_FILE": str(secret),
        "TONGXING_SIGN_IN_DOCUMENT_CLAIM": DOCUMENT_CLAIM,
    }
    return environment(folder, **(signing_in | changes))


class Browser:
    """One resident's browser: keeps cookies as it would, and nothing else."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def begin(self, body: Any = None, **headers: str) -> TestResponse:
        return self.client.post("/v1/sign-in", json=body or {}, headers=headers)

    def come_back(self, **parameters: str) -> TestResponse:
        return self.client.get("/v1/sign-in/callback", query_string=parameters)


def outcome(answer: TestResponse) -> str:
    """What the wallet's page reads behind #, having come to the wallet and nowhere else."""
    assert answer.status_code == 303
    address = urlsplit(answer.headers["Location"])
    assert (address.scheme, address.netloc, address.path) == ("https", "code.example", "/issuer/wallet/")
    name, _, said = address.fragment.partition("=")
    assert (name, address.query) == ("sign-in", "")
    return said
