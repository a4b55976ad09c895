"""What another version of a rule set changes, and for whom it becomes stricter or looser.

The plain lists (statuses, forms, denials, parameters) are compared as they stand. What a changed rule means for people
is not read off its logic but tried: both versions judge the same made-up evidence, each kind and result, alone and
beside a fresh test, from now to 400 days back, and every stretch of ages on which they differ is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from credentials.model import Evidence, RuleSetReference, StatusCredential
from credentials.profile.limits import EVIDENCE_TIME_STEP_SECONDS, MIN_TIME_SECONDS
from credentials.profile.lists import KIND_LABELS, RESULT_LABELS, EvidenceKind, EvidenceResult, Form, Reason, Status
from credentials.profile.words import Label, label
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.ruleset import RuleSet
from credentials.recognition.words import literal_in_words, moment_in_words

STRICTER, LOOSER, OTHER = "stricter", "looser", "other"
_HOUR = 3600
_HOURLY = 10 * 24
AGES = (*range(_HOURLY + 1), *range(_HOURLY + 24, 401 * 24, 24))
"""Hours that made-up evidence is old: every hour for ten days, then every day."""
_AT = 1_800_000_000 // EVIDENCE_TIME_STEP_SECONDS * EVIDENCE_TIME_STEP_SECONDS
"""The moment at which it is tried; any would do, for rules count from sampling."""
_REGION = 110_000
_FRESH = Evidence(EvidenceKind.NUCLEIC_ACID, EvidenceResult.NEGATIVE, _AT - _HOUR, _REGION)
_STATES = {
    RuleState.PASS: label("rules-diff.passes"),
    RuleState.FAIL: label("rules-diff.fails"),
    RuleState.OPEN: label("rules-diff.is-open"),
}


class RuleChange(NamedTuple):
    """One change: whether it is stricter, looser or neither, and in words."""

    direction: str
    text: Label


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[RuleChange]:
    """What two documents (that ``parse_rule_set`` takes) say differently, apart from what their rules' logic means."""
    return [*_lists(old, new), *_denials(old, new), *changes_of_head(old, new), *_of_rules(old, new)]


def _of_rules(old: dict[str, Any], new: dict[str, Any]) -> list[RuleChange]:
    none: dict[str, Any] = {"card_rules": []}
    return [*changes_of_rules(old, new, "rules"), *changes_of_rules(none | old, none | new, "card_rules")]


def changes_of_head(old: dict[str, Any], new: dict[str, Any]) -> list[RuleChange]:
    """What two sets of rules, of gates or of an issuer, say differently of their time and their constants."""
    return [*_validity(old, new), *_constants(old, new)]


def changes_of_rules(old: dict[str, Any], new: dict[str, Any], field: str) -> list[RuleChange]:
    """Which rules came, went or changed; ``field``: where they stand."""
    return list(_rules(old[field], new[field]))


def tried(old: RuleSet, new: RuleSet) -> list[RuleChange]:
    """For which evidence the two come to another answer."""
    always = {"valid_from": MIN_TIME_SECONDS, "valid_until": None}
    sets = replace(old, **always), replace(new, **always)  # type: ignore[arg-type]
    return [change for evidence, words in _made_up() for change in _stretches(sets, evidence, words)]


