"""A claim is lost by no passing trouble: it goes on with the same key until there is a code or a named end."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.web.camera import scene
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, outcome, texts_on

CLAIMS = "**/v1/wallet/claims"


@pytest.fixture
def wallet(launch: Launch, town: Town) -> Wallet:
    """A phone with the wallet open and no code yet."""
    return Wallet(launch(), town.wallet).open()


def _refused(status: int, code: str) -> Callable[[Route], None]:
    problem = {"title": "refused", "status": status, "code": code}
    return lambda route: route.fulfill(status=status, json=problem, headers={"Retry-After": "1"})


def _lost(route: Route) -> None:
    """The issuer has recorded the claim; its answer never comes."""
    route.fetch()
    route.abort()


def _garbage(body: str, kind: str, status: int = 200) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, content_type=kind)


def _recorded(then: Callable[[Route], None]) -> Callable[[Route], None]:
    """The issuer has recorded the claim, and something else comes back."""

    def answer(route: Route) -> None:
        route.fetch()
        then(route)

    return answer


PASSING = {
    "429": (_refused(429, "rate-limited"), "rate-limited"),
    "429 of a proxy without a word": (_garbage("slow down", "text/plain", 429), "rate-limited"),
    "503": (_refused(503, "storage-unavailable"), "storage-unavailable"),
    "502 of a proxy": (_garbage("<h1>Bad Gateway</h1>", "text/html", 502), "busy"),
    "a code that nobody has named": (_refused(500, "on-fire"), "on-fire"),
    "the page of a hotel": (_garbage("<form>", "text/html"), "garbled"),
    "JSON of something else": (_garbage("[]", "application/json"), "garbled"),
    "half an answer": (_garbage('{"text": "TX1:', "application/json"), "garbled"),
    "no code at all": (_garbage('{"text":"TX1:0","issued_at":1,"expires_at":2}', "application/json", 201), "malformed"),
    "no answer": (_lost, "offline"),
}


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "unheard"])
@pytest.mark.parametrize("trouble", PASSING)
def test_what_passes_is_tried_again_with_the_same_key(
    trouble: str, is_recorded: bool, launch: Launch, town: Town
) -> None:
    """Whether the issuer has heard of the claim or not: the next try brings the code, and no claim code is "used on
    another phone" (cwa-app-android #968)."""
    answer, code = PASSING[trouble]
    wallet = Wallet(launch(), town.wallet).open()
    wallet.page.route(CLAIMS, _recorded(answer) if is_recorded and answer is not _lost else answer)
    wallet.type_claim_code(town.claim_code("杨五"))
    assert wallet.refusal() == code
    said = wallet.page.locator("#code-error").inner_text()
    assert "领取码还能用" in said, said
    wallet.page.unroute(CLAIMS)
    wallet.press("send")
    wallet.page.locator(".symbol svg").wait_for()
    assert len(wallet.stored()) == 1
    assert outcome(town, wallet.shown()) == ("accepted", [])


def test_each_trouble_has_words_of_its_own(launch: Launch, town: Town) -> None:
    """ "No network" above a phone with network sends people looking in the wrong place."""
    wallet = Wallet(launch(), town.wallet).open()
    wallet.type_claim_code(town.claim_code("杨六"))
    wallet.page.locator(".symbol svg").wait_for()
    wallet.press("menu")
    wallet.press("claim")
    said = set()
    for answer, code in PASSING.values():
        wallet.page.route(CLAIMS, answer)
        wallet.page.locator("#code").fill(town.claim_code("杨七"))
        wallet.press("send")
        wallet.page.locator(f"main[data-refusal={code}]").wait_for()
        wallet.page.unroute_all(behavior="wait")
        text = wallet.page.locator("#code-error").inner_text()
        assert ("没有网络" in text) == (code == "offline"), (code, text)
        said.add(text)
    assert len(said) == len({code for _, code in PASSING.values()})


def test_a_page_that_was_closed_goes_on_by_itself(launch: Launch, town: Town) -> None:
    """The phone rings in the middle of it, the browser drops the page: at the next opening the code is there."""
    phone = Wallet(launch("ringing"), town.wallet).open()
    phone.page.route(CLAIMS, _lost)
    phone.type_claim_code(town.claim_code("杨八"))
    assert phone.refusal() == "offline"
    phone.context.close()
    again = Wallet(launch("ringing"), town.wallet)
    again.open().page.locator(".symbol svg").wait_for()
    assert outcome(town, again.shown()) == ("accepted", [])


