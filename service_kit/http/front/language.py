"""The languages of pages: zh-CN first, zh-HK and en. A text has all three or cannot be made."""

from __future__ import annotations

from flask import request

from service_kit.locale import PAGE_LANGUAGES, Said, preferred_language

LANGUAGE_NAMES = {"zh-CN": "简体中文", "zh-HK": "繁體中文", "en": "English"}
_NAME_CHARACTERS = str.maketrans(
    "内辽宁龙苏东广庆贵云陕肃湾门产设团国务员会卫总关",
    "內遼寧龍蘇東廣慶貴雲陝肅灣門產設團國務員會衞總關",
)
"""Of members' names and of no other text: elsewhere 云 may be 云."""


def member_name(zh: str, en: str) -> Said:
    """A member's name in the three languages."""
    return Said(zh, zh.translate(_NAME_CHARACTERS), en)


def asked_language() -> str:
    """The language that the present request asks for: ``?lang=``, else its Accept-Language, else zh-CN."""
    named = request.args.get("lang")
    if named in PAGE_LANGUAGES:
        return str(named)
    return preferred_language(request.headers.get("Accept-Language"))
