"""Options and printing that the registry's commands share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from service_kit.clock import Clock
from service_kit.fetch import Fetcher
from service_kit.settings import ServiceSettings, read_settings
from trust_registry.remote import RemoteRegistry

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File (mode 0600) whose first line opens the key files.",
)
registry_url = click.option(
    "--registry",
    "url",
    required=True,
    envvar="TONGXING_REGISTRY_URL",
    help="The registry's base URL. [default: TONGXING_REGISTRY_URL]",
)
key_file = click.option(
    "--key",
    "key_path",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The officer's own key file. It is only read.",
)


def local_clock() -> Clock:
    """The clock of the environment, with the offset that demonstrations may set."""
    return read_settings(ServiceSettings, {"TONGXING_DATA_DIR": ".", **os.environ}).clock()


def remote(url: str) -> RemoteRegistry:
    """The registry at ``url``."""
    return RemoteRegistry(url, Fetcher(), local_clock())


def say(as_json: bool, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print a result: as JSON for programs, as lines for people."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, sort_keys=True, indent=1))
    else:
        for line in lines:
            click.echo(line)
