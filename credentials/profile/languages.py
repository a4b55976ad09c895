"""The languages of whatever people read."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("zh-CN", "zh-HK", "en")
"""Tags of BCP 47. A language is its catalogue ``texts/<tag>.po`` and its tag here, behind the others; the first is for
whoever asks for none of them."""
COMMON: Final = ("zh-CN", "en")
"""Every signed document has these; what a reader's own language lacks is said in one of them."""
_FIRST_FIELD: Final = "zh"
"""Of zh-CN in JSON: there was no other Chinese when the fields were named."""


def common_of(language: str) -> str:
    """The one of COMMON that a reader of ``language`` understands best."""
    return "zh-CN" if language.split("-")[0] == "zh" else "en"


def field_of(language: str) -> str:
    """How a language is called in names of JSON fields: ``zh``, ``zh_hk``, ``en``."""
    return _FIRST_FIELD if language == LANGUAGES[0] else language.lower().replace("-", "_")
