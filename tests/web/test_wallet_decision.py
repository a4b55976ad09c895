"""Who is red sees why, on the phone: the decision is checked there, and saved as the file that anybody can check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Route, expect

from demonstration.props import asks
from service_kit.clock import HOUR_SECONDS
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import SECONDS, Wallet


def why(wallet: Wallet, wanted: str) -> None:
    """Ask for the decision until it is there: the log is published every few seconds."""
    place = wallet.page.locator("[data-proof]")
    for _ in range(60):
        wallet.press("why")
        place.wait_for()
        if place.get_attribute("data-proof") == wanted:
            return
        wallet.press("back")
        wallet.page.wait_for_timeout(1000)
    raise AssertionError(place.get_attribute("data-proof"))


def test_a_phone_checks_both_signatures_of_a_decision_by_hand(launch: Launch, town: Town) -> None:
    """And says plainly which of them does not hold."""
    red = town.claim_code("唐二", decision=town.decision("red", "close-contact"))
    wallet = Wallet(launch(locale="en"), town.wallet).open().claim(red)
    why(wallet, "holds")
    place = wallet.page.locator("[data-proof]")
    expect(place).to_have_attribute("data-signed", "true")
    expect(place).to_contain_text("health-commission/li · holds")

    def another(route: Route) -> None:
        file = json.loads(route.fetch().json()["file"])
        file["signatures"]["approver"] = file["signatures"]["author"]
        route.fulfill(json={"file": json.dumps(file)})

    wallet.page.route("**/v1/wallet/decision", another)
    wallet.press("back")
    why(wallet, "holds")
    expect(place).to_have_attribute("data-signed", "false")
    expect(place).to_contain_text("this person may not sign it")


def test_a_person_sees_who_of_staff_looked_and_the_phone_holds_it_against_the_log(launch: Launch, town: Town) -> None:
    """What is of this hour waits for its leaf; and what does not agree with the log is said plainly."""
    wallet = Wallet(launch(locale="en"), town.wallet).open().claim(town.claim_code("唐一"))
    place = wallet.page.locator("[data-look-ups]")

    def look(wanted: str) -> None:
        wallet.page.goto(town.wallet)
        wallet.press("menu")
        wallet.press("look-ups")
        place.wait_for()
        assert place.get_attribute("data-look-ups") == wanted

    look("0")
    for seconds_ago in (HOUR_SECONDS, 0):
        town.look_up("唐一", seconds_ago)
    for _ in range(60):
        look("2")
        if "this phone has checked it" in place.inner_text():
            break
        wallet.page.wait_for_timeout(1000)
    expect(place).to_contain_text("this phone has checked it")
    expect(place).to_contain_text("Counted when the hour is over")
    expect(place).to_contain_text("cdc (zhang)")

    def another(route: Route) -> None:
        answer: dict[str, Any] = route.fetch().json()
        route.fulfill(json={"file": answer["file"].replace("cdc/zhang", "cdc/wang")})

    wallet.page.route("**/v1/wallet/look-ups", another)
    look("record-proof-failed")


def test_a_red_person_sees_why_and_saves_a_proof_that_the_command_and_the_page_of_another_province_take(
    launch: Launch, town: Town, tmp_path: Path
) -> None:
    """And where what the issuer gives does not fit the code, the phone says so plainly."""
    positive = asks("毕业", now=town.clock.now(), form="phone", hours=10, result="positive")
    wallet = Wallet(launch(), town.wallet).open().claim(town.claim_code("毕业", evidence=positive["evidence"]))
    why(wallet, "holds")
    expect(wallet.page.locator("main")).to_contain_text("test-positive")
    with wallet.page.expect_download(timeout=SECONDS) as downloading:
        wallet.press("save-decision")
    saved = tmp_path / "decision.json"
    downloading.value.save_as(saved)
    bundle = tmp_path / "bundle.zip"
    town.world.run("registry", "bundle", "--data-dir", str(town.registry.folder), "-o", str(bundle))
    told = json.loads(
        town.world.run(
            "log", "verify", str(saved), "--bundle", str(bundle), "--root", str(town.registry.trust_root), "--json"
        )
    )
    assert told["decision"]["rules"]["entry"] == "test-positive"
    page = launch(locale="en").pages[0]
    page.goto(town.gate + "proof/")
    page.set_input_files("#proof", saved)
    page.click("button.primary")
    expect(page.locator("[data-holds]")).to_have_attribute("data-holds", "true")

    def another(route: Route) -> None:
        answer: dict[str, Any] = route.fetch().json()
        route.fulfill(json={"file": answer["file"].replace("test-positive", "close-contact")})

    wallet.page.route("**/v1/wallet/decision", another)
    wallet.press("back")
    why(wallet, "broken")
    expect(wallet.page.locator("#save-decision")).to_be_visible()
