"""``tongxing verifier challenge``, and the options by which a check names the challenge that was shown."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from credentials.formats.presentation.challenge import is_gate_name
from credentials.profile.limits import MAX_GATE_NAME_BYTES, NONCE_BYTES
from credentials.qr import draw_terminal
from service_kit.commands import Command
from service_kit.terminal import as_json, print_drawing, print_json, print_line
from trust_registry.commands.options import local_clock
from verifier.gate.challenges import Challenges, open_challenges

_NONCE = re.compile(f"[0-9a-f]{{{2 * NONCE_BYTES}}}")
_OPTIONS = (
    click.option(
        "--gate-name",
        default="",
        envvar="TONGXING_GATE_NAME",
        help="What the challenge calls this gate. [default: TONGXING_GATE_NAME, else the member]",
    ),
    click.option(
        "--gate-secret",
        envvar="TONGXING_GATE_SECRET_FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="The gate's secret. [default: TONGXING_GATE_SECRET_FILE, else gate.secret in TONGXING_DATA_DIR]",
    ),
    click.option(
        "--data-dir", envvar="TONGXING_DATA_DIR", type=click.Path(path_type=Path, file_okay=False), hidden=True
    ),
)


def challenge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say whose challenges; the command is given ``open_for``, which takes the name to fall back on."""

    @functools.wraps(command)
    def wrapped(*args: Any, gate_name: str, gate_secret: Path | None, data_dir: Path | None, **others: Any) -> Any:
        open_for = functools.partial(_open, gate_name, gate_secret, data_dir)
        return command(*args, open_for=open_for, **others)

    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), wrapped)


def nonce_bytes(text: str) -> bytes:
    """The nonce of an option, 32 hex digits."""
    if not _NONCE.fullmatch(text):
        raise click.BadParameter(f"not {2 * NONCE_BYTES} hex digits")
    return bytes.fromhex(text)


@click.command(cls=Command)
@click.option("--member", default="", envvar="TONGXING_MEMBER", help="The gate's member, when it has no name.")
@challenge_options
@click.option("--qr", is_flag=True, help="Draw it in the terminal instead of printing the text.")
@as_json
def challenge(member: str, open_for: Callable[[str], Challenges], qr: bool, as_json: bool) -> None:
    """Make a challenge (卡口码) for a phone to answer; it ends after two to four minutes.

    The nonce that --json prints is to be named with the check of the answer.

    \b
    Example:
      tongxing verifier challenge --json > asked.json
      tongxing verifier check - --nonce "$(jq -r .nonce asked.json)" < answer.txt
    """
    asked = open_for(member).ask(local_clock().now())
    if as_json:
        gate, nonce = asked.challenge
        print_json({"text": asked.text, "nonce": nonce.hex(), "gate": gate, "expires_at": asked.ends_at})
    elif qr:
        print_drawing(draw_terminal(asked.text))
    else:
        print_line(asked.text)


def _open(gate_name: str, gate_secret: Path | None, data_dir: Path | None, member: str) -> Challenges:
    name = gate_name or member
    if not is_gate_name(name):
        bound = f"not 1 to {MAX_GATE_NAME_BYTES} bytes that can be shown"
        told = f"{bound}; give it, or set TONGXING_GATE_NAME or TONGXING_MEMBER"
        raise click.BadParameter(told, param_hint="--gate-name")
    if gate_secret is None and data_dir is None:
        raise click.UsageError("no gate's secret: set TONGXING_DATA_DIR, or give --gate-secret FILE")
    return open_challenges(name, data_dir or Path(), gate_secret)
