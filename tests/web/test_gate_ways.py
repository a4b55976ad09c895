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

HAND_SCANNER = """([text, ...ends]) => {
    const typed = [...text, ...ends].map((key) =>
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
    gate.page.evaluate(HAND_SCANNER, [town.paper()["text"], "Enter", "Enter"])
    assert gate.verdict() == ("accepted", "")
    # On the verdict as well: the next person's code is the next verdict.
    gate.page.evaluate(HAND_SCANNER, ["TX1:NOT A CODE", "Enter", "Enter"])
    gate.page.locator("main[data-outcome=refused]").wait_for()
    assert gate.page.locator("[data-screen=scan]").count() == 0


MEANWHILE = """texts => {
    const pressed = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    const type = (key) => document.dispatchEvent(pressed(key));
    for (const text of texts) for (const key of [...text, "Enter"]) type(key);
}"""
"""Codes of a hand scanner without a moment between them: the second comes while the first is being checked."""


def test_a_code_that_comes_while_another_is_being_checked_is_the_next_persons(gate: Checkpoint, town: Town) -> None:
    """It was dropped, and a hand scanner does not read it again by itself."""
    first, second = town.paper()["text"], town.paper("刘洋", hours=60)["text"]
    gate.page.evaluate(MEANWHILE, [first, second])
    gate.page.locator("main[data-outcome=refused][data-reason=rule-failed]").wait_for()
    gate.next()
    assert gate.shift() == {"accepted": 1, "rule-failed": 1}, "two people, each counted as it came out"


def test_a_code_that_a_hand_scanner_reads_twice_while_it_is_being_checked(gate: Checkpoint, town: Town) -> None:
    """The neighbour: the same text is the same showing, and no third one comes in between."""
    first, second, third = town.paper()["text"], town.paper("刘洋", hours=60)["text"], "TX1:NOT A CODE"
    gate.page.evaluate(MEANWHILE, [first, first])
    assert gate.verdict() == ("accepted", "")
    gate.page.evaluate(MEANWHILE, [third, second, third, second])
    gate.page.locator("main[data-reason=rule-failed]").wait_for()
    gate.next()
    assert gate.shift() == {"accepted": 1, "malformed": 1, "rule-failed": 1}, "of several the newest, once"


def test_a_code_that_comes_while_an_answer_is_being_checked(gate: Checkpoint, town: Town, tmp_path: Path) -> None:
    """The neighbour: the answer is that of whoever was asked, and what follows is another's."""
    phone, _ = town.phone(tmp_path)
    gate.do("challenge")
    asked = gate.page.locator(".symbol").get_attribute("data-text") or ""
    gate.page.evaluate(MEANWHILE, [phone.answer(asked, 1_600_000_000), town.paper("刘洋", hours=60)["text"]])
    gate.page.locator("main[data-reason=rule-failed]").wait_for()
    gate.next()
    assert gate.shift() == {"accepted": 1, "rule-failed": 1}


def test_a_code_that_comes_while_another_is_being_checked_and_the_guard_asks_by_hand(
    gate: Checkpoint, town: Town
) -> None:
    """The neighbour: whoever stands there is being looked at by hand. No code of another becomes theirs."""
    first, second = town.paper("刘洋", hours=60)["text"], town.paper()["text"]
    at_once = f"texts => {{ ({MEANWHILE})(texts); document.querySelector('[data-action=manual]').click(); }}"
    gate.page.evaluate(at_once, [first, second])
    gate.page.locator("[data-screen=manual]").wait_for()
    gate.do("back")
    gate.page.locator("main[data-reason=rule-failed]").wait_for()
    gate.next()
    assert gate.shift() == {"rule-failed": 1}


def test_a_hand_scanner_says_what_it_is_set_to_say(gate: Checkpoint, town: Town) -> None:
    """The kind of symbol first; Enter, Tab, both or nothing last: nobody at a gate knows how to set it otherwise."""
    code = town.paper()["text"]
    for prefix in ("]Q1", "]q3", "】Q1", "］Ｑ１", ""):
        for ends in (["Enter"], ["Tab"], ["Enter", "Tab"], []):
            gate.page.evaluate(HAND_SCANNER, [prefix + code, *ends])
            assert gate.verdict() == ("accepted", ""), (prefix, ends)
            gate.next()


