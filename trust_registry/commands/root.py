"""``tongxing registry root …``: the next root (信任根更替), drafted at the registry, signed by officers, published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from securesystemslib.signer import Key, SSlibKey

from credentials.errors import ApprovalRejected, InvalidRequest, KeyRejected, MetadataRejected
from credentials.profile.words import label
from service_kit.commands import Group
from service_kit.durable import write_atomic
from service_kit.inputs import INPUT, OUTPUT, Input, OutputType
from service_kit.locale import beijing_time
from service_kit.terminal import as_json, in_words, print_line, print_result
from trust_registry.client.trust.bundle import FolderFiles, ZipFiles, bundle_at
from trust_registry.client.trust.repository import MirrorFiles, RepositorySource
from trust_registry.commands.options import (
    asks_to_sign,
    data_dir,
    key_file,
    local_clock,
    officers_root,
    passphrase_file,
    registry_settings,
    remote,
)
from trust_registry.config import RegistrySettings
from trust_registry.enrolment.difference import change_to_json, words
from trust_registry.key_files import read_key, read_passphrase, require_public
from trust_registry.repository.files import public_key_from_pem, root_of
from trust_registry.repository.renewal import OnlineSigners
from trust_registry.root import founding, succession


@click.group(cls=Group)
def root() -> None:
    """The next root of trust (信任根更替): before the old one ends, or when officers or online keys change."""


@root.command("key")
@click.argument("path", type=OUTPUT)
@passphrase_file
@as_json
def key(path: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a new officer's key file at PATH, on that officer's own machine, and its public half beside it.

    Only the public half, PATH.pub, goes to the registry.

    \b
    Example:
      tongxing registry root key officer-4.pem --passphrase-file passphrase
    """
    signer = founding.new_officer(path, read_passphrase(passphrase_file))
    public = path.with_name(path.name + ".pub")
    write_atomic(public, signer.public_key.keyval["public"].encode())
    keyid = signer.public_key.keyid
    print_result(
        as_json, {"key_file": str(path), "public": str(public), "keyid": keyid}, [f"officer {keyid}  {public}"]
    )


@root.command("draft")
@data_dir
@click.option("--add-officer", "added", multiple=True, type=INPUT, help="A new officer's public key; may be repeated.")
@click.option("--remove-officer", "removed", multiple=True, metavar="KEYID", help="Who goes: 8 or more hex digits.")
@click.option("--new-online-keys", is_flag=True, help="Make new online keys, which count once the root is published.")
@click.option("-o", "--output", required=True, type=OUTPUT)
@as_json
def draft(
    data_dir: Path | None,
    added: tuple[Input, ...],
    removed: tuple[str, ...],
    new_online_keys: bool,
    output: Path,
    as_json: bool,
) -> None:
    """Draft the next root at the registry, good for a year; without options with the same keys.

    The file is carried to the officers, together with a bundle of the day. It names no secret.

    \b
    Examples:
      tongxing registry root draft --data-dir /srv/registry -o root-2.json
      tongxing registry root draft --data-dir /srv/registry -o root-2.json \\
          --add-officer officer-4.pem.pub --remove-officer 3f9c21ab
    """
    from trust_registry.opening import open_publication

    settings = registry_settings(data_dir)
    online = _make_online(settings) if new_online_keys else None
    publication, storage = open_publication(settings)
    repository = publication.repository()
    held = root_of(repository)
    officers = [held.keys[keyid] for keyid in held.roles["root"].keyids]
    keys = (online or publication.online).keys_with([*_staying(officers, removed), *map(_public_key, added)])
    made = succession.draft_succession(repository, keys, settings.clock().now())
    storage.engine.dispose()
    write_atomic(output, made.to_json())
    version = made.root.signed.version
    print_result(as_json, {"version": version, "file": str(output)}, [f"root {version}: {output}"])


