"""An issuer with sign-in, one resident on file, and browsers that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.algorithms.table import PrivateKey
from issuer.app import create_app
from issuer.config import IssuerSettings
from issuer.opening import prepare
from issuer.requests.holder_proof import make_proof
from issuer.service import IssuerService
from service_kit.durable import write_atomic
from service_kit.settings import read_settings
from tests.doubles.clock import FixedClock
from tests.unit.issuer.office import AUDIENCE, NOW, paper
from tests.unit.issuer.providing import CLIENT, DOCUMENT_CLAIM, SECRET, asked
from tests.unit.issuer.serving import environment, with_staff


def signing_in(folder: Path, provider: str, **changes: str) -> dict[str, str]:
    """The variables of an issuer whose residents sign in at ``provider``, where it has a secret."""
    secret = folder / "keys" / "client-secret"
    write_atomic(secret, f"{SECRET}\n".encode(), mode=0o600)
    variables = {
        "TONGXING_SIGN_IN_ISSUER": provider,
        "TONGXING_SIGN_IN_CLIENT_ID": CLIENT,
        "TONGXING_SIGN_IN_CLIENT_SECRET_FILE": str(secret),
        "TONGXING_SIGN_IN_DOCUMENT_CLAIM": DOCUMENT_CLAIM,
    }
    return environment(folder, **(variables | changes))


class Worker:
    """One worker of the issuer. Workers with the same environment share database and secret, and nothing else."""

    def __init__(self, variables: dict[str, str], at: int = NOW) -> None:
        settings = read_settings(IssuerSettings, variables)
        prepare(settings)
        self.clock = FixedClock(at)
        self.app = create_app(settings, self.clock)
        self.office: IssuerService = with_staff(self.app)

    def put_on_file(self, **changes: Any) -> None:
        """Wang Xiaoming, or somebody else, by a claim code that nobody uses."""
        self.office.claim_codes.make(paper(**{"form": "phone", **changes}), "city-app", self.clock.time)

    def browser(self) -> Browser:
        """A new one, without cookies."""
        return Browser(self, self.app.test_client())

    def close(self) -> None:
        self.office.engine.dispose()


class Browser:
    """One resident's browser: keeps cookies as it would, and nothing else."""

    def __init__(self, worker: Worker, client: FlaskClient) -> None:
        self.worker, self.client = worker, client

    def begin(self, **headers: str) -> TestResponse:
        return self.client.post("/v1/sign-in", json={}, headers=headers)

    def begun(self) -> dict[str, str]:
        """Begin; what the provider is asked."""
        answer = self.begin()
        assert answer.status_code == 200, answer.text
        return asked(answer.get_json()["location"])

    def come_back(self, **parameters: Any) -> TestResponse:
        return self.client.get("/v1/sign-in/callback", query_string=parameters)

    def claim(self, phone: PrivateKey) -> TestResponse:
        proof = make_proof(phone, AUDIENCE, self.worker.clock.time)
        return self.client.post("/v1/wallet/claims", json={"holder_proof": proof})

    def at_another(self, worker: Worker) -> Browser:
        """The same browser, whose requests another worker answers."""
        other = worker.browser()
        other.client._cookies = self.client._cookies
        return other


def outcome(answer: TestResponse) -> str:
    """What the wallet's page reads behind #, having come to the wallet and nowhere else."""
    assert answer.status_code == 303
    address = urlsplit(answer.headers["Location"])
    assert (address.scheme, address.netloc, address.path) == ("https", "code.example", "/issuer/wallet/")
    name, _, said = address.fragment.partition("=")
    assert (name, address.query) == ("sign-in", "")
    return said


def cookies(answer: TestResponse) -> dict[str, str]:
    """Name -> its attributes, of the cookies that an answer sets."""
    return dict(header.split("=", 1) for header in answer.headers.getlist("Set-Cookie"))
