"""Signing in with a real browser at a real identity provider on another site: the rules for cookies are its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from credentials.keys import new_private_key
from demonstration.world import World, free_port
from issuer.holder_proof import make_proof
from service_kit.clock import SystemClock
from tests.identity_provider import identity_provider
from tests.servers import NoServer
from tests.unit.issuer.issuing import NUMBER
from tests.unit.issuer.providing import CLIENT, SECRET
from tests.unit.issuer.signing_in import Worker, signing_in
from tests.web.conftest import Launch

_POST = """async ([path, body]) => {
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  });
  return { status: answer.status, body: await answer.json() };
}"""


@pytest.fixture(scope="module")
def henan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of an issuer on 127.0.0.1 whose residents sign in at localhost; Wang Xiaoming is on file."""
    folder, port = tmp_path_factory.mktemp("henan"), free_port()
    url = f"http://127.0.0.1:{port}/issuer"
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{url}/v1/sign-in/callback"],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
    }
    accounts = {"wang": {"name": "王小明", "document_number": NUMBER}}
    try:
        with identity_provider(client, accounts, host="localhost") as provider, World(folder) as world:
            variables = signing_in(folder, provider.url, TONGXING_ISSUER_URL=url)
            worker = Worker(variables, at=SystemClock().now())
            worker.put_on_file()
            worker.close()
            world.start(world.server("henan", ("issuer",), variables, port))
            yield url
    except NoServer as missing:
        pytest.skip(str(missing))


def post(page: Page, path: str, body: Any) -> Any:
    """What a script of the issuer's own pages is answered."""
    return page.evaluate(_POST, [path, body])


def sign_in(page: Page, url: str, account: str) -> str:
    """As the wallet's page does it; what it reads behind # when the person is back."""
    page.context.add_cookies([{"name": "account", "value": account, "url": "http://localhost"}])
    page.goto(f"{url}/v1/wallet")
    page.evaluate("address => location.assign(address)", post(page, "sign-in", {"language": "en"})["body"]["location"])
    page.wait_for_url(f"{url}/wallet/#sign-in=*")
    return page.url.partition("#sign-in=")[2]


def claim(page: Page, url: str) -> Any:
    page.goto(f"{url}/v1/wallet")
    proof = make_proof(new_private_key(), url, SystemClock().now())
    return post(page, "wallet/claims", {"holder_proof": proof})


def test_a_browser_signs_in(launch: Launch, henan: str) -> None:
    """Its cookie of the beginning comes along when the provider sends it back from another site; the claim code is
    kept, sent by our own page, read by no script, and gone once it was used."""
    context = launch(bypass_csp=True)
    page = context.pages[0]
    assert sign_in(page, henan, "wang") == "done"
    (kept,) = [each for each in context.cookies() if each["name"] == "tongxing-claim"]
    assert (kept["httpOnly"], kept["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    issued = claim(page, henan)
    assert (issued["status"], issued["body"]["holder"]["name"]) == (201, "王**")
    assert [each["name"] for each in context.cookies(henan)] == []
    assert claim(page, henan)["body"]["code"] == "sign-in-not-begun"


def test_a_browser_that_did_not_begin(launch: Launch, henan: str) -> None:
    """Login CSRF with real browsers: the answer of one, opened in another."""
    one, other = launch("one", bypass_csp=True).pages[0], launch("other", bypass_csp=True).pages[0]
    answers: list[str] = []
    one.on("request", lambda request: answers.append(request.url) if "/sign-in/callback" in request.url else None)
    one.route("**/sign-in/callback?**", lambda route: route.abort())
    one.context.add_cookies([{"name": "account", "value": "wang", "url": "http://localhost"}])
    one.goto(f"{henan}/v1/wallet")
    address = post(one, "sign-in", {})["body"]["location"]
    with one.expect_request("**/sign-in/callback?**"):
        one.evaluate("address => location.assign(address)", address)
    other.goto(answers[0])
    assert other.url == f"{henan}/wallet/#sign-in=sign-in-not-begun"
    assert claim(other, henan)["body"]["code"] == "sign-in-not-begun"


def test_a_browser_that_cancels(launch: Launch, henan: str) -> None:
    """It comes back all the same."""
    assert sign_in(launch(bypass_csp=True).pages[0], henan, "nobody") == "sign-in-declined"
