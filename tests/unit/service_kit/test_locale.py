"""Every error that is not a verdict has its words, in both languages."""

from __future__ import annotations

import re

import pytest

from credentials import errors
from credentials.errors import OperationError, RequestError, TongxingError
from service_kit.locale import TEXTS, prefers_english, reader_languages, text_of


def leaves(root: type[TongxingError]) -> list[type[TongxingError]]:
    """The classes below ``root`` that have a code."""
    found = [leaf for child in root.__subclasses__() for leaf in leaves(child)]
    return found + ([root] if "code" in vars(root) else [])


@pytest.mark.parametrize("error", [*leaves(RequestError), *leaves(OperationError), errors.KeyRejected])
def test_every_code_has_its_text(error: type[TongxingError]) -> None:
    """A new error without words would reach somebody as a code, or as nothing."""
    text = TEXTS[error.code]
    assert text_of(error("detail")) == text
    assert re.search("[一-鿿]", text.zh)
    assert text.zh.endswith("。")
    assert text.en.isascii()
    assert text.en.endswith(".")


def test_no_text_is_left_over() -> None:
    """A text for a code that is gone misleads whoever reads the table."""
    codes = {error.code for error in leaves(TongxingError)}
    assert set(TEXTS) - codes == {"credential-error", "unexpected"}


def test_a_verdicts_code_is_said_in_general_words() -> None:
    """The verdict's own texts stand elsewhere; at this edge nothing may fail for want of words."""
    assert text_of(errors.WrongSignature()) == TEXTS["credential-error"]


@pytest.mark.parametrize(
    ("header", "english"),
    [
        (None, False),
        ("", False),
        ("en", True),
        ("EN-gb", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("en-US,en;q=0.9,zh-CN;q=0.8", True),
        ("en;q=0.5, zh;q=0.6", False),
        ("zh-TW, en;q=0.9", False),
        ("zh;q=0.1,en;q=0.2", True),
        ("en;q=0", False),
        ("ug, en;q=0.3", True),
        ("fr", False),
        ("en;q=high", False),
        ("men, zhen", False),
        (",;,;q=1", False),
    ],
)
def test_the_language_asked_for(header: str | None, english: bool) -> None:
    """Browsers name several languages with weights; whoever names neither of ours reads Chinese."""
    assert prefers_english(header) is english


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
