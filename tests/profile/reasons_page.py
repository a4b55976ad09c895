"""``docs/reasons.md``, written from ``credentials/profile``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from credentials import errors
from credentials.errors import TongxingError
from credentials.profile.languages import LANGUAGES
from credentials.profile.reasons import REASONS
from credentials.profile.words import fill, label
from service_kit.http.problems import status_of
from service_kit.locale import TEXTS, UNEXPECTED

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"
_HEAD = """# Reasons and error codes

Made by `make profile` from `credentials/profile/reasons.py` and the catalogues `credentials/profile/texts/`: change it
there. A code is
stable for ever; its text may be reworded. Each reason has at least one bad sample in `tests/vectors/native.json`; what
the gate finds by its memory (`replayed` and its kin) is tested at the gate.

## Reasons of a verdict, most important first

A verdict lists all that was found; the first gives the outcome ([verdict.md](verdict.md)).

Where the member that can help is known, its hotline is added to the text: the issuer's, or the host's whose rules
decided.

| code | outcome | {languages} |
| --- | --- |{rule}
"""
_BY_HAND = """
## Checking by hand

Undetermined (需人工核验) means that this gate cannot know, and says nothing against the holder. In the manual lane:

1. Look at the identity document, and compare name and last characters with those of the code.
2. Mend what the reason says of the gate: network, clock, bundle. Then scan again.
3. Ask the issuer by its hotline, or have the holder show what the code stands on, as the test report itself.
4. Decide as this place decides about somebody without a code. Write down who decided.

需人工核验：卡口无从得知，并不说明持码人有问题。人工通道：查验证件并核对姓名和尾号；按提示处理卡口的网络、时钟或离线包后重扫；拨打签发地热线核实，
或查看检测报告等原件；仍无法核实的，按本地对无码人员的规定办理，并记录由谁决定。
"""
_ERRORS = """
## Other errors

Over HTTP they come as problem documents (RFC 9457); the command line prints them and ends with 1, 64 or 70.

| code | HTTP | {languages} |
| --- | --- |{rule}
"""


def write_page() -> str:
    """The whole page."""
    reasons = (
        f"| `{row.code}` | {row.outcome.value if row.outcome else 'note'} | {' | '.join(row.whole)} |"
        for row in REASONS.values()
    )
    others = (
        f"| `{code}` | {status} | {' | '.join(TEXTS[code])} |" for code, status in [*other_errors(), (UNEXPECTED, 500)]
    )
    return _head(_HEAD) + "\n".join(reasons) + "\n" + _BY_HAND + _head(_ERRORS) + "\n".join(others) + "\n"


def _head(text: str) -> str:
    """With a column for each language."""
    return fill(text, {"languages": " | ".join(label("language.name")), "rule": " --- |" * len(LANGUAGES)})


def other_errors() -> Iterator[tuple[str, int]]:
    """Codes that no verdict has, with their HTTP status, in the order of the tree."""
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, TongxingError) and "code" in vars(cls) and cls.code not in REASONS:
            yield cls.code, status_of(cls())
