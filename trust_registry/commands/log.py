"""The command ``tongxing registry log``."""

from __future__ import annotations

from typing import Any

import click

from service_kit.commands import Command
from service_kit.terminal import as_json, print_line, print_result
from trust_registry.commands.options import registry_url, remote
from trust_registry.record.log import words

MOST_LEAVES = 16_384
"""Of one call: a registry may say what it likes, and go on without end."""
MOST_CHARACTERS = 16 * 1024 * 1024
"""Of the leaves of one call, after which no further page is fetched."""


@click.command("log", cls=Command)
@registry_url
@click.option("--since", type=click.IntRange(min=0), default=0, show_default=True, help="Number of the first leaf.")
@as_json
def log(url: str, since: int, as_json: bool) -> None:
    """Read the registry's log (日志): what it did, in order, from leaf SINCE to the end.

    After 16,384 leaves, or 16 MiB of them, it stops and says from where to go on (``next`` in JSON; null at the end).

    \b
    Example:
      tongxing registry log --registry https://registry.example/registry --since 100
    """
    registry = remote(url)
    leaves: list[dict[str, Any]] = []
    characters = 0
    while (page := registry.log(since + len(leaves))) and len(leaves) < MOST_LEAVES and characters < MOST_CHARACTERS:
        leaves += page
        characters += sum(len(leaf["content"]) for leaf in page)
    following = since + len(leaves) if page else None
    print_result(as_json, {"leaves": leaves, "next": following}, words(leaves))
    if following is not None and not as_json:
        print_line(f"… more: --since {following}", err=True)
