"""One clock for all that the wallet says: right across midnight, offline, after days, whatever is done to the phone."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from credentials.formats import presentation
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, outcome, texts_on

CHINA = ZoneInfo("Asia/Shanghai")
HOUR, DAY = 3600, 86_400
AROUND_MIDNIGHT = 180
"""Seconds."""


def _holding(launch: Launch, town: Town, name: str, **options: Any) -> Wallet:
    """A phone with a code, whose clock is the test's."""
    phone = Wallet(launch(**options), town.wallet)
    phone.page.clock.install()
    return phone.open().kept().claim(town.claim_code(name))


def _china(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, CHINA)


def _to_midnight(now: float) -> float:
    """Seconds until the next day begins in China."""
    at = _china(now)
    midnight = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - at).total_seconds()


@pytest.fixture
def by_day() -> None:
    """Issuer and gates have the real time: what begins a minute before or after midnight ends in another day."""
    while not AROUND_MIDNIGHT < _to_midnight(time.time()) < DAY - AROUND_MIDNIGHT:
        time.sleep(1)


@pytest.mark.usefixtures("by_day")
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_tomorrow_becomes_today_at_midnight_in_china(launch: Launch, town: Town, zone: str) -> None:
    """With the page lying open and no network: nobody is told "until tomorrow" on the day itself, in whatever zone the
    phone believes to be."""
    phone = _holding(launch, town, "严一", timezone_id=zone)
    phone.context.set_offline(True)
    expires = phone.stored()[0]["issued"]["expires_at"]
    until, wait = phone.page.locator(".until"), _to_midnight(time.time())
    clock = _china(expires).strftime("%H:%M")
    expect(until).to_have_text(f"有效至 明天 {clock}")
    phone.page.clock.fast_forward(int(wait * 1000) - 60_000)
    phone.page.clock.run_for(1_500)
    expect(until).to_have_text(f"有效至 明天 {clock}")
    phone.page.clock.fast_forward(120_000)
    phone.page.clock.run_for(1_500)
    expect(until).to_have_text(f"有效至 今天 {clock}")


@pytest.mark.usefixtures("by_day")
def test_reopened_after_midnight_without_network(launch: Launch, town: Town) -> None:
    """The last contact was yesterday: what was tomorrow then is today now."""
    phone = _holding(launch, town, "严二")
    phone.context.set_offline(True)
    expires = phone.stored()[0]["issued"]["expires_at"]
    phone.page.clock.fast_forward(int(_to_midnight(time.time()) * 1000) + 5_000)
    phone.page.reload()
    expect(phone.page.locator(".until")).to_have_text(f"有效至 今天 {_china(expires).strftime('%H:%M')}")


def test_ages_count_from_now_and_go_on_counting(launch: Launch, town: Town) -> None:
    """A test of ten hours ago is one of fourteen hours four hours later, offline or not."""
    phone = _holding(launch, town, "严三")
    phone.context.set_offline(True)
    facts = phone.page.locator("dl.facts").first
    expect(facts).to_contain_text("10小时前采样")
    phone.page.clock.fast_forward(4 * HOUR * 1000)
    phone.page.clock.run_for(1_500)
    expect(facts).to_contain_text("14小时前采样")
    phone.press("menu")
    phone.press("details")
    phone.page.clock.fast_forward(2 * HOUR * 1000)
    phone.page.clock.run_for(1_500)
    expect(phone.page.locator("main")).to_contain_text("16小时前采样")


def test_nothing_is_zero_seconds_old(launch: Launch, town: Town) -> None:
    """0秒钟前 is what a machine says."""
    phone = Wallet(launch(), town.wallet).open().claim(town.claim_code("严四", evidence=_tested(0)))
    said = texts_on(phone.page)
    assert re.search("(刚刚|[1-9][0-9]?分钟前)采样", said) and not re.search(r"\d+\s*秒", said)


def _tested(seconds: int) -> list[dict[str, Any]]:
    sampled = int(time.time()) - seconds
    return [{"kind": "nucleic-acid", "result": "negative", "sampled_at": sampled, "region": 410100}]