def _lists(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    every_form = [form.label for form in Form]
    for field in ("accepted_statuses", "accepted_forms"):
        before, after = (set(document.get(field, every_form)) for document in (old, new))
        name = label(f"rules-diff.{field}")
        for value in sorted(before - after):
            yield RuleChange(STRICTER, label("rules-diff.no-longer-accepted", list=name, value=value))
        for value in sorted(after - before):
            yield RuleChange(LOOSER, label("rules-diff.newly-accepted", list=name, value=value))


def _denials(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    before, after = ({each["member"]: each["expires_at"] for each in document["denials"]} for document in (old, new))
    for member in sorted(before.keys() | after.keys()):
        ends, ended = after.get(member, 0), before.get(member, 0)
        if ends > ended:
            until = moment_in_words(ends)
            yield RuleChange(STRICTER, label("rules-diff.denied-until", member=member, until=until))
        elif ends < ended:
            said = label("rules-diff.denied-no-longer-or-for-less", member=member)
            yield RuleChange(LOOSER, said)


def _validity(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    if old["member"] != new["member"]:
        yield RuleChange(OTHER, label("rules-diff.of-another-member"))
    for field in ("valid_from", "valid_until"):
        if old.get(field) != new.get(field):
            time = moment_in_words(new[field]) if field in new else "—"
            yield RuleChange(OTHER, label(f"rules-diff.{field}", time=time))


def _constants(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    before, after = old["parameters"], new["parameters"]
    for name in sorted(before.keys() | after.keys()):
        # With their types: 1 and true are one to Python.
        if (type(before.get(name)), before.get(name)) != (type(after.get(name)), after.get(name)):
            step = " → ".join(literal_in_words(parameters.get(name, "—")) for parameters in (before, after))
            yield RuleChange(OTHER, label("rules-diff.parameter", name=name, step=step))
    before, after = old["value_sets"], new["value_sets"]
    for name in sorted(before.keys() | after.keys()):
        gone, come = (_without(before, after, name), _without(after, before, name))
        if gone or come:
            yield RuleChange(OTHER, label("rules-diff.value-set-more-gone", name=name, come=come, gone=gone))


def _without(these: dict[str, Any], those: dict[str, Any], name: str) -> int:
    known = [(type(item), item) for item in those.get(name, [])]
    return sum((type(item), item) not in known for item in these.get(name, []))


def _rules(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[RuleChange]:
    before, after = ({rule["id"]: rule for rule in rules} for rules in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield RuleChange(OTHER, label("rules-diff.rule-removed", name=name))
        elif name not in before:
            yield RuleChange(OTHER, label("rules-diff.rule-added", name=name))
        else:
            parts = sorted(part for part in after[name] if before[name].get(part) != after[name][part])
            if parts:
                said = ", ".join(parts)
                yield RuleChange(OTHER, label("rules-diff.rule-changed", name=name, said=said))


def _made_up() -> Iterator[tuple[list[tuple[Evidence, ...]], Label]]:
    """The evidence of each trial, one for each age, and what to call it."""
    yield [()], label("rules-diff.no-evidence")
    for kind, kind_words in KIND_LABELS.items():
        for result, result_words in RESULT_LABELS.items():
            single = [Evidence(kind, result, _AT - age * _HOUR, _REGION) for age in AGES]
            words = label("rules-diff.evidence", kind=kind_words, result=result_words)
            yield [(piece,) for piece in single], words
            if kind is not EvidenceKind.NUCLEIC_ACID:
                yield [(piece, _FRESH) for piece in single], label("rules-diff.beside-a-test", evidence=words)


def _stretches(sets: tuple[RuleSet, RuleSet], trials: list[tuple[Evidence, ...]], words: Label) -> Iterator[RuleChange]:
    answers = [tuple(each.judge(code, _AT).state for each in sets) for code in map(_code, trials)]
    numbered = groupby(range(len(answers)), key=lambda number: answers[number])
    for (before, after), numbers in numbered:
        if before is not after:
            ages = [AGES[number] for number in numbers]
            yield RuleChange(
                _direction(before, after),
                told(words, ages if len(ages) < len(trials) else [], _STATES[before], _STATES[after]),
            )


def _direction(before: RuleState, after: RuleState) -> str:
    if after is RuleState.PASS:
        return LOOSER
    return STRICTER if before is RuleState.PASS else OTHER


def told(words: Label, ages: list[int], before: Label, after: Label) -> Label:
    """What it was and is for evidence in these words: for a stretch of AGES, or for all."""
    if ages:
        words = label("rules-diff.of-age", evidence=words, age=_span(ages))
    return label("rules-diff.step", evidence=words, old=before, new=after)


def _span(ages: list[int]) -> Label:
    told = [_age(age) for age in dict.fromkeys((ages[0], ages[-1]))]
    span = told[0] if len(told) == 1 else label("rules-diff.span", first=told[0], last=told[1])
    return label("rules-diff.and-older", age=span) if ages[-1] == AGES[-1] else span


def _age(hours: int) -> Label:
    count, unit = (hours, "unit.hour") if hours <= _HOURLY else (hours // 24, "unit.day")
    return label("unit.count", count=count, unit=label(unit))


def _code(evidence: tuple[Evidence, ...]) -> StatusCredential:
    return _BLANK._replace(evidence=evidence)


_BLANK = StatusCredential(
    issuer="CN-11",
    issued_at=_AT,
    expires_at=_AT + _HOUR,
    cti=bytes(8),
    status=Status.GREEN,
    reason=Reason.TEST_RECENT,
    rule_set=RuleSetReference(0, 0),
    evaluated_before=0,
    evidence=(),
    holder_name="*",
    document_tail="0000",
    form=Form.PAPER,
)
