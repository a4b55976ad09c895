"""``tongxing verifier rules …``: a member's recognition rules, written, signed and looked at (互认规则)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from credentials.errors import Malformed, RuleSetInvalid, TooLarge
from credentials.keys import kid_of
from credentials.limits import MAX_JWS_CHARACTERS
from credentials.recognition.document import parse_rule_set, sign_rule_set
from credentials.recognition.template import template
from credentials.signing import PemSigner
from credentials.wire import jws
from service_kit.durable import write_atomic
from trust_registry.cli_options import local_clock, passphrase_file
from trust_registry.key_files import read_key, read_passphrase

_document = click.argument("document", type=click.File("rb"))


@click.group()
def rules() -> None:
    """A member's recognition rules (互认规则): what other members' codes must say at its gates."""


@rules.command("template")
@click.option("--member", required=True, help="Whose rules, as CN-44.")
@click.option("--hours", default=48, show_default=True, type=click.IntRange(2, 168), help="How long a test counts.")
def template_command(member: str, hours: int) -> None:
    """Print a rule set to begin with; edit it, then sign it.

    \b
    Example:
      tongxing verifier rules template --member CN-44 --hours 48 > rules.json
    """
    click.echo(json.dumps(template(member, hours, valid_from=local_clock().now()), ensure_ascii=False, indent=2))


@rules.command("sign")
@_document
@click.option("--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A rules key.")
@passphrase_file
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: standard output]")
def sign(document: Any, key: Path, passphrase_file: Path | None, output: Path | None) -> None:
    """Check a rule set and sign it with the member's rules key; `tongxing issuer publish --rules` brings it out.

    \b
    Example:
      tongxing verifier rules sign rules.json --key guangdong/keys/rules-1.pem -o rules.jws
    """
    content = _read_json(document.read(MAX_JWS_CHARACTERS + 1))
    private_key = read_key(key, read_passphrase(passphrase_file))
    signer = PemSigner(private_key, kid_of(parse_rule_set(content).member, private_key.public_key()))
    compact = sign_rule_set(content, signer)
    if output is None:
        click.echo(compact)
    else:
        write_atomic(output, compact.encode())


@rules.command("show")
@_document
def show(document: Any) -> None:
    """Print what a rule set says, signed or not; the signature is not judged here.

    \b
    Example:
      tongxing verifier rules show rules.jws
    """
    data = document.read(MAX_JWS_CHARACTERS + 1)
    content = _read_json(data) if data.lstrip().startswith(b"{") else _content(_signed(data))
    rule_set = parse_rule_set(content)
    click.echo(f"{rule_set.member}  set {rule_set.rule_set}  version {rule_set.version}  sha-256 {rule_set.digest}")
    click.echo("accepted     " + ", ".join(status.label for status in sorted(rule_set.accepted_statuses)))
    for rule in rule_set.rules:
        click.echo(f"{rule.id:<12} {rule.text.zh}\n{'':<12} {rule.text.en}")
    for denial in rule_set.denials.values():
        click.echo(f"not recognised: {denial.member} {denial.reason.zh} {denial.reason.en}")


def _signed(data: bytes) -> str:
    if len(data) > MAX_JWS_CHARACTERS or not data.isascii():
        raise RuleSetInvalid("not a compact JWS")
    return data.decode("ascii").strip()


def _content(compact: str) -> dict[str, Any]:
    try:
        return _read_json(jws.read(compact).payload)
    except (Malformed, TooLarge) as error:
        raise RuleSetInvalid("not a compact JWS") from error


def _read_json(data: bytes) -> dict[str, Any]:
    try:
        content = jws.parse_json(data)
    except Malformed as error:
        raise RuleSetInvalid(f"not a JSON document: {error.detail}") from error
    parse_rule_set(content)
    return dict(content)
