"""The commands ``tongxing registry log-key``: the key of the registry's log is changed, and its origin stays."""

from __future__ import annotations

from pathlib import Path

import click

from service_kit.commands import Command, Group
from service_kit.terminal import as_json, print_result
from trust_registry.commands.options import data_dir as data_dir_option
from trust_registry.commands.options import registry_settings
from trust_registry.key_files import read_passphrase
from trust_registry.root.founding import make_next_log_key, take_next_log_key


@click.group("log-key", cls=Group)
def log_key() -> None:
    """Change the key of the registry's log (更换日志密钥)."""


@log_key.command("new", cls=Command)
@data_dir_option
@as_json
def new(data_dir: Path | None, as_json: bool) -> None:
    """Make the log's next key, which waits, and print the line that readers and witnesses add to their policy files.

    Typed again it prints the same line.

    \b
    Example:
      tongxing registry log-key new --data-dir /srv/registry
    """
    # Its name is the log's, which the database or the mirror knows.
    from trust_registry.opening import log_origin

    settings = registry_settings(data_dir)
    key = make_next_log_key(settings.data_dir, read_passphrase(settings.key_passphrase_file), log_origin(settings))
    print_result(as_json, {"vkey": key.vkey}, [f"log {key.vkey}"])


@log_key.command("use", cls=Command)
@data_dir_option
@as_json
def use(data_dir: Path | None, as_json: bool) -> None:
    """Sign by the key that waits from now on; the old one is destroyed. Stop the service first, start it after.

    A leaf of the log tells of it, and the checkpoint that holds the leaf is the first by the new key.

    \b
    Example:
      tongxing registry log-key use --data-dir /srv/registry
    """
    from trust_registry.opening import open_publication
    from trust_registry.record.log import log_key_changed

    settings = registry_settings(data_dir)
    passphrase, now = read_passphrase(settings.key_passphrase_file), settings.clock().now()
    publication, storage = open_publication(settings)
    old = publication.record.signer.key
    key = take_next_log_key(settings.data_dir, passphrase, old)
    with storage.writing() as records:
        log_key_changed(records.log, old, key, now)
    storage.engine.dispose()
    publication, storage = open_publication(settings)
    size = publication.record.publish(now).checkpoint.size
    storage.engine.dispose()
    print_result(as_json, {"vkey": key.vkey, "size": size}, [f"log {key.vkey}", f"{size} leaves signed by it"])