def test_after_a_reload_it_says_that_a_claim_goes_on_and_tries_at_a_press(wallet: Wallet, town: Town) -> None:
    """Nobody should type the code anew, or run back to the counter for another one."""
    code = town.claim_code("杨九")
    keys: list[str] = []
    wallet.page.on("request", lambda request: keys.append(_key_of(request.post_data or "{}")))
    wallet.page.route(CLAIMS, _refused(503, "storage-unavailable"))
    wallet.type_claim_code(code)
    assert wallet.refusal() == "storage-unavailable"
    wallet.page.reload()
    wallet.condition("waiting")
    expect(wallet.page.locator("main")).to_contain_text("领取码还能用")
    assert code.replace(" ", "") not in wallet.page.content()
    wallet.page.unroute(CLAIMS)
    wallet.press("again")
    wallet.page.locator(".symbol svg").wait_for()
    assert len({key for key in keys if key}) == 1, "one key from the first request to the last"


def _key_of(body: str) -> str:
    """The key of a proof in a request, as the proof has it; empty where there is none."""
    return str(json.loads(body).get("holder_proof", "")).partition(".")[0]


def test_it_is_fetched_when_the_network_returns(wallet: Wallet, town: Town) -> None:
    """A lift, an underground car park: nobody has to press anything."""
    code = town.claim_code("杨十")
    wallet.page.route(CLAIMS, _lost)
    wallet.type_claim_code(code)
    assert wallet.refusal() == "offline"
    wallet.context.set_offline(True)
    wallet.page.unroute(CLAIMS)
    wallet.page.go_back()
    wallet.condition("waiting")
    wallet.context.set_offline(False)
    wallet.page.locator(".symbol svg").wait_for()


def test_the_same_claim_twice_is_one_code(wallet: Wallet, town: Town) -> None:
    """Two tabs, two presses, an answer that comes twice: one key, one code, one card."""
    wallet.kept()
    wallet.page.route(CLAIMS, _lost)
    wallet.type_claim_code(town.claim_code("郎一"))
    assert wallet.refusal() == "offline"
    wallet.page.unroute(CLAIMS)
    second = wallet.context.new_page()
    second.goto(town.wallet)
    wallet.press("send")
    for page in (wallet.page, second):
        page.locator(".symbol svg").wait_for()
    wallet.page.reload()
    wallet.page.locator(".symbol svg").wait_for()
    assert len(wallet.stored()) == 1


def test_another_claim_code_is_not_held_up_by_one_that_waits(wallet: Wallet, town: Town) -> None:
    """Each has a key of its own: the one that waits is neither overwritten nor in the way."""
    wallet.page.route(CLAIMS, _lost)
    wallet.type_claim_code(town.claim_code("郎二"))
    assert wallet.refusal() == "offline"
    wallet.page.unroute(CLAIMS)
    wallet.page.locator("#code").fill(town.claim_code("金国英", form="assisted", guardian="child"))
    wallet.press("send")
    wallet.page.locator(".symbol svg").wait_for()
    wallet.page.reload()
    wallet.page.locator("#people").wait_for()
    assert len(wallet.stored()) == 2


def test_a_named_end_ends_it(wallet: Wallet, town: Town) -> None:
    """What is over is not asked for again at each opening."""
    code = town.claim_code("郎三")
    wallet.type_claim_code("0000 0000 0000 0098")
    assert wallet.refusal() == "claim-code-unknown"
    wallet.page.reload()
    wallet.condition("none")
    wallet.claim(code)


def test_a_claim_code_that_the_issuer_has_forgotten_still_brings_what_it_gave(wallet: Wallet, town: Town) -> None:
    """The answer was lost, and a week later the issuer knows the phone and not the claim code."""
    wallet.page.route(CLAIMS, _lost)
    wallet.type_claim_code(town.claim_code("郎四"))
    assert wallet.refusal() == "offline"
    wallet.page.unroute(CLAIMS)
    wallet.page.route(CLAIMS, _refused(404, "claim-code-unknown"))
    wallet.page.reload()
    wallet.page.locator(".symbol svg").wait_for()


def test_the_error_goes_while_it_is_typed_anew(wallet: Wallet, town: Town) -> None:
    """A red box above digits that are right by now says that they are wrong."""
    wallet.type_claim_code("1234 5678 9012 3456")
    assert wallet.refusal() == "claim-code-mistyped"
    expect(wallet.page.locator("#code-error")).to_contain_text("对照纸条")
    wallet.page.locator("#code").press("Backspace")
    expect(wallet.page.locator("#code-error")).to_be_hidden()
    assert wallet.page.locator("main[data-refusal]").count() == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [("1234", "还差 12 位"), ("1234 5678 9012 345", "还差 1 位"), ("1234 5678 9012 3456 7", "多了 1 位")],
)
def test_it_says_how_many_digits_are_missing(wallet: Wallet, typed: str, said: str) -> None:
    """ "Wrong" sends somebody of 75 through sixteen digits that are all right."""
    wallet.type_claim_code(typed)
    assert wallet.refusal() == "claim-code-mistyped"
    expect(wallet.page.locator("#code-error")).to_contain_text(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [("QuotaExceededError", "存储空间满了"), ("SecurityError", "无痕浏览"), ("UnknownError", "存储一时打不开")],
    ids=["full", "private", "broken"],
)
def test_a_phone_that_keeps_nothing_says_why_and_uses_nothing_up(
    name: str, said: str, launch: Launch, town: Town
) -> None:
    """A full phone needs room, a private window another window."""
    phone = Wallet(launch(), town.wallet)
    phone.page.add_init_script(f"IDBObjectStore.prototype.put = () => {{ throw new DOMException('no', '{name}'); }};")
    phone.open()
    code = town.claim_code("郎五")
    phone.type_claim_code(code)
    assert phone.refusal() == "not-kept"
    expect(phone.page.locator("#code-error")).to_contain_text(said)
    Wallet(launch("other"), town.wallet).open().claim(code)


