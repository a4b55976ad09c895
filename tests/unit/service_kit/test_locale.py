"""Every error that is not a verdict has its words, in all languages."""

from __future__ import annotations

import re

import pytest

from credentials import errors
from credentials.errors import OperationError, RequestError, TongxingError
from credentials.profile.words import Label
from service_kit.locale import TEXTS, preferred_language, reader_languages, text_of


def leaves(root: type[TongxingError]) -> list[type[TongxingError]]:
    """The classes below ``root`` that have a code."""
    found = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return found + ([root] if "code" in vars(root) else [])


@pytest.mark.parametrize("error", [*leaves(RequestError), *leaves(OperationError), errors.KeyRejected])
def test_every_code_has_its_text(error: type[TongxingError]) -> None:
    """A new error without words would reach somebody as a code, or as nothing."""
    text = TEXTS[error.code]
    assert text_of(error("detail")) == text
    for chinese in (text.of("zh-CN"), text.of("zh-HK")):
        assert re.search("[一-鿿]", chinese)
        assert chinese.endswith("。")
    assert text.of("en").isascii()
    assert text.of("en").endswith(".")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_each_text_is_written_for_its_readers(text: Label) -> None:
    """Characters of the other script, or the mainland's words in Hong Kong's text, show that nobody there wrote it."""
    text.of("zh-CN").encode("gb2312")
    text.of("zh-HK").encode("big5hkscs")
    assert not re.search("數據庫|服務器|網絡連接|用戶端|信息|登錄|鏈接|卡口|默認|軟件包", text.of("zh-HK"))


def test_no_text_is_left_over() -> None:
    """A text for a code that is gone misleads whoever reads the table."""
    codes = {error.code for error in leaves(TongxingError)}
    assert set(TEXTS) - codes == {"credential-error", "unexpected"}


def test_a_verdicts_code_is_said_in_general_words() -> None:
    """The verdict's own texts stand elsewhere; at this edge nothing may fail for want of words."""
    assert text_of(errors.WrongSignature()) == TEXTS["credential-error"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.6", "zh-CN"),
        ("zh-HK", "zh-HK"),
        ("ZH-hk,zh;q=0.9,en;q=0.8", "zh-HK"),
        ("en-HK;q=0.8,zh-HK;q=0.9", "zh-HK"),
        ("zh-CN;q=0.8,zh-HK;q=0.9", "zh-HK"),
        ("zh-HK;q=0,en;q=0.1", "en"),
        ("zh-TW, en;q=0.9", "zh-HK"),
        ("zh-MO", "zh-HK"),
        ("zh-Hant", "zh-HK"),
        ("zh-Hant-HK", "zh-HK"),
        ("zh-Hans-HK", "zh-CN"),
        ("zh-hkx", "zh-CN"),
        ("zh;q=0.1,en;q=0.2", "en"),
        ("en;q=0", "zh-CN"),
        ("ug, en;q=0.3", "en"),
        ("fr", "zh-CN"),
        ("en;q=high", "zh-CN"),
        ("men, zhen", "zh-CN"),
        (",;,;q=1", "zh-CN"),
    ],
)
def test_the_language_asked_for(header: str | None, language: str) -> None:
    """Browsers name several languages with weights; whoever names none of ours reads Chinese."""
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("environ", "languages"),
    [
        ({}, ("zh", "en")),
        ({"LANG": ""}, ("zh", "en")),
        ({"LANG": "C.UTF-8"}, ("zh", "en")),
        ({"LANG": "fr_FR.UTF-8"}, ("zh", "en")),
        ({"LANG": "en"}, ("en",)),
        ({"LANG": "en_GB.UTF-8"}, ("en",)),
        ({"LANG": "zh_CN@pinyin"}, ("zh",)),
        ({"LANG": "zh-Hans"}, ("zh",)),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, ("zh",)),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8"}, ("zh",)),
    ],
)
def test_the_language_of_a_terminal(environ: dict[str, str], languages: tuple[str, ...]) -> None:
    """A container without a locale must not hide half of its readers' language from them."""
    assert reader_languages(environ) == languages
