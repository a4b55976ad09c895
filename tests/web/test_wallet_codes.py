"""The wallet: from a claim code to a live code that a gate of another province accepts, with no network at all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from credentials.formats import native, presentation
from credentials.qr import draw_png, read_texts
from tests.web import camera
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, outcome, requests_of, texts_on


@pytest.fixture
def wallet(launch: Launch, town: Town) -> Wallet:
    """A phone with the wallet open and no code yet."""
    return Wallet(launch(), town.wallet).open()


def test_a_claim_code_becomes_a_code_that_gates_accept(wallet: Wallet, town: Town) -> None:
    """The whole way of a resident, by the pixels that a gate's camera sees."""
    wallet.claim(town.claim_code("王小明"))
    text = wallet.shown()
    assert text.startswith(presentation.PREFIX)
    assert outcome(town, text) == ("accepted", [])
    said = texts_on(wallet.page)
    assert "王**" in said and "绿码" in said and "有效至" in said and "王小明" not in said


def test_the_key_cannot_leave_the_phone(wallet: Wallet, town: Town) -> None:
    """What can be exported can be stolen by whatever gets into the page."""
    wallet.claim(town.claim_code("赵一"))
    assert [card["extractable"] for card in wallet.stored()] == [False]


def test_it_starts_cold_without_network_and_server_and_shows_a_fresh_code(launch: Launch, town: Town) -> None:
    """A shelter's mobile network is gone, the issuer is down, the phone was switched off: the code must come up."""
    phone = Wallet(launch("grandmother"), town.wallet).open().kept().claim(town.claim_code("钱二"))
    before = phone.shown()
    phone.context.close()
    town.world.stop(town.henan.server)
    try:
        again = Wallet(launch("grandmother"), town.wallet)
        again.context.set_offline(True)
        again.open()
        text = again.shown()
        assert text != before
        assert outcome(town, text) == ("accepted", [])
    finally:
        town.world.start(town.henan.server)


def test_it_draws_another_code_after_30_seconds_and_asks_nobody(launch: Launch, town: Town) -> None:
    """1.4 million shows a minute went through one province's servers on 10 January 2022, and took them down."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install()
    phone.open().claim(town.claim_code("孙三"))
    before = phone.drawing()
    phone.page.clock.pause_at(time.time() + 60)
    first, drawn = phone.shown_after(before), phone.drawing()
    asked = requests_of(phone.page)
    phone.page.clock.run_for(25_000)
    assert phone.drawing() == drawn, "a code that changes all the time cannot be scanned"
    phone.page.clock.run_for(6_000)
    second = phone.shown_after(drawn)
    times = [presentation.unwrap(text).time for text in (first, second)]
    assert 30 <= times[1] - times[0] <= 31
    assert asked == []


def test_a_frame_of_a_while_ago_is_refused(launch: Launch, town: Town) -> None:
    """A screenshot sent to a friend must not pass, while the phone that it was made on does."""
    phone = Wallet(launch(), town.wallet)

    def of_a_while_ago(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"now": int(time.time()) - 100})

    phone.page.route("**/v1/wallet**", of_a_while_ago)
    old = phone.open().claim(town.claim_code("李四")).shown()
    drawn = phone.drawing()
    phone.page.unroute("**/v1/wallet**")
    # Not the one that is drawn before the issuer is heard.
    fresh = phone.open().shown()
    while presentation.unwrap(fresh).time < time.time() - 60:
        fresh = phone.shown_after(phone.drawing())
    assert phone.drawing() != drawn
    assert outcome(town, old) == ("refused", ["presentation-expired"])
    assert outcome(town, fresh) == ("accepted", [])


@pytest.mark.parametrize("wrong_by", [pytest.param(3600, id="fast"), pytest.param(-3600, id="slow")])
def test_a_phone_whose_clock_is_an_hour_wrong_passes_and_is_told(launch: Launch, town: Town, wrong_by: int) -> None:
    """Old phones lose the time. The holder must hear whose clock it is, and get through the gate nevertheless."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install(time=time.time() + wrong_by)
    phone.open().claim(town.claim_code("周五"))
    expect(phone.page.locator(".notice")).to_contain_text(
        "这部手机的时间快了" if wrong_by > 0 else "这部手机的时间慢了"
    )
    assert outcome(town, phone.shown()) == ("accepted", [])


