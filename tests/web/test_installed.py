"""The apps on a phone's own screen: icons that every launcher draws, and how to get there, or out of another app."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from credentials.qr import read_texts
from issuer.app import WALLET
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, outcome
from verifier.app import GATE_APP

APPS = pytest.mark.parametrize("app", [WALLET, GATE_APP], ids=["wallet", "gate"])
SAFE_SHARE = 0.8
"""Of a maskable icon's width, the circle that no launcher cuts into (W3C, Web Application Manifest, "purpose")."""
WECHAT = (
    "Mozilla/5.0 (Linux; Android 12; V2048A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/107.0.5304.141 Mobile Safari/537.36 XWEB/5169 MicroMessenger/8.0.42.2460 NetType/WIFI Language/zh_CN"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/16.6 Mobile/15E148 Safari/604.1"
)


def _picture(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def _manifest(app: Path) -> Any:
    return json.loads((app / "manifest.webmanifest").read_text())


@APPS
def test_the_icons_are_what_the_manifest_says(app: Path) -> None:
    """Launchers that draw no SVG, and that is most, need both sizes of both purposes as PNG."""
    found = set()
    for icon in _manifest(app)["icons"]:
        if icon["type"] != "image/png":
            continue
        width, height = _picture(app / icon["src"]).size
        assert icon["sizes"] == f"{width}x{height}"
        found.add((icon["sizes"], icon["purpose"]))
    assert found == {(size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")}


@APPS
def test_a_round_launcher_cuts_nothing_off(app: Path) -> None:
    """Outside the safe circle a maskable icon has one colour and no hole."""
    picture = _picture(app / "icon-maskable-512.png").convert("RGBA")
    ground, middle = picture.getpixel((0, 0)), picture.width / 2
    radius = SAFE_SHARE / 2 * picture.width
    outside = {
        picture.getpixel((x, y))
        for x in range(0, picture.width, 3)
        for y in range(0, picture.height, 3)
        if (x - middle) ** 2 + (y - middle) ** 2 > radius**2
    }
    assert outside == {ground} and ground[3] == 255  # type: ignore[index]


@APPS
def test_a_tab_and_a_home_screen_of_apple_have_their_pictures(app: Path) -> None:
    """A white square with a letter is what a page without them gets."""
    page = (app / "index.html").read_text()
    assert 'rel="apple-touch-icon"' in page and 'rel="icon"' in page
    touch = _picture(app / "apple-touch-icon.png")
    assert touch.size == (180, 180) and touch.convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert _picture(app / "favicon.ico").format == "ICO"


def test_it_can_be_installed(launch: Launch, town: Town) -> None:
    """A name, icons, a start and a service worker: what phones ask for before they put it on the first page."""
    wallet = Wallet(launch(), town.wallet).open().kept()
    manifest = wallet.page.evaluate("fetch('manifest.webmanifest').then((answer) => answer.json())")
    assert manifest["display"] == "standalone" and manifest["start_url"] == "./"
    for icon in manifest["icons"]:
        assert wallet.page.evaluate(f"fetch('{icon['src']}').then((answer) => answer.ok)"), icon


def test_it_says_how_to_get_to_the_home_screen(launch: Launch, town: Town) -> None:
    """Where the browser offers it, one press; else the three steps of this kind of phone."""
    android = Wallet(launch(), town.wallet)
    _offered_by_nobody(android)
    android.open().press("install")
    expect(android.page.locator("ol")).to_contain_text("添加到主屏幕")
    android.page.evaluate(
        """globalThis.asked = 0;
        dispatchEvent(Object.assign(new Event("beforeinstallprompt"), { prompt: async () => { asked++; } }));"""
    )
    android.page.go_back()
    android.press("install")
    android.press("install-now")
    android.page.wait_for_function("() => asked === 1")
    apple = Wallet(launch("apple", user_agent=IPHONE), town.wallet)
    _offered_by_nobody(apple)
    apple.open().press("install")
    expect(apple.page.locator("ol")).to_contain_text("分享")


def _offered_by_nobody(wallet: Wallet) -> None:
    """What the browser that runs the test offers by itself, and when, is not the test's."""
    wallet.page.add_init_script(
        "addEventListener('beforeinstallprompt', (event) => event.isTrusted && event.stopImmediatePropagation(), true);"
    )


def test_inside_another_app_it_says_how_to_get_out(launch: Launch, town: Town) -> None:
    """What WeChat's window keeps is gone with WeChat's next cleaning, and the claim code with it."""
    inside = Wallet(launch(user_agent=WECHAT), town.wallet).open()
    said = inside.page.locator(".warning")
    expect(said).to_contain_text("您正在微信里打开")
    inside.press("claim")
    expect(inside.page.locator(".warning")).to_contain_text("在浏览器打开")
    outside = Wallet(launch("outside"), town.wallet).open()
    assert outside.page.locator(".warning").count() == 0


def test_on_the_home_screen_it_does_not_offer_it_again(launch: Launch, town: Town) -> None:
    """Somebody who has done it wonders whether it went wrong."""
    wallet = Wallet(launch(), town.wallet)
    wallet.page.add_init_script("Object.defineProperty(navigator, 'standalone', { value: true });")
    assert wallet.open().page.locator("#install").count() == 0


def test_the_menu_shows_which_version_it_is(launch: Launch, town: Town) -> None:
    """The first question of every hotline."""
    wallet = Wallet(launch(), town.wallet).open().claim(town.claim_code("任一"))
    wallet.press("menu")
    expect(wallet.page.locator("main")).to_contain_text("版本")


def test_the_paper_code_can_be_kept_as_a_picture(launch: Launch, town: Town) -> None:
    """Nobody at home has a printer: the shop next door prints what is sent to it, and a gate reads it."""
    wallet = Wallet(launch(accept_downloads=True), town.wallet).open().claim(town.claim_code("任二"))
    wallet.press("menu")
    wallet.press("paper")
    wallet.press("make")
    with wallet.page.expect_download() as saved:
        wallet.press("save-picture")
    picture = Path(saved.value.path()).read_bytes()
    (text,) = read_texts(picture)
    assert outcome(town, text) == ("accepted", [])
    assert Image.open(io.BytesIO(picture)).format == "PNG"
