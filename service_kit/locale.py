"""What people read of an error that is no verdict. Verdicts have theirs in ``credentials.profile.reasons``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from credentials.errors import TongxingError
from credentials.profile.words import Label, labels

_TRADITIONAL = re.compile(r"zh-(?:hant|hk|mo|tw)\b")
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


class Message(NamedTuple):
    """One message at a terminal, in both of its languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """In one of LANGUAGES."""
        return self.zh if language == "zh" else self.en


LANGUAGES = ("zh", "en")
"""Of a terminal."""
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991."""
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
UNEXPECTED: Final = "unexpected"
"""The code of what should never happen."""

TEXTS: Final[Mapping[str, Label]] = labels("error")
"""By code."""


def at_terminal(text: Label) -> Message:
    """The same for somebody at a terminal."""
    return Message(text.of("zh-CN"), text.of("en"))


def text_of(error: TongxingError) -> Label:
    """What to say of an error; a code that only verdicts use is said in general words."""
    return TEXTS.get(error.code, TEXTS["credential-error"])


def preferred_language(accept_language: str | None) -> str:
    """Which of our languages an ``Accept-Language`` header (RFC 9110 section 12.5.4) asks for first.

    ``zh-CN``, ``zh-HK`` (for every tag of traditional characters, RFC 4647 section 3.4) or ``en``; zh-CN where it names
    none of them.
    """
    best, most = "zh-CN", 0.0
    for wanted in (accept_language or "").lower().split(","):
        tag, _, parameter = wanted.partition(";")
        language, weight = _language_of(tag.strip()), _weight(parameter.strip())
        if language and weight > most:
            best, most = language, weight
    return best


def reader_languages(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The languages for somebody at a terminal: one of LANGUAGES where the locale says so, else both, Chinese first.

    The first of LC_ALL, LC_MESSAGES and LANG that is set counts. Source: POSIX.1-2017, section 8.2.
    """
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    language = re.split("[-_.@]", locale)[0].lower()
    return (language,) if language in LANGUAGES else LANGUAGES


def beijing_time(seconds: int) -> str:
    """A time (seconds UTC) to the minute, in Beijing time: whoever prints it says so beside it (北京时间, UTC+8)."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _language_of(tag: str) -> str | None:
    if _TRADITIONAL.match(tag):
        return "zh-HK"
    return {"zh": "zh-CN", "en": "en"}.get(tag.partition("-")[0])


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    found = _WEIGHT.fullmatch(parameter)
    return float(found[1]) if found else 0.0
