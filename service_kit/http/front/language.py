"""The languages of pages: what each is called, and which one a request asks for."""

from __future__ import annotations

from flask import request

from credentials.profile.words import PAGE_LANGUAGES
from service_kit.locale import preferred_language

LANGUAGE_NAMES = {"zh-CN": "简体中文", "zh-HK": "繁體中文", "en": "English"}


def asked_language() -> str:
    """The language that the present request asks for: ``?lang=``, else its Accept-Language, else zh-CN."""
    named = request.args.get("lang")
    if named in PAGE_LANGUAGES:
        return str(named)
    return preferred_language(request.headers.get("Accept-Language"))
