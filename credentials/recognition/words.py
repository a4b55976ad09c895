"""Evidence in words, as guards and authors of rules read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Protocol

from credentials.profile.lists import KIND_LABELS, RESULT_LABELS, EvidenceKind, EvidenceResult
from credentials.profile.words import Label, joined, label


class PieceOfEvidence(Protocol):
    """Of a code or of a foreign card; None: of a kind or result that no list has. ``sampled_at``: seconds UTC."""

    @property
    def kind(self) -> EvidenceKind | None: ...

    @property
    def result(self) -> EvidenceResult | None: ...

    @property
    def sampled_at(self) -> int: ...


_EPOCH = datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = {_MINUTE: label("unit.minute"), _HOUR: label("unit.hour"), _DAY: label("unit.day")}
_HOURS_UP_TO = 7 * _DAY
"""Up to this age it is told in hours, as rules count."""


def evidence_in_words(evidence: Iterable[PieceOfEvidence], at: int) -> Label:
    """What a code carries, with the age of each piece at ``at`` (seconds UTC)."""
    told = [_piece(piece, at) for piece in evidence]
    return joined(told, "join.clauses") if told else label("evidence.nothing")


def age_in_words(seconds: int) -> Label:
    """How long ago, counted from sampling: down to the minute, for a limit is passed by minutes."""
    if seconds < 0:
        return label("evidence.to-come")
    large, small = (_HOUR, _MINUTE) if seconds < _HOURS_UP_TO else (_DAY, _HOUR)
    counts = [(seconds // large, large), (seconds % large // small, small)]
    said = [_counted(count, unit) for count, unit in counts if count] or [_counted(0, _MINUTE)]
    return label("evidence.ago", age=joined(said, "unit.counts"))


def literal_in_words(value: str | int | bool) -> str:
    """A parameter as it stands in a text; truth values as JSON writes them, so that every gate says the same."""
    return str(value).lower() if type(value) is bool else str(value)


def moment_in_words(seconds: int) -> str:
    """A moment (seconds UTC) as it stands on the wall in Beijing; a number where no calendar reaches."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S+08:00")
    except OverflowError:
        return str(seconds)


def _counted(count: int, unit: int) -> Label:
    return label("unit.count", count=count, unit=_UNITS[unit])


def _result(piece: PieceOfEvidence) -> Label:
    """A vaccination is inconclusive when doses are missing, which nobody would read in that word."""
    if piece.kind is EvidenceKind.VACCINATION and piece.result is EvidenceResult.INCONCLUSIVE:
        return label("evidence.series-open")
    return label("evidence.unknown-result") if piece.result is None else RESULT_LABELS[piece.result]


def _piece(piece: PieceOfEvidence, at: int) -> Label:
    kind = label("evidence.unknown-kind") if piece.kind is None else KIND_LABELS[piece.kind]
    return label("evidence.piece", kind=kind, result=_result(piece), age=age_in_words(at - piece.sampled_at))
