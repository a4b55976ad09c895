"""The wallet when something is wrong: it says what happened and what to do, and shows nothing that gates refuse."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Route, expect

from credentials.formats import presentation
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import SECONDS, Wallet, outcome, texts_on

DAY = 86_400_000
"""Milliseconds."""


@pytest.fixture
def wallet(launch: Launch, town: Town) -> Wallet:
    """A phone with the wallet open and no code yet."""
    return Wallet(launch(), town.wallet).open()


def test_a_slip_of_the_finger_is_found_before_a_try_is_used_up(wallet: Wallet, town: Town) -> None:
    """Five wrong digits of somebody of 75 must not lock anybody out; and what is typed in any grouping is taken."""
    code = town.claim_code("沈三")
    asked: list[str] = []
    wallet.page.on("request", lambda request: asked.append(request.url))
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    wallet.type_claim_code(wrong)
    assert wallet.refusal() == "claim-code-mistyped"
    assert not any(url.endswith("/claims") for url in asked)
    expect(wallet.page.locator("#code")).to_be_focused()
    wallet.page.locator("#code").fill(code.replace(" ", "-"))
    wallet.press("send")
    wallet.page.locator(".symbol svg").wait_for()
    assert not any(code.replace(" ", "")[:8] in url for url in asked), "nothing personal in an address"


def test_used_unknown_and_replaced_claim_codes_are_told_apart(wallet: Wallet, launch: Launch, town: Town) -> None:
    """ "Invalid" helps nobody: a stolen claim code needs the hotline, an old one a new one."""
    used = town.claim_code("韩四")
    Wallet(launch("thief"), town.wallet).open().claim(used)
    wallet.type_claim_code(used)
    assert wallet.refusal() == "claim-code-used"
    expect(wallet.page.locator("#code-error")).to_contain_text("热线")
    expect(wallet.page.locator("a[href='tel:037112320']")).to_be_visible()
    replaced = town.claim_code("韩四")
    town.claim_code("韩四")
    wallet.page.locator("#code").fill(replaced)
    wallet.press("send")
    wallet.page.locator("main[data-refusal=claim-code-unknown]").wait_for()


def test_an_answer_that_is_lost_on_its_way_is_fetched_again(wallet: Wallet, town: Town) -> None:
    """The network dies between the issuer's deed and its answer: the claim code is used up, and the code must come."""
    code = town.claim_code("杨五")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    wallet.page.route("**/v1/wallet/claims", lose)
    wallet.type_claim_code(code)
    assert wallet.refusal() == "offline"
    wallet.page.unroute("**/v1/wallet/claims")
    wallet.press("send")
    wallet.page.locator(".symbol svg").wait_for()
    assert len(wallet.stored()) == 1
    assert outcome(town, wallet.shown()) == ("accepted", [])


def test_without_network_nothing_can_be_claimed_and_it_says_so(wallet: Wallet, town: Town) -> None:
    """The claim code is not used up; with the network its code comes by itself, on this screen too."""
    wallet.context.set_offline(True)
    wallet.type_claim_code(town.claim_code("朱六"))
    assert wallet.refusal() == "offline"
    wallet.context.set_offline(False)
    wallet.page.locator(".symbol svg").wait_for()
    expect(wallet.page.locator(".said")).to_contain_text("领到了")
    assert len(wallet.stored()) == 1