def test_a_store_that_never_opens_is_said(launch: Launch, town: Town) -> None:
    """Safari 14.1 does that: a white page, for ever. It is no private window either."""
    phone = Wallet(launch(), town.wallet)
    phone.page.add_init_script("IDBFactory.prototype.open = () => ({})")
    phone.open()
    expect(phone.page.locator(".notice")).to_contain_text("存储一时打不开")


def test_a_store_that_opens_at_the_second_question_is_opened(launch: Launch, town: Town) -> None:
    """Safari 14.1 forgets the first question of a page until it is asked another one."""
    phone = Wallet(launch(), town.wallet)
    phone.page.add_init_script(
        """const { open, databases } = IDBFactory.prototype;
        let isAwake = false;
        IDBFactory.prototype.databases = function () { isAwake = true; return databases.call(this); };
        IDBFactory.prototype.open = function (...asked) {
          const real = Reflect.apply(open, this, asked);
          const later = {};
          real.onupgradeneeded = () => ((later.result = real.result), later.onupgradeneeded());
          real.onsuccess = () => {
            later.result = real.result;
            const wait = setInterval(() => isAwake && (clearInterval(wait), later.onsuccess()), 10);
          };
          return later;
        };"""
    )
    phone.open().claim(town.claim_code("郎七"))
    assert phone.page.locator(".notice").count() == 0


def test_a_store_that_died_behind_the_page_is_opened_again(launch: Launch, town: Town) -> None:
    """Phones close databases of pages that sleep; the next deed must not fail for it."""
    phone = Wallet(launch(), town.wallet)
    phone.page.add_init_script(
        """const real = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (...asked) {
          if (!globalThis.dies) return real.apply(this, asked);
          globalThis.dies = false;
          throw new DOMException("The database connection is closing.", "InvalidStateError");
        };"""
    )
    phone.open()
    code = town.claim_code("郎六")
    phone.page.evaluate("globalThis.dies = true")
    phone.claim(code)
    assert "绿码" in texts_on(phone.page)


@pytest.mark.parametrize("deed", ["renew", "remove", "nickname"])
def test_each_deed_that_a_full_phone_undoes_is_said(deed: str, wallet: Wallet, town: Town) -> None:
    """A button that does nothing, on the phone of somebody who has pressed it three times."""
    wallet.claim(town.claim_code("郎八"))
    wallet.page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('no', 'QuotaExceededError'); }; }"
    )
    wallet.press("menu")
    wallet.press(deed)
    if deed != "renew":
        wallet.press({"remove": "yes", "nickname": "save"}[deed])
    expect(wallet.page.locator(".said")).to_contain_text("存储空间满了")


@pytest.mark.parametrize("body", ["<html>Wi-Fi</html>", '{"text": "TX1:NOT A CODE", "issued_at": 1, "expires_at": 2}'])
def test_paper_that_is_no_code_is_said(body: str, wallet: Wallet, town: Town) -> None:
    """Claims and renewals said so; here nothing happened."""
    wallet.claim(town.claim_code("郎九"))
    wallet.page.route("**/v1/wallet/paper", lambda route: route.fulfill(status=200, body=body))
    wallet.press("menu")
    wallet.press("paper")
    wallet.press("make")
    assert wallet.refusal()
    expect(wallet.page.locator("main .warning")).not_to_be_empty()


def test_a_reader_that_is_gone_is_no_bad_picture_and_no_forbidden_camera(launch: Launch, town: Town) -> None:
    """Whoever is told to choose a clearer picture takes ten."""
    context = launch(service_workers="block")
    context.route("**/assets/decoder-*.js", lambda route: route.fulfill(status=404, body="gone"))
    phone = Wallet(context, town.wallet).open().claim(town.claim_code("郎十"))
    phone.press("answer")
    message = phone.page.locator(".view p")
    expect(message).to_contain_text("读码程序没有反应")
    picture = io.BytesIO()
    scene().save(picture, "PNG")
    phone.page.locator("#picture").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    expect(message).to_contain_text("读码程序没有反应")
