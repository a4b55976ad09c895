"""Evidence in words, as guards and authors of rules read it, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from credentials.model import Evidence
from credentials.profile.lists import KIND_LABELS, RESULT_LABELS
from credentials.recognition.ruleset import RuleText

KINDS = {kind: RuleText(label.zh_cn, label.en) for kind, label in KIND_LABELS.items()}
RESULTS = {result: RuleText(label.zh_cn, label.en) for result, label in RESULT_LABELS.items()}
_NOTHING = RuleText("没有检测等佐证", "no test or other evidence")
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = {_MINUTE: ("分钟", "min"), _HOUR: ("小时", "h"), _DAY: ("天", "d")}
_HOURS_UP_TO = 7 * _DAY
"""Up to this age it is told in hours, as rules count."""


def evidence_in_words(evidence: Iterable[Evidence], at: int) -> RuleText:
    """What a code carries, with the age of each piece at ``at`` (seconds UTC)."""
    told = [_piece(piece, at) for piece in evidence]
    return RuleText("；".join(text.zh for text in told), "; ".join(text.en for text in told)) if told else _NOTHING


def age_in_words(seconds: int) -> RuleText:
    """How long ago, counted from sampling: down to the minute, for a limit is passed by minutes."""
    if seconds < 0:
        return RuleText("时间尚未到", "at a time to come")
    large, small = (_HOUR, _MINUTE) if seconds < _HOURS_UP_TO else (_DAY, _HOUR)
    counts = [(seconds // large, large), (seconds % large // small, small)]
    said = [(count, *_UNITS[unit]) for count, unit in counts if count] or [(0, *_UNITS[_MINUTE])]
    return RuleText(
        " ".join(f"{count} {zh}" for count, zh, _ in said) + "前",
        " ".join(f"{count} {en}" for count, _, en in said) + " ago",
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


def _piece(piece: Evidence, at: int) -> RuleText:
    kind, result, age = KINDS[piece.kind], RESULTS[piece.result], age_in_words(at - piece.sampled_at)
    return RuleText(f"{kind.zh}{result.zh}，{age.zh}", f"{kind.en}, {result.en}, {age.en}")