def test_a_press_after_the_code_has_come_by_itself_brings_that_code(launch: Launch, town: Town) -> None:
    """With another key it was asked for once more, and somebody who held the code read "used": call the hotline."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install()
    phone.open()
    phone.context.set_offline(True)
    phone.type_claim_code(town.claim_code("朱七"))
    assert phone.refusal() == "offline"
    phone.page.clock.pause_at(time.time() + 5)
    phone.context.set_offline(False)
    while not phone.stored():
        phone.page.wait_for_timeout(50)
    phone.press("send")
    phone.page.locator(".symbol svg").wait_for()
    assert len(phone.stored()) == 1


def test_another_phone_takes_over_and_the_first_one_says_so(wallet: Wallet, launch: Launch, town: Town) -> None:
    """One login on two phones let a whole dormitory in (coronacheck-android #39)."""
    wallet.claim(town.claim_code("秦七"))
    Wallet(launch("second"), town.wallet).open().claim(town.claim_code("秦七"))
    wallet.press("menu")
    wallet.press("renew")
    wallet.page.go_back()
    wallet.condition("device-replaced")
    assert "码已换到另一部手机" in texts_on(wallet.page)
    assert wallet.page.locator(".symbol").count() == 0
    expect(wallet.page.locator("a[href^='tel:']")).to_be_visible()
    wallet.claim(town.claim_code("秦七"))
    assert len(wallet.stored()) == 1, "the code that ended is not kept beside the new one"
    assert outcome(town, wallet.shown()) == ("accepted", [])


def test_a_phone_that_was_offline_for_days_says_so_and_renews_by_itself(launch: Launch, town: Town) -> None:
    """Expired is no fault of the holder: what to do stands there, and with the network the code comes back."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install()
    phone.open().kept().claim(town.claim_code("尤八"))
    phone.context.set_offline(True)
    phone.page.clock.fast_forward(20 * 3_600_000)
    phone.page.reload()
    phone.condition("ending")
    expect(phone.page.locator(".notice")).to_contain_text("连上网络")
    phone.page.clock.fast_forward(3 * DAY)
    phone.condition("expired")
    assert "此码已过期" in texts_on(phone.page) and "3天" in texts_on(phone.page)
    assert phone.page.locator(".symbol").count() == 0
    phone.context.set_offline(False)
    phone.page.locator(".symbol svg").wait_for()
    assert outcome(town, phone.shown()) == ("accepted", [])


def test_it_renews_in_the_background_before_the_code_ends(launch: Launch, town: Town) -> None:
    """At half of its life, with the wallet lying open: nobody should meet an expired code at a gate."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install()
    phone.open().claim(town.claim_code("许九"))
    with phone.page.expect_response("**/v1/wallet/renewals"):
        phone.page.clock.fast_forward(13 * 3_600_000)


def test_a_changed_status_is_shown_from_the_signed_code_with_its_reason(wallet: Wallet, town: Town) -> None:
    """Red without a why and without a number to call is what Zhengzhou's victims stood there with."""
    wallet.claim(town.claim_code("何十"))
    town.claim_code("何十", decision=town.decision("red", "close-contact"))
    wallet.claim(town.claim_code("何十", decision=town.decision("red", "close-contact")))
    band = wallet.page.locator("[data-status=red]")
    expect(band).to_have_text("红码")
    assert wallet.page.locator("h1.band svg").count() == 1, "never by colour alone"
    complaint = wallet.page.locator(".complaint")
    expect(complaint).to_contain_text("密切接触者")
    expect(complaint.locator("a[href^='tel:']")).to_be_visible()


def test_no_colour_is_believed_but_the_signed_one(wallet: Wallet, town: Town) -> None:
    """Whoever edits what the browser stores turns nothing green: the colour is read from what the issuer signed."""
    wallet.claim(town.claim_code("吕一", decision=town.decision("yellow", "contact-of-contact")))
    wallet.stored({"issued": {"status": "green"}})
    wallet.page.reload()
    expect(wallet.page.locator("h1.band")).to_have_text("黄码")


def test_a_database_that_the_browser_dropped_is_explained(wallet: Wallet, town: Town) -> None:
    """Browsers drop what they hold when a phone is full. Nobody should think that their code was taken away."""
    wallet.claim(town.claim_code("施二"))
    wallet.page.goto("about:blank")
    other = wallet.context.new_page()
    other.goto(town.wallet + "manifest.webmanifest")
    other.evaluate("new Promise((done) => (indexedDB.deleteDatabase('tongxing-wallet').onsuccess = done))")
    other.close()
    wallet.open()
    wallet.condition("lost")
    said = texts_on(wallet.page)
    assert "手机清理" in said and "您的状态没变" in said and "0371-12320" in said
    wallet.claim(town.claim_code("施二"))


def test_a_key_that_the_browser_dropped_is_explained(wallet: Wallet, town: Town) -> None:
    """The code without its key: not drawn, explained, and replaced by the next claim."""
    wallet.claim(town.claim_code("张三"))
    wallet.stored({"keys": None})
    wallet.page.reload()
    wallet.condition("key-lost")
    assert wallet.page.locator(".symbol").count() == 0
    wallet.claim(town.claim_code("张三"))
    assert len(wallet.stored()) == 1


def test_a_browser_that_keeps_nothing_does_not_use_the_claim_code_up(launch: Launch, town: Town) -> None:
    """Private windows: the claim code would be gone, and the code with the next tap."""
    phone = Wallet(launch(), town.wallet)
    phone.page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };")
    phone.open()
    code = town.claim_code("孔四")
    expect(phone.page.locator(".notice")).to_contain_text("无痕浏览")
    phone.type_claim_code(code)
    assert phone.refusal() == "not-kept"
    Wallet(launch("other"), town.wallet).open().claim(code)


