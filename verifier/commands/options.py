"""Options and printing that the verifier's commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from credentials.foreign.facts import CardKind, ForeignFacts
from credentials.model import StatusCredential
from credentials.profile.lists import FORM_LABELS, STATUS_LABELS
from credentials.profile.members import MEMBERS
from credentials.profile.reasons import Outcome
from credentials.verdict import Verdict
from service_kit.inputs import INPUT, Input
from service_kit.locale import beijing_time, reader_languages
from service_kit.settings import ENVIRONMENTS
from service_kit.terminal import Styled, print_line
from trust_registry.commands.options import ROOT
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
        **others: Any,
    ) -> Any:
        sources = Sources(trust, root, member, profile, environment, foreign_keys)
        return command(*args, sources=sources, **others)

    return functools.reduce(lambda inner, option: option(inner), reversed(_GATE_OPTIONS), wrapped)


def show(verdict: Verdict) -> None:
    """A verdict for people: the outcome, whose code it is, reasons and notes, in each of the reader's languages."""
    languages = reader_languages(os.environ)
    mark, colour = _MARKS[verdict.outcome]
    words = {"zh": verdict.outcome.words.of("zh-CN"), "en": verdict.outcome.value}
    outcome = " ".join(words[language] for language in languages)
    print_line(Styled(f"{mark} {outcome}", colour, bold=True))
    credential = verdict.credential
    if credential is not None and verdict.shows_status:
        for language in languages:
            print_line(f"  {_HOLDERS[language](credential)}")
    if verdict.foreign is not None:
        for language in languages:
            print_line(f"  {_CARDS[language](verdict.foreign)}")
    for finding in (*verdict.reasons, *verdict.notes):
        text = finding.to_dict()
        for language in languages:
            print_line(f"  {text[f'text_{language}']}{f' [{finding.code}]' * (language == languages[-1])}")
    if verdict.rules is not None and verdict.rules.rule is not None:
        print_line("  " + " · ".join(_RULES[language].format(*verdict.rules) for language in languages))


def _holder_zh(credential: StatusCredential) -> str:
    name, status = MEMBERS[credential.issuer].names.of("zh-CN"), STATUS_LABELS[credential.status].of("zh-CN")
    return (
        f"{name} {credential.issuer} · {status} · {FORM_LABELS[credential.form].of('zh-CN')}"
        f" · {credential.holder_name} {credential.document_tail}"
        f" · 有效至 {beijing_time(credential.expires_at)}（北京时间）"
    )


def _holder_en(credential: StatusCredential) -> str:
    name, until = MEMBERS[credential.issuer].names.of("en"), beijing_time(credential.expires_at)
    return (
        f"{name} {credential.issuer} · {credential.status.label} · {credential.form.label}"
        f" · {credential.holder_name} {credential.document_tail} · until {until} Beijing time (UTC+8)"
    )


def _card_zh(facts: ForeignFacts) -> str:
    until = beijing_time(facts.expires_at)
    return (
        f"境外证件 {facts.issuer} · {_KINDS_ZH[facts.kind]} · {facts.name} · 出生 {facts.birth_date}"
        f" · 有效至 {until}（北京时间）"
    )


def _card_en(facts: ForeignFacts) -> str:
    until = beijing_time(facts.expires_at)
    return (
        f"foreign certificate {facts.issuer} · {facts.kind} · {facts.name} · born {facts.birth_date}"
        f" · until {until} Beijing time (UTC+8)"
    )


_KINDS_ZH = {CardKind.VACCINATION: "接种", CardKind.TEST: "检测", CardKind.RECOVERY: "康复"}
_CARDS = {"zh": _card_zh, "en": _card_en}
_RULES = {"zh": "规则 {0} 第 {1} 套第 {2} 版：{3}", "en": "rules of {0}, set {1} version {2}: {3}"}
_HOLDERS = {"zh": _holder_zh, "en": _holder_en}
