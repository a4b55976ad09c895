"""An officer's commands: they talk to the registry over HTTP, and sign on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from credentials.errors import InvalidRequest
from credentials.profile.members import is_member_id, no_member_id
from credentials.profile.words import label
from credentials.signing import PemSigner
from service_kit.commands import Command
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, Input
from service_kit.locale import beijing_time
from service_kit.terminal import as_json, in_words, print_line, print_result
from trust_registry.commands.options import (
    MEMBER,
    asks_to_sign,
    key_file,
    local_clock,
    officers_root,
    passphrase_file,
    registry_url,
    remote,
    say_submitted,
    submission_in,
)
from trust_registry.enrolment.difference import ListChange, change_from_json, change_to_json, words
from trust_registry.key_files import read_key, read_passphrase
from trust_registry.metadata.denials import DENIAL_REASONS
from trust_registry.metadata.trust_list import faults_of
from trust_registry.officer import approval
from trust_registry.officer.witnesses import next_policy
from trust_registry.province.folder import ProvinceFolder
from trust_registry.publishing.denials import sign_request
from trust_registry.repository.published import read_published


@click.command("state", cls=Command)
@registry_url
@as_json
def state(url: str, as_json: bool) -> None:
    """Show what is in force, and which statements wait for the officers.

    \b
    Example:
      tongxing registry state --registry https://registry.example/registry
    """
    found = remote(url).state()
    print_result(as_json, found, _state_lines(found))


@click.command("draft", cls=Command)
@registry_url
@key_file
@passphrase_file
@click.option("--statement", "statement_ids", multiple=True, help="Id of a submitted statement; may be repeated.")
@click.option("--all-submitted", is_flag=True, help="Take every statement that waits and is complete; name the others.")
@click.option(
    "--additions",
    type=INPUT,
    help="JSON file, or - : what the officers say of each member, by member id.",
)
@click.option("--remove", "removals", multiple=True, help="Id of a member to take out; may be repeated.")
@click.option("--policy", type=INPUT, help="Whose signatures gates are to ask for, as `registry policy` writes it.")
@as_json
def draft(
    url: str,
    key_path: Path,
    passphrase_file: Path | None,
    statement_ids: tuple[str, ...],
    all_submitted: bool,
    additions: Input | None,
    removals: tuple[str, ...],
    policy: Input | None,
    as_json: bool,
) -> None:
    """Put a new trust list before the officers, and show what it would change.

    Without statements, additions, removals or a policy: the same list, to be signed anew before it ends.

    \b
    Example:
      tongxing registry draft --registry https://registry.example/registry --key officer-1.pem \\
          --statement 5f0c… --additions henan.json
    where henan.json holds
      {"CN-41": {"kind": "province", "names": {"zh": "河南", "en": "Henan"}, "region": 410000,
                 "hotline": "0371-12320", "environment": "production",
                 "may_issue": {"statuses": ["green", "yellow", "red"], "forms": ["phone", "paper"]}}}
    """
    registry = remote(url)
    _require_members(removals)
    listed = registry.state()["members"] if additions else []
    wanted = {
        "statement_ids": list(statement_ids),
        "all_submitted": all_submitted,
        "additions": _additions(additions, listed),
        "removals": list(removals),
        **({"witness_policy": policy.text()} if policy else {}),
    }
    made = registry.make_draft(read_key(key_path, read_passphrase(passphrase_file)), wanted)
    changes = [change_from_json(change) for change in made["diff"]]
    skipped = [f"left out   {entry['id']}  {entry['member']}  {entry['why']}" for entry in made.get("skipped", [])]
    result = {"id": made["id"], "diff": made["diff"], "skipped": made.get("skipped", [])}
    print_result(as_json, result, [f"draft {made['id']}", *_change_lines(changes), *skipped])


@click.command("policy", cls=Command)
@click.argument("members", nargs=-1)
@registry_url
@officers_root
@click.option("--least", type=click.IntRange(min=1), required=True, help="So many of them must have cosigned.")
@click.option("--log-of", type=MEMBER, help="To check this member's own log by. [default: the registry's log]")
@as_json
def policy(
    members: tuple[str, ...], url: str, root: Input, least: int, log_of: str | None, as_json: bool
) -> None:  # fmt: skip
    """Write the witness policy (见证策略) that asks for the cosignatures of so many of these MEMBERS' witnesses.

    Their keys are those of the list in force, verified from --root; without MEMBERS, of all that name a witness. Put it
    before the officers with `registry draft --policy`.

    \b
    Example:
      tongxing registry policy --least 2 CN-41 CN-44 CN-33 --root trust-root.json > two-of-three.policy
      tongxing registry draft --policy two-of-three.policy --key officer-1.pem
      tongxing registry policy --log-of CN-41 --least 2 CN-44 CN-33 --root trust-root.json > henan-log.policy
    """
    now = local_clock().now()
    held = read_published(approval.in_force(remote(url).source, root.data, now))
    text = next_policy(held, members, least, now, log_of)
    print_result(as_json, {"policy": text}, text.splitlines())


@click.command("submit", cls=Command)
@click.argument("file", type=INPUT)
@registry_url
@key_file
@passphrase_file
@as_json
def submit(file: Input, url: str, key_path: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Bring the statement in FILE, which a province has sent to the officers, or - for standard input.

    As `province submit`, but with an officer's word: it has a place however many strangers' statements wait under the
    member's name. Draft with it by the id that is printed.

    
    Example:
      tongxing registry submit 1.json --registry https://registry.example/registry --key officer-1.pem
    """
    key = read_key(key_path, read_passphrase(passphrase_file))
    say_submitted(as_json, remote(url).submit(submission_in(file), key))


