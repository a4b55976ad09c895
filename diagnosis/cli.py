"""``tongxing doctor``."""

from __future__ import annotations

import os

import click

from credentials.profile.words import label
from diagnosis.examination import examine
from diagnosis.report import DoctorStep, StepOutcome
from service_kit.commands import Command
from service_kit.terminal import Styled, as_json, in_words, print_json, print_line

_MARKS = {StepOutcome.OK: ("✓", "green"), StepOutcome.WRONG: ("✗", "red"), StepOutcome.SKIPPED: ("–", "bright_black")}
_WARNING = ("!", "yellow")


@click.command(cls=Command)
@click.argument("roles", nargs=-1, type=click.Choice(["registry", "issuer", "verifier", "witness"]))
@as_json
@click.pass_context
def doctor(context: click.Context, roles: tuple[str, ...], as_json: bool) -> None:
    """Check this deployment end to end, by the settings in the environment, and name the setting that is wrong (体检).

    ROLES are those that run with these settings; else TONGXING_ROLES says. With an issuer it issues a code for nobody,
    publishes, fetches and checks it, withdraws it and sees that it is refused. Ends with 0 when all is well, 64 when a
    setting is wrong, 70 when something else is.

    \b
    Example:
      tongxing doctor issuer verifier
    """
    if not roles and not os.environ.get("TONGXING_ROLES"):
        raise click.UsageError("which roles run here? `tongxing doctor issuer verifier`, or set TONGXING_ROLES")
    report = examine(os.environ, roles, tell=(lambda step: None) if as_json else _say)
    if as_json:
        print_json(report.to_dict(), indent=1)
    elif left_out := sum(_is_consequence(step) for step in report.steps):
        print_line(f"– {in_words(label('doctor.waiting', count=left_out))}")
    context.exit(report.exit_code)


def _is_consequence(step: DoctorStep) -> bool:
    return step.finding is not None and step.finding.code == "needs"


def _say(step: DoctorStep) -> None:
    finding = step.finding
    if _is_consequence(step):
        # Whoever reads twenty lines of what follows does not find the one that is the cause.
        return
    mark, colour = _WARNING if finding and step.outcome is StepOutcome.OK else _MARKS[step.outcome]
    print_line(Styled(mark, colour, bold=True), f" {in_words(step.title)}")
    if finding is None or finding.code == "role-absent":
        return
    if finding.settings and step.outcome is not StepOutcome.SKIPPED:
        print_line("    ", Styled(", ".join(finding.settings), bold=True))
    detail = f" ({finding.detail})" if finding.detail else ""
    print_line(f"    {in_words(finding.text)} [{finding.code}]{detail}")
