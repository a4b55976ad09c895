"""The gate app for different guards: three languages, large text, small screens, sounds, a screen that stays on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.checkpoint import STANDS, Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town

WORDS = {
    "zh-CN": ("通过", "不通过", "发码单位", "广东"),
    "zh-HK": ("通過", "不通過", "發碼單位", "廣東"),
    "en": ("Accepted", "Refused", "Issued by", "Guangdong"),
}
ACCEPTED_ALOUD = {"zh-CN": "通过，请看证件", "zh-HK": "通過，請查看證件", "en": "Accepted, look at the document"}
SILENT = """
globalThis.heard = { tones: [], felt: [], said: [] };
AudioContext.prototype.createOscillator = new Proxy(AudioContext.prototype.createOscillator, {
    apply(make, self) { const tone = Reflect.apply(make, self, []); heard.tones.push(tone); return tone; },
});
navigator.vibrate = (pattern) => heard.felt.push(pattern);
speechSynthesis.speak = (words) => heard.said.push([words.lang, words.text]);
"""


@pytest.mark.parametrize("language", WORDS)
def test_it_speaks_the_guards_language(launch: Launch, town: Town, language: str) -> None:
    """On the screen, to the ear and in the words of every reason."""
    accepted, refused, issuer, place = WORDS[language]
    gate = Checkpoint(launch(locale=language), town.gate, settings={"automatic": "no"})
    gate.page.add_init_script(SILENT)
    gate.open()
    expect(gate.page.locator("html")).to_have_attribute("lang", language)
    expect(gate.page.locator("#bar")).to_contain_text(place)
    gate.type(town.paper()["text"])
    expect(gate.page.locator("h1")).to_have_text(accepted)
    expect(gate.page.locator(".person")).to_contain_text(issuer)
    gate.next()
    gate.type(town.paper("刘洋", hours=60)["text"])
    expect(gate.page.locator("h1")).to_have_text(refused)
    reason = gate.page.locator(".reason").inner_text()
    assert reason.isascii() == (language == "en")
    heard = gate.page.evaluate("heard.said.filter(([, text]) => text)")
    assert heard == [[language, ACCEPTED_ALOUD[language]], [language, refused]], "nothing about anybody's health"
    gate.next()
    gate.settings()
    others = [each for each in WORDS if each != language]
    gate.page.locator(f"button[lang={others[0]}]").click()
    expect(gate.page.locator("html")).to_have_attribute("lang", others[0])


def test_each_outcome_has_its_own_word_shape_colour_sound_and_touch(launch: Launch, town: Town) -> None:
    """Never colour alone: one guard in twelve does not see it, and at night nobody trusts a tint."""
    gate = Checkpoint(launch(), town.gate, settings=STANDS)
    gate.page.add_init_script(SILENT)
    gate.open()
    code = town.paper()["text"]
    seen = []
    for text, hours in ((code, 0), ("no code", 0), (code, -1)):
        # What a gate with a slow clock cannot decide.
        gate.set_clock(hours * 3600)
        outcome, _ = gate.type(text)
        seen.append(
            (
                outcome,
                gate.page.locator("h1").inner_text(),
                gate.page.locator("h1 path").get_attribute("d"),
                gate.page.locator("main").evaluate("main => getComputedStyle(main).backgroundColor"),
                str(gate.page.evaluate("heard.tones.splice(0).map(tone => [tone.type, tone.frequency.value])")),
                str(gate.page.evaluate("heard.felt.splice(0)")),
            )
        )
        gate.next()
    assert [each[0] for each in seen] == ["accepted", "refused", "undetermined"]
    for column in zip(*seen, strict=True):
        assert len(set(column)) == 3, column


def test_sound_and_speech_can_be_switched_off(launch: Launch, town: Town) -> None:
    """A gate in a hospital at night; and the choice is there after a restart."""
    gate = Checkpoint(launch(), town.gate, settings={"automatic": "no"})
    gate.page.add_init_script(SILENT)
    gate.open()
    gate.settings()
    gate.page.locator("#sound").uncheck()
    gate.page.locator("#speech").uncheck()
    gate.reload()
    gate.type(town.paper()["text"])
    assert gate.page.evaluate("[heard.tones.length, heard.felt.length, heard.said.length]") == [0, 0, 0]


def test_it_does_without_voices_and_sound(launch: Launch, town: Town) -> None:
    """Many phones have no voice for the language, some browsers no speech at all: the verdict comes all the same."""
    gate = Checkpoint(launch(), town.gate, settings={"automatic": "no"})
    gate.page.add_init_script(
        "delete globalThis.speechSynthesis; delete globalThis.AudioContext; navigator.vibrate = undefined"
    )
    gate.open()
    assert gate.type(town.paper()["text"]) == ("accepted", "")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("size", [(360, 640), (768, 1024), (1280, 800)])
def test_gloves_find_what_they_press(launch: Launch, town: Town, large: bool, size: tuple[int, int]) -> None:
    """48 px at the least, 60 with large text; nothing beside the screen; on to the next without scrolling."""
    width, height = size
    settings = STANDS | {"large": "yes" if large else "no"}
    gate = Checkpoint(launch(viewport={"width": width, "height": height}), town.gate, settings=settings).open()
    least = 60 if large else 48
    check_targets(gate, least)
    gate.type(town.paper("刘洋", hours=60)["text"])
    check_targets(gate, least)
    expect(gate.page.locator("[data-action=next]")).to_be_in_viewport(ratio=1)
    gate.do("manual")
    gate.page.locator("[data-way=paper]").click()
    check_targets(gate, least)
    gate.do("back")
    gate.next()
    gate.settings()
    check_targets(gate, least)


def check_targets(gate: Checkpoint, least: int) -> None:
    """Nothing to press is smaller, and the page is not wider than the screen."""
    small = gate.page.evaluate(
        """least => [...document.querySelectorAll("button, a, select, input:not(.hidden), summary")]
            .map(each => (each.closest("label") ?? each))
            .filter(each => each.getBoundingClientRect().height < least - 0.5).map(each => each.outerHTML)""",
        least,
    )
    assert small == []
    assert gate.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_screen_stays_on(launch: Launch, town: Town) -> None:
    """A screen that goes dark between two people is woken with wet gloves."""
    gate = Checkpoint(launch(), town.gate)
    gate.page.add_init_script(
        """globalThis.asked = [];
        navigator.wakeLock.request = async (kind) => { asked.push(kind); return { released: true }; };"""
    )
    gate.open()
    assert gate.page.evaluate("asked") == ["screen"]


def test_it_can_be_installed(launch: Launch, town: Town) -> None:
    """On a home screen it is found again, and browsers keep what it stores."""
    gate = Checkpoint(launch(), town.gate).open_and_keep()
    session = gate.context.new_cdp_session(gate.page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A persistent context of Playwright counts as a private window to Chromium's own rule, and to no other.
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
