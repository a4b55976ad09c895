"""``tongxing issuer decision …``: the text of a decision by hand, who signs it, and whether it holds."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import click

from credentials.decisions.by_hand import BASES, MAX_DAYS, PersonEntry, person_digest
from credentials.decisions.leaves import SALT_BYTES
from credentials.decisions.look_ups import LOOKED
from credentials.decisions.proof import ProvedDecision
from credentials.decisions.signatures import sign_text
from credentials.errors import (
    CredentialError,
    InvalidRequest,
    Malformed,
    NotFound,
    SettingInvalid,
    TrustMissing,
    Unavailable,
)
from credentials.identity import parse_document
from credentials.profile.lists import Reason, Status
from credentials.wire.strict_json import parse_json
from issuer.bulk.output import Rejected, listing_rejected, rejected_file
from issuer.commands.opening import SOURCE, opened
from issuer.commands.staff import signer_of
from issuer.desk.desk import Wish, before_of, make_text
from issuer.issuing.consequences import NOTHING, in_force
from issuer.issuing.issuance import read_handle
from issuer.issuing.rules_in_force import document_in
from issuer.publishing.withdrawal import find_own
from issuer.record.proving import prove, prove_by_hand
from issuer.service import IssuerService
from issuer.storage.ports.staff import AuditRow, Shown
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, Input
from service_kit.terminal import as_json, print_json, print_line, print_result
from trust_registry.client.decision_proof import prove as prove_by_list
from trust_registry.client.decision_proof import prove_by
from trust_registry.commands.decision import print_decision
from trust_registry.commands.options import ROOT, local_clock, passphrase_file

_BY_COMMAND = "command"
"""Who looked, of the author's unit, where nobody has signed in."""
_OF_ONE_LINE = (CredentialError, InvalidRequest, NotFound, Unavailable)
"""What is wrong with one code alone; a database that is gone stops them all."""
_output = click.option("--output", "-o", type=click.Path(path_type=Path), help="Into this file.")
_bundle = click.option("--bundle", type=click.Path(path_type=Path, exists=True), help="A bundle, zip or folder.")
_root = click.option("--root", type=ROOT, help="The registry's trust-root.json, as it was handed over.")


@click.group(cls=Group)
def decision() -> None:
    """Decisions by hand (人工决定): texts, signatures, and whether both hold."""


@decision.command("text")
@click.argument("document")
@click.option("--status", required=True, type=click.Choice([each.label for each in Status]))
@click.option("--reason", required=True, type=click.Choice([each.label for each in Reason]))
@click.option("--basis", required=True, type=click.Choice([*BASES]), help="Of the published list.")
@click.option("--days", required=True, type=click.IntRange(1, MAX_DAYS), help="Until it ends by itself.")
@click.option("--author-unit", required=True)
@click.option("--approver-unit", required=True)
@_output
def text_command(
    document: str, status: str, reason: str, basis: str, days: int, author_unit: str, approver_unit: str,
    output: Path | None,
) -> None:  # fmt: skip
    """Write a decision about the person of DOCUMENT (its number, or - to be asked for it), to be signed by two.

    The result is what stands under "decision" in a request, without the signatures. It can be used for 24 hours.

    \b
    Example:
      tongxing issuer decision text - --status red --reason close-contact --basis infectious-diseases-law-39 \\
          --days 3 --author-unit cdc --approver-unit health-commission -o decision.json
    """
    number = click.prompt("document", err=True) if document == "-" else document
    person, office = parse_document(None, number), opened()
    at, subject = office.now(), office.issuance.subject_of(person)
    known = in_force(office.issuance.people.decisions([subject], at), at).get(subject, NOTHING)
    salt = secrets.token_bytes(SALT_BYTES)
    entry = PersonEntry(person_digest(salt, person.identity), before_of(known))
    wish = Wish(Status.from_label(status), Reason.from_label(reason), basis, days, approver_unit)
    made = make_text(office.settings.member, [entry], wish, author_unit, at)
    # Whoever typed this is shown what stands.
    did = AuditRow(at, f"{author_unit}/{_BY_COMMAND}", LOOKED)
    office.staff.store.note(did, shown=Shown(office.settings.member, [subject]))
    _write({"text": made.to_bytes().decode(), "salt": salt.hex()}, output)


@decision.command("sign")
@click.argument("file", type=INPUT)
@click.option(
    "--key", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Your key file."
)
@passphrase_file
@click.option("--as", "role", type=click.Choice(["author", "approver"]), help="Write it into the decision, as whose.")
@_output
def sign_command(file: Input, key: Path, passphrase_file: Path | None, role: str | None, output: Path | None) -> None:
    """Sign the text in FILE by a key file: a decision, the text of a staff key, or of rules that are held.

    What is signed is shown first. It asks nobody and needs no settings: run it where the key lies.

    \b
    Examples:
      tongxing issuer decision sign decision.json --key zhang.pem --as author -o decision.json
      tongxing issuer decision sign staff-key.json --key root.pem -o signature.json
    """
    content, text = _to_sign(file)
    said = document_in(text.decode()) if content is None else parse_json(text)
    if not isinstance(said, dict) or not isinstance(said.get("member"), str):
        raise InvalidRequest(f"{file.name}: neither a text with a member in it, nor a decision with such a text")
    for line in json.dumps(said, ensure_ascii=False, indent=2).split("\n"):
        print_line(line, err=True)
    signature = sign_text(text, signer_of(key, passphrase_file, said["member"])).to_json()
    _write(signature if role is None or content is None else content | {role: signature}, output)


