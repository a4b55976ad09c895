"""The gate app without its camera: a hand scanner, a picture, a keyboard; and the way by hand."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web import camera
from tests.web.checkpoint import Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town

HAND_SCANNER = """text => {
    const typed = [...text, "Enter", "Enter"].map((key) =>
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
    if (typed.slice(1).some((isLeft) => isLeft)) throw new Error("a key presses what has the focus");
}"""
"""Types faster than Playwright can, and fails when a key but the first would reach the button that has the focus."""


@pytest.fixture
def gate(launch: Launch, town: Town) -> Checkpoint:
    """The gate app, in front of a wall."""
    return Checkpoint(launch(), town.gate).open()


def test_a_hand_scanner_types_wherever_the_focus_is(gate: Checkpoint, town: Town) -> None:
    """Nobody aims a hand scanner at a text box. Base45 holds spaces, which press buttons, and Enter does so twice."""
    gate.page.get_by_role("button", name="人工核验").focus()
    gate.page.evaluate(HAND_SCANNER, town.paper()["text"])
    assert gate.verdict() == ("accepted", "")
    # On the verdict as well: the next person's code is the next verdict.
    gate.page.evaluate(HAND_SCANNER, "TX1:NOT A CODE")
    gate.page.locator("main[data-outcome=refused]").wait_for()
    assert gate.page.locator("[data-screen=scan]").count() == 0


def test_a_chinese_keyboard_and_a_locked_key_are_no_forgery(gate: Checkpoint, town: Town) -> None:
    """Scanners type through the keyboard that is set: wide letters, or small ones. Base45 has neither."""
    code = town.paper()["text"]
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in code)
    assert gate.type(wide) == ("accepted", "")
    gate.next()
    assert gate.type(code.lower()) == ("accepted", "")


@pytest.mark.parametrize("hardship", ["clean", "blurred"])
def test_a_picture_can_be_chosen(gate: Checkpoint, town: Town, hardship: str) -> None:
    """A phone with a broken camera, or a code that was sent: the picture is judged like any other showing."""
    frame = camera.scene(camera.symbol(town.paper()["text"]))
    data = io.BytesIO()
    (camera.blurred(frame) if hardship == "blurred" else frame).save(data, "JPEG", quality=60)
    upload(gate, "code.jpg", data.getvalue())
    assert gate.verdict() == ("accepted", "")


def test_a_picture_that_is_none_says_so(gate: Checkpoint, town: Town) -> None:
    """Silence would make a guard try the same file again."""
    message = gate.page.locator("#message")
    upload(gate, "letter.jpg", b"Dear Sir or Madam")
    expect(message).to_have_text("图片中没有读到二维码，请换一张更清晰的")
    two = io.BytesIO()
    camera.scene(*(camera.symbol(town.paper(name)["text"], 500) for name in ("李建国", "王小明"))).save(two, "PNG")
    upload(gate, "two.png", two.getvalue())
    expect(message).to_have_text("有两个码，请一次只出示一个")


def upload(gate: Checkpoint, name: str, data: bytes) -> None:
    """Choose a file."""
    gate.page.locator("#picture").set_input_files({"name": name, "mimeType": "image/*", "buffer": data})


def test_everything_can_be_done_with_keys(gate: Checkpoint, town: Town) -> None:
    """A guard with a broken screen, or who does not see it: focus follows the screen, and is to be seen."""
    page = gate.page
    page.locator("#typed").focus()
    page.keyboard.insert_text(town.paper()["text"])
    page.keyboard.press("Enter")
    assert gate.verdict() == ("accepted", "")
    assert page.evaluate("document.activeElement.tagName") == "H1", "a screen reader begins at the verdict"
    expect(page.locator("#announcement")).to_contain_text("通过")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.action") == "next"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    # The scanner's second Enter presses nothing; a guard's, a moment later, does.
    while page.locator("main[data-outcome]").count():
        page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.action") == "manual":
            break
    page.keyboard.press("Space")
    page.locator("[data-screen=manual]").wait_for()


def test_by_hand_is_a_result_like_the_others(gate: Checkpoint, town: Town) -> None:
    """No phone is no reason to stand outside for ever, and none to walk past uncounted."""
    gate.do("manual")
    gate.page.locator("[data-way=document]").click()
    assert gate.page.locator("[data-screen=manual] li label").count() >= 4, "the steps, one by one"
    gate.page.get_by_text("各签发地热线").click()
    hotline = gate.page.get_by_role("link", name="河南")
    expect(hotline).to_have_attribute("href", "tel:037112320")
    gate.do("passed")
    assert gate.verdict() == ("accepted", "manual-document-passed")
    gate.next()
    gate.do("manual")
    gate.page.locator("[data-way=relative]").click()
    gate.do("refused")
    assert gate.verdict() == ("refused", "manual-relative-refused")
    gate.next()
    assert gate.shift() == {"manual-document-passed": 1, "manual-relative-refused": 1}


def test_a_refusal_names_the_issuers_number(gate: Checkpoint, town: Town) -> None:
    """The person must hear which member to call, and the guard be able to call it in one tap."""
    assert gate.type(town.paper("刘洋", hours=60)["text"]) == ("refused", "rule-failed")
    expect(gate.page.get_by_role("link", name="广东")).to_have_attribute("href", "tel:02012320")
    gate.next()
    assert gate.type(town.paper("刘洋", hours=60)["text"][:-6]) == ("refused", "malformed")


def test_the_counts_are_numbers_and_can_be_taken_along(gate: Checkpoint, town: Town, tmp_path: Path) -> None:
    """At the end of a shift somebody asks how many; nobody may ask who."""
    name = "欧阳明月"
    gate.type(town.paper(name)["text"])
    gate.next()
    gate.type("hello")
    gate.next()
    gate.page.reload()
    assert gate.shift() == {"accepted": 1, "not-a-credential": 1}, "the counts outlive a restart"
    with gate.page.expect_download() as download:
        gate.page.get_by_role("button", name="导出文本").click()
    report = Path(download.value.path()).read_text("utf-8-sig")
    assert "1\taccepted\t通过" in report
    assert "欧" not in report
    stored = gate.page.evaluate("JSON.stringify(localStorage)")
    assert "欧" not in stored
    gate.do("begin")
    expect(gate.page.locator("[data-action=begin]")).to_have_text("确定清零？")
    assert gate.page.locator("tr[data-result]").count() == 2, "one touch wipes out nothing"
    gate.do("begin")
    expect(gate.page.locator("tr[data-result]")).to_have_count(0)
