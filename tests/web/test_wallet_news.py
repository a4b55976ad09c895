"""What the issuer says is asked for whenever the wallet is opened, and a change is told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, requests_of, texts_on


@pytest.fixture
def wallet(launch: Launch, town: Town) -> Wallet:
    """A phone with the wallet open and no code yet."""
    return Wallet(launch(), town.wallet).open()


def _turn_red(town: Town, name: str) -> None:
    """A decision by hand for somebody who is on file; the claim code that comes with it is not used."""
    town.claim_code(name, decision=town.decision("red", "close-contact"))


def test_opened_again_it_shows_what_the_issuer_says_now(wallet: Wallet, town: Town) -> None:
    """Green in the hand, red at the issuer: the holder hears it from the phone, and not from a guard."""
    wallet.claim(town.claim_code("孟一"))
    _turn_red(town, "孟一")
    wallet.page.reload()
    expect(wallet.page.locator("h1.band")).to_have_text("红码")
    expect(wallet.page.locator(".said")).to_contain_text("红码")
    expect(wallet.page.locator(".said")).to_have_attribute("role", "status")


def test_when_the_network_returns_it_asks(wallet: Wallet, town: Town) -> None:
    """Nobody opens it anew in a train that leaves a tunnel."""
    wallet.kept().claim(town.claim_code("孟二"))
    wallet.context.set_offline(True)
    _turn_red(town, "孟二")
    wallet.page.reload()
    expect(wallet.page.locator("h1.band")).to_have_text("绿码")
    wallet.context.set_offline(False)
    expect(wallet.page.locator("h1.band")).to_have_text("红码")


def test_seen_again_it_asks(wallet: Wallet, town: Town) -> None:
    """A wallet that lies open behind other apps for a day is opened as well."""
    wallet.claim(town.claim_code("孟三"))
    _turn_red(town, "孟三")
    wallet.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(wallet.page.locator("h1.band")).to_have_text("红码")


def test_withdrawn_is_told(wallet: Wallet, launch: Launch, town: Town) -> None:
    """Claimed by another phone while this one lay in a pocket."""
    wallet.claim(town.claim_code("孟四"))
    Wallet(launch("second"), town.wallet).open().claim(town.claim_code("孟四"))
    wallet.page.reload()
    wallet.condition("device-replaced")
    expect(wallet.page.locator(".said")).to_contain_text("码已换到另一部手机")


def test_asking_costs_two_short_requests(wallet: Wallet, town: Town) -> None:
    """A city opens its wallets at eight in the morning: the time, and one request a code; nothing is signed anew where
    nothing is new."""
    wallet.claim(town.claim_code("孟五"))
    before = wallet.stored()[0]["issued"]["text"]
    seen = requests_of(wallet.page)
    with wallet.page.expect_response("**/v1/wallet/renewals") as answer:
        wallet.page.reload()
    assert len(answer.value.body()) < 1024
    wallet.page.wait_for_load_state("networkidle")
    issuer = town.henan.server.url("issuer")
    asked = [each for each in seen if "/v1/" in each]
    assert asked == [f"GET {issuer}/v1/wallet", f"POST {issuer}/v1/wallet/renewals"]
    assert wallet.stored()[0]["issued"]["text"] == before


def test_it_never_says_that_all_is_well_above_a_red_code(wallet: Wallet, town: Town) -> None:
    """已是最新 above 红码 was read as "it will stay like this"."""
    wallet.claim(town.claim_code("孟六", decision=town.decision("red", "close-contact")))
    wallet.press("renew")
    said = wallet.page.locator(".said")
    expect(said).to_contain_text("现在是红码")
    assert "最新" not in wallet.page.content()


@pytest.mark.parametrize("elder", [False, True], ids=["normal", "large"])
def test_the_button_is_in_view_when_it_matters(launch: Launch, town: Town, elder: bool) -> None:
    """Whoever was tested an hour ago and still sees yellow looks for one thing; whoever is green, for none."""
    wallet = Wallet(launch(viewport={"width": 360, "height": 640}), town.wallet).open()
    if elder:
        wallet.press("elder")
    name = "孟七" if elder else "孟十"
    wallet.claim(town.claim_code(name))
    assert wallet.page.locator("#renew").count() == 0
    wallet.claim(town.claim_code(name, decision=town.decision("yellow", "contact-of-contact")))
    renew = wallet.page.locator("#renew")
    expect(renew).to_have_text("立即更新")
    expect(renew).to_be_in_viewport(ratio=1)


def test_an_ended_card_offers_nothing_that_a_gate_refuses(wallet: Wallet, launch: Launch, town: Town) -> None:
    """No question of a gate to answer and no paper: both are for codes that are good."""
    wallet.claim(town.claim_code("孟八"))
    Wallet(launch("second"), town.wallet).open().claim(town.claim_code("孟八"))
    wallet.page.reload()
    wallet.condition("device-replaced")
    assert wallet.page.locator("#answer, #answer-gate").count() == 0
    wallet.press("menu")
    assert wallet.page.locator("#answer, #paper, #details").count() == 0
    assert wallet.page.locator("#claim, #remove").count() == 2


def test_people_are_told_apart_by_what_they_are_called(wallet: Wallet, town: Town) -> None:
    """Three masked names of one family and four digits tell nobody at a gate whose code is in their hand."""
    wallet.claim(town.claim_code("金国英", form="assisted", guardian="child"))
    wallet.claim(town.claim_code("华七"))
    wallet.press("people")
    wallet.page.locator(".person").first.click()
    wallet.press("menu")
    expect(wallet.page.locator(".who")).to_contain_text("家人：金")
    wallet.press("nickname")
    wallet.page.locator("#nickname-box").fill("奶奶")
    wallet.press("save")
    expect(wallet.page.locator(".who")).to_contain_text("奶奶（金")
    wallet.press("people")
    (first, second) = wallet.page.locator(".person").all_inner_texts()
    assert "奶奶（金" in first and "绿码" in first and "证件尾号" in first
    assert "华*" in second and "绿码" in second
    wallet.page.reload()
    wallet.page.locator(".symbol svg").wait_for()
    assert "奶奶" in texts_on(wallet.page), "after a restart the phone shows the same person"


@pytest.mark.parametrize("screen", ["menu", "paper", "answer", "remove", "nickname"])
def test_each_screen_says_whose_code_it_is_about(launch: Launch, town: Town, screen: str) -> None:
    """Paper printed for the wrong one of two, or an answer given with it, is found out at the gate."""
    wallet = Wallet(launch(viewport={"width": 360, "height": 640}), town.wallet).open()
    wallet.claim(town.claim_code("孟九"))
    wallet.press("menu")
    if screen != "menu":
        wallet.press(screen)
    who = wallet.page.locator(".who")
    expect(who).to_contain_text("孟*")
    expect(who).to_contain_text("尾号")
    expect(who).to_be_in_viewport(ratio=1)
