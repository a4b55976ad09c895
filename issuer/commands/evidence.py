"""``tongxing issuer evidence …`` and ``laboratory …``: what is known of people, and whose signed results count."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from credentials.errors import Conflict, KeyRejected
from credentials.profile.characters import is_shown
from issuer.bulk.lines import ENCODINGS, count_lines
from issuer.bulk.output import rejected_file
from issuer.commands.opening import SOURCE, opened
from issuer.evidence.importing import import_file
from service_kit.commands import Group
from service_kit.inputs import INPUT, Input
from service_kit.terminal import as_json, print_result
from trust_registry.commands.options import MEMBER
from trust_registry.key_files import public_jwk

MAX_REPORTER_CHARACTERS = 64


@click.group(cls=Group)
def evidence() -> None:
    """What is known of people (佐证): tests, vaccination, exemptions, quarantine, arrivals, stays, contacts."""


@evidence.command("import")
@click.argument("source", type=SOURCE)
@click.option("--reporter", required=True, help="Who reports; the references in SOURCE are this reporter's own.")
@click.option(
    "--encoding", type=click.Choice(ENCODINGS), default=ENCODINGS[0], show_default=True, help="Of a CSV file."
)
@as_json
@click.pass_context
def import_command(context: click.Context, source: Path, reporter: str, encoding: str, as_json: bool) -> None:
    """Take every line of SOURCE (.csv, else NDJSON). Run it again after a stop: nothing is taken twice.

    What follows is done at once: people are decided about anew, and codes that say otherwise are withdrawn. Lines that
    cannot be used are listed by number, with what to do, in SOURCE.rejected.ndjson; then it ends with 1.

    \b
    Example:
      tongxing issuer evidence import results.csv --reporter city-laboratory
    """
    if not is_shown(reporter) or not reporter.strip() or len(reporter) > MAX_REPORTER_CHARACTERS:
        told = f"who reports: 1 to {MAX_REPORTER_CHARACTERS} characters that people see"
        raise click.BadParameter(told, param_hint="--reporter")
    office = opened()
    with click.progressbar(length=count_lines(source), label="importing", file=sys.stderr) as bar:
        done = import_file(office.intake, source, reporter, office.now, encoding=encoding, progress=bar.update)
    lines = [f"{done.kept} taken, {done.present} there already, {done.corrected} corrected, {done.rejected} rejected"]
    lines += [f"which lines, and what to do: {rejected_file(source)}"] if done.rejected else []
    print_result(as_json, done._asdict(), lines)
    if done.rejected:
        context.exit(1)


@click.group(cls=Group)
def laboratory() -> None:
    """Laboratories (检测机构) whose signed results count without anybody typing them, each by its public key."""


@laboratory.command("add")
@click.argument("name")
@click.argument("key", type=INPUT)
@click.option("--member", type=MEMBER, help="The province that it works for, as CN-44. [default: this issuer's own]")
@as_json
def add_laboratory(name: str, key: Input, member: str | None, as_json: bool) -> None:
    """Take results that NAME signs from now on. KEY: its public key, a JWK or a PEM file, or - for standard input.

    \b
    Example:
      tongxing issuer laboratory add city-laboratory city-laboratory.jwk
      tongxing issuer laboratory add shenzhen-7 shenzhen-7.pem --member CN-44
    """
    jwk, office = public_jwk(key), opened(leaves_leaf=True)
    try:
        with key.named(KeyRejected):
            kid = office.laboratories.add(name, jwk, member or office.settings.member, office.now())
    except Conflict as error:
        told = f"{name}: this name or this key is registered, or was; `tongxing issuer laboratory list` tells"
        raise Conflict(told) from error
    told = f"{name} may sign results; the kid of its key is {kid.hex()}"
    print_result(as_json, {"name": name, "kid": kid.hex()}, [told])


@laboratory.command("revoke")
@click.argument("name")
@as_json
def revoke_laboratory(name: str, as_json: bool) -> None:
    """Take no further results of NAME, for good. What it reported stands until it is corrected.

    \b
    Example:
      tongxing issuer laboratory revoke city-laboratory
    """
    office = opened(leaves_leaf=True)
    office.laboratories.revoke(name, office.now())
    print_result(as_json, {"name": name}, [f"{name} is revoked"])


@laboratory.command("list")
@as_json
def list_laboratories(as_json: bool) -> None:
    """List the laboratories.

    \b
    Example:
      tongxing issuer laboratory list --json
    """
    known = [{**each._asdict(), "kid": each.kid.hex()} for each in opened().laboratories.all()]
    lines = [f"{each['name']}  {each['member']}{'  (revoked)' if each['revoked_at'] else ''}" for each in known]
    print_result(as_json, {"laboratories": known}, lines or ["no laboratories"])
