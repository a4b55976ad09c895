"""``tongxing demo``."""

from __future__ import annotations

import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click

from credentials.errors import TongxingError
from demonstration.story import tell
from demonstration.telling import Difference
from demonstration.world import World


@click.command()
@click.option("--keep-running", is_flag=True, help="Leave the servers up afterwards, and print their addresses.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for keys, databases, pictures and logs. [default: a fresh one below the temporary folder]",
)
@click.pass_context
def demo(context: click.Context, keep_running: bool, folder: Path | None) -> None:
    """A registry and three provinces on this machine recognise each other's codes.

    Ends with 0 only if every outcome was the expected one, else with 1 and the first difference.

    \b
    Example:
      tongxing demo --keep-running
    """
    # Whoever ends the demonstration, its servers end with it.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    folder = folder or Path(tempfile.mkdtemp(prefix="tongxing-demo-"))
    began = time.monotonic()
    with World(folder.absolute()) as world:
        try:
            tell(world)
        except (Difference, TongxingError) as error:
            click.secho(f"\n✗ {error}", fg="red", bold=True)
            click.echo(f"  pictures and logs: {folder}")
            context.exit(1)
        click.secho(
            f"\n✓ every outcome was the expected one, in {time.monotonic() - began:.0f} s", fg="green", bold=True
        )
        click.echo(f"  pictures, logs, keys and databases: {folder}")
        if keep_running:
            _stay(world)


def _stay(world: World) -> None:
    for server in world.servers:
        if server.process is None and server.name.count("-") == 0:
            world.start(server)
        if server.process is not None:
            click.echo(f"  {server.name:10} " + "  ".join(server.url(role) for role in server.roles))
    click.echo("  Ctrl-C stops them.")
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
