"""How the story is told: a line a step, with a tick or the first difference, and a table at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import click

TICK, CROSS = "✓", "✗"


class Difference(Exception):
    """The story went otherwise than it must: what was expected, and what came."""


@dataclass
class Telling:
    """Prints the story as it goes and remembers the verdicts for the table."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        click.secho(f"\n{title}", bold=True)

    def done(self, line: str) -> None:
        """Something that was done."""
        click.echo(f"  {click.style(TICK, fg='green')} {line}")

    def expect(self, line: str, gate: str, verdict: dict[str, Any], outcome: str, code: str | None = None) -> None:
        """Compare a verdict with what must come: the outcome and, if given, the first reason or a note.

        Raises Difference at the first that is otherwise.
        """
        codes = [reason["code"] for reason in (*verdict["reasons"], *verdict["notes"])]
        came = verdict["outcome"] + (f" ({codes[0]})" if codes else "")
        if verdict["outcome"] != outcome or (code is not None and code not in codes):
            click.echo(f"  {click.style(CROSS, fg='red')} {line}")
            raise Difference(f"{line}: expected {outcome}{f' ({code})' if code else ''}, got {came}")
        self.rows.append((line, gate, outcome, code or ""))
        said = next((reason["text_zh"] for reason in (*verdict["reasons"], *verdict["notes"])), "")
        self.done(f"{line} → {click.style(came, bold=True)} {click.style(said, dim=True)}")

    def table(self) -> None:
        """Every verdict of the story once more."""
        widths = [max(_width(row[column]) for row in self.rows) for column in range(4)]
        click.echo("\n  " + "  ".join("─" * width for width in widths))
        for row in self.rows:
            click.echo("  " + "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)))
        click.echo("  " + "  ".join("─" * width for width in widths))


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if character >= "ᄀ" and character not in "→–…’" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
