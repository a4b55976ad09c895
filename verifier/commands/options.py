"""Options and printing that the verifier's commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from credentials.foreign.facts import ForeignFacts
from credentials.model import StatusCredential
from credentials.profile.lists import FORM_LABELS, STATUS_LABELS
from credentials.profile.members import MEMBERS
from credentials.profile.reasons import Outcome
from credentials.profile.words import Label, label
from credentials.verdict import Verdict
from service_kit.inputs import INPUT, Input
from service_kit.locale import beijing_time, reader_languages
from service_kit.settings import ENVIRONMENTS
from service_kit.terminal import Styled, in_words, print_line
from trust_registry.client.trust.pins import CHANGE_WAIT_SECONDS
from trust_registry.commands.options import ROOT
from verifier.config import MAX_CHANGE_WAIT_SECONDS
from verifier.judging.policy import PROFILES
from verifier.keeping.offline import Sources

_MARKS = {
    Outcome.ACCEPTED: ("✓", "green"),
    Outcome.REFUSED: ("✗", "red"),
    Outcome.UNDETERMINED: ("?", "yellow"),
}
_GATE_OPTIONS = (
    click.option(
        "--trust",
        required=True,
        envvar="TONGXING_DATA_DIR",
        type=click.Path(path_type=Path, exists=True),
        help="A gate's folder, or an offline bundle (zip or folder). [default: TONGXING_DATA_DIR]",
    ),
    click.option(
        "--root",
        required=True,
        envvar="TONGXING_TRUST_ROOT",
        type=ROOT,
        help="The registry's trust-root.json, as it was handed over. [default: TONGXING_TRUST_ROOT]",
    ),
    click.option(
        "--member",
        required=True,
        envvar="TONGXING_MEMBER",
        help="The member whose rules count here, as CN-44. [default: TONGXING_MEMBER]",
    ),
    click.option(
        "--foreign-keys",
        type=INPUT,
        help="A signed list of whose foreign cards are read. [default: what the member has published]",
    ),
    click.option(
        "--change-wait-seconds",
        "change_wait",
        type=click.IntRange(0, MAX_CHANGE_WAIT_SECONDS),
        default=CHANGE_WAIT_SECONDS,
        envvar="TONGXING_CHANGE_WAIT_SECONDS",
        hidden=True,
    ),
    click.option(
        "--profile", default="venue", show_default=True, envvar="TONGXING_PROFILE", type=click.Choice(list(PROFILES))
    ),
    click.option(
        "--environment",
        default="production",
        show_default=True,
        envvar="TONGXING_ENVIRONMENT",
        type=click.Choice(ENVIRONMENTS),
        help="Members of another environment are refused.",
    ),
)


def gate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say what to check with; the command is given them as ``sources``."""

    @functools.wraps(command)
    def wrapped(
        *args: Any,
        trust: Path,
        root: Input,
        member: str,
        foreign_keys: Input | None,
        profile: str,
        environment: str,
        change_wait: int,
        **others: Any,
    ) -> Any:
        sources = Sources(trust, root, member, profile, environment, foreign_keys, change_wait)
        return command(*args, sources=sources, **others)

    return functools.reduce(lambda inner, option: option(inner), reversed(_GATE_OPTIONS), wrapped)


def show(verdict: Verdict) -> None:
    """A verdict for people: the outcome, whose code it is, reasons and notes, in each of the reader's languages."""
    languages = reader_languages(os.environ)
    mark, colour = _MARKS[verdict.outcome]
    print_line(Styled(f"{mark} {in_words(verdict.outcome.words, ' ')}", colour, bold=True))
    credential = verdict.credential
    if credential is not None and verdict.shows_status:
        for language in languages:
            print_line(f"  {_holder(credential).of(language)}")
    if verdict.foreign is not None:
        for language in languages:
            print_line(f"  {_card(verdict.foreign).of(language)}")
    for finding in (*verdict.reasons, *verdict.notes):
        for language in languages:
            print_line(f"  {finding.words.of(language)}{f' [{finding.code}]' * (language == languages[-1])}")
    if verdict.rules is not None and verdict.rules.rule is not None:
        print_line(f"  {in_words(label('terminal.rules', **verdict.rules._asdict()))}")


def _holder(credential: StatusCredential) -> Label:
    return label(
        "terminal.holder",
        issuer=MEMBERS[credential.issuer].names,
        id=credential.issuer,
        status=STATUS_LABELS[credential.status],
        form=FORM_LABELS[credential.form],
        name=credential.holder_name,
        tail=credential.document_tail,
        until=beijing_time(credential.expires_at),
    )


def _card(facts: ForeignFacts) -> Label:
    shown: dict[str, Label | str] = {
        "issuer": facts.issuer,
        "kind": label(f"card-kind.{facts.kind}"),
        "name": facts.name,
        "born": facts.birth_date,
    }
    if facts.expires_at is None:
        return label("terminal.card-without-end", **shown)
    return label("terminal.card", **shown, until=beijing_time(facts.expires_at))