def test_removed_means_removed_and_ended(wallet: Wallet, town: Town) -> None:
    """Whoever sells the phone asks once, and then the code is worth nothing to anybody."""
    wallet.claim(town.claim_code("曹五"))
    before = wallet.shown()
    wallet.press("menu")
    wallet.press("remove")
    wallet.press("no")
    assert len(wallet.stored()) == 1
    wallet.press("menu")
    wallet.press("remove")
    wallet.press("yes")
    wallet.condition("none")
    expect(wallet.page.locator(".said")).to_contain_text("河南健康码也停用了")
    assert wallet.stored() == []
    # The gate follows the withdrawals within seconds; on a slow machine the showing grows too old before that.
    deadline = time.monotonic() + SECONDS / 1000
    while outcome(town, before)[1] != ["withdrawn"] and time.monotonic() < deadline:
        wallet.page.wait_for_timeout(500)
    assert outcome(town, before) in [("refused", ["withdrawn"]), ("refused", ["presentation-expired"])]


def test_removing_needs_no_network(wallet: Wallet, town: Town) -> None:
    """The promise is about this phone; the issuer hears nothing, and it says so."""
    wallet.kept().claim(town.claim_code("严六"))
    wallet.context.set_offline(True)
    wallet.press("menu")
    wallet.press("remove")
    wallet.press("yes")
    wallet.condition("none")
    expect(wallet.page.locator(".said")).to_contain_text("还没能通知河南健康码")
    assert wallet.stored() == []


def test_relatives_codes_stand_beside_ones_own(wallet: Wallet, town: Town) -> None:
    """A grandson carries his grandmother's code; which one is shown must never be in doubt."""
    wallet.claim(town.claim_code("华七"))
    wallet.claim(town.claim_code("金国英", form="assisted", guardian="child"))
    assert "家人的码" in texts_on(wallet.page)
    relatives = wallet.shown()
    assert outcome(town, relatives) == ("accepted", [])
    wallet.press("people")
    names = wallet.page.locator(".person").all_inner_texts()
    assert len(names) == 2 and names[1].startswith("家人：金") and "绿码" in names[1]
    wallet.page.locator(".person").first.click()
    expect(wallet.page.locator(".who")).to_contain_text("华*")
    # Each has a key of its own: one taken away leaves the other.
    wallet.press("menu")
    wallet.press("remove")
    wallet.press("yes")
    expect(wallet.page.locator(".who")).to_contain_text("金")
    left = wallet.shown()
    assert presentation.unwrap(left).credential_hash == presentation.unwrap(relatives).credential_hash


def test_two_tabs_do_not_lose_each_others_codes(wallet: Wallet, town: Town) -> None:
    """Each tab knows an older list than the other: a key that is overwritten is lost for good."""
    wallet.claim(town.claim_code("魏八"))
    second = wallet.context.new_page()
    second.goto(town.wallet)
    second.locator(".symbol svg").wait_for()
    wallet.claim(town.claim_code("陶凤", form="assisted", guardian="child"))
    second.locator("#menu").click()
    with second.expect_response("**/v1/wallet/renewals"):
        second.locator("#renew").click()
    expect(second.locator(".said")).not_to_be_empty()
    assert len(wallet.stored()) == 2
