"""What a resident asked for comes when they have gone to another screen: it is not lost, and fetches nobody back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, requests_of

OFFER = """() => dispatchEvent(Object.assign(new Event("beforeinstallprompt"), {
    prompt: () => new Promise((done) => { globalThis.answer = done; }) }))"""
"""A browser that offers to put the app on the phone's screen, and asks until ``answer`` is called."""
HOLD_STORE = """() => new Promise((held) => {
    const asked = indexedDB.open("tongxing-wallet");
    asked.onsuccess = () => {
        const table = asked.result.transaction("values", "readwrite").objectStore("values");
        const go = () => { if (!globalThis.isFree) table.get("cards").onsuccess = go; };
        go();
        held();
    };
})"""
"""Another page writes: nothing of this one is kept until ``isFree``."""
TYPED = "1234"

Answer = Callable[[Route], None]


@pytest.fixture
def wallet(launch: Launch, town: Town) -> Wallet:
    """A phone with one code on it."""
    return Wallet(launch(), town.wallet).open().claim(town.claim_code("傅一"))


def ask(route: Route) -> None:
    """Let the issuer answer."""
    route.continue_()


def refuse(status: int, code: str) -> Answer:
    """An answer that refuses."""
    return lambda route: route.fulfill(status=status, json={"title": "refused", "status": status, "code": code})


@contextmanager
def late(page: Page, path: str, answer: Answer = ask) -> Iterator[None]:
    """Hold what is asked at ``path`` back; at the end it is answered."""
    held: list[Route] = []
    page.route(path, lambda route: held.append(route))
    yield
    while not held:
        page.wait_for_timeout(20)
    with page.expect_request_finished(lambda request: request == held[0].request):
        for route in held:
            answer(route)
    page.unroute(path)


def busy(wallet: Wallet, action: str) -> None:
    """Press a button, and wait until it is out of use."""
    wallet.press(action)
    wallet.page.locator(f"#{action}[aria-busy]").wait_for()


def type_elsewhere(wallet: Wallet) -> None:
    """Back to the code, and on to another screen where something is typed."""
    wallet.press("back")
    wallet.page.locator(".symbol svg, #claim").first.wait_for()
    if wallet.page.locator("#claim").count() == 0:
        wallet.press("menu")
    wallet.press("claim")
    wallet.page.locator("#code").fill(TYPED)


def said(wallet: Wallet, text: str) -> None:
    """What came is said where the resident is; the screen, and what is typed there, stay."""
    expect(wallet.page.locator(".said")).to_contain_text(text)
    expect(wallet.page.locator("#code")).to_have_value(TYPED)


def test_a_paper_code_is_kept_for_whoever_has_gone_on(wallet: Wallet) -> None:
    """Three a day: one that was made for nobody's eyes was one of them. Asked for twice it is made once."""
    asked = requests_of(wallet.page)
    with late(wallet.page, "**/v1/wallet/paper"):
        wallet.press("menu")
        wallet.press("paper")
        busy(wallet, "make")
        wallet.press("back")
        wallet.press("menu")
        wallet.press("paper")
        busy(wallet, "make")
        type_elsewhere(wallet)
    said(wallet, "傅*的纸质码做好了")
    made = [each for each in asked if each.endswith("/v1/wallet/paper")]
    assert len(made) == 1
    wallet.press("back")
    wallet.press("menu")
    wallet.press("paper")
    wallet.press("show")
    wallet.page.locator(".sheet").wait_for()


def test_a_paper_code_that_is_refused_late_is_said(wallet: Wallet) -> None:
    """The neighbour: whoever went on believes that it is being made."""
    with late(wallet.page, "**/v1/wallet/paper", refuse(429, "rate-limited")):
        wallet.press("menu")
        wallet.press("paper")
        busy(wallet, "make")
        type_elsewhere(wallet)
    said(wallet, "一天最多三张")


def test_news_that_was_asked_for_draws_nothing_under_a_typing_hand(wallet: Wallet) -> None:
    """Half a claim code was wiped out by the answer to 立即更新 on the screen before."""
    with late(wallet.page, "**/v1/wallet/renewals"):
        wallet.press("menu")
        busy(wallet, "renew")
        type_elsewhere(wallet)
    said(wallet, "刚刚更新过")


def test_a_code_is_gone_at_once_and_the_issuers_word_comes_when_it_comes(wallet: Wallet) -> None:
    """A slow network kept it on the screen; then whoever had gone on was fetched back."""
    with late(wallet.page, "**/v1/wallet/release"):
        wallet.press("menu")
        wallet.press("remove")
        wallet.press("yes")
        wallet.condition("none")
        wallet.press("install")
        type_elsewhere(wallet)
    said(wallet, "已删除")


def test_a_relatives_code_that_comes_late_takes_nobodys_place(wallet: Wallet, town: Town) -> None:
    """A guard looks at the phone: the code in front of them must not turn into somebody else's."""
    with late(wallet.page, "**/v1/wallet/claims"):
        wallet.press("menu")
        wallet.press("claim")
        wallet.page.locator("#code").fill(town.claim_code("洪二", form="assisted", guardian="child"))
        busy(wallet, "send")
        wallet.press("back")
        wallet.page.locator(".symbol svg").wait_for()
    expect(wallet.page.locator(".said")).to_contain_text("洪*的码领到了")
    expect(wallet.page.locator(".who").first).to_contain_text("傅*")
    wallet.press("people")
    expect(wallet.page.locator(".person")).to_have_count(2)