@pytest.mark.parametrize("back", [600, DAY, 400 * DAY], ids=["ten minutes", "a day", "a year"])
def test_a_clock_set_back_in_mid_show_changes_nothing(launch: Launch, town: Town, back: int) -> None:
    """Time does not run backwards: what is shown is of now, offline as well, and whose clock it is is said."""
    phone = _holding(launch, town, "严五")
    phone.context.set_offline(True)
    until = phone.page.locator(".until").inner_text()
    drawn = phone.drawing()
    phone.page.clock.set_system_time(time.time() - back)
    phone.page.clock.run_for(31_000)
    shown = phone.shown_after(drawn)
    assert abs(presentation.unwrap(shown).time - time.time()) < 90
    assert outcome(town, shown)[0] == "accepted"
    expect(phone.page.locator(".until")).to_have_text(until)
    expect(phone.page.locator(".notice")).to_contain_text("这部手机的时间慢了")


def test_a_clock_that_was_put_right_in_mid_show_is_believed(launch: Launch, town: Town) -> None:
    """An hour fast when the issuer was heard, then set right: the correction must go, or the code is an hour slow."""
    phone = Wallet(launch(), town.wallet)
    phone.page.clock.install(time=time.time() + HOUR)
    phone.open().kept().claim(town.claim_code("严六"))
    expect(phone.page.locator(".notice")).to_contain_text("快了")
    phone.context.set_offline(True)
    drawn = phone.drawing()
    phone.page.clock.set_system_time(time.time())
    phone.page.clock.run_for(31_000)
    assert outcome(town, phone.shown_after(drawn))[0] == "accepted"
    expect(phone.page.locator(".notice")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "text/html"), (302, "text/html"), (403, "application/json"), (503, "application/json")]
)
def test_only_the_service_itself_tells_the_time(launch: Launch, town: Town, status: int, kind: str) -> None:
    """A hotel's page, a proxy's error, another's JSON: whatever time stands in their body or their headers."""
    phone = Wallet(launch(), town.wallet).open().claim(town.claim_code("严七"))
    wrong = int(time.time()) - DAY
    body = f'{{"now": {wrong}, "text": "TX1:"}}' if "json" in kind else "<html>"
    date = datetime.fromtimestamp(wrong, ZoneInfo("UTC")).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"Date": date, "Content-Type": kind, **({"Location": "/issuer/"} if status == 302 else {})}
    phone.page.route("**/v1/wallet**", lambda route: route.fulfill(status=status, body=body, headers=headers))
    with phone.page.expect_response("**/v1/wallet"):
        phone.page.reload()
    assert outcome(town, phone.shown())[0] == "accepted"
    expect(phone.page.locator(".notice")).to_have_count(0)


def test_an_answer_that_lay_in_a_cache_is_as_old_as_it_says(launch: Launch, town: Town) -> None:
    """``Age`` (RFC 9111, section 5.1): believed as of now, it would make each code ten minutes old."""
    phone = Wallet(launch(), town.wallet)

    def kept_for_ten_minutes(route: Route) -> None:
        answer = route.fetch()
        content = answer.json() | {"now": int(time.time()) - 600}
        route.fulfill(response=answer, json=content, headers={**answer.headers, "Age": "600"})

    phone.page.route("**/v1/wallet**", kept_for_ten_minutes)
    phone.open().claim(town.claim_code("严八"))
    assert outcome(town, phone.shown())[0] == "accepted"
    assert phone.page.locator(".notice").count() == 0


def test_paper_carries_the_whole_date(launch: Launch, town: Town) -> None:
    """ "Until tomorrow" on paper is true for one day and read for seven."""
    phone = Wallet(launch(), town.wallet).open().claim(town.claim_code("严九"))
    phone.press("menu")
    phone.press("paper")
    phone.press("make")
    phone.page.locator(".sheet").wait_for()
    until = phone.page.locator(".until").all_inner_texts()
    end = _china(time.time() + 7 * DAY)
    assert len(until) == 2
    assert all(f"{end.year}年{end.month}月{end.day}日" in text for text in until), until
    assert "今天" not in texts_on(phone.page) and "明天" not in texts_on(phone.page)
