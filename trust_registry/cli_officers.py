"""An officer's commands: they talk to the registry over HTTP, and sign on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import click

from credentials.errors import InvalidRequest
from credentials.signing import PemSigner
from service_kit.durable import write_atomic
from service_kit.locale import beijing_time
from service_kit.terminal import as_json, say
from trust_registry import approval
from trust_registry.cli_options import (
    key_file,
    local_clock,
    officers_root,
    passphrase_file,
    registry_url,
    remote,
)
from trust_registry.denials import sign_request
from trust_registry.difference import Change, change_to_json, words
from trust_registry.key_files import read_key, read_passphrase
from trust_registry.metadata.denials import DENIAL_REASONS
from trust_registry.province import Province


@click.command("state")
@registry_url
@as_json
def state(url: str, as_json: bool) -> None:
    """Show what is in force, and which statements wait for the officers.

    \b
    Example:
      tongxing registry state --registry https://registry.example/registry
    """
    found = remote(url).state()
    say(as_json, found, _state_lines(found))


@click.command("draft")
@registry_url
@key_file
@passphrase_file
@click.option("--statement", "statement_ids", multiple=True, help="Id of a submitted statement; may be repeated.")
@click.option("--all-submitted", is_flag=True, help="Take every statement that waits and is complete; name the others.")
@click.option(
    "--additions",
    type=click.File(encoding="utf-8"),
    help="JSON file, or - : what the officers say of each member, by member id.",
)
@click.option("--remove", "removals", multiple=True, help="Id of a member to take out; may be repeated.")
@as_json
def draft(
    url: str,
    key_path: Path,
    passphrase_file: Path | None,
    statement_ids: tuple[str, ...],
    all_submitted: bool,
    additions: TextIO | None,
    removals: tuple[str, ...],
    as_json: bool,
) -> None:
    """Put a new trust list before the officers, and show what it would change.

    Without statements, additions or removals: the same list, to be signed anew before it ends.

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
    wanted = {
        "statement_ids": list(statement_ids),
        "all_submitted": all_submitted,
        "additions": _additions(additions),
        "removals": list(removals),
    }
    made = registry.make_draft(read_key(key_path, read_passphrase(passphrase_file)), wanted)
    changes = [Change(**change) for change in made["diff"]]
    skipped = [f"left out   {entry['id']}  {entry['member']}  {entry['why']}" for entry in made["skipped"]]
    result = {"id": made["id"], "diff": made["diff"], "skipped": made["skipped"]}
    say(as_json, result, [f"draft {made['id']}", *_change_lines(changes), *skipped])


@click.command("drop")
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
    say(as_json, dropped, [f"dropped {dropped['id']}: {dropped['member']} statement {dropped['sequence']}"])


@click.command("approve")
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
    root: Path,
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
    reviewed = approval.review(registry.draft(draft_id), registry.source, root.read_bytes(), registry.url, now)
    if not as_json:
        click.echo("\n".join(_review_lines(reviewed)))
    if not yes and not click.confirm("Sign? 签署？", err=as_json):
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
    say(as_json, result, [approved])


@click.command("publish")
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
    say(as_json, versions, [f"published: targets {versions['targets']}, timestamp {versions['timestamp']}"])


@click.command("deny")
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
    say(as_json, denial, [f"key {denial['kid']} is denied (number {denial['sequence']})"])


def _officer_signer(path: Path, passphrase: bytes | None) -> PemSigner:
    key = read_key(path, passphrase)
    return PemSigner(key, bytes.fromhex(approval.officer_id(key)))


def _root_signer(folder: Path | None, passphrase: bytes | None) -> PemSigner:
    return Province(folder or Path(), write_atomic, passphrase).root_signer()


def _additions(file: TextIO | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        additions = json.load(file)
    except ValueError as error:
        raise InvalidRequest("additions are not JSON") from error
    if not isinstance(additions, dict):
        raise InvalidRequest("additions are not a JSON object by member id")
    return additions


def _review_lines(reviewed: approval.Review) -> Iterator[str]:
    yield f"version {reviewed.version}, ends {beijing_time(reviewed.expires_at)} UTC+8"
    yield from _change_lines(reviewed.changes)


def _change_lines(changes: Iterable[Change]) -> Iterator[str]:
    lines = list(words(changes))
    yield from lines or ["内容不变，仅续期", "nothing changes: the same list, signed anew"]


def _state_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"members    {', '.join(found['members']) or 'none'}"
    yield f"denied     {found['denied']}"
    yield from (f"officer    {keyid}" for keyid in found["officers"])
    for role, version in found["versions"].items():
        hours = (found["expiries"][role] - found["now"]) // 3600
        yield f"{role:9}  version {version}, ends in {hours} h"
    for entry in found["submitted"]:
        yield f"submitted  {entry['id']}  {entry['member']} statement {entry['sequence']}"