def test_a_first_code_that_comes_late_is_shown_at_home_alone(launch: Launch, town: Town) -> None:
    """The neighbours: on another screen it is said, and at home it is there."""
    wallet = Wallet(launch(), town.wallet).open()
    with late(wallet.page, "**/v1/wallet/claims"):
        wallet.press("claim")
        wallet.page.locator("#code").fill(town.claim_code("诸三"))
        busy(wallet, "send")
        wallet.press("back")
        wallet.press("install")
    expect(wallet.page.locator(".said")).to_contain_text("诸*的码领到了")
    expect(wallet.page.locator("h1")).to_have_text("放到手机桌面")
    wallet.press("back")
    wallet.page.locator(".symbol svg").wait_for()


def test_a_claim_that_is_refused_late_is_said(wallet: Wallet, town: Town) -> None:
    """Whoever went on after sending it waits for a code that will not come."""
    with late(wallet.page, "**/v1/wallet/claims", refuse(409, "claim-code-used")):
        wallet.press("menu")
        wallet.press("claim")
        wallet.page.locator("#code").fill(town.claim_code("左四"))
        busy(wallet, "send")
        type_elsewhere(wallet)
    said(wallet, "领取码已在另一部手机上用过")


def test_a_claim_that_goes_on_by_itself_is_said_wherever_they_are(launch: Launch, town: Town) -> None:
    """It was sent an hour ago and the network has come back: nobody has pressed anything now."""
    wallet = Wallet(launch(), town.wallet).open()
    wallet.page.route("**/v1/wallet/claims", lambda route: route.abort())
    wallet.type_claim_code(town.claim_code("石五"))
    assert wallet.refusal() == "offline"
    wallet.press("back")
    wallet.condition("waiting")
    wallet.press("install")
    wallet.page.unroute("**/v1/wallet/claims")
    wallet.page.evaluate("dispatchEvent(new Event('online'))")
    expect(wallet.page.locator(".said")).to_contain_text("石*的码领到了")
    expect(wallet.page.locator("h1")).to_have_text("放到手机桌面")


SIGN_IN_OFFICE: dict[str, Any] = {"sign_in": True}


def with_sign_in(route: Route) -> None:
    """The issuer, as one whose residents can sign in."""
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | SIGN_IN_OFFICE)


def test_who_has_gone_back_is_not_taken_to_the_sign_in(launch: Launch, town: Town) -> None:
    """The provider's page came up over the code that a guard was waiting for."""
    wallet = Wallet(launch(), town.wallet)
    wallet.page.route("**/v1/wallet", with_sign_in)
    wallet.open()
    elsewhere = town.wallet + "?elsewhere"
    with late(wallet.page, "**/v1/sign-in", lambda route: route.fulfill(json={"location": elsewhere})):
        wallet.press("sign-in")
        busy(wallet, "go")
        type_elsewhere(wallet)
    wallet.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    assert wallet.page.url == town.wallet
    expect(wallet.page.locator("#code")).to_have_value(TYPED)


def test_what_a_sign_in_brings_late_is_said(launch: Launch, town: Town) -> None:
    """Back from the provider the page asks for the code by itself, while its resident already reads something else."""
    wallet = Wallet(launch(), town.wallet)
    with late(wallet.page, "**/v1/wallet/claims", refuse(403, "sign-in-not-begun")):
        wallet.page.goto(town.wallet + "#sign-in=done")
        wallet.press("claim")
        wallet.page.locator("#code").fill(TYPED)
    said(wallet, "登录")


def test_a_nickname_that_is_kept_late_leads_nobody_home(wallet: Wallet) -> None:
    """Another page of the app is writing: the phone is slow, and its resident has gone on."""
    wallet.press("menu")
    wallet.press("nickname")
    wallet.page.locator("#nickname-box").fill("奶奶")
    wallet.page.evaluate(HOLD_STORE)
    wallet.press("save")
    type_elsewhere(wallet)
    wallet.page.evaluate("globalThis.isFree = true")
    wallet.page.wait_for_function(
        """() => new Promise((done) => {
            const asked = indexedDB.open("tongxing-wallet");
            asked.onsuccess = () => {
                const read = asked.result.transaction("values").objectStore("values").get("cards");
                read.onsuccess = () => { asked.result.close(); done(read.result[0].nickname === "奶奶"); };
            };
        })"""
    )
    expect(wallet.page.locator("#code")).to_have_value(TYPED)
    wallet.press("back")
    expect(wallet.page.locator(".who").first).to_contain_text("奶奶")


def test_an_installation_that_is_answered_late_leads_nobody_home(launch: Launch, town: Town) -> None:
    """The browser's question can stand beside the page."""
    wallet = Wallet(launch(), town.wallet)
    wallet.open()
    wallet.page.evaluate(OFFER)
    wallet.press("install")
    wallet.press("install-now")
    type_elsewhere(wallet)
    wallet.page.evaluate("answer()")
    wallet.page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    expect(wallet.page.locator("#code")).to_have_value(TYPED)


def test_two_steps_back_at_once_do_not_lead_out_of_the_app(wallet: Wallet) -> None:
    """A trembling finger presses twice before the browser has gone back once."""
    wallet.press("menu")
    wallet.page.evaluate("() => { const back = document.getElementById('back'); back.click(); back.click(); }")
    wallet.page.locator(".symbol svg").wait_for()
    assert wallet.page.url == wallet.address