def test_a_hand_scanner_that_ends_with_tab_in_the_box(gate: Checkpoint, town: Town) -> None:
    """The neighbour: the focus is where a careful guard has put it."""
    gate.page.locator("#typed").focus()
    gate.page.keyboard.insert_text("]Q1" + town.paper()["text"])
    gate.page.keyboard.press("Tab")
    assert gate.verdict() == ("accepted", "")
    gate.next()
    gate.page.locator("#typed").focus()
    gate.page.keyboard.press("Tab")
    assert gate.page.evaluate("document.activeElement.id") != "typed", "an empty box is left as ever"


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


def test_by_hand_is_a_screen_of_its_own_after_a_look_at_the_document(gate: Checkpoint, town: Town) -> None:
    """No phone is no reason to stand outside for ever, none to walk past uncounted, and no acceptance."""
    gate.do("manual")
    gate.page.locator("[data-way=document]").click()
    assert gate.page.locator("[data-screen=manual] li label").count() >= 4, "the steps, one by one"
    gate.page.get_by_text("各发码单位热线").click()
    hotline = gate.page.get_by_role("link", name="河南")
    expect(hotline).to_have_attribute("href", "tel:037112320")
    gate.do("passed")
    expect(gate.page.locator("#missing")).to_have_text("请先看证件，并在上面打勾")
    assert gate.page.locator("main[data-outcome]").count() == 0, "nobody passes before the document was seen"
    gate.page.locator("[data-required]").check()
    gate.do("passed")
    assert gate.verdict() == ("passed-by-hand", "manual-document-passed")
    expect(gate.page.locator("h1")).to_have_text("人工放行")
    gate.next()
    gate.do("manual")
    gate.page.locator("[data-way=relative]").click()
    gate.do("refused")
    assert gate.verdict() == ("refused", "manual-relative-refused")
    gate.next()
    assert gate.shift() == {"manual-document-passed": 1, "manual-relative-refused": 1}


def test_by_hand_after_a_refusal_keeps_the_person_in_view_and_counts_one(gate: Checkpoint, town: Town) -> None:
    """From a red code two taps gave a full green "accepted" without a name, and two people in the count."""
    assert gate.type(town.paper("刘洋", hours=60)["text"]) == ("refused", "rule-failed")
    name, tail = gate.page.locator(".who span").all_inner_texts()[:2]
    gate.do("manual")
    expect(gate.page.locator(".person")).to_contain_text(name)
    gate.page.locator("[data-way=document]").click()
    gate.page.locator("[data-required]").check()
    gate.do("passed")
    assert gate.verdict()[0] == "passed-by-hand"
    expect(gate.page.locator(".person")).to_contain_text(tail)
    gate.next()
    assert gate.shift() == {"manual-document-passed": 1}
    assert sums(gate) == ["0", "0", "1"]


def test_by_hand_after_what_was_no_code_counts_one(gate: Checkpoint) -> None:
    """The neighbour: there is nobody to show."""
    assert gate.type("no code") == ("refused", "not-a-credential")
    gate.do("manual")
    assert gate.page.locator(".person").count() == 0
    gate.page.locator("[data-way=document]").click()
    gate.do("refused")
    gate.next()
    assert gate.shift() == {"manual-document-refused": 1}


def test_back_from_by_hand_leads_to_whoever_stands_there(gate: Checkpoint, town: Town) -> None:
    """A guard who looks up the steps has not sent anybody away."""
    assert gate.type(town.paper("刘洋", hours=60)["text"]) == ("refused", "rule-failed")
    gate.do("manual")
    gate.do("back")
    assert gate.verdict() == ("refused", "rule-failed")
    gate.next()
    assert gate.shift() == {"rule-failed": 1}


def test_a_document_of_somebody_else_ends_an_acceptance(gate: Checkpoint, town: Town) -> None:
    """What the screen asks the guard to compare must have a way to come out otherwise."""
    assert gate.type(town.paper()["text"]) == ("accepted", "")
    gate.do("differs")
    assert gate.verdict() == ("refused", "manual-document-refused")
    gate.next()
    gate.shift()
    assert sums(gate) == ["0", "0", "1"]


def test_whoever_comes_again_with_the_same_code_counts_once(gate: Checkpoint, town: Town) -> None:
    """Refused, told what to do, back in the line: one person."""
    code = town.paper("刘洋", hours=60)["text"]
    for _ in range(2):
        assert gate.type(code) == ("refused", "rule-failed")
        gate.next()
    assert gate.type("no code") == ("refused", "not-a-credential")
    gate.next()
    assert gate.shift() == {"rule-failed": 1, "not-a-credential": 1}


def sums(gate: Checkpoint) -> list[str]:
    """Accepted, refused, by hand: as the screen of the shift adds them up."""
    return gate.page.locator(".sums dd").all_inner_texts()


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
    gate.reload()
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
