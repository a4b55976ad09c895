"""``tongxing doctor``."""

from __future__ import annotations

import json
import os

import click

from diagnosis.examination import examine
from diagnosis.report import Outcome, Step
from service_kit.terminal import as_json, in_words

_MARKS = {Outcome.OK: ("✓", "green"), Outcome.WRONG: ("✗", "red"), Outcome.SKIPPED: ("–", "bright_black")}
_WARNING = ("!", "yellow")


@click.command()
@click.argument("roles", nargs=-1, type=click.Choice(["registry", "issuer", "verifier"]))
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
    report = examine(os.environ, roles, tell=(lambda step: None) if as_json else _say)
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    context.exit(report.exit_code)


def _say(step: Step) -> None:
    finding = step.finding
    mark, colour = _WARNING if finding and step.outcome is Outcome.OK else _MARKS[step.outcome]
    click.echo(f"{click.style(mark, fg=colour, bold=True)} {in_words(*step.title)}")
    if finding is None or finding.code == "role-absent":
        return
    if finding.settings and step.outcome is not Outcome.SKIPPED:
        click.echo(f"    {click.style(', '.join(finding.settings), bold=True)}")
    detail = f" ({finding.detail})" if finding.detail else ""
    click.echo(f"    {in_words(*finding.text)} [{finding.code}]{detail}")