def test_a_small_error_of_the_clock_is_put_right_without_a_word(launch: Launch, town: Town) -> None:
    """Nobody of 75 should have to hear about 70 seconds; the gate would refuse them."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install(time=time.time() + 70)
    phone.open().claim(town.claim_code("吴六"))
    assert phone.page.locator(".notice").count() == 0
    assert outcome(town, phone.shown()) == ("accepted", [])


def test_a_clock_set_back_without_network_says_so_and_the_gate_can_ask(launch: Launch, town: Town) -> None:
    """With a clock that is known to be wrong nothing is drawn that a gate would refuse; a challenge needs no clock."""
    phone = Wallet(launch(), town.wallet).open().kept().claim(town.claim_code("郑七"))
    phone.context.set_offline(True)
    phone.page.clock.install(time=time.time() - 86_400)
    phone.page.reload()
    phone.condition("clock")
    assert "这部手机的时间不对" in texts_on(phone.page)
    assert phone.page.locator(".symbol").count() == 0
    asked = town.guangdong.challenge()
    phone.press("answer-gate")
    phone.page.locator("#typed").fill(asked["text"])
    phone.page.keyboard.press("Enter")
    text = phone.shown()
    assert town.guangdong.check(text, asked["nonce"])["outcome"] == "accepted"


def test_it_answers_the_challenge_that_its_camera_sees(launch: Launch, town: Town, tmp_path: Path) -> None:
    """At borders the gate asks: the answer is for that gate and once, so that no friend's phone can give it."""
    asked = town.guangdong.challenge()
    video = camera.record(tmp_path / "gate.y4m", [camera.scene(camera.symbol(asked["text"], 300))])
    phone = Wallet(launch(camera=video), town.wallet).open().claim(town.claim_code("冯八"))
    phone.press("answer")
    expect(phone.page.locator("h1")).to_have_text("请出示给：广东站")
    text = phone.shown()
    assert town.guangdong.check(text, asked["nonce"])["outcome"] == "accepted"
    assert outcome(town, text)[0] == "refused", "without its challenge it is worth nothing"


def test_a_challenge_can_be_read_from_a_picture(wallet: Wallet, town: Town, tmp_path: Path) -> None:
    """A phone whose camera is broken, or forbidden."""
    wallet.claim(town.claim_code("陈九"))
    wallet.press("answer")
    asked = town.guangdong.challenge()
    picture = tmp_path / "gate.png"
    picture.write_bytes(draw_png(asked["text"]))
    wallet.page.locator("#picture").set_input_files(picture)
    expect(wallet.page.locator("h1")).to_have_text("请出示给：广东站")
    assert town.guangdong.check(wallet.shown(), asked["nonce"])["outcome"] == "accepted"


def test_another_symbol_is_no_challenge(wallet: Wallet, town: Town) -> None:
    """A poster beside the gate, or somebody's own code: the phone signs nothing but a challenge."""
    wallet.claim(town.claim_code("褚十"))
    wallet.press("answer")
    wallet.page.locator("#typed").fill("TXN1:NONSENSE")
    wallet.page.keyboard.press("Enter")
    expect(wallet.page.locator(".view [role=status]")).to_contain_text("这不是卡口的码")


def test_an_answer_is_over_after_two_minutes(launch: Launch, town: Town) -> None:
    """Otherwise somebody stands at the gate with a code that it does not take any more, and nothing says why."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install()
    phone.open().claim(town.claim_code("卫一"))
    phone.press("answer")
    phone.page.locator("#typed").fill(town.guangdong.challenge()["text"])
    phone.page.keyboard.press("Enter")
    phone.shown()
    phone.page.clock.fast_forward(121_000)
    expect(phone.page.locator("main")).to_contain_text("两分钟到了")
    assert phone.page.locator(".symbol").count() == 0


def test_paper_prints_well(wallet: Wallet, town: Town) -> None:
    """For who has no phone with them: A4 with a card to cut out, small paper with the card alone. Gates accept it."""
    wallet.claim(town.claim_code("蒋二"))
    wallet.press("menu")
    wallet.press("paper")
    wallet.press("make")
    wallet.page.locator(".sheet").wait_for()
    wallet.page.emulate_media(media="print")
    wallet.page.set_viewport_size({"width": 718, "height": 1046})
    texts = read_texts(wallet.page.screenshot(full_page=True))
    assert len(texts) == 1 and texts[0].startswith(native.PREFIX)
    assert outcome(town, texts[0]) == ("accepted", [])
    assert wallet.page.locator("nav").is_hidden() and wallet.page.locator(".cut").is_visible()
    assert "蒋*" in texts_on(wallet.page) and "0371-12320" in texts_on(wallet.page)
    pages = wallet.page.pdf(format="A4").count(b"/Type /Page\n")
    assert pages == 1
    wallet.page.set_viewport_size({"width": 280, "height": 600})
    assert wallet.page.locator(".large-paper").is_hidden() and wallet.page.locator(".cut").is_hidden()
    assert read_texts(wallet.page.screenshot()) == texts
