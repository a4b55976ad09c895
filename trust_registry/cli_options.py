"""Options that the registry's commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from service_kit.clock import Clock
from service_kit.settings import ServiceSettings, read_settings
from trust_registry.config import RegistrySettings
from trust_registry.remote import RemoteRegistry

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
data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The registry's folder. [default: TONGXING_DATA_DIR]",
)
officers_root = click.option(
    "--root",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="This officer's own copy of trust-root.json.",
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
    return _environment().clock()


def remote(url: str) -> RemoteRegistry:
    """The registry at ``url``."""
    return RemoteRegistry(url, _environment().fetcher(), local_clock())


def _environment() -> ServiceSettings:
    return read_settings(ServiceSettings, {"TONGXING_DATA_DIR": ".", **os.environ})


def registry_settings(data_dir: Path | None) -> RegistrySettings:
    """The registry's settings, for commands that work on its folder and talk to nobody."""
    environ: dict[str, Any] = dict(os.environ)
    if data_dir is not None:
        environ["TONGXING_DATA_DIR"] = str(data_dir)
    # These commands talk to nobody, so the address matters to none of them.
    environ.setdefault("TONGXING_REGISTRY_URL", "http://localhost")
    return read_settings(RegistrySettings, environ)
