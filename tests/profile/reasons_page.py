"""``docs/reasons.md``, written from ``credentials/profile``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from credentials import errors
from credentials.errors import TongxingError
from credentials.profile.reasons import REASONS
from service_kit.http.problems import status_of
from service_kit.locale import TEXTS, UNEXPECTED

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"
_HEAD = """# Reasons and error codes

Made by `make profile` from `credentials/profile/reasons.py` and `service_kit/locale.py`: change it there. A code is
stable for ever; its text may be reworded. Each reason has at least one bad sample in `tests/vectors/native.json`; what
the gate finds by its memory (`replayed` and its kin) is tested at the gate.

## Reasons of a verdict, most important first

A verdict lists all that was found; the first gives the outcome ([verdict.md](verdict.md)).

Where the member that can help is known, its hotline is added to the text: the issuer's, or the host's whose rules
decided.

| code | outcome | 简体中文 | 繁體中文（香港） | English |
| --- | --- | --- | --- | --- |
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

| code | HTTP | 简体中文 | 繁體中文（香港） | English |
| --- | --- | --- | --- | --- |
"""


def write_page() -> str:
    """The whole page."""
    reasons = (
        f"| `{row.code}` | {row.outcome.value if row.outcome else 'note'} | {row.zh} | {row.zh_hk} | {row.en} |"
        for row in REASONS.values()
    )
    others = (
        f"| `{code}` | {status} | {TEXTS[code].zh_cn} | {TEXTS[code].zh_hk} | {TEXTS[code].en} |"
        for code, status in [*other_errors(), (UNEXPECTED, 500)]
    )
    return _HEAD + "\n".join(reasons) + "\n" + _BY_HAND + _ERRORS + "\n".join(others) + "\n"


def other_errors() -> Iterator[tuple[str, int]]:
    """Codes that no verdict has, with their HTTP status, in the order of the tree."""
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, TongxingError) and "code" in vars(cls) and cls.code not in REASONS:
            yield cls.code, status_of(cls())
