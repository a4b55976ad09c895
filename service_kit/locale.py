"""What people read of an error that is no verdict. Verdicts have theirs in ``credentials.profile.reasons``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from credentials.errors import TongxingError
from credentials.profile.languages import COMMON, LANGUAGES
from credentials.profile.words import Label, label, labels

_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had no daylight saving since 1991."""
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_ANSWERS: Final = label("language.answers").by_language()
"""By language the beginnings of tags that ask for it."""
UNEXPECTED: Final = "unexpected"
"""The code of what should never happen."""

TEXTS: Final[Mapping[str, Label]] = labels("error")
"""By code."""


def text_of(error: TongxingError) -> Label:
    """What to say of an error; a code that only verdicts use is said in general words."""
    return TEXTS.get(error.code, TEXTS["credential-error"])


def preferred_language(accept_language: str | None) -> str:
    """Which of LANGUAGES an ``Accept-Language`` header (RFC 9110 section 12.5.4) asks for first.

    The first of LANGUAGES where it names none."""
    best, most = LANGUAGES[0], 0.0
    for wanted in (accept_language or "").split(","):
        tag, _, parameter = wanted.partition(";")
        language, weight = language_for(tag.strip()), _weight(parameter.strip().lower())
        if language and weight > most:
            best, most = language, weight
    return best


def reader_languages(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The languages for somebody at a terminal: the one of LANGUAGES that answers their locale, as zh-HK does for
    ``zh_TW``; where none does, those of COMMON, Chinese first.

    The first of LC_ALL, LC_MESSAGES and LANG that is set counts. Source: POSIX.1-2017, section 8.2.
    """
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    language = language_for(re.split("[.@]", locale)[0].replace("_", "-"))
    return (language,) if language else COMMON


def language_for(tag: str) -> str | None:
    """Which of LANGUAGES answers whoever asks for ``tag``: the one that lists the longest beginning of it (RFC 4647
    section 3.4), whole parts of it in any case. None where none does."""
    asked = f"{tag.lower()}-"
    found = [
        (len(beginning), language)
        for language, beginnings in _ANSWERS.items()
        for beginning in beginnings.lower().split()
        if asked.startswith(f"{beginning}-")
    ]
    return max(found)[1] if found else None


def beijing_time(seconds: int) -> str:
    """A time (seconds UTC) to the minute, in Beijing time: whoever prints it says so beside it (北京时间, UTC+8)."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    found = _WEIGHT.fullmatch(parameter)
    return float(found[1]) if found else 0.0
