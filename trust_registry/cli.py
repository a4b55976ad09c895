"""The commands ``tongxing registry …`` and ``tongxing province …``."""

from __future__ import annotations

from pathlib import Path

import click

from credentials.profile.members import MEMBERS
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.inputs import OUTPUT, Input
from service_kit.terminal import as_json, in_words, print_result
from trust_registry.commands.log import log
from trust_registry.commands.log_key import log_key
from trust_registry.commands.officer import approve, deny, draft, drafts, drop, policy, publish, state, submit
from trust_registry.commands.options import ROOT, local_clock, passphrase_file, registry_settings
from trust_registry.commands.options import data_dir as data_dir_option
from trust_registry.commands.province import province
from trust_registry.commands.root import root
from trust_registry.key_files import read_passphrase
from trust_registry.publishing.lint import lint as lint_mirror
from trust_registry.root.founding import TRUST_ROOT, found

__all__ = ["province", "registry"]


@click.group(cls=Group)
def registry() -> None:
    """Who may sign: run a trust registry, or work at one as an officer (信任登记)."""


@registry.command("init")
@click.argument("directory", type=click.Path(path_type=Path))
@passphrase_file
@as_json
def init(directory: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a registry in DIRECTORY: three officers' keys, online keys, an empty trust list.

    Two of the three officers sign every list. Carry each officer's key file away to its officer; the
    service never needs it. Give trust-root.json to every gate and officer by hand.

    \b
    Example:
      tongxing registry init /srv/registry --passphrase-file passphrase
    """
    founded = found(directory, write_atomic, read_passphrase(passphrase_file), local_clock().now())
    officers = [{"key_file": str(path), "keyid": keyid} for path, keyid in founded.officers]
    lines = [f"officer {entry['keyid'][:16]}…  {entry['key_file']}" for entry in officers]
    lines += [f"root of trust        {founded.trust_root}", "Now carry each officer's key file away."]
    print_result(as_json, {"officers": officers, "trust_root": str(founded.trust_root)}, lines)


@registry.command("timestamp")
@data_dir_option
@as_json
def timestamp(data_dir: Path | None, as_json: bool) -> None:
    """Sign the timestamp anew, and the snapshot when it nears its end; call it hourly by a timer.

    It also completes what a stopped process had begun to write to the mirror, and publishes what is new in the log.

    \b
    Example (crontab):
      7 * * * *  tongxing registry timestamp --data-dir /srv/registry
    """
    # The one command here that needs the database.
    from trust_registry.app import mend
    from trust_registry.opening import open_publication
    from trust_registry.service import versions

    settings = registry_settings(data_dir)
    publication, storage = open_publication(settings)
    now = settings.clock().now()
    signed = versions(publication.retime(now))
    mend(publication, now)
    publication.record.publish(now)
    storage.engine.dispose()
    print_result(as_json, signed, [f"timestamp {signed['timestamp']}, snapshot {signed['snapshot']}"])


@registry.command("recover")
@data_dir_option
@as_json
def recover(data_dir: Path | None, as_json: bool) -> None:
    """After a backup of the database was restored: take over from the mirror what was published since.

    Everything is taken by its signatures. What only the database knew of the lost time, statements and drafts that
    waited and leaves of the log that were not published yet, is gone. Stop the service first, start it after.

    \b
    Example:
      tongxing registry recover --data-dir /srv/registry
    """
    from trust_registry.app import mend
    from trust_registry.opening import open_publication
    from trust_registry.service import versions

    settings = registry_settings(data_dir)
    publication, storage = open_publication(settings)
    now = settings.clock().now()
    recovered = publication.recover(now)
    mend(publication, now, deep=True)
    storage.engine.dispose()
    found = versions(recovered) if recovered else {}
    line = f"taken over: timestamp {found['timestamp']}" if recovered else "the database is not behind the mirror"
    print_result(as_json, {"recovered": recovered is not None, "versions": found}, [line])


@registry.command("bundle")
@data_dir_option
@click.option("-o", "--output", required=True, type=OUTPUT)
@as_json
def bundle(data_dir: Path | None, output: Path, as_json: bool) -> None:
    """Write all that a gate without network needs into one zip (离线包).

    \b
    Example:
      tongxing registry bundle --data-dir /srv/registry -o bundle.zip
    """
    # Loads what serves, which most commands do without.
    from trust_registry.opening import open_mirror

    content = open_mirror(registry_settings(data_dir)).bundle()
    write_atomic(output, content)
    print_result(as_json, {"file": str(output), "bytes": len(content)}, [f"{output}: {len(content)} bytes"])


@registry.command("lint")
@data_dir_option
@click.option(
    "--root",
    type=ROOT,
    help="Root of trust to judge from. [default: trust-root.json of the data folder]",
)
@as_json
@click.pass_context
def lint(context: click.Context, data_dir: Path | None, root: Input | None, as_json: bool) -> None:
    """Say what is wrong with the mirror, or will be soon. Ends with 1 when clients would refuse something.

    \b
    Example:
      tongxing registry lint --data-dir /srv/registry --json
    """
    from trust_registry.opening import open_mirror

    settings = registry_settings(data_dir)
    trusted = root.data if root else (settings.data_dir / TRUST_ROOT).read_bytes()
    findings = lint_mirror(open_mirror(settings), trusted, local_clock().now())
    lines = [f"{finding.level:7}  {finding.place}: {finding.detail}" for finding in findings]
    print_result(
        as_json,
        {"findings": [finding._asdict() for finding in findings]},
        lines or ["nothing to find fault with"],
    )
    if any(finding.level == "error" for finding in findings):
        context.exit(1)


@registry.command("members")
@as_json
def members(as_json: bool) -> None:
    """List the ids that a member can have (GB/T 2260): whoever has another one is no member. Asks nobody.

    \b
    Example:
      tongxing registry members
    """
    rows = [{"id": member.id, **member.names.fields()} for member in MEMBERS.values()]
    lines = (f"{member.id:8} {in_words(member.names, ' ')}" for member in MEMBERS.values())
    print_result(as_json, {"members": rows}, lines)


for command in (state, submit, drafts, draft, policy, drop, approve, publish, deny, root, log, log_key):
    registry.add_command(command)
