"""A province's commands: its keys, its statements, and bringing them to the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.fetch import require_base
from service_kit.inputs import INPUT, Input
from service_kit.terminal import as_json, print_result
from trust_registry.commands.options import (
    local_clock,
    passphrase_file,
    registry_url,
    remote,
    say_submitted,
    submission_in,
)
from trust_registry.key_files import read_passphrase
from trust_registry.province.folder import DEFAULT_KEY_DAYS, RECORD_KEYS, WORKING_KEYS, ProvinceFolder, ProvinceState

_folder = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
_days = click.option(
    "--days",
    type=click.IntRange(1, 1096),
    default=DEFAULT_KEY_DAYS,
    show_default=True,
    help="How long new keys last.",
)


@click.group(cls=Group)
def province() -> None:
    """A province's keys and its word to the trust registry (成员)."""


@province.command("init")
@_folder
@click.option("--member", required=True, help="The member id, as CN-41.")
@_days
@passphrase_file
@as_json
def init(directory: Path, member: str, days: int, passphrase_file: Path | None, as_json: bool) -> None:
    """Make DIRECTORY with a root key, two credential keys, and keys for status, rules, log and witness.

    The root key (keys/root.pem) signs statements only: keep it apart from the servers that issue.

    \b
    Example:
      tongxing province init henan --member CN-41 --passphrase-file passphrase
    """
    state = _open(directory, passphrase_file).found(member, local_clock().now(), days)
    print_result(as_json, _as_fields(directory, state), _lines(directory, state))


@province.command("statement")
@_folder
@registry_url
@click.option(
    "--add-key",
    "added",
    multiple=True,
    type=click.Choice([*WORKING_KEYS, *RECORD_KEYS]),
    help="Add a new key of this use.",
)
@click.option("--retire", "retired", multiple=True, metavar="KID", help="End a key now; it stays listed a while.")
@click.option("--drop", "dropped", multiple=True, metavar="KID", help="Leave out a key, as one that was denied.")
@click.option("--log-url", help="Where the tiles of the province's log are, for readers.")
@click.option("--witness-url", help="Where the province's witness takes checkpoints.")
@click.option("--new-root", is_flag=True, help="Replace the root key; the old one signs the succession.")
@click.option("--again", is_flag=True, help="Make the last statement anew, because it was not published.")
@_days
@passphrase_file
@as_json
def statement(
    directory: Path,
    url: str,
    added: tuple[str, ...],
    retired: tuple[str, ...],
    dropped: tuple[str, ...],
    log_url: str | None,
    witness_url: str | None,
    new_root: bool,
    again: bool,
    days: int,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make the next signed statement of the province in DIRECTORY, with a proof for each key.

    Nothing is sent: the root key's machine needs no network. The proofs name the registry's base URL.

    \b
    Examples:
      tongxing province statement henan --registry https://registry.example/registry
      tongxing province statement henan --registry https://registry.example/registry \\
          --drop 11c9a9766b297ecd --add-key credential
    """
    folder, now = _open(directory, passphrase_file), local_clock().now()
    for use in added:
        folder.add_key(use, now, days)
    for kid in retired:
        folder.retire_key(kid, now)
    for kid in dropped:
        folder.drop_key(kid)
    for use, address in (("log", log_url), ("witness", witness_url)):
        if address:
            require_base(address, f"--{use}-url")
            folder.set_url(use, address.rstrip("/"))
    if new_root:
        folder.replace_root(now)
    made, path = folder.make_statement(url.rstrip("/"), now, again=again)
    state = folder.state()
    print_result(
        as_json,
        {**_as_fields(directory, state), "file": str(path)},
        [f"statement {made.sequence}: {path}", *_lines(directory, state)],
    )


@province.command("submit")
@_folder
@registry_url
@click.option("--file", type=INPUT, help="Another statement file than the last one.")
@as_json
def submit(directory: Path, url: str, file: Input | None, as_json: bool) -> None:
    """Bring the last statement of the province in DIRECTORY to the registry. No key is needed.

    \b
    Example:
      tongxing province submit henan --registry https://registry.example/registry
    """
    submission = submission_in(file) if file else _open(directory, None).submission()
    say_submitted(as_json, remote(url).submit(submission))


def _open(directory: Path, passphrase_file: Path | None) -> ProvinceFolder:
    return ProvinceFolder(directory, write_atomic, read_passphrase(passphrase_file))


def _as_fields(directory: Path, state: ProvinceState) -> dict[str, Any]:
    return {
        "member": state.member,
        "sequence": state.sequence,
        "root": {"file": str(directory / state.root_file), "kid": state.root_kid},
        "keys": [{**vars(key), "file": str(directory / key.file)} for key in state.keys],
        "logs": [{**vars(key), "use": key.use, "file": str(directory / key.file)} for key in state.logs],
    }


def _lines(directory: Path, state: ProvinceState) -> list[str]:
    lines = [f"{'root':10}  {state.root_kid}  {directory / state.root_file}"]
    lines += [f"{key.use:10}  {key.kid}  {directory / key.file}" for key in state.keys]
    return lines + [f"{key.use:10}  {key.key.id.hex():16}  {directory / key.file}  {key.vkey}" for key in state.logs]
