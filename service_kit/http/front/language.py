"""The languages of pages: what each is called, and which one a request asks for."""

from __future__ import annotations

from flask import request

from credentials.profile.languages import LANGUAGES
from credentials.profile.words import label
from service_kit.locale import preferred_language

LANGUAGE_NAMES = label("language.name").by_language()


def asked_language() -> str:
    """The language that the present request asks for: ``?lang=``, else its Accept-Language, else zh-CN."""
    named = request.args.get("lang")
    if named in LANGUAGES:
        return str(named)
    return preferred_language(request.headers.get("Accept-Language"))