@root.command("sign")
@click.argument("draft", type=OutputType(exists=True))
@key_file
@passphrase_file
@officers_root
@click.option("--bundle", type=click.Path(path_type=Path, exists=True), help="A bundle made today: zip or folder.")
@click.option("--registry", "url", help="Without a bundle: the registry's base URL.")
@click.option("--yes", is_flag=True, help="Do not ask: the changes were read before.")
@as_json
@click.pass_context
def sign(
    context: click.Context,
    draft: Path,
    key_path: Path,
    passphrase_file: Path | None,
    root: Input,
    bundle: Path | None,
    url: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Read what the root in the file DRAFT would change, worked out on this machine, and sign it into the file.

    The registry is believed in nothing: what is in force is verified from --root. Who is in the old root or in the new
    one signs. Officers may sign one file in turn, or copies of it side by side.

    \b
    Example:
      tongxing registry root sign root-2.json --key officer-1.pem --root trust-root.json --bundle bundle.zip
    """
    read = _succession(str(draft), draft.read_bytes())
    reviewed = succession.review(read, _source(bundle, url), root.data, local_clock().now())
    if not as_json:
        for line in _review_lines(reviewed):
            print_line(line)
    if not yes and not asks_to_sign(as_json):
        context.exit(1)
    count = succession.sign(read, reviewed.held, read_key(key_path, read_passphrase(passphrase_file)))
    write_atomic(draft, read.to_json())
    result = {"version": reviewed.version, "diff": [*map(change_to_json, reviewed.changes)], **count._asdict()}
    print_result(as_json, result, [_count_line(count)])


@root.command("publish")
@click.argument("drafts", nargs=-1, required=True, type=INPUT)
@data_dir
@as_json
def publish(drafts: tuple[Input, ...], data_dir: Path | None, as_json: bool) -> None:
    """Put the next root into force at the registry, with enough signatures of old and new officers in DRAFTS.

    Several files are copies that were signed side by side. With new online keys: stop the server first, and start it
    afterwards. After a stop in the middle, run it again.

    \b
    Example:
      tongxing registry root publish root-2.json --data-dir /srv/registry
    """
    from trust_registry.opening import open_publication
    from trust_registry.service import versions

    settings = registry_settings(data_dir)
    united = succession.unite(_succession(file.name, file.data) for file in drafts)
    waiting = founding.next_online(settings.data_dir, read_passphrase(settings.key_passphrase_file))
    taken = waiting if waiting is not None and succession.names(united.root.signed, waiting) else None
    publication, storage = open_publication(settings, taken)
    signed = versions(succession.put_into_force(publication, united, settings.clock().now()))
    storage.engine.dispose()
    if taken is not None:
        founding.take_next_online(settings.data_dir, united.root.signed.version)
    print_result(as_json, signed, [f"published: root {signed['root']}, timestamp {signed['timestamp']}"])


def _make_online(settings: RegistrySettings) -> OnlineSigners:
    return founding.make_next_online(settings.data_dir, read_passphrase(settings.key_passphrase_file))


def _staying(officers: list[Key], removed: tuple[str, ...]) -> list[Key]:
    for prefix in removed:
        found = [officer for officer in officers if officer.keyid.startswith(prefix)]
        if len(prefix) < 8 or len(found) != 1:
            raise InvalidRequest(f"no officer of the root in force has the key {prefix[:64]}")
        officers = [officer for officer in officers if officer not in found]
    return officers


def _succession(name: str, data: bytes) -> succession.Succession:
    try:
        return succession.read_succession(data)
    except ApprovalRejected as error:
        raise ApprovalRejected(f"{name}: {error.detail}") from error


def _public_key(file: Input) -> Key:
    try:
        return SSlibKey.from_crypto(public_key_from_pem(require_public(file).data))
    except MetadataRejected as error:
        raise KeyRejected(f"{file.name}: {error.detail}") from error


def _source(bundle: Path | None, url: str | None) -> RepositorySource:
    if (bundle is None) == (url is None):
        raise click.UsageError("give --bundle or --registry, one of them")
    if bundle is None:
        return remote(url or "").source
    found = bundle_at(bundle)
    files = FolderFiles(found) if isinstance(found, Path) else ZipFiles(found)
    return MirrorFiles(files.read)


def _review_lines(reviewed: succession.SuccessionReview) -> Iterator[str]:
    yield f"root {reviewed.version}, ends {beijing_time(reviewed.expires_at)} UTC+8"
    yield from list(words(reviewed.changes)) or [in_words(label("officer.no-key-changes"))]


def _count_line(count: succession.Signed) -> str:
    return f"signed by {count.old} of the old root's officers and {count.new} of the new one's; {count.needed} each"
