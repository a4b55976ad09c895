"""``tongxing demo``."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click

from credentials.errors import TongxingError
from demonstration.props import asks
from demonstration.story import Stage
from demonstration.story import tell as tell_story
from demonstration.telling import Difference
from demonstration.world import World
from service_kit.commands import Command
from service_kit.locale import Message, reader_languages
from service_kit.terminal import Styled, print_line


@click.command(cls=Command)
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
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty; name a new folder", param_hint="--folder")
    folder = folder or Path(tempfile.mkdtemp(prefix="tongxing-demo-"))
    began = time.monotonic()
    with World(folder.absolute()) as world:
        try:
            stage = tell_story(world)
        except (Difference, TongxingError) as error:
            print_line()
            print_line(Styled(f"✗ {error}", "red", bold=True))
            _say(Message(f"  图片和日志：{folder}", f"  pictures and logs: {folder}"))
            context.exit(1)
        seconds = round(time.monotonic() - began)
        print_line()
        done = Message(
            f"✓ 每个结果都符合预期，用时 {seconds} 秒", f"✓ every outcome was the expected one, in {seconds} s"
        )
        _say(done, "green", bold=True)
        _say(Message(f"  图片、日志、密钥和数据库：{folder}", f"  pictures, logs, keys and databases: {folder}"))
        if keep_running:
            _stay(stage)


def _stay(stage: Stage) -> None:
    world = stage.world
    for server in world.servers:
        if server.process is None and server.name.count("-") == 0:
            world.start(server)
        if server.process is not None:
            print_line(f"  {server.name:10} " + "  ".join(server.url(role) for role in server.roles))
    code = stage.henan.claim_code(asks("刘洋", hours=20, form="phone", now=stage.now()))
    wallet, gate = stage.henan.server.url("issuer"), stage.guangdong.server.url("verifier")
    _say(Message(f"  钱包 {wallet}/wallet/ ，领取码 {code}", f"  the wallet {wallet}/wallet/ with claim code {code}"))
    _say(Message(f"  卡口 {gate}/", f"  the gate {gate}/"))
    _say(Message("  按 Ctrl-C 停止。", "  Ctrl-C stops them."))
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


def _say(text: Message, colour: str | None = None, bold: bool = False) -> None:
    for language in reader_languages(os.environ):
        print_line(Styled(text.of(language), colour, bold))


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
