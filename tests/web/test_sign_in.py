"""Signing in with the wallet in a real browser, at a real identity provider on another site.

The browser's own rules for cookies decide what comes along.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from demonstration.world import World, free_port
from issuer.app import WALLET
from service_kit.clock import SystemClock
from tests.identity_provider import identity_provider
from tests.servers import NoServer
from tests.unit.issuer.office import NUMBER
from tests.unit.issuer.providing import CLIENT, SECRET
from tests.unit.issuer.signing_in import Worker, signing_in
from tests.web.conftest import Launch

SECONDS = 30_000
"""For what waits, in milliseconds: a machine under load must not make a test fail."""


@pytest.fixture(scope="module")
def henan(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[str]:
    """The base URL of an issuer on 127.0.0.1 whose residents sign in at localhost; Wang Xiaoming is on file."""
    assert (WALLET / "index.html").exists(), "the apps are not built: make apps"
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


def opened(launch: Launch, url: str, account: str, profile: str = "device") -> Page:
    """The wallet in a browser of its own, whose person has this account at the provider."""
    context = launch(profile)
    context.set_default_timeout(SECONDS)
    context.add_cookies([{"name": "account", "value": account, "url": "http://localhost"}])
    context.pages[0].goto(f"{url}/wallet/")
    return context.pages[0]


def sign_in(page: Page) -> None:
    """Press what there is to press."""
    page.locator("#sign-in").click()
    page.locator("#go").click()


def test_from_the_button_to_the_code(launch: Launch, henan: str) -> None:
    """The cookie of the beginning comes along when the provider sends the browser back from another site; the claim
    code is read by no script, stands in no address, and is gone once it was used."""
    page = opened(launch, henan, "wang")
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    sign_in(page)
    page.locator(".symbol svg").wait_for()
    expect(page.locator("body")).to_contain_text("王**")
    assert f"{henan}/wallet/#sign-in=done" in seen
    assert page.url == f"{henan}/wallet/"
    assert page.context.cookies(henan) == []


def test_the_claim_code_is_kept_from_scripts(launch: Launch, henan: str) -> None:
    """What the browser says of the cookie, while the page cannot fetch its code: the network is cut for that route."""
    page = opened(launch, henan, "wang")
    page.route("**/v1/wallet/claims", lambda route: route.abort())
    sign_in(page)
    page.locator("[data-refusal=offline]").wait_for()
    (kept,) = [each for each in page.context.cookies() if each["name"] == "tongxing-claim"]
    assert (kept["httpOnly"], kept["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.unroute("**/v1/wallet/claims")
    page.locator("#again").click()
    page.locator(".symbol svg").wait_for()


def test_an_answer_opened_in_another_browser(launch: Launch, henan: str) -> None:
    """Login CSRF with two real browsers, and a made-up link to the wallet: neither brings a code."""
    attacker, victim = opened(launch, henan, "wang", "attacker"), opened(launch, henan, "wang", "victim")
    attacker.route("**/sign-in/callback?**", lambda route: route.abort())
    with attacker.expect_request("**/sign-in/callback?**") as answer:
        sign_in(attacker)
    for address in (answer.value.url, f"{henan}/wallet/#sign-in=done"):
        victim.goto("about:blank")
        victim.goto(address)
        victim.locator("[data-refusal=sign-in-not-begun]").wait_for()
        assert victim.locator(".symbol").count() == 0


def test_a_link_says_nothing_about_this_phone(launch: Launch, henan: str) -> None:
    """Somebody sends a link that would have the wallet itself say that the phone was reported lost."""
    page = opened(launch, henan, "nobody")
    for made_up in ("device-lost", "code-taken-back", "claim-code-used", "constructor"):
        page.goto("about:blank")
        page.goto(f"{henan}/wallet/#sign-in={made_up}")
        page.locator("[data-refusal=sign-in-unproven]").wait_for()


def test_somebody_cancels(launch: Launch, henan: str) -> None:
    """They come back to the wallet, and are told in words."""
    page = opened(launch, henan, "nobody")
    sign_in(page)
    page.locator("[data-refusal=sign-in-declined]").wait_for()
