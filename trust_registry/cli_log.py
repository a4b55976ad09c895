"""The command ``tongxing registry log``."""

from __future__ import annotations

from typing import Any

import click

from service_kit.commands import Command
from service_kit.terminal import as_json, say
from trust_registry.cli_options import registry_url, remote
from trust_registry.log import words


@click.command("log", cls=Command)
@registry_url
@click.option("--since", type=click.IntRange(min=0), default=0, show_default=True, help="Number of the first leaf.")
@as_json
def log(url: str, since: int, as_json: bool) -> None:
    """Read the registry's log (日志): what it did, in order, from leaf SINCE to the end.

    \b
    Example:
      tongxing registry log --registry https://registry.example/registry --since 100
    """
    registry = remote(url)
    leaves: list[dict[str, Any]] = []
    while page := registry.log(since + len(leaves)):
        leaves += page
    say(as_json, {"leaves": leaves}, words(leaves))
