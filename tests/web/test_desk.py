"""The desk in a real browser, with two people of staff and their passkeys: from the first link to a gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from credentials.profile.languages import LANGUAGES
from demonstration.props import asks
from tests.web.axe import DESK, PHONE, look
from tests.web.town import Town

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Colleague:
    """Somebody of staff at a computer with an authenticator of their own."""

    def __init__(self, context: BrowserContext, desk: str) -> None:
        self.page: Page = context.new_page()
        self.desk = desk
        devices = context.new_cdp_session(self.page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def enrol(self, link: str) -> None:
        self.page.goto(link)
        self.press("Make a passkey")
        expect(self.page.get_by_text("Your passkey is enrolled.")).to_be_visible()

    def sign_in(self) -> None:
        self.page.goto(f"{self.desk}sign-in")
        self.press("Sign in with your passkey")
        expect(self.page.get_by_role("heading", name="What waits")).to_be_visible()


@pytest.fixture
def colleagues(browser: Browser, town: Town) -> Iterator[list[Colleague]]:
    desk = f"{town.henan.server.url('issuer')}/desk/"
    contexts = [
        browser.new_context(locale="en", bypass_csp=True, viewport={"width": DESK, "height": 900}) for _ in "ab"
    ]
    yield [Colleague(context, desk) for context in contexts]
    for context in contexts:
        context.close()


def test_two_people_decide_from_the_first_link_to_a_gate(
    town: Town, colleagues: list[Colleague], tmp_path: Path
) -> None:
    """Each enrols by a link, signs in and signs by a passkey alone; the person's code is red at the other province's
    gate. On the way every page is looked at, in each language, on a desk and on a narrow phone."""
    author, approver = colleagues
    author.enrol(town.henan.invite("fang", "hospital", "operator"))
    approver.enrol(town.henan.invite("gao", "bureau", "approver"))
    town.henan.hands.vouch_for_all()
    author.sign_in()
    approver.sign_in()
    person = asks("汤三", now=town.clock.now(), form="paper", hours=10)
    assert town.guangdong.check(town.henan.issue(person)["text"])["outcome"] == "accepted"

    page = author.page
    page.goto(f"{author.desk}propose")
    _looked_at(page, "desk-propose")
    page.get_by_label("People").fill(f"{person['document']['number']} 汤三")
    for name, value in (("Status", "red"), ("Reason", "close-contact"), ("Unit that approves", "bureau")):
        page.get_by_label(name, exact=True).select_option(value)
    author.press("On to the text")
    author.press("Sign this exact text")
    expect(page.get_by_text("Waits for approval")).to_be_visible()

    decision = page.url
    approver.page.goto(approver.desk)
    _looked_at(approver.page, "desk-home")
    approver.page.get_by_role("link", name="Red").click()
    expect(approver.page.get_by_text('"type": "decision"')).to_be_visible()
    _looked_at(approver.page, "desk-decision")
    approver.page.goto(decision)
    approver.press("Approve this exact text")
    expect(approver.page.get_by_text("In force")).to_be_visible()
    _looked_at(approver.page, "desk-decided")
    for place in ("done", "sign-in"):
        approver.page.goto(approver.desk + place)
        _looked_at(approver.page, f"desk-{place}")

    red = town.henan.issue(person)
    assert town.guangdong.check(red["text"])["reasons"][0]["code"] == "status-not-accepted"
    page.goto(author.desk)
    author.press("Sign out")
    expect(page.get_by_role("button", name="Sign in with your passkey")).to_be_visible()


def _looked_at(page: Page, name: str) -> None:
    place, found = page.url, []
    for width, language in ((PHONE, LANGUAGES[0]), (PHONE, LANGUAGES[1]), (DESK, "en")):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{place.partition('?')[0]}?lang={language}")
        found += [(language, each) for each in look(page, f"{name}-{language}-{width}", language)]
    assert found == [], name
    page.goto(place)
