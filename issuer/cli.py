"""The commands ``tongxing issuer …``. They work on the issuer's own database and keys, with the service's settings."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import click

from credentials.errors import Conflict, InvalidRequest, KeyRejected
from credentials.foreign.document import FOREIGN_KEYS_TYPE
from credentials.recognition.document import RULES_TYPE
from credentials.recognition.words import moment_in_words
from issuer.bulk.lines import ENCODINGS, count_lines
from issuer.bulk.output import rejected_file
from issuer.bulk.run import issue_file
from issuer.commands.decision import decision
from issuer.commands.evidence import evidence, laboratory
from issuer.commands.opening import SOURCE, opened, settings_of
from issuer.commands.rules import rules as rules_commands
from issuer.commands.staff import staff
from issuer.config import IssuerSettings
from issuer.decisions.causes import CAUSES
from issuer.decisions.deciding import unit_of
from issuer.issuing.issuance import ask_for, issued_json, read_handle
from issuer.issuing.listing import ListingState
from issuer.opening import prepare
from issuer.requests.request import faults_of
from issuer.service import IssuerService
from service_kit.commands import Group
from service_kit.inputs import INPUT, OUTPUT, Input
from service_kit.settings import ServiceSettings, read_settings
from service_kit.terminal import as_json, print_result
from trust_registry.commands.rule_files import require_signed
from trust_registry.key_files import public_jwk

CLAIM_CODE_CLIENT = "claim-code:"
"""Who makes the claim codes of `issuer claim-code`."""
LOCAL_CLIENT = "issue:"
"""Whose idempotency keys those of ``issuer issue`` are; no client over HTTP can have this id."""


@click.group(cls=Group)
def issuer() -> None:
    """Issue and withdraw health-status codes (签发、撤回). Settings: docs/configuration.md."""


_not_listed_yet = click.option(
    "--not-listed-yet", is_flag=True, help="Go on although the trust list does not have this issuer's keys (yet)."
)


@issuer.command()
@_not_listed_yet
@as_json
def init(not_listed_yet: bool, as_json: bool) -> None:
    """Make the issuer's secret, if there is none, and bring the database up to date. Safe to call again.

    Then it asks the registry whether gates will take this issuer's keys, and fails if they will not.

    \b
    Examples:
      tongxing issuer init
      tongxing issuer init --not-listed-yet
    """
    settings = settings_of(not_listed_yet)
    made = prepare(settings)
    office = opened(not_listed_yet)
    listing = office.listing.condition()
    said = {"secret_file": str(settings.secret_path), "made": made, "listing": listing._asdict()}
    print_result(as_json, said, [f"ready; secret: {settings.secret_path}", *_told(listing, settings)])
    office.recovery.require()
    office.listing.require()


def _told(listing: ListingState, settings: IssuerSettings) -> list[str]:
    """What is known of the keys, in a line or more."""
    if listing.faults:
        return [f"not listed: {fault}" for fault in listing.faults]
    if settings.trust_root is None:
        return ["TONGXING_TRUST_ROOT is not set: nobody has looked whether gates take this issuer's keys"]
    if listing.age is None:
        return [f"no trust list yet ({listing.failure}): nobody has looked whether gates take this issuer's keys"]
    return ["the trust list has both keys"]


@issuer.command()
@click.argument("request", type=INPUT)
@click.option("--key", help="Idempotency key: the same key and request give the same code again.")
@_not_listed_yet
@as_json
def issue(request: Input, key: str | None, not_listed_yet: bool, as_json: bool) -> None:
    """Issue one code for a REQUEST in JSON (docs/operations.md), a file or - for standard input.

    \b
    Example:
      tongxing issuer issue - < wang.json
    """
    # An empty key is a shell variable that was never set: it must not pass for none.
    ask = ask_for(_asked(request), secrets.token_hex(16) if key is None else key)
    office = opened(not_listed_yet)
    issued = issued_json(office.issuance.issue(LOCAL_CLIENT, ask, office.now()))
    print_result(as_json, issued, [str(issued["text"])])


@issuer.command("claim-code")
@click.argument("request", type=INPUT)
@as_json
def claim_code(request: Input, as_json: bool) -> None:
    """Put the person of a REQUEST in JSON on file and print a claim code (领取码) for their phone.

    The request is that of `issuer issue` with form phone or assisted, without holder_proof: a file, or - for standard
    input. The claim code is good once, for a day; one that the person had before and did not use ends.

    \b
    Example:
      tongxing issuer claim-code - < wang.json
    """
    asked, office = _asked(request), opened()
    made = office.claim_codes.make(asked, CLAIM_CODE_CLIENT, office.now())
    print_result(as_json, {"code": made.text, "expires_at": made.expires_at}, [made.text])


@issuer.command()
@click.argument("source", type=SOURCE)
@click.option("--output", "-o", required=True, type=OUTPUT, help="NDJSON file.")
@click.option(
    "--encoding", type=click.Choice(ENCODINGS), default=ENCODINGS[0], show_default=True, help="Of a CSV file."
)
@_not_listed_yet
@as_json
@click.pass_context
def bulk(
    context: click.Context, source: Path, output: Path, encoding: str, not_listed_yet: bool, as_json: bool
) -> None:
    """Issue for every line of SOURCE (.csv, else NDJSON). Run it again after a stop: nothing is issued twice.

    Lines that cannot be used are listed by number and reason in OUTPUT.rejected.ndjson; then it ends with 1.

    \b
    Example:
      tongxing issuer bulk residents.csv -o codes.ndjson
    """
    office = opened(not_listed_yet)
    with click.progressbar(length=count_lines(source), label="issuing", file=sys.stderr) as bar:

        def done(lines: int) -> None:
            bar.update(lines)
            office.listing.refresh()

        result = issue_file(office.issuance, source, output, office.now, encoding=encoding, progress=done)
    summary = {"issued": result.issued, "present": result.present, "rejected": result.rejected}
    lines = [f"{result.issued} issued, {result.present} there already, {result.rejected} rejected"]
    lines += [f"which lines, and why: {rejected_file(output)}"] if result.rejected else []
    print_result(as_json, summary, lines)
    if result.rejected:
        context.exit(1)


@issuer.command()
@click.argument("handle")
@click.option("--cause", required=True, type=click.Choice(list(CAUSES)))
@click.option("--author", required=True, help="Who withdraws, as unit/person.")
@as_json
def withdraw(handle: str, cause: str, author: str, as_json: bool) -> None:
    """Withdraw the code of HANDLE (32 hex digits). Gates learn it within two minutes.

    \b
    Example:
      tongxing issuer withdraw 0f3c… --cause lost-device --author service-desk/li
    """
    unit_of(author)
    code, office = read_handle(handle), opened()
    done = office.withdraw(code, cause, author)
    print_result(as_json, {"withdrawn": done}, ["withdrawn" if done else "was withdrawn before"])


@issuer.command()
@click.option("--rules", type=INPUT, help="Bring this signed rule set instead.")
@click.option("--foreign-keys", type=INPUT, help="Bring this signed list of foreign keys instead.")
@as_json
def publish(rules: Input | None, foreign_keys: Input | None, as_json: bool) -> None:
    """Sign what was withdrawn and bring it to the registry's mirror. `serve issuer` does it by itself every minute.

    It brings a segment also when nothing is new, so that a mirror which has lost something of this member says so and
    gets it.

    \b
    Examples:
      tongxing issuer publish
      tongxing issuer publish --rules rules.jws
      tongxing issuer publish --foreign-keys foreign-keys.jws
    """
    given = {"rules": (rules, "rules", RULES_TYPE), "foreign-keys": (foreign_keys, "trust", FOREIGN_KEYS_TYPE)}
    brought = {kind: _signed(file, command, typ) for kind, (file, command, typ) in given.items() if file is not None}
    office = opened()
    if brought:
        for kind, content in brought.items():
            office.mirror.put(kind, content)
        counts = {kind: len(content) for kind, content in brought.items()}
        lines = [f"{kind}: {count} bytes" for kind, count in counts.items()]
        print_result(as_json, {"bytes": sum(counts.values())}, lines)
        return
    at = office.now()
    published = office.publication.publish(at, at_once=True)
    if office.record.publisher is not None:
        # Who may be asked to cosign.
        office.listing.refresh()
    office.record.publish(at)
    words = (
        "segment {number}: {segments} brought, {withdrawn} newly withdrawn, snapshot of {snapshot_bytes} bytes, "
        "{token_lists} token lists"
    ).format(**published._asdict())
    print_result(as_json, published._asdict(), [words])


@issuer.command()
@as_json
def state(as_json: bool) -> None:
    """Say by which rules people are decided about here, and which entries of them could not be evaluated.

    \b
    Example:
      tongxing issuer state --json
    """
    found = opened().state()
    rules = found["rules"]
    lines = [f"rule set {rules['rule_set']} version {rules['version']} decides  sha-256 {rules['sha256']}"]
    lines += [f"to come: sequence {sequence} from {moment_in_words(begins)}" for sequence, begins in rules["to_come"]]
    lines += [f"refused: sequence {sequence} ({code})" for sequence, code in rules["refused"].items()]
    lines += [
        f"open: {each['entry']} {each['times']} times, last {moment_in_words(each['last_at'])}"
        for each in rules["open"]
    ]
    print_result(as_json, found, lines)


_CLIENTS_OF_THEN = "who was revoked as a client in the lost time is one again: look at `tongxing issuer client list`"


@issuer.command("catch-up")
@as_json
def catch_up(as_json: bool) -> None:
    """After an older database was put back: go on from what gates have.

    What gates have seen withdrawn stays so, lost codes included; numbers and indices of the lost time are not used
    again. Codes and decisions that were made in it are gone: issue them anew. Stop the service before.

    \b
    Example:
      tongxing issuer catch-up
    """
    there = opened().recovery.catch_up()
    if there is None:
        print_result(as_json, {"caught_up": False}, ["nothing to do: the mirror has no more than this database"])
        return
    said = {"caught_up": True, "segment": there.sequence, "withdrawn": there.withdrawn_count}
    words = f"goes on after segment {there.sequence}, with {there.withdrawn_count} withdrawals that gates have"
    print_result(as_json, said, [words, _CLIENTS_OF_THEN])


@issuer.command()
@as_json
def recover(as_json: bool) -> None:
    """After an older database was put back: take the leaves of the log that it lacks from the mirror.

    They are checked against the last checkpoint there, which this log's own key has signed. What was decided in the
    lost time stays gone; its leaves say how much it was. Staff keys and laboratories that had ended end again. Status
    rules that were published in it are named: publish them again. Stop the service before.

    \b
    Example:
      tongxing issuer recover
    """
    office = opened()
    taken = office.record.recover(office.now())
    lines = [
        f"{taken} leaves of the log taken from the mirror" if taken else "nothing to do: the mirror has no more leaves"
    ]
    newest = office.rules.newest()
    lost = range((newest.sequence if newest else 0) + 1, office.record.rules_told() + 1)
    lines += [
        f"status rules of sequence {sequence} were published in the lost time and do not decide now: publish their "
        f"file again by `tongxing issuer rules publish`; the mirror has it as status-rules/{sequence}.jws"
        for sequence in lost
    ]
    print_result(as_json, {"leaves": taken, "rules": [*lost]}, [*lines, *([_CLIENTS_OF_THEN] if taken else [])])


@issuer.group()
def client() -> None:
    """The applications that may ask for codes over HTTP, each by its public key."""


@client.command("add")
@click.argument("client_id")
@click.argument("jwk", type=INPUT)
@as_json
def add_client(client_id: str, jwk: Input, as_json: bool) -> None:
    """Register CLIENT_ID with its public key, a JWK or a PEM file, or - for standard input.

    \b
    Example:
      tongxing issuer client add city-app city-app.jwk
    """
    key, office = public_jwk(jwk), opened()
    try:
        with jwk.named(KeyRejected):
            office.clients.add(client_id, key, office.now())
    except Conflict as error:
        raise Conflict(_taken(client_id, office)) from error
    print_result(as_json, {"client_id": client_id}, [f"{client_id} may ask for codes"])


def _taken(client_id: str, office: IssuerService) -> str:
    """Why an id cannot be registered, and what to do: a revoked one stays revoked."""
    if any(each.client_id == client_id and each.revoked_at for each in office.clients.all()):
        return f"{client_id} was registered and is revoked for good; take another id"
    revoke = f"tongxing issuer client revoke {client_id}"
    return f"{client_id} is registered; revoke it first (`{revoke}`), and register the new key under another id"


@client.command("revoke")
@click.argument("client_id")
@as_json
def revoke_client(client_id: str, as_json: bool) -> None:
    """Take CLIENT_ID's rights away for good.

    \b
    Example:
      tongxing issuer client revoke city-app
    """
    office = opened()
    office.clients.revoke(client_id, office.now())
    print_result(as_json, {"client_id": client_id}, [f"{client_id} is revoked"])


@client.command("list")
@as_json
def list_clients(as_json: bool) -> None:
    """List the clients.

    \b
    Example:
      tongxing issuer client list --json
    """
    clients = [each._asdict() for each in opened().clients.all()]
    lines = [f"{each['client_id']}{' (revoked)' if each['revoked_at'] else ''}" for each in clients]
    print_result(as_json, {"clients": clients}, lines or ["no clients"])


def _signed(file: Input, command: str, typ: str) -> bytes:
    """A signed rule set or list of foreign keys. Raises InvalidRequest for one that was not signed."""
    require_signed(file, f"verifier {command} sign", typ)
    return file.data.strip()


def _asked(request: Input) -> dict[str, Any]:
    """A request for a code. Raises InvalidRequest or InvalidDocument for all that is wrong with it, by line."""
    fields = request.json_object()
    found = faults_of(fields, read_settings(ServiceSettings, {"TONGXING_DATA_DIR": ".", **os.environ}).clock().now())
    if found:
        kinds = {type(error) for _, error in found}
        told = request.faults((path, error.detail) for path, error in found).detail
        raise (kinds.pop() if len(kinds) == 1 else InvalidRequest)(told)
    return fields


for _command in (rules_commands, evidence, laboratory, staff, decision):
    issuer.add_command(_command)
