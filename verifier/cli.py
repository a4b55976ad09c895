"""The command ``tongxing verifier …``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, Any

import click

from credentials.errors import InvalidRequest, Malformed, PictureUnreadable, TooLarge
from credentials.formats import smart_health_card, table
from credentials.formats.smart_health_card.limits import MAX_FILE_BYTES
from credentials.profile.limits import MAX_CARD_TEXT_CHARACTERS, MAX_PICTURE_BYTES
from credentials.profile.reasons import Outcome
from credentials.profile.words import label
from credentials.qr.picture import read_texts
from credentials.verdict import Verdict, facts_json, to_json
from service_kit.commands import Group
from service_kit.inputs import STANDARD_STREAM, open_to_read
from service_kit.terminal import as_json, in_words, print_json, print_line
from trust_registry.client.trust.clock_bound import EffectiveNow
from trust_registry.commands.options import local_clock
from trust_registry.commands.rule_files import moment
from verifier.commands.challenge import challenge, challenge_options, nonce_bytes
from verifier.commands.options import gate_options, show
from verifier.commands.rules import rules
from verifier.commands.trust import trust
from verifier.commands.upkeep import compare, state, sync
from verifier.gate.challenges import Challenges
from verifier.keeping.offline import Sources, open_gate

_CODES = {Outcome.ACCEPTED: 0, Outcome.REFUSED: 1, Outcome.UNDETERMINED: 2}
_LANE = "command-line"
_MAX_LINE = MAX_CARD_TEXT_CHARACTERS + 2
_ZEROS = 2
"""Zero bytes that a broken scanner may send in a line. In UTF-16 every other byte of a code's text is one."""
_SHOWN = 60
"""Characters of what was taken for a text."""


@click.group(cls=Group)
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
@click.option(
    "--facts-only",
    is_flag=True,
    help="Print what is signed, its dates and its state as JSON, an object a card: no verdict, never an end with 0.",
)
@click.option("--nonce", type=nonce_bytes, help="Of the challenge that was shown: 32 hex digits.")
@challenge_options
@as_json
@click.pass_context
def check(
    context: click.Context, texts: tuple[str, ...], pictures: tuple[Path, ...], sources: Sources, at: int | None,
    facts_only: bool, nonce: bytes | None, open_for: Callable[[str], Challenges], as_json: bool,
) -> None:  # fmt: skip
    """Check codes by what is stored, without network: files with one code a line or .smart-health-card files, pictures,
    texts, or - for standard input. Of a card in several symbols all belong into one call, in any order.

    It remembers nothing from one call to the next, so it cannot tell that a live code was shown before. Prefer - to
    texts: arguments stand in the list of processes for everybody to see, and a code holds spaces and $, so that it
    needs single quotes there. Ends with 0 when all are accepted, 1 when one is refused, else 2 when one is
    undetermined.

    \b
    Examples:
      tongxing verifier check - --trust bundle.zip --root trust-root.json --member CN-44 < code.txt
      tongxing verifier check code.txt --trust /srv/gate --root trust-root.json --member CN-44
    """
    shown = [*_codes(texts), *(code for picture in pictures for code in _in_picture(picture))]
    codes = [*smart_health_card.gathered(shown)]
    if not codes:
        raise click.UsageError("nothing to check: no code in what was given; give a file, a text, - or --picture FILE")
    gate = open_gate(sources, local_clock(), at)
    if nonce is not None:
        gate.challenges = open_for(sources.member)
    # A time that was given is meant; only the device's clock is measured against the registry's.
    now = gate.now() if at is None else EffectiveNow(at, doubt=False, alarm=False)
    verdicts = [gate.check_at(code, now, _LANE, nonce) for code in codes]
    for verdict in verdicts:
        if facts_only:
            print_json(facts_json(verdict))
        elif as_json:
            print_json(to_json(verdict))
        else:
            show(verdict)
    _tell_of_missing_files(texts)
    # Facts are no verdict: whoever asks by the exit code alone must not take them for one.
    context.exit(exit_code(verdicts) or _CODES[Outcome.UNDETERMINED] * facts_only)


def exit_code(verdicts: list[Verdict]) -> int:
    """1 when any is refused, else 2 when any is undetermined, else 0."""
    codes = {_CODES[verdict.outcome] for verdict in verdicts}
    return 1 if 1 in codes else max(codes)


def _codes(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        if not text:
            raise click.UsageError("an empty text: nothing to check")
        if _is_there(text, Path.is_dir):
            raise click.UsageError(f"{text}: is a folder; name the files in it, or pictures by --picture")
        if text == STANDARD_STREAM or _is_file(text):
            yield from _lines(text)
        else:
            yield text


def _is_file(text: str) -> bool:
    return _is_there(text, lambda path: path.exists() and not path.is_dir())


def _is_there(text: str, is_it: Callable[[Path], bool]) -> bool:
    try:
        return _is_no_code(text) and is_it(Path(text))
    except (OSError, ValueError):
        # Too long for a name, or with a zero byte.
        return False


def _is_no_code(text: str) -> bool:
    return table.format_of(text) is None


def _tell_of_missing_files(texts: tuple[str, ...]) -> None:
    """Whoever mistyped a file's name has got a verdict on the name."""
    for text in texts:
        if text != STANDARD_STREAM and _is_no_code(text) and not _is_file(text):
            print_line(in_words(label("terminal.no-such-file", name=text[:_SHOWN])), err=True)


def _lines(place: str) -> Iterator[str]:
    """One code a line; of a line that is too long, only so much is kept that it is refused for it."""
    named = "standard input" if place == STANDARD_STREAM else place
    try:
        with _opened(place) as stream:
            head = stream.readline(_MAX_LINE)
            if head.lstrip("\ufeff").startswith("{"):
                yield from _cards_in_file(named, head + stream.read(MAX_FILE_BYTES))
                return
            for line in chain([head], iter(lambda: stream.readline(_MAX_LINE), "")):
                if line.count("\0") > max(_ZEROS, len(line) // 3):
                    # As some shells write what a command printed; each code in it would be refused.
                    raise InvalidRequest(f"{named}: in UTF-16; save it in UTF-8")
                rest = line
                while len(rest) == _MAX_LINE and not rest.endswith("\n"):
                    rest = stream.readline(_MAX_LINE)
                if line.strip():
                    yield line.rstrip("\r\n")
    except OSError as error:
        raise InvalidRequest(f"{named}: cannot be read: {error.strerror}") from error


def _opened(place: str) -> AbstractContextManager[IO[Any]]:
    if place == STANDARD_STREAM:
        return click.open_file(place, encoding="utf-8", errors="replace")
    return TextIOWrapper(open_to_read(Path(place)), encoding="utf-8", errors="replace")


def _cards_in_file(name: str, text: str) -> list[str]:
    try:
        return smart_health_card.cards_in_file(text.encode())
    except (Malformed, TooLarge) as error:
        raise InvalidRequest(f"{name}: {error.detail}") from error


def _in_picture(path: Path) -> list[str]:
    try:
        with open_to_read(path) as file:
            return read_texts(file.read(MAX_PICTURE_BYTES + 1))
    except PictureUnreadable as error:
        raise PictureUnreadable(f"{path}: {error.detail}") from error
    except OSError as error:
        raise InvalidRequest(f"{path}: cannot be read: {error.strerror}") from error


for _command in (challenge, state, sync, compare, rules, trust):
    verifier.add_command(_command)
