"""``tongxing verifier rules …``: a member's recognition rules, begun, changed, signed and looked at (互认规则)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from credentials.errors import InvalidRequest, RuleSetInvalid
from credentials.profile.languages import COMMON, LANGUAGES, field_of
from credentials.profile.words import label
from credentials.recognition.authoring import amendment
from credentials.recognition.authoring.lint import complaints
from credentials.recognition.authoring.template import template
from credentials.recognition.document import parse_rule_set, sign_rule_set
from credentials.recognition.words import literal_in_words, moment_in_words
from service_kit.commands import Group
from service_kit.inputs import INPUT, OUTPUT, FolderOrFile, Input
from service_kit.locale import reader_languages
from service_kit.terminal import as_json, in_words, print_json, print_line
from trust_registry.commands.options import MEMBER, local_clock, passphrase_file
from trust_registry.commands.rule_files import moment, sign_rules, write_rules
from verifier.commands.rules_study import diff, explain, rehearse
from verifier.rules.files import read_document, read_rules
from verifier.rules.published import PublishedRule, chosen, entries_of, named_value_sets, read_published

_document = click.argument("document", metavar="RULES", type=INPUT)
_output = click.option("-o", "--output", type=OUTPUT, help="[default: standard output]")
_valid_from = click.option(
    "--valid-from", type=moment, metavar="TIME", help="When it comes into force: ISO 8601 or seconds. [default: now]"
)
_draft = click.option(
    "--draft", is_flag=True, help="RULES is not published yet: change it, instead of making the version after it."
)
TEMPLATE_HOURS = 48
"""That a test counts, unless the author says otherwise."""
_INTEGER = re.compile("-?[0-9]{1,15}")
_TRUTHS = {"true": True, "false": False}


def _reason_option(language: str) -> str:
    return f"--reason-{field_of(language).replace('_', '-')}"


def _reasons(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each language: why somebody is denied."""
    for language, name in reversed(label("language.name").by_language().items()):
        command = click.option(_reason_option(language), help=f"Why, for people at the gate: {name}.")(command)
    return command


@click.group(cls=Group)
def rules() -> None:
    """A member's recognition rules (互认规则): what other members' codes must say at its gates."""


@rules.command("template")
@click.option("--member", required=True, type=MEMBER, help="Whose rules, as CN-44.")
@click.option(
    "--hours", default=TEMPLATE_HOURS, show_default=True, type=click.IntRange(2, 168), help="How long a test counts."
)
@click.option(
    "--for-old-gates", is_flag=True, help="Texts in Chinese and English alone, for gates that are not updated yet."
)
def template_command(member: str, hours: int, for_old_gates: bool) -> None:
    """Print a rule set to begin with; its comments say what to look at. Edit it, test it, sign it.

    \b
    Example:
      tongxing verifier rules template --member CN-44 --hours 48 > rules.json
    """
    document = template(member, hours, valid_from=local_clock().now())
    _write(amendment.for_old_gates(document) if for_old_gates else document, None)


@rules.command("set")
@_document
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="May be given several times.")
@_valid_from
@click.option("--valid-until", type=moment, metavar="TIME", help="When it ends, exclusive. [default: no end]")
@_draft
@_output
def set_command(
    document: Input, parameters: tuple[str, ...], valid_from: int | None, valid_until: int | None, draft: bool,
    output: Path | None,
) -> None:  # fmt: skip
    """Make the next version with other parameters: version and sequence count up, and it names the one before.

    With a time to come gates have it before it counts, and change all at once.

    \b
    Example:
      tongxing verifier rules set rules.json --parameter nucleic_acid_hours=24 \\
        --valid-from 2026-11-21T12:00+08:00 -o rules-2.json
    """
    changed = _begun(read_rules(document), valid_from, draft)
    changed = amendment.with_parameters(changed, _values(parameters, changed["parameters"]))
    if valid_until is not None:
        changed |= {"valid_until": valid_until}
    _write(changed, output)


@rules.command("deny")
@_document
@click.argument("member", type=MEMBER)
@_reasons
@click.option(
    "--until", type=moment, metavar="TIME", help="When it ends: ISO 8601 or seconds. There is no denial for ever."
)
@click.option("--lift", is_flag=True, help="End the denial instead.")
@_valid_from
@_draft
@_output
def deny(
    document: Input, member: str, until: int | None, lift: bool, valid_from: int | None, draft: bool,
    output: Path | None, **reasons: str | None,
) -> None:  # fmt: skip
    """Make the next version, in which MEMBER's codes are not recognised until a time (暂停互认), or are again.

    \b
    Example:
      tongxing verifier rules deny rules.json CN-33 --until 2026-11-28T00:00+08:00 \\
        --reason-zh 数据核查中 --reason-en "Its data is under review" -o rules-2.json
    """
    changed = _begun(read_rules(document), valid_from, draft)
    if lift:
        _write(amendment.without_denial(changed, member), output)
        return
    reason = {language: text for language in LANGUAGES if (text := reasons[f"reason_{field_of(language)}"])}
    if not (until and reason.keys() >= {*COMMON}):
        raise click.UsageError(f"a denial needs {', '.join(map(_reason_option, COMMON))} and --until")
    _write(amendment.with_denial(changed, member, reason, until), output)


@rules.command("sign")
@_document
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A rules key.")
@passphrase_file
@_output
@as_json
def sign(document: Input, key: Path, passphrase_file: Path | None, output: Path | None, as_json: bool) -> None:
    """Check a rule set and sign it with the member's rules key; `tongxing issuer publish --rules` brings it out.

    \b
    Example:
      tongxing verifier rules sign rules.json --key guangdong/keys/rules-1.pem -o rules.jws
    """
    content = read_document(document)
    found = complaints(content)
    if found:
        raise RuleSetInvalid("; ".join(found))
    sign_rules(sign_rule_set, content, key, passphrase_file, output, as_json)


