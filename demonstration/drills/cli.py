"""``tongxing drill``."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click

from credentials.errors import TongxingError
from credentials.profile.words import label
from demonstration.drills.drills import DRILLS
from demonstration.drills.yard import Yard
from demonstration.telling import Difference, Telling
from demonstration.world import World
from service_kit.commands import Command
from service_kit.locale import reader_languages
from service_kit.terminal import Styled, in_words, print_line


@click.command(cls=Command)
@click.argument("names", nargs=-1, type=click.Choice([*DRILLS, "all"]), required=True)
@click.pass_context
def drill(context: click.Context, names: tuple[str, ...]) -> None:
    """Rehearse what goes wrong with the public record, on servers of its own on this machine (演练).

    Ends with 0 only if everybody found out what they must, by the word that docs/operations.md names; else with 1.

    \b
    Example:
      tongxing drill fork restore
    """
    wanted = list(DRILLS) if "all" in names else list(dict.fromkeys(names))
    folder, began = Path(tempfile.mkdtemp(prefix="tongxing-drill-")), time.monotonic()
    telling = Telling(reader_languages(os.environ))
    with World(folder) as world:
        try:
            yard = Yard.opened(world)
            for name in wanted:
                telling.chapter(label(f"drill.{name}.title"))
                DRILLS[name](yard, telling)
        except (Difference, TongxingError) as error:
            print_line()
            print_line(Styled(f"✗ {error}", "red", bold=True))
            print_line(str(folder))
            context.exit(1)
    print_line()
    seconds = round(time.monotonic() - began)
    print_line(Styled(in_words(label("drill.done", seconds=seconds)), "green", bold=True))
