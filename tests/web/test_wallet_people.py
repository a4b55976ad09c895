"""The wallet for everybody: languages, elder mode, keyboard, screen readers, themes, small screens."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from issuer.app import WALLET
from tests.benchmarks.apps import loaded_first
from tests.web.conftest import Launch
from tests.web.town import Town
from tests.web.wallet import Wallet, texts_on

SMALL = {"width": 360, "height": 640}
SCRIPT_BYTES = 60_000
_SIZES = """() => {
  const shown = (each) => each.getClientRects().length && getComputedStyle(each).clipPath === "none";
  const words = [...document.querySelectorAll("body *")].filter(
    (each) => shown(each) && [...each.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
  const targets = [...document.querySelectorAll("button, a, select, input")].filter(shown);
  return {
    text: Math.min(...words.map((each) => parseFloat(getComputedStyle(each).fontSize))),
    target: Math.min(...targets.map((each) => each.getBoundingClientRect().height)),
    wide: document.documentElement.scrollWidth - innerWidth,
  };
}"""
_CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const each of document.querySelectorAll("body *")) {
    if (!each.getClientRects().length || each.closest(".view")) continue;
    if (![...each.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
    const [one, two] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (two + 0.05);
    if (contrast < 4.5) found.push(`${each.tagName} ${each.textContent.slice(0, 20)} ${contrast.toFixed(2)}`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def screens() -> list[tuple[str, Callable[[Wallet], None]]]:
    """Every screen of somebody with a code, by its name, and how to get to it from the code."""

    def through_menu(*steps: str) -> Callable[[Wallet], None]:
        def go(wallet: Wallet) -> None:
            wallet.press("menu")
            for step in steps:
                wallet.press(step)

        return go

    return [
        ("show", lambda _: None),
        ("menu", through_menu()),
        ("details", through_menu("details")),
        ("answer", through_menu("answer")),
        ("paper", through_menu("paper")),
        ("claim", through_menu("claim")),
        ("remove", through_menu("remove")),
    ]


def each_screen(wallet: Wallet, screens: list[tuple[str, Callable[[Wallet], None]]], look: str) -> dict[str, Any]:
    """What ``look`` finds on every screen."""
    found: dict[str, Any] = {}
    for name, go in screens:
        wallet.open()
        wallet.page.locator(".symbol svg").wait_for()
        go(wallet)
        found[name] = wallet.page.evaluate(look)
    return found


@pytest.mark.parametrize(("elder", "text", "target"), [(True, 24, 60), (False, 16, 48)], ids=["elder", "normal"])
@pytest.mark.parametrize("language", ["zh-CN", "zh-HK", "en"])
def test_letters_and_buttons_are_large_enough(
    launch: Launch, town: Town, screens: Any, elder: bool, text: float, target: float, language: str
) -> None:
    """18 points and 60 px in elder mode, and nothing runs out of a screen of 360 px in any language."""
    wallet = Wallet(launch(viewport=SMALL, locale=language), town.wallet).open()
    if elder:
        wallet.press("elder")
    wallet.claim(town.claim_code("姜一"))
    found = each_screen(wallet, screens, _SIZES)
    small = {name: each for name, each in found.items() if each["text"] < text or each["target"] < target}
    assert small == {}
    assert {name: each["wide"] for name, each in found.items() if each["wide"] > 0} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(launch: Launch, town: Town, screens: Any, theme: str) -> None:
    """Contrast of 4.5 to 1 for every word, and the symbol is black on white in the dark as well."""
    wallet = Wallet(launch(color_scheme=theme), town.wallet).open()
    assert wallet.page.evaluate(_CONTRAST) == []
    wallet.claim(town.claim_code("戚二"))
    fills = wallet.page.locator(".symbol path").evaluate_all("paths => paths.map((path) => path.getAttribute('fill'))")
    assert fills == ["#fff", "#000"]
    assert {name: bad for name, bad in each_screen(wallet, screens, _CONTRAST).items() if bad} == {}


def test_the_quiet_zone_is_four_modules_and_the_code_as_wide_as_the_phone(launch: Launch, town: Town) -> None:
    """A symbol without its white edge is not found by cheap scanners (immuni #374)."""
    wallet = Wallet(launch(viewport=SMALL), town.wallet).open().claim(town.claim_code("谢三"))
    box = wallet.page.locator(".symbol svg").bounding_box()
    assert box is not None and box["width"] == 360 and box["height"] == 360
    view = (wallet.page.locator(".symbol svg").get_attribute("viewBox") or "").split()
    first = re.match(r"M(\d+) (\d+)", wallet.page.locator(".symbol path").last.get_attribute("d") or "")
    assert first is not None and first.groups() == ("4", "4")
    assert (int(view[2]) - 8 - 17) % 4 == 0, "a whole symbol and eight modules of white"


def test_elder_mode_is_remembered_and_shows_one_thing_a_screen(launch: Launch, town: Town) -> None:
    """The code, its status, whose it is, until when; everything else is behind one button."""
    wallet = Wallet(launch(viewport=SMALL), town.wallet).open()
    wallet.press("elder")
    wallet.claim(town.claim_code("邹四"))
    wallet.page.reload()
    wallet.page.locator(".symbol svg").wait_for()
    assert wallet.page.locator("main .card").count() == 0
    assert wallet.page.locator("nav.bar button").count() == 2
    wallet.press("menu")
    wallet.press("elder")
    expect(wallet.page.locator(":root[data-elder]")).to_have_count(0)


def test_it_reads_aloud_when_asked_and_only_then(launch: Launch, town: Town) -> None:
    """A phone that says "red" by itself tells the whole queue."""
    wallet = Wallet(launch(), town.wallet)
    wallet.page.add_init_script(
        """globalThis.said = [];
        speechSynthesis.getVoices = () => [{ lang: "zh-CN", name: "test" }];
        speechSynthesis.speak = (words) => said.push([words.lang, words.text]);
        Object.defineProperty(SpeechSynthesisUtterance.prototype, "voice", { set() {}, get() { return null; } });"""
    )
    wallet.open().claim(town.claim_code("喻五"))
    assert wallet.page.evaluate("said") == []
    wallet.press("read")
    ((language, text),) = wallet.page.evaluate("said")
    assert language == "zh-CN" and text.startswith("河南健康码 · 试用。喻* 证件尾号") and "绿码" in text
    assert not re.search(r"\d\d:\d\d:\d\d", text)


def test_without_a_voice_it_says_so_on_the_screen(launch: Launch, town: Town) -> None:
    """A button that does nothing is worse than none."""
    wallet = Wallet(launch(), town.wallet)
    wallet.page.add_init_script("speechSynthesis.getVoices = () => [];")
    wallet.open()
    wallet.press("read")
    expect(wallet.page.locator(".said")).to_contain_text("没有朗读的声音")


def test_the_redraws_do_not_chatter(launch: Launch, town: Town) -> None:
    """A screen reader that announces a new picture every 30 s hides everything else."""
    wallet = Wallet(launch(), town.wallet).open().claim(town.claim_code("柏六"))
    live = "[aria-live], [role=status], [role=alert], [role=log], [role=timer]"
    assert wallet.page.locator(f":is({live}) .symbol, :is({live}) .clock").count() == 0
    expect(wallet.page.locator(".clock")).to_have_attribute("aria-hidden", "true")
    expect(wallet.page.locator(".life")).to_have_attribute("aria-hidden", "true")
    expect(wallet.page.locator(".symbol svg")).to_have_attribute("aria-label", "健康码二维码，每 30 秒自动更新")


def test_it_lives_before_the_guards_eyes(launch: Launch, town: Town) -> None:
    """A bar that runs out, and the time: what a screenshot does not have. It steps for who asked for less motion."""
    wallet = Wallet(launch(), town.wallet).open().claim(town.claim_code("水七"))
    style = """bar => {
      const { animationDuration, animationTimingFunction } = getComputedStyle(bar);
      return [animationDuration, animationTimingFunction];
    }"""
    bar = wallet.page.locator(".bar-of-life")
    assert bar.evaluate(style) == ["30s", "linear"]
    wallet.page.emulate_media(reduced_motion="reduce")
    assert bar.evaluate(style) == ["30s", "steps(6)"]
    before = wallet.page.locator(".clock").inner_text()
    expect(wallet.page.locator(".clock")).not_to_have_text(before)


def test_the_whole_way_by_keyboard(launch: Launch, town: Town) -> None:
    """Switches and keyboards instead of fingers; the focus goes to what is new and comes back."""
    wallet = Wallet(launch(), town.wallet).open()
    page = wallet.page
    page.locator("#claim").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(town.claim_code("窦八"))
    page.keyboard.press("Enter")
    page.locator(".symbol svg").wait_for()
    expect(page.locator("h1")).to_be_focused()
    page.locator("#menu").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("菜单")
    page.go_back()
    page.locator(".symbol svg").wait_for()


def test_three_languages_say_the_same(launch: Launch, town: Town) -> None:
    """Chosen once and kept; names of provinces and statuses as well."""
    wallet = Wallet(launch(), town.wallet).open().claim(town.claim_code("章九"))
    said = {}
    for language in ("zh-HK", "en", "zh-CN"):
        wallet.press("menu")
        wallet.page.locator("#language").select_option(language)
        wallet.open()
        wallet.page.locator(".symbol svg").wait_for()
        assert wallet.page.evaluate("document.documentElement.lang") == language
        said[language] = texts_on(wallet.page)
    assert "綠碼" in said["zh-HK"] and "河南健康碼" in said["zh-HK"]
    assert "Green" in said["en"] and "Henan health code" in said["en"]
    assert "绿码" in said["zh-CN"] and "河南健康码" in said["zh-CN"]


def test_a_cheap_phone_loads_little(town: Town) -> None:
    """60 kB of scripts, compressed, before the first screen."""
    scripts = loaded_first(WALLET)
    assert {"index", "support", "service"} == {re.split("[-.]", path.name)[0] for path in scripts}
    assert sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in scripts) <= SCRIPT_BYTES