@decision.command("export")
@click.argument("number")
@_output
def export_command(number: str, output: Path | None) -> None:
    """Write what proves the decision NUMBER (32 hex digits): text, signatures, the keys with who vouched for them, and
    that the province's log holds all of it. It is there when the log's next checkpoint is, within minutes.

    \b
    Example:
      tongxing issuer decision export 5f0c… -o decision-5f0c.json
    """
    office = opened()
    _write(parse_json(prove_by_hand(office.record, office.desk.find(_number(number))).content), output)


@decision.command("files")
@click.argument("codes", type=SOURCE)
@click.option("--folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where they go.")
@as_json
@click.pass_context
def files_command(context: click.Context, codes: Path, folder: Path, as_json: bool) -> None:
    """Write what proves the decision behind each of CODES, as `issuer bulk` wrote them: a file a code, named by its
    handle, to be handed over with the paper. Codes that name no decision, as green ones, are passed over. Lines of
    which no file can be made stop no other: they are listed by number, with what to do, in
    CODES.decisions.rejected.ndjson, and it ends with 1.

    \b
    Example:
      tongxing issuer decision files codes.ndjson --folder decisions
    """
    office, done = opened(), Counter[str]()
    # Beside CODES stands what `issuer bulk` could not issue; that list is another one.
    bad = rejected_file(codes.with_name(f"{codes.name}.decisions"))
    with codes.open("rb") as lines, listing_rejected(bad) as rejected:
        for number, line in enumerate(lines, start=1):
            try:
                done[_write_proof(office, line, folder)] += 1
            except _OF_ONE_LINE as error:
                done["rejected"] += 1
                rejected.write(Rejected.of(number, error).content)
    told = [f"{done['written']} files in {folder}; {done['without']} codes name no decision that is kept"]
    said = {"written": done["written"], "without": done["without"]}
    if done["rejected"]:
        told.append(f"{done['rejected']} lines gave none; which, and what to do: {bad}")
        said["rejected"] = done["rejected"]
    print_result(as_json, said, told)
    if done["rejected"]:
        context.exit(1)


@decision.command("show")
@click.argument("file", type=INPUT)
@_bundle
@_root
@as_json
def show_command(file: Input, bundle: Path | None, root: Input | None, as_json: bool) -> None:
    """Say what the decision in FILE says and who signed it, and whether that holds. Asks no server.

    \b
    Example:
      tongxing issuer decision show decision-5f0c.json --bundle bundle.zip --root trust-root.json
    """
    print_decision(_proved(file, bundle, root), as_json)


@decision.command("verify")
@click.argument("file", type=INPUT)
@_bundle
@_root
@as_json
@click.pass_context
def verify_command(context: click.Context, file: Input, bundle: Path | None, root: Input | None, as_json: bool) -> None:
    """Check the decision in FILE, exported or saved by a resident, trusting no server and no moment that it states:
    both signatures over this very text, two persons of two units, both keys vouched for below the province's root key
    and in force when the province's log took the decision. Ends with 1 and says what does not hold.

    The trust list is that of the bundle, or without one that which this issuer holds.

    \b
    Example:
      tongxing issuer decision verify decision-5f0c.json --bundle bundle.zip --root trust-root.json
    """
    proved = _proved(file, bundle, root)
    if proved.signed is None:
        raise InvalidRequest(f"{file.name}: carries no signatures; `issuer decision export` writes them")
    print_decision(proved, as_json)
    if proved.signed.faults:
        context.exit(1)


def _write_proof(office: IssuerService, line: bytes, folder: Path) -> str:
    """What came of a line: ``written``, or ``without`` a decision."""
    handle = read_handle(_handle_in(line))
    issued = find_own(office.store, handle, None).issued
    try:
        proved = prove(office.record, office.desk.store, issued)
    except NotFound:
        return "without"
    write_atomic(folder / f"{handle.hex()}.json", proved.content, mode=0o600)
    return "written"


def _handle_in(line: bytes) -> str:
    try:
        fields = parse_json(line)
    except Malformed:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("handle"), str):
        raise InvalidRequest("no line of codes: an object with a handle, as `issuer bulk` writes it")
    return str(fields["handle"])


def _proved(file: Input, bundle: Path | None, root: Input | None) -> ProvedDecision:
    if bundle is not None and root is not None:
        return prove_by(file.data, bundle, root.data, local_clock().now())
    if bundle is not None or root is not None:
        raise click.UsageError("name --bundle and --root, or neither: then by the trust list that this issuer holds")
    try:
        trust = opened().listing.trust
    except SettingInvalid as error:
        raise click.UsageError(
            f"name --bundle and --root; without them by an issuer's settings: {error.detail}"
        ) from None
    if trust is None:
        raise TrustMissing("no trust list is held to know the root key by; give one by --bundle and --root")
    return prove_by_list(file.data, trust)


def _object(file: Input) -> dict[str, Any]:
    content = file.json()
    if not isinstance(content, dict):
        raise InvalidRequest(f"{file.name}: not an object")
    return content


def _to_sign(file: Input) -> tuple[dict[str, Any] | None, bytes]:
    """The object in a file and the text that is signed; None: signed rules, which are signed as they are."""
    if not file.data.lstrip().startswith(b"{"):
        return None, file.data.strip()
    content = _object(file)
    return content, content["text"].encode() if isinstance(content.get("text"), str) else file.data.strip()


def _number(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise InvalidRequest("number: 32 hex digits, as the desk shows it") from error


def _write(content: dict[str, Any], output: Path | None) -> None:
    if output is None:
        print_json(content)
    else:
        write_atomic(output, f"{json.dumps(content, ensure_ascii=False)}\n".encode(), mode=0o600)
