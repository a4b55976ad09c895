"""Signing in at a certified OpenID provider that runs as a process of its own: what we take it to do, it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from credentials.keys import jwk_of, load_private_key, new_private_key
from issuer.sign_in.identity_provider import KEYS_AGAIN_SECONDS
from service_kit.clock import SystemClock
from tests.identity_provider import IdentityProvider, identity_provider, signing_key
from tests.servers import NoServer
from tests.unit.issuer.office import NUMBER
from tests.unit.issuer.providing import CALLBACK, CLIENT, SECRET
from tests.unit.issuer.serving import key_file
from tests.unit.issuer.signing_in import Browser, Worker, outcome, signing_in

ACCOUNTS = {
    "wang": {"name": "王小明", "document_number": NUMBER},
    "li": {"name": "李四", "document_number": NUMBER},
    "guest": {"name": "王小明"},
}
WITH_SECRET = {
    "client_id": CLIENT,
    "client_secret": SECRET,
    "redirect_uris": [CALLBACK],
    "response_types": ["code"],
    "grant_types": ["authorization_code"],
}


@pytest.fixture(scope="module")
def real() -> Iterator[IdentityProvider]:
    try:
        with identity_provider(WITH_SECRET, ACCOUNTS) as provider:
            yield provider
    except NoServer as missing:
        pytest.skip(str(missing))


@pytest.fixture
def worker(real: IdentityProvider, tmp_path: Path) -> Iterator[Worker]:
    yield from issuer(signing_in(tmp_path, real.url))


def issuer(variables: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(variables, at=SystemClock().now())
    worker.put_on_file()
    yield worker
    worker.close()


def sign_in_there(address: str, account: str) -> dict[str, str]:
    """What a person does at the provider; the parameters with which it sends the browser back."""
    with requests.Session() as at_provider:
        at_provider.cookies.set("account", account)
        while not address.startswith(CALLBACK):
            answer = at_provider.get(address, allow_redirects=False, timeout=30)
            assert answer.is_redirect, answer.text
            address = urljoin(address, answer.headers["Location"])
    return dict(parse_qsl(urlsplit(address).query))


def begun(browser: Browser) -> str:
    return str(browser.begin().get_json()["location"])


def signed_in(browser: Browser, account: str = "wang") -> str:
    return outcome(browser.come_back(**sign_in_there(begun(browser), account)))


def test_by_a_secret_and_userinfo(worker: Worker) -> None:
    """The plain deed: the number is had at the userinfo endpoint, as most providers do it."""
    browser = worker.browser()
    assert signed_in(browser) == "done"
    assert browser.claim(new_private_key()).status_code == 201


def test_by_a_key_and_the_id_token(tmp_path: Path) -> None:
    """private_key_jwt, without any secret that two sides know; all claims in the ID token, signed by ES256."""
    variables = signing_in(tmp_path, "https://id.example", TONGXING_SIGN_IN_ALGORITHM="ES256")
    del variables["TONGXING_SIGN_IN_CLIENT_SECRET_FILE"]
    path = key_file(tmp_path / "keys" / "sign-in.pem")
    public = jwk_of(load_private_key(path.read_bytes()).public_key())
    client = {
        **{name: value for name, value in WITH_SECRET.items() if name != "client_secret"},
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "jwks": {"keys": [public]},
    }
    try:
        with identity_provider(client, ACCOUNTS, keys=[signing_key("p", "ES256")], in_id_token=True) as provider:
            variables |= {"TONGXING_SIGN_IN_ISSUER": provider.url, "TONGXING_SIGN_IN_KEY_FILE": str(path)}
            for worker in issuer(variables):
                assert signed_in(worker.browser()) == "done"
    except NoServer as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(
    ("account", "said"),
    [("nobody", "sign-in-declined"), ("li", "sign-in-name-differs"), ("guest", "sign-in-without-document")],
)
def test_who_gets_nothing(worker: Worker, account: str, said: str) -> None:
    """Who cancels, who has another's number, who has none."""
    assert signed_in(worker.browser(), account) == said


def test_a_code_of_another_flow(worker: Worker) -> None:
    """Put into the victim's own flow, as after a leak of the attacker's making: the verifier is another's."""
    attacker, victim = worker.browser(), worker.browser()
    stolen = sign_in_there(begun(attacker), "wang")
    own = sign_in_there(begun(victim), "wang")
    assert outcome(victim.come_back(**(own | {"code": stolen["code"]}))) == "sign-in-declined"
    assert "tongxing-claim" not in str(victim.client._cookies)


def test_a_callback_replayed(worker: Worker) -> None:
    """By somebody who has kept the cookie as well: the provider takes no code twice."""
    browser = worker.browser()
    address = begun(browser)
    kept = browser.client.get_cookie("__Host-tongxing-sign-in")
    assert kept is not None
    back = sign_in_there(address, "wang")
    assert outcome(browser.come_back(**back)) == "done"
    assert outcome(browser.come_back(**back)) == "sign-in-not-begun"
    browser.client.set_cookie("__Host-tongxing-sign-in", kept.value)
    assert outcome(browser.come_back(**back)) == "sign-in-declined"


def test_only_our_redirect(worker: Worker) -> None:
    """The provider knows the one address, to the character: a code goes nowhere else."""
    address = begun(worker.browser())
    for trick in ("/", "%2F..%2Fevil", "%23", "@evil.example"):
        answer = requests.get(address.replace("callback", f"callback{trick}"), allow_redirects=False, timeout=30)
        assert answer.status_code == 400


def test_new_keys_at_the_provider(real: IdentityProvider, worker: Worker) -> None:
    """Changed without a word, by a restart: signing in goes on as soon as the keys may be asked for again."""
    assert signed_in(worker.browser()) == "done"
    real.restart(keys=[signing_key("second")])
    worker.clock.time += KEYS_AGAIN_SECONDS
    assert signed_in(worker.browser()) == "done"


def test_the_provider_stops_halfway(real: IdentityProvider, worker: Worker) -> None:
    """After the person has signed in: they are told, and sign in again when it is back."""
    browser = worker.browser()
    back = sign_in_there(begun(browser), "wang")
    real.stop()
    assert outcome(browser.come_back(**back)) == "sign-in-unavailable"
    real.restart()
    assert signed_in(browser) == "done"


def test_a_client_that_the_provider_does_not_know(real: IdentityProvider, tmp_path: Path) -> None:
    """A wrong secret is the operator's mistake; nobody is told that they were declined."""
    variables: dict[str, Any] = signing_in(tmp_path, real.url)
    Path(variables["TONGXING_SIGN_IN_CLIENT_SECRET_FILE"]).write_text("another")
    for worker in issuer(variables):
        assert signed_in(worker.browser()) == "sign-in-unavailable"
