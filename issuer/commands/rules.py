"""``tongxing issuer rules …``: the rules by which a province decides (赋码规则), from a template to the mirror."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from credentials.decisions.rules.authoring import explain_entry, status_complaints
from credentials.decisions.rules.difference import status_changes, status_tried
from credentials.decisions.rules.document import STATUS_RULES_TYPE, parse_status_rules, sign_status_rules
from credentials.decisions.rules.status_rules import Ruling, StatusRules
from credentials.decisions.rules.template import template
from credentials.decisions.rules.vocabulary import decision_input
from credentials.errors import InvalidRequest, RuleSetInvalid
from credentials.profile.lists import STATUS_LABELS
from credentials.profile.words import label
from credentials.recognition.authoring.amendment import successor
from credentials.recognition.authoring.difference import LOOSER, OTHER, STRICTER, RuleChange
from credentials.recognition.words import moment_in_words
from issuer.commands.opening import opened
from issuer.desk.rules_guard import require_released
from issuer.rules.cases import StatusCase, read_status_cases
from issuer.rules.dry_run import DryRun, dry_run, open_sealed, sealed
from issuer.rules.publication import publish_rules
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, OUTPUT, Input
from service_kit.terminal import Styled, as_json, in_words, print_json, print_line, print_result
from trust_registry.commands.options import MEMBER, local_clock, passphrase_file
from trust_registry.commands.rule_files import (
    moment,
    read_plain,
    read_signed_or_plain,
    require_signed,
    sign_rules,
    write_rules,
)

DIFFERENT = 1
_MARKS = {STRICTER: ("▲", "red"), LOOSER: ("▼", "green"), OTHER: ("·", "white")}
_document = click.argument("document", metavar="RULES", type=INPUT)
_output = click.option("-o", "--output", type=OUTPUT, help="[default: standard output]")


@click.group(cls=Group)
def rules() -> None:
    """The rules by which this province decides who is green, yellow, red or pending (赋码规则)."""


@rules.command("template")
@click.option("--member", type=MEMBER, help="Whose rules, as CN-41.")
@click.option("--after", type=INPUT, help="Make the next version of these instead, signed or not.")
@click.option("--valid-from", type=moment, metavar="TIME", help="When it counts: ISO 8601 or seconds. [default: now]")
@_output
def template_command(member: str | None, after: Input | None, valid_from: int | None, output: Path | None) -> None:
    """Print rules to begin with, which decide as those that are built in; or the next version of published ones.

    \b
    Examples:
      tongxing issuer rules template --member CN-41 > rules.json
      tongxing issuer rules template --after rules.jws --valid-from 2026-11-21T12:00+08:00 > rules-2.json
    """
    if (member is None) == (after is None):
        raise click.UsageError("give --member, or --after with the version before: one of them")
    begins = local_clock().now() if valid_from is None else valid_from
    content = successor(_read(after), begins) if after else template(str(member), valid_from=begins)
    write_rules(content, output, parse_status_rules)


@rules.command("explain")
@_document
@click.option("--cases", type=INPUT, help="A file of cases, of which --case picks one.")
@click.option("--case", "name", help="The case to explain the rules by.")
@as_json
def explain_command(document: Input, cases: Input | None, name: str | None, as_json: bool) -> None:
    """Say in plain words what each entry asks, part by part; for a case, what each part came to.

    \b
    Example:
      tongxing issuer rules explain rules.json --cases cases.json --case "a contact of yesterday"
    """
    if (cases is None) != (name is None):
        raise click.UsageError("give --cases with --case")
    content = _read(document)
    known = parse_status_rules(content)
    case = None if cases is None else _picked(_cases_of(cases, known), str(name))
    lines = list(_explanation(content, known, case))
    if as_json:
        print_json({"lines": ["".join(map(_plain, line)) for line in lines]})
        return
    for line in lines:
        print_line(*line)


@rules.command("test")
@_document
@click.argument("cases", type=INPUT)
@as_json
@click.pass_context
def test_command(context: click.Context, document: Input, cases: Input, as_json: bool) -> None:
    """Decide about made-up people, and compare with what must come of each. Ends with 1 on a difference.

    \b
    Example:
      tongxing issuer rules test rules.json cases.json
    """
    known, different = parse_status_rules(_read(document)), 0
    for case in _cases_of(cases, known):
        ruling = known.decide(case.facts, case.at)
        met = case.is_met(ruling)
        different += not met
        if as_json:
            print_json({"name": case.name, "met": met, "expected": case.expected, "came": _ruled(ruling)})
            continue
        print_line(
            Styled("✓", "green", bold=True) if met else Styled("✗", "red", bold=True), f" {case.name}: {_told(ruling)}"
        )
        if not met:
            print_line(f"    expected {', '.join(f'{name} {value}' for name, value in case.expected.items())}")
    context.exit(DIFFERENT if different else 0)


@rules.command("diff")
@click.argument("old", type=INPUT)
@click.argument("new", type=INPUT)
@as_json
def diff_command(old: Input, new: Input, as_json: bool) -> None:
    """Say what another version changes, and whom it makes graver (▲) or lighter (▼).

    \b
    Example:
      tongxing issuer rules diff rules.jws rules-2.json
    """
    documents = _read(old), _read(new)
    before, after = map(parse_status_rules, documents)
    found = [*_chain(before, after), *status_changes(*documents), *status_tried(before, after)]
    if as_json:
        print_json({"changes": [{"direction": each.direction, **each.text.fields()} for each in found]})
        return
    for direction in (STRICTER, LOOSER, OTHER):
        for change in (each for each in found if each.direction == direction):
            print_line(Styled(*_MARKS[direction], bold=True), f" {in_words(change.text)}")
    if not found:
        print_line(in_words(label("rules-diff.no-difference")))


@rules.command("dry-run")
@_document
@_output
@as_json
def dry_run_command(document: Input, output: Path | None, as_json: bool) -> None:
    """Say how many people on file would change, from what to what, by region; nothing is changed.

    The result is a file that `publish` asks for: it is good for this document and these people, and for a while.

    \b
    Example:
      tongxing issuer rules dry-run rules-2.json -o dry-run.json
    """
    office, content = opened(), _read(document)
    at = office.now()
    url = office.engine.url.render_as_string(hide_password=False)
    bonded_by = office.issuance.secrets.bond_key
    result = dry_run(url, office.rules.document(at), content, at, bonded_by=bonded_by)
    told = sealed(result, office.issuance.secrets.report_key)
    if output is not None:
        write_atomic(output, f"{json.dumps(told, ensure_ascii=False)}\n".encode())
    if as_json or output is None:
        print_json(told)
    else:
        for line in _summary(result):
            print_line(line)


@rules.command("sign")
@_document
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A rules key.")
@passphrase_file
@_output
@as_json
def sign_command(document: Input, key: Path, passphrase_file: Path | None, output: Path | None, as_json: bool) -> None:
    """Check rules and sign them with the member's rules key, on the machine where that lies.

    \b
    Example:
      tongxing issuer rules sign rules-2.json --key henan/keys/rules-1.pem -o rules-2.jws
    """
    content = read_plain(document, parse_status_rules)
    found = status_complaints(content)
    if found:
        raise RuleSetInvalid("; ".join(found))
    sign_rules(sign_status_rules, content, key, passphrase_file, output, as_json)


@rules.command("publish")
@click.argument("document", metavar="RULES.jws", type=INPUT)
@click.option("--dry-run", "result", required=True, type=INPUT, help="What `rules dry-run` gave for this document.")
@click.option("--release", type=INPUT, help="Of what is held: the signature of a second authority over RULES.jws.")
@as_json
def publish_command(document: Input, result: Input, release: Input | None, as_json: bool) -> None:
    """Bring signed rules to the mirror and into force at their moment, in every worker, without a restart.

    Rules that change too many people of a region at once are held, until an approver or administrator of staff who has
    seen the dry run signs them by `issuer decision sign`.

    \b
    Examples:
      tongxing issuer rules publish rules-2.jws --dry-run dry-run.json
      tongxing issuer rules publish rules-2.jws --dry-run dry-run.json --release release.json
    """
    require_signed(document, "issuer rules sign", STATUS_RULES_TYPE)
    office, compact = opened(False), document.text().strip()
    made = result.json_object()
    with result.named():
        tried = open_sealed(made, office.issuance.secrets.report_key)
    require_released(office.desk, compact, tried, None if release is None else release.json(), office.now())
    published = publish_rules(
        office.rules, office.listing.trust, office.mirror, compact, tried, office.now(), office.settings.dry_run_seconds
    )
    told = {"sequence": published.sequence, "version": published.version, "valid_from": published.valid_from}
    begins = moment_in_words(published.valid_from)
    print_result(as_json, told, [f"rule set {published.rule_set} version {published.version}: counts from {begins}"])


def _read(file: Input) -> dict[str, Any]:
    return read_signed_or_plain(file, parse_status_rules)


def _cases_of(file: Input, known: StatusRules) -> list[StatusCase]:
    content = file.json()
    with file.named():
        return read_status_cases(content, max(known.valid_from, local_clock().now()))


def _picked(cases: list[StatusCase], name: str) -> StatusCase:
    for case in cases:
        if case.name == name:
            return case
    raise InvalidRequest(f"--case: none of that name; there are {', '.join(case.name for case in cases[:20])}")


def _ruled(ruling: Ruling) -> dict[str, Any]:
    status = None if ruling.is_open else ruling.entry.status.label
    return {"status": status, "entry": ruling.entry.id, "open": ruling.is_open}


def _told(ruling: Ruling) -> str:
    if ruling.is_open:
        return in_words(label("status-rules.is-open", entry=ruling.entry.id))
    return f"{in_words(STATUS_LABELS[ruling.entry.status])} ({ruling.entry.id})"


def _explanation(
    content: dict[str, Any], known: StatusRules, case: StatusCase | None
) -> Iterator[Sequence[str | Styled]]:
    yield [Styled(f"{known.member} set {known.rule_set} version {known.version}", bold=True)]
    yield [f"from {moment_in_words(known.valid_from)}"]
    yield from ([f"! {complaint}"] for complaint in status_complaints(content))
    if "comment" in content:
        yield [f"# {content['comment']}"]
    data = None
    if case is not None:
        data = decision_input(case.facts, case.at)
        yield [Styled(f"→ {_told(known.decide(case.facts, case.at))}", bold=True)]
    for number, entry in enumerate(known.entries, start=1):
        yield []
        status = in_words(STATUS_LABELS[entry.status])
        yield [
            Styled(f"{number}. {entry.id} → {status}", bold=True),
            f", {entry.hours} h",
        ]
        yield [f"   {in_words(entry.text)}"]
        for line in explain_entry(content, entry.id, data):
            value = [] if line.value is None else [Styled(f"  = {line.value}", bold=True)]
            yield [f"     {'  ' * line.depth}{in_words(line.text)}", *value]


def _plain(part: str | Styled) -> str:
    return part if isinstance(part, str) else part.text


def _chain(old: StatusRules, new: StatusRules) -> Iterator[RuleChange]:
    if new.previous != old.digest or new.sequence != old.sequence + 1:
        yield RuleChange(OTHER, label("status-rules.not-the-next"))


def _summary(result: DryRun) -> Iterator[str]:
    yield in_words(label("status-rules.dry-run", people=result.people, changed=result.changed, by_hand=result.by_hand))
    for region, before, after, people in sorted(result.changes, key=lambda change: -change.people):
        yield f"{people:>9}  {region or '-':>6}  {before} → {after}"
    for entry, people in result.open.items():
        yield in_words(label("status-rules.open-for", entry=entry, people=people))