@click.command("drop", cls=Command)
@click.argument("statement_id")
@registry_url
@key_file
@passphrase_file
@as_json
def drop(statement_id: str, url: str, key_path: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Drop the submitted statement STATEMENT_ID, which no list has taken up: anybody may submit one.

    `registry state` lists those that wait. One that nobody drops goes by itself after thirty days.

    \b
    Example:
      tongxing registry drop 5f0c… --registry https://registry.example/registry --key officer-1.pem
    """
    dropped = remote(url).drop(read_key(key_path, read_passphrase(passphrase_file)), statement_id)
    print_result(as_json, dropped, [f"dropped {dropped['id']}: {dropped['member']} statement {dropped['sequence']}"])


@click.command("approve", cls=Command)
@click.argument("draft_id")
@registry_url
@key_file
@passphrase_file
@officers_root
@click.option("--yes", is_flag=True, help="Do not ask: the changes were read before.")
@as_json
@click.pass_context
def approve(
    context: click.Context,
    draft_id: str,
    url: str,
    key_path: Path,
    passphrase_file: Path | None,
    root: Input,
    yes: bool,
    as_json: bool,
) -> None:
    """Read what DRAFT_ID would change, worked out on this machine, and sign it.

    The registry's own account is not used: the list that is in force is verified from --root, and compared
    with the very bytes that are signed. The key does not leave this machine.

    \b
    Example:
      tongxing registry approve 5f0c… --registry https://registry.example/registry \\
          --key officer-2.pem --root trust-root.json
    """
    registry, now = remote(url), local_clock().now()
    reviewed = approval.review(registry.draft(draft_id), registry.source, root.data, registry.url, now)
    if not as_json:
        for line in _review_lines(reviewed):
            print_line(line)
    if not yes and not asks_to_sign(as_json):
        context.exit(1)
    signed = approval.sign(reviewed, read_key(key_path, read_passphrase(passphrase_file)))
    answer = registry.approve(draft_id, signed)
    approved = f"approved by {len(answer['approved_by'])}; {answer['threshold']} are needed"
    result = {
        "id": draft_id,
        "version": reviewed.version,
        "diff": [change_to_json(change) for change in reviewed.changes],
        "approved_by": answer["approved_by"],
        "threshold": answer["threshold"],
    }
    print_result(as_json, result, [approved])


@click.command("publish", cls=Command)
@click.argument("draft_id")
@registry_url
@key_file
@passphrase_file
@as_json
def publish(url: str, draft_id: str, key_path: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Put DRAFT_ID into force once enough officers have signed it.

    \b
    Example:
      tongxing registry publish 5f0c… --registry https://registry.example/registry --key officer-1.pem
    """
    versions = remote(url).publish(read_key(key_path, read_passphrase(passphrase_file)), draft_id)
    print_result(as_json, versions, [f"published: targets {versions['targets']}, timestamp {versions['timestamp']}"])


@click.command("deny", cls=Command)
@click.argument("kid")
@registry_url
@click.option("--reason", required=True, type=click.Choice(DENIAL_REASONS))
@click.option(
    "--key",
    "key_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An officer's key file: denies any key.",
)
@click.option(
    "--province",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A province's folder: its root key denies a key of its own.",
)
@passphrase_file
@as_json
def deny(
    kid: str,
    url: str,
    reason: str,
    key_path: Path | None,
    folder: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Deny KID (16 hex digits) at once and for good: from the next poll on it verifies nothing at any gate.

    One officer is enough, since it only takes trust away. Only a new key can take its place.

    \b
    Examples:
      tongxing registry deny 11c9a9766b297ecd --reason compromised --key officer-3.pem \\
          --registry https://registry.example/registry
      tongxing registry deny 11c9a9766b297ecd --reason lost --province henan \\
          --registry https://registry.example/registry
    """
    if (key_path is None) == (folder is None):
        raise click.UsageError("give --key or --province, one of them")
    registry, passphrase = remote(url), read_passphrase(passphrase_file)
    signer = _officer_signer(key_path, passphrase) if key_path else _root_signer(folder, passphrase)
    denial = registry.deny(sign_request(signer, kid, reason, registry.url, local_clock().now()))
    print_result(as_json, denial, [f"key {denial['kid']} is denied (number {denial['sequence']})"])


def _officer_signer(path: Path, passphrase: bytes | None) -> PemSigner:
    key = read_key(path, passphrase)
    return PemSigner(key, bytes.fromhex(approval.officer_id(key)))


def _root_signer(folder: Path | None, passphrase: bytes | None) -> PemSigner:
    return ProvinceFolder(folder or Path(), write_atomic, passphrase).root_signer()


def _require_members(removals: tuple[str, ...]) -> None:
    for member in removals:
        if not is_member_id(member):
            raise InvalidRequest(f"--remove {member[:16]}: {no_member_id(member)}")


def _additions(file: Input | None, listed: list[str]) -> dict[str, Any]:
    """The additions of a file. Raises InvalidRequest, naming all that is wrong with them, by file, line and member."""
    if file is None:
        return {}
    additions = file.json_object()
    found = [
        fault for member, said in additions.items() for fault in faults_of(member, said, is_new=member not in listed)
    ]
    if found:
        raise file.faults(found)
    return additions


@click.command("drafts", cls=Command)
@registry_url
@as_json
def drafts(url: str, as_json: bool) -> None:
    """List the drafts that wait for signatures: whole ids, who has signed, who has not, and when each ends.

    \b
    Example:
      tongxing registry drafts --registry https://registry.example/registry
    """
    found = remote(url).drafts()
    lines = [line for draft in found for line in _waiting_lines(draft)]
    print_result(as_json, {"drafts": found}, lines or [in_words(label("officer.no-drafts-wait-for-signatures"))])


def _waiting_lines(draft: dict[str, Any]) -> Iterator[str]:
    signed, needed, ends = len(draft["approved_by"]), draft["threshold"], beijing_time(draft["ends_at"])
    members = ", ".join(draft["members"]) or "-"
    yield f"draft    {draft['id']}  " + in_words(
        label("officer.of-of-have-signed-ends-utc", members=members, signed=signed, needed=needed, ends=ends),
    )
    yield from (f"signed   {officer}" for officer in draft["approved_by"])
    yield from (f"missing  {officer}" for officer in draft["missing"])


def _review_lines(reviewed: approval.Review) -> Iterator[str]:
    yield f"version {reviewed.version}, ends {beijing_time(reviewed.expires_at)} UTC+8"
    yield from _change_lines(reviewed.changes)


def _change_lines(changes: Iterable[ListChange]) -> Iterator[str]:
    yield from list(words(changes)) or [in_words(label("officer.nothing-changes"))]


def _state_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"members    {', '.join(found['members']) or 'none'}"
    yield f"denied     {found['denied']}"
    yield from (f"officer    {keyid}" for keyid in found["officers"])
    for role, version in found["versions"].items():
        hours = (found["expiries"][role] - found["now"]) // 3600
        yield f"{role:9}  version {version}, ends in {hours} h"
    log = found.get("log")  # A registry of before has none.
    if log:
        witnessed = f"cosigned by {', '.join(log['cosigned_by'])}" if log["cosigned_by"] else "unwitnessed"
        yield f"log        {log['published']} of {log['leaves']} leaves published, {witnessed}"
        yield f"           {log['vkey']}"
    for entry in found["submitted"]:
        yield f"submitted  {entry['id']}  {entry['member']} statement {entry['sequence']}"
