"""A text that people read, in every language of the pages."""

from __future__ import annotations

from typing import Final, NamedTuple

PAGE_LANGUAGES: Final = ("zh-CN", "zh-HK", "en")
"""Of pages, verdicts and problem documents: tags of BCP 47, in the order of a label's fields."""


class Label(NamedTuple):
    """One text in each language; it has all of them or cannot be made."""

    zh_cn: str
    zh_hk: str
    en: str

    def of(self, language: str) -> str:
        """In one of PAGE_LANGUAGES."""
        return self[PAGE_LANGUAGES.index(language)]


NO_WORDS: Final = Label("", "", "")
"""Where there is nothing to say."""
