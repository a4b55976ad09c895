"""Evidence in words, as guards and authors of rules read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, Protocol

from credentials.profile.lists import KIND_LABELS, RESULT_LABELS, EvidenceKind, EvidenceResult
from credentials.profile.words import Label


class AuthorText(NamedTuple):
    """What an author of rules reads at a terminal."""

    zh: str
    en: str


class PieceOfEvidence(Protocol):
    """Of a code or of a foreign card; None: of a kind or result that no list has. ``sampled_at``: seconds UTC."""

    @property
    def kind(self) -> EvidenceKind | None: ...

    @property
    def result(self) -> EvidenceResult | None: ...

    @property
    def sampled_at(self) -> int: ...


_UNKNOWN_KIND = Label("其他证明", "其他證明", "other evidence")
_UNKNOWN_RESULT = Label("结果未识别", "結果未能識別", "result not known here")
_NOTHING = Label("没有检测等佐证", "沒有檢測等佐證", "no test or other evidence")
_TO_COME = Label("时间尚未到", "時間尚未到", "at a time to come")
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = {
    _MINUTE: Label("分钟", "分鐘", "min"),
    _HOUR: Label("小时", "小時", "h"),
    _DAY: Label("天", "天", "d"),
}
_HOURS_UP_TO = 7 * _DAY
"""Up to this age it is told in hours, as rules count."""


def evidence_in_words(evidence: Iterable[PieceOfEvidence], at: int) -> Label:
    """What a code carries, with the age of each piece at ``at`` (seconds UTC)."""
    told = [_piece(piece, at) for piece in evidence]
    if not told:
        return _NOTHING
    zh_cn, zh_hk, en = zip(*told, strict=True)
    return Label("；".join(zh_cn), "；".join(zh_hk), "; ".join(en))


def age_in_words(seconds: int) -> Label:
    """How long ago, counted from sampling: down to the minute, for a limit is passed by minutes."""
    if seconds < 0:
        return _TO_COME
    large, small = (_HOUR, _MINUTE) if seconds < _HOURS_UP_TO else (_DAY, _HOUR)
    counts = [(seconds // large, large), (seconds % large // small, small)]
    said = [(count, _UNITS[unit]) for count, unit in counts if count] or [(0, _UNITS[_MINUTE])]
    return Label(
        " ".join(f"{count} {unit.zh_cn}" for count, unit in said) + "前",
        " ".join(f"{count} {unit.zh_hk}" for count, unit in said) + "前",
        " ".join(f"{count} {unit.en}" for count, unit in said) + " ago",
    )


def literal_in_words(value: str | int | bool) -> str:
    """A parameter as it stands in a text; truth values as JSON writes them, so that every gate says the same."""
    return str(value).lower() if type(value) is bool else str(value)


def moment_in_words(seconds: int) -> str:
    """A moment (seconds UTC) as it stands on the wall in Beijing; a number where no calendar reaches."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S+08:00")
    except OverflowError:
        return str(seconds)


def _piece(piece: PieceOfEvidence, at: int) -> Label:
    kind = _UNKNOWN_KIND if piece.kind is None else KIND_LABELS[piece.kind]
    result = _UNKNOWN_RESULT if piece.result is None else RESULT_LABELS[piece.result]
    age = age_in_words(at - piece.sampled_at)
    return Label(
        f"{kind.zh_cn}{result.zh_cn}，{age.zh_cn}",
        f"{kind.zh_hk}{result.zh_hk}，{age.zh_hk}",
        f"{kind.en}, {result.en}, {age.en}",
    )
