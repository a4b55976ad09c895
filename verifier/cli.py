"""The command ``tongxing verifier …``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from credentials.errors import PictureUnreadable
from credentials.limits import MAX_PICTURE_BYTES, MAX_TEXT_CHARACTERS
from credentials.qr.picture import read_texts
from credentials.verdict import Outcome, Verdict, to_json
from service_kit.terminal import as_json, say_json
from trust_registry.cli_options import local_clock
from trust_registry.client.clock_bound import EffectiveNow
from verifier.challenges import Challenges
from verifier.cli_challenge import challenge, challenge_options, nonce_bytes
from verifier.cli_options import gate_options, moment, show
from verifier.cli_rules import rules
from verifier.cli_upkeep import state, sync
from verifier.offline import Sources, open_gate
from verifier.steps import STEPS

_CODES = {Outcome.ACCEPTED: 0, Outcome.REFUSED: 1, Outcome.UNDETERMINED: 2}
_LANE = "command-line"
_MAX_LINE = MAX_TEXT_CHARACTERS + 2


@click.group()
def verifier() -> None:
    """Check codes, and keep fresh what that needs (验码方)."""


@verifier.command("check")
@click.argument("texts", nargs=-1)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PNG, JPEG, WebP, AVIF, GIF or BMP with one or more codes. May be given several times.",
)
@gate_options
@click.option(
    "--at",
    metavar="TIME",
    type=moment,
    help="Judge as of this time: seconds UTC, or ISO 8601, without offset in Beijing time. [default: now]",
)
@click.option("--nonce", type=nonce_bytes, help="Of the challenge that was shown: 32 hex digits.")
@challenge_options
@as_json
@click.pass_context
def check(
    context: click.Context, texts: tuple[str, ...], pictures: tuple[Path, ...], sources: Sources, at: int | None,
    nonce: bytes | None, open_for: Callable[[str], Challenges], as_json: bool,
) -> None:  # fmt: skip
    """Check codes by what is stored, without network: texts, pictures, or - for one code a line from standard input.

    It remembers nothing from one call to the next, so it cannot tell that a live code was shown before. Prefer - to
    texts: arguments stand in the list of processes for everybody to see, and a code holds spaces and $, so that it
    needs single quotes there. Ends with 0 when all are accepted, 1 when one is refused, else 2 when one is
    undetermined.

    \b
    Examples:
      tongxing verifier check - --trust bundle.zip --root trust-root.json --member CN-44 < code.txt
      tongxing verifier check 'TX1:…' --trust /srv/gate --root trust-root.json --member CN-44
    """
    codes = [*_codes(texts), *(code for picture in pictures for code in _in_picture(picture))]
    if not codes:
        raise click.UsageError("nothing to check: give a text, - or --picture FILE")
    gate = open_gate(sources, local_clock(), at)
    if nonce is not None:
        gate.challenges = open_for(sources.member)
    # A time that was given is meant; only the device's clock is measured against the registry's.
    now = gate.now() if at is None else EffectiveNow(at, doubt=False, alarm=False)
    verdicts = [gate.check_at(code, now, _LANE, nonce) for code in codes]
    for verdict in verdicts:
        if as_json:
            say_json(to_json(verdict, STEPS))
        else:
            show(verdict)
    context.exit(exit_code(verdicts))


def exit_code(verdicts: list[Verdict]) -> int:
    """1 when any is refused, else 2 when any is undetermined, else 0."""
    codes = {_CODES[verdict.outcome] for verdict in verdicts}
    return 1 if 1 in codes else max(codes)


def _codes(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        if text == "-":
            yield from _lines()
        else:
            yield text


def _lines() -> Iterator[str]:
    """One code a line; of a line that is too long, only so much is kept that it is refused for it."""
    stream = click.open_file("-", encoding="utf-8", errors="replace")
    while line := stream.readline(_MAX_LINE):
        rest = line
        while len(rest) == _MAX_LINE and not rest.endswith("\n"):
            rest = stream.readline(_MAX_LINE)
        if line.strip():
            yield line.rstrip("\r\n")


def _in_picture(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return read_texts(file.read(MAX_PICTURE_BYTES + 1))
    except PictureUnreadable as error:
        raise PictureUnreadable(f"{path.name}: {error.detail}") from error


for _command in (challenge, state, sync, rules):
    verifier.add_command(_command)