@rules.command("show")
@_document
@as_json
def show(document: Input, as_json: bool) -> None:
    """Print what a rule set says, signed or not; the signature is not judged here.

    \b
    Example:
      tongxing verifier rules show rules.jws
    """
    content = read_rules(document)
    rule_set = parse_rule_set(content)
    if as_json:
        print_json({"sha256": rule_set.digest, **content})
        return
    print_line(f"{rule_set.member}  set {rule_set.rule_set}  version {rule_set.version}  sha-256 {rule_set.digest}")
    until = f" until {moment_in_words(rule_set.valid_until)}" if rule_set.valid_until else ""
    print_line(f"in force     from {moment_in_words(rule_set.valid_from)}{until}")
    print_line("accepted     " + ", ".join(status.label for status in sorted(rule_set.accepted_statuses)))
    for name, value in content["parameters"].items():
        print_line(f"parameter    {name} = {literal_in_words(value)}")
    for rule in rule_set.rules:
        for number, language in enumerate(reader_languages(os.environ)):
            print_line(f"{'' if number else rule.id:<12} {rule.text.of(language)}")
    for card_rule in rule_set.card_rules:
        for number, language in enumerate(reader_languages(os.environ)):
            print_line(f"{'' if number else card_rule.id:<12} {card_rule.text.of(language)}")
    for denial in rule_set.denials.values():
        until = moment_in_words(denial.expires_at)
        print_line(f"not recognised: {denial.member} {in_words(denial.reason, ' ')} until {until}")


@rules.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=FolderOrFile())
@click.option("--member", type=MEMBER, envvar="TONGXING_MEMBER", help="Whose rules, as CN-44; --into says it too.")
@click.option(
    "--into", type=INPUT, help="The rule set before this one, signed or not. [default: begin as template does]"
)
@click.option("--country", "countries", multiple=True, metavar="DE", help="Only rules of this country. Several times.")
@click.option("--region", default="", help="The part of the country whose rules are meant. [default: the whole]")
@_valid_from
@_draft
@_output
def import_command(
    sources: tuple[Path | Input, ...], member: str | None, into: Input | None, countries: tuple[str, ...], region: str,
    valid_from: int | None, draft: bool, output: Path | None,
) -> None:  # fmt: skip
    """Take over rules for EU cards as their countries publish them, unchanged: files of JSON, or folders of them.

    From then on they decide about cards of their kind, in place of the rules for codes; all of them must pass. Value
    sets are found among the sources too. A rule that cannot be taken is named, stays open, and stops none of the
    others. Of --into stay the rules of other countries.

    \b
    Example:
      tongxing verifier rules import eu-rules/ valuesets/ --country DE --into rules.json -o rules-2.json
    """
    document = _begun_for(member, into, valid_from, draft)
    published = read_published(sources, document["value_sets"])
    taken = chosen(published, frozenset(map(str.upper, countries)), region)
    for place, why in [*published.left_out, *((rule.place, rule.why) for rule in taken if rule.why)]:
        print_line(in_words(label("rules-import.open", place=place, why=why)), err=True)
    if not taken:
        raise InvalidRequest(
            f"no rule of {', '.join(countries) or region}; there are some of {_countries(published.rules)}"
        )
    named = named_value_sets(taken)
    sets = {name: codes for name, codes in published.value_sets.items() if name in named}
    _warn_of_several(taken)
    _write(amendment.with_card_rules(document, entries_of(taken), sets), output)
    if output is not None:
        print_line(in_words(label("rules-import.taken", taken=len(taken), open=sum(bool(rule.why) for rule in taken))))


def _begun_for(member: str | None, into: Input | None, valid_from: int | None, draft: bool) -> dict[str, Any]:
    """The set that rules are imported into. Raises BadParameter when it is another member's."""
    if into is not None:
        content = read_rules(into)
        if member not in (None, content["member"]):
            raise click.BadParameter(f"{into.name}: the rules of {content['member']}", param_hint="--into")
        return _begun(content, valid_from, draft)
    if member is None:
        raise click.UsageError("say whose rules they are: --member, or --into with the set before this one")
    return template(member, TEMPLATE_HOURS, valid_from=local_clock().now() if valid_from is None else valid_from)


def _warn_of_several(taken: Sequence[PublishedRule]) -> None:
    """Who imports a folder of all countries may not mean that a card has to please each of them."""
    countries = _countries(rule for rule in taken if "issuers" not in rule.entry)
    if "," in countries:
        print_line(in_words(label("rules-import.several", countries=countries)), err=True)


def _countries(found: Iterable[PublishedRule]) -> str:
    return ", ".join(sorted({rule.entry["country"] for rule in found}))


def _begun(content: dict[str, Any], valid_from: int | None, draft: bool) -> dict[str, Any]:
    """What the change is made to: the version after this one, or with ``draft`` this one."""
    if draft:
        return content if valid_from is None else content | {"valid_from": valid_from}
    return amendment.successor(content, local_clock().now() if valid_from is None else valid_from)


def _values(given: tuple[str, ...], present: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by name, each of the type that it has now."""
    values: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals:
            raise click.BadParameter(f"{each!r}: not NAME=VALUE", param_hint="--parameter")
        now: Any = present.get(name)
        values[name] = text
        if type(now) is bool:
            values[name] = _TRUTHS.get(text, text)
        elif type(now) is int and _INTEGER.fullmatch(text):
            values[name] = int(text)
    return values


def _write(content: dict[str, Any], output: Path | None) -> None:
    write_rules(content, output, parse_rule_set)


for _command in (rehearse, explain, diff):
    rules.add_command(_command)
