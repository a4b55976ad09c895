"""``tongxing verifier rules test|explain|diff``: what a rule set does, before anybody stands in front of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from credentials.errors import InvalidRequest
from credentials.foreign.facts import ForeignFacts
from credentials.model import StatusCredential
from credentials.profile.limits import EVIDENCE_TIME_STEP_SECONDS
from credentials.profile.words import label
from credentials.recognition.authoring.difference import LOOSER, OTHER, STRICTER, RuleChange, changes, tried
from credentials.recognition.authoring.explanation import ExplainedPart
from credentials.recognition.authoring.explanation import explain as explained
from credentials.recognition.authoring.lint import complaints
from credentials.recognition.card_rules import OF_CARDS, CardRule, card_input
from credentials.recognition.document import parse_rule_set
from credentials.recognition.language.certlogic import RuleState
from credentials.recognition.language.vocabulary import foreign_rule_input, rule_input
from credentials.recognition.reading import constants
from credentials.recognition.ruleset import NO_EVIDENCE, RecognitionRule, RuleResult, RuleSet
from credentials.recognition.words import evidence_in_words, moment_in_words
from credentials.verdict import Verdict
from credentials.wire import cbor
from service_kit.commands import Command
from service_kit.inputs import INPUT, Input
from service_kit.terminal import Styled, as_json, in_words, print_json, print_line
from trust_registry.commands.options import ROOT, local_clock
from verifier.keeping.offline import Sources, open_gate
from verifier.rules.files import read_rules
from verifier.rules.rehearsal import Case, Rehearsal, came_of, read_cases

DIFFERENT = 1
_Shown = StatusCredential | ForeignFacts
_Asked = tuple[_Shown, int]
"""A code or card, and when it is shown (seconds UTC)."""
_MARKS = {STRICTER: ("▲", "red"), LOOSER: ("▼", "green"), OTHER: ("·", "white")}
_STATES = {RuleState.PASS: "green", RuleState.FAIL: "red", RuleState.OPEN: "yellow"}


@click.command("test", cls=Command)
@click.argument("rules", type=INPUT)
@click.argument("cases", type=INPUT)
@as_json
@click.pass_context
def rehearse(context: click.Context, rules: Input, cases: Input, as_json: bool) -> None:
    """Judge made-up cases by a rule set, and compare with what each must come to. Ends with 1 on a difference.

    What a case may say stands in docs/operations.md.

    \b
    Example:
      tongxing verifier rules test rules.json cases.json
    """
    rule_set = parse_rule_set(read_rules(rules))
    stage, different = Rehearsal(rule_set), 0
    for case in _cases_of(cases, rule_set):
        verdict = stage.judge(case)
        came, met = came_of(verdict), case.expected.is_met(verdict)
        different += not met
        if as_json:
            print_json({"name": case.name, "met": met, "expected": case.expected._asdict(), "came": came._asdict()})
            continue
        print_line(Styled("✓", "green", bold=True) if met else Styled("✗", "red", bold=True), f" {case.name}: {came}")
        if not met:
            print_line(f"    expected {case.expected}")
        for line in _words_of(verdict):
            print_line(f"    {line}")
    context.exit(DIFFERENT if different else 0)


@click.command("explain", cls=Command)
@click.argument("rules", type=INPUT)
@click.option("--cases", type=INPUT, help="A file of cases, of which --case picks one.")
@click.option("--case", "name", help="The case to explain the rules by.")
@click.option("--code", type=INPUT, help="A code to explain the rules by; - reads it from standard input.")
@click.option("--trust", type=click.Path(path_type=Path, exists=True), help="With --code: a gate's folder or a bundle.")
@click.option("--root", type=ROOT, help="With --code: the registry's trust-root.json.")
@click.option("--environment", default="production", envvar="TONGXING_ENVIRONMENT", help="With --code.")
@as_json
def explain(
    rules: Input,
    cases: Input | None,
    name: str | None,
    code: Input | None,
    trust: Path | None,
    root: Input | None,
    environment: str,
    as_json: bool,
) -> None:
    """Say in plain words what each rule asks, part by part; for a case or a code, what each part came to.

    \b
    Example:
      tongxing verifier rules explain rules.json
      tongxing verifier rules explain rules.json --cases cases.json --case "too old"
      tongxing verifier rules explain rules.jws --code - --trust bundle.zip --root trust-root.json < code.txt
    """
    document = read_rules(rules)
    rule_set = parse_rule_set(document)
    asked: _Asked | None = None
    if cases is not None and name is not None:
        asked = _picked(_cases_of(cases, rule_set), name, Rehearsal(rule_set))
    elif code is not None and trust is not None and root is not None:
        asked = _checked(code, Sources(trust, root, rule_set.member, "venue", environment))
    elif cases or name or code:
        raise click.UsageError("give --cases with --case, or --code with --trust and --root")
    lines = list(_explanation(document, rule_set, asked))
    if as_json:
        print_json(
            {"lines": ["".join(part if isinstance(part, str) else part.text for part in line) for line in lines]}
        )
        return
    for line in lines:
        print_line(*line)


@click.command("diff", cls=Command)
@click.argument("old", type=INPUT)
@click.argument("new", type=INPUT)
@click.option("--cases", type=INPUT, help="Say also which of these cases come to another end.")
@as_json
def diff(old: Input, new: Input, cases: Input | None, as_json: bool) -> None:
    """Say what another version changes, and for which evidence it becomes stricter (▲) or looser (▼).

    \b
    Example:
      tongxing verifier rules diff rules.jws rules-2.json
    """
    documents = read_rules(old), read_rules(new)
    sets = parse_rule_set(documents[0]), parse_rule_set(documents[1])
    found = [*_chain(*sets), *changes(*documents), *tried(*sets)]
    if cases is not None:
        found += _of_cases(_cases_of(cases, sets[1]), *sets)
    if as_json:
        said = [{"direction": each.direction, **each.text.fields()} for each in found]
        print_json({"changes": said})
        return
    for direction in (STRICTER, LOOSER, OTHER):
        for change in (each for each in found if each.direction == direction):
            print_line(Styled(*_MARKS[direction], bold=True), f" {in_words(change.text)}")
    if not found:
        print_line(in_words(label("rules-diff.no-difference")))


def _explanation(document: dict[str, Any], rule_set: RuleSet, asked: _Asked | None) -> Iterator[Sequence[str | Styled]]:
    known = constants(document["parameters"], document["value_sets"])
    yield [Styled(f"{rule_set.member} set {rule_set.rule_set} version {rule_set.version}", bold=True)]
    yield [f"from {moment_in_words(rule_set.valid_from)}"]
    yield from ([f"! {complaint}"] for complaint in complaints(document))
    if "comment" in document:
        yield [f"# {document['comment']}"]
    data, applying = None, list(rule_set.rules)
    if asked is not None:
        shown, at = asked
        result, data = _judged(rule_set, shown, at)
        yield [in_words(evidence_in_words(shown.evidence, at)), f", {moment_in_words(at)}"]
        decided = f" · {result.rule.id}" if result.rule else f" · {result.detail}"
        yield [Styled(f"→ {result.state.value}{decided}", _STATES[result.state], bold=True)]
        applying = _applying(rule_set, shown)
    written = {rule["id"]: rule for rule in document["rules"]}
    for rule in applying:
        about, lines = ", ".join(written[rule.id]["kinds"]), explained(written[rule.id]["logic"], known, data)
        yield from _of_rule(rule, written[rule.id], about, lines)
    if asked is None:
        yield from _of_card_rules(document, dict.fromkeys(rule_set.card_rules))
    elif isinstance(asked[0], ForeignFacts):
        yield from _of_card_rules(document, _inputs(rule_set, asked[0], asked[1]))


def _judged(rule_set: RuleSet, shown: _Shown, at: int) -> tuple[RuleResult, dict[str, Any]]:
    """What comes of it, and what the rules for codes look at."""
    if isinstance(shown, ForeignFacts):
        return rule_set.judge_foreign(shown, at), foreign_rule_input(shown, at)
    return rule_set.judge(shown, at), rule_input(shown, at)


def _applying(rule_set: RuleSet, shown: _Shown) -> list[RecognitionRule]:
    """The rules for codes that are asked about it."""
    if isinstance(shown, ForeignFacts) and any(rule.decides_about(shown) for rule in rule_set.card_rules):
        return []
    kinds = {int(piece.kind) for piece in shown.evidence if piece.kind is not None} or {NO_EVIDENCE}
    return [rule for rule in rule_set.rules if rule.kinds & kinds]


def _inputs(rule_set: RuleSet, facts: ForeignFacts, at: int) -> dict[CardRule, dict[str, Any] | None]:
    """Of the rules that have to be asked about a card, what each looks at."""
    payload = cbor.as_json(facts.original)
    applying = (rule for rule in rule_set.card_rules if rule.applies_to(facts, at))
    return {rule: card_input(rule, payload, facts, at) for rule in applying}


def _of_card_rules(
    document: dict[str, Any], inputs: Mapping[CardRule, dict[str, Any] | None]
) -> Iterator[Sequence[str | Styled]]:
    """Rules over cards, each with what it looks at, or None for words alone."""
    known = constants({}, document["value_sets"])
    written = {rule["id"]: rule for rule in document.get("card_rules", ())}
    for rule, data in inputs.items():
        fields = written[rule.id]
        about = f"{rule.format}: {fields['kind']}, {', '.join(sorted(rule.issuers)) or '*'}"
        lines = explained(fields["logic"], known, data, OF_CARDS) if "logic" in fields else ()
        yield from _of_rule(rule, fields, about, lines)
        until = moment_in_words(rule.valid_until) if rule.valid_until else "—"
        yield [f"  {moment_in_words(rule.valid_from)} – {until}"]


def _of_rule(
    rule: RecognitionRule | CardRule, written: dict[str, Any], about: str, lines: Iterable[ExplainedPart]
) -> Iterator[Sequence[str | Styled]]:
    yield []
    yield [Styled(f"{rule.id} ({about})", bold=True)]
    yield [f"  {in_words(rule.text)}"]
    yield [f"  {in_words(label('rules-diff.needed'))}: {in_words(rule.needed)}"]
    if "comment" in written:
        yield [f"  # {written['comment']}"]
    for line in lines:
        value = [] if line.value is None else [Styled(f"  = {line.value}", bold=True)]
        yield [f"    {'  ' * line.depth}{in_words(line.text)}", *value]


def _chain(old: RuleSet, new: RuleSet) -> Iterator[RuleChange]:
    if new.previous != old.digest or new.sequence != old.sequence + 1:
        yield RuleChange(OTHER, label("rules-diff.not-the-next"))


def _of_cases(cases: list[Case], old: RuleSet, new: RuleSet) -> Iterator[RuleChange]:
    before, after = Rehearsal(old), Rehearsal(new)
    for case in cases:
        then, now = came_of(before.judge(case)), came_of(after.judge(case))
        if then != now:
            direction = LOOSER if now.outcome == "accepted" else STRICTER if then.outcome == "accepted" else OTHER
            yield RuleChange(direction, label("rules-diff.case", name=case.name, then=str(then), now=str(now)))


def _picked(cases: list[Case], name: str, stage: Rehearsal) -> _Asked:
    for case in cases:
        if case.name == name:
            if isinstance(case.shown, StatusCredential):
                return case.shown, case.at
            return _shown_by(stage.judge(case), "--case"), case.at
    raise InvalidRequest(f"--case: none of that name; there are {', '.join(case.name for case in cases[:20])}")


def _shown_by(verdict: Verdict, option: str) -> _Shown:
    shown = verdict.credential or verdict.foreign
    if shown is None:
        raise InvalidRequest(f"{option}: {verdict.reasons[0].code}")
    return shown


def _checked(code: Input, sources: Sources) -> _Asked:
    """What a code or card says, once its signature holds. Raises InvalidRequest, saying why it cannot be told."""
    gate = open_gate(sources, local_clock())
    return _shown_by(gate.check(code.text()), "--code"), gate.now().now


def _cases_of(file: Input, rule_set: RuleSet) -> list[Case]:
    content = file.json()
    # Evidence counts from full ten minutes: at such a moment "48 hours ago" is 48 hours and no minute.
    soonest = max(rule_set.valid_from, local_clock().now())
    at = -(-soonest // EVIDENCE_TIME_STEP_SECONDS) * EVIDENCE_TIME_STEP_SECONDS
    with file.named():
        return read_cases(content, rule_set.member, at)


def _words_of(verdict: Verdict) -> Iterator[str]:
    for finding in verdict.reasons:
        yield in_words(finding.words)
