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
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.ruleset import RuleSet
from credentials.recognition.words import AuthorText, literal_in_words, moment_in_words

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
    RuleState.PASS: AuthorText("通过", "passes"),
    RuleState.FAIL: AuthorText("不通过", "fails"),
    RuleState.OPEN: AuthorText("无法判定", "is open"),
}


class RuleChange(NamedTuple):
    """One change: whether it is stricter, looser or neither, and in words."""

    direction: str
    text: AuthorText


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[RuleChange]:
    """What two documents (that ``parse_rule_set`` takes) say differently, apart from what their rules' logic means."""
    return [*_lists(old, new), *_denials(old, new), *changes_of_head(old, new), *changes_of_rules(old, new, "rules")]


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
    for field, zh, en in (("accepted_statuses", "准入状态", "status"), ("accepted_forms", "准入形式", "form")):
        before, after = (set(document.get(field, every_form)) for document in (old, new))
        for label in sorted(before - after):
            yield RuleChange(STRICTER, AuthorText(f"{zh}：不再接受 {label}", f"{en} no longer accepted: {label}"))
        for label in sorted(after - before):
            yield RuleChange(LOOSER, AuthorText(f"{zh}：开始接受 {label}", f"{en} newly accepted: {label}"))


def _denials(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    before, after = ({each["member"]: each["expires_at"] for each in document["denials"]} for document in (old, new))
    for member in sorted(before.keys() | after.keys()):
        ends, ended = after.get(member, 0), before.get(member, 0)
        if ends > ended:
            until = moment_in_words(ends)
            yield RuleChange(STRICTER, AuthorText(f"暂停互认 {member}，至 {until}", f"{member} denied until {until}"))
        elif ends < ended:
            said = AuthorText(f"提前恢复互认 {member}", f"{member} denied no longer, or for less long")
            yield RuleChange(LOOSER, said)


def _validity(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    if old["member"] != new["member"]:
        yield RuleChange(OTHER, AuthorText("属于另一成员", "of another member"))
    for field, zh, en in (("valid_from", "生效", "in force from"), ("valid_until", "失效", "in force until")):
        if old.get(field) != new.get(field):
            time = moment_in_words(new[field]) if field in new else "—"
            yield RuleChange(OTHER, AuthorText(f"{zh}：{time}", f"{en} {time}"))


def _constants(old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
    before, after = old["parameters"], new["parameters"]
    for name in sorted(before.keys() | after.keys()):
        # With their types: 1 and true are one to Python.
        if (type(before.get(name)), before.get(name)) != (type(after.get(name)), after.get(name)):
            step = " → ".join(literal_in_words(parameters.get(name, "—")) for parameters in (before, after))
            yield RuleChange(OTHER, AuthorText(f"参数 {name}：{step}", f"parameter {name}: {step}"))
    before, after = old["value_sets"], new["value_sets"]
    for name in sorted(before.keys() | after.keys()):
        gone, come = (_without(before, after, name), _without(after, before, name))
        if gone or come:
            yield RuleChange(
                OTHER, AuthorText(f"名单 {name}：增 {come}，减 {gone}", f"value set {name}: {come} more, {gone} gone")
            )


def _without(these: dict[str, Any], those: dict[str, Any], name: str) -> int:
    known = [(type(item), item) for item in those.get(name, [])]
    return sum((type(item), item) not in known for item in these.get(name, []))


def _rules(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[RuleChange]:
    before, after = ({rule["id"]: rule for rule in rules} for rules in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield RuleChange(OTHER, AuthorText(f"规则 {name}：删去", f"rule {name}: removed"))
        elif name not in before:
            yield RuleChange(OTHER, AuthorText(f"规则 {name}：新增", f"rule {name}: added"))
        else:
            parts = sorted(part for part in after[name] if before[name].get(part) != after[name][part])
            if parts:
                said = ", ".join(parts)
                yield RuleChange(OTHER, AuthorText(f"规则 {name}：改动 {said}", f"rule {name}: {said} changed"))


def _made_up() -> Iterator[tuple[list[tuple[Evidence, ...]], AuthorText]]:
    """The evidence of each trial, one for each age, and what to call it."""
    yield [()], AuthorText("没有佐证", "no evidence")
    for kind, kind_words in KIND_LABELS.items():
        for result, result_words in RESULT_LABELS.items():
            single = [Evidence(kind, result, _AT - age * _HOUR, _REGION) for age in AGES]
            words = AuthorText(
                f"{kind_words.of('zh-CN')}{result_words.of('zh-CN')}", f"{kind_words.of('en')}, {result_words.of('en')}"
            )
            yield [(piece,) for piece in single], words
            if kind is not EvidenceKind.NUCLEIC_ACID:
                both = AuthorText(
                    f"{words.zh}，另有 1 小时前核酸阴性", f"{words.en}, beside a negative test of an hour ago"
                )
                yield [(piece, _FRESH) for piece in single], both


def _stretches(
    sets: tuple[RuleSet, RuleSet], trials: list[tuple[Evidence, ...]], words: AuthorText
) -> Iterator[RuleChange]:
    answers = [tuple(each.judge(_code(evidence), _AT).state for each in sets) for evidence in trials]
    numbered = groupby(range(len(answers)), key=lambda number: answers[number])
    for (before, after), numbers in numbered:
        if before is not after:
            ages = [AGES[number] for number in numbers]
            yield RuleChange(
                _direction(before, after), _told(words, ages if len(ages) < len(trials) else [], before, after)
            )


def _direction(before: RuleState, after: RuleState) -> str:
    if after is RuleState.PASS:
        return LOOSER
    return STRICTER if before is RuleState.PASS else OTHER


def _told(words: AuthorText, ages: list[int], before: RuleState, after: RuleState) -> AuthorText:
    zh, en = words
    if ages:
        zh, en = f"{zh}，{span_of_ages(ages, '小时', '天')}前", f"{en}, {span_of_ages(ages, 'h', 'd')} ago"
    then, now = _STATES[before], _STATES[after]
    return AuthorText(f"{zh}：原{then.zh}，现{now.zh}", f"{en}: {then.en} → {now.en}")


def span_of_ages(ages: list[int], hours: str, days: str) -> str:
    """A stretch of AGES in words."""
    told = [f"{age} {hours}" if age <= _HOURLY else f"{age // 24} {days}" for age in dict.fromkeys((ages[0], ages[-1]))]
    return " – ".join(told) + ("+" if ages[-1] == AGES[-1] else "")


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
