"""How the story is told: a line a step, with a tick or the first difference, and a table at the end.

In the languages that the reader's locale asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.profile.languages import COMMON
from credentials.profile.reasons import Outcome
from credentials.profile.words import Label, from_fields
from service_kit.terminal import Styled, print_line

TICK, CROSS = "✓", "✗"


class Difference(Exception):
    """The story went otherwise than it must: what was expected, and what came."""


@dataclass
class Telling:
    """Prints the story as it goes and remembers the verdicts for the table."""

    languages: tuple[str, ...] = COMMON
    rows: list[tuple[Label, Label, Label, str]] = field(default_factory=list)
    chapters: int = 0

    def chapter(self, text: Label) -> None:
        """Begin a part of the story, under the next number."""
        self.chapters += 1
        print_line()
        print_line(Styled(f"{self.chapters} {' · '.join(self._in_languages(text))}", bold=True))

    def done(self, text: Label) -> None:
        """Something that was done."""
        self._say(Styled(TICK, "green"), self._in_languages(text))

    def expect(self, line: Label, gate: Label, verdict: dict[str, Any], outcome: str, code: str | None = None) -> None:
        """Compare a verdict with what must come: the outcome and, if given, the first reason or a note.

        Raises Difference at the first that is otherwise.
        """
        findings = [*verdict["reasons"], *verdict["notes"]]
        codes = [finding["code"] for finding in findings]
        first = f" ({codes[0]})" if codes else ""
        if verdict["outcome"] != outcome or (code is not None and code not in codes):
            self._say(Styled(CROSS, "red"), self._in_languages(line))
            wanted = f" ({code})" if code else ""
            raise Difference(f"{line.of('en')}: expected {outcome}{wanted}, got {verdict['outcome']}{first}")
        came = Outcome(outcome).words
        self.rows.append((line, gate, came, code or ""))
        told: list[Sequence[str | Styled]] = []
        for language in self.languages:
            said = next((_said(finding, language) for finding in findings), "")
            result = Styled(f"{came.of(language)}{first}", bold=True)
            told.append([f"{line.of(language)} → ", result, " ", Styled(said, dim=True)])
        self._say(Styled(TICK, "green"), told)

    def table(self) -> None:
        """Every verdict of the story once more."""
        for language in self.languages:
            rows = [tuple(cell if isinstance(cell, str) else cell.of(language) for cell in row) for row in self.rows]
            _print_table(rows)

    def _in_languages(self, text: Label) -> list[str]:
        return [text.of(language) for language in self.languages]

    def _say(self, mark: Styled, lines: Iterable[str | Sequence[str | Styled]]) -> None:
        for number, line in enumerate(lines):
            parts = [line] if isinstance(line, str) else line
            print_line("  ", mark if number == 0 else " ", " ", *parts)


def _said(finding: dict[str, Any], language: str) -> str:
    prefix = "text_"
    return from_fields({name.removeprefix(prefix): text for name, text in finding.items()}).of(language)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(_width(row[column]) for row in rows) for column in range(4)]
    rule = "  " + "  ".join("─" * width for width in widths)
    print_line()
    print_line(rule)
    for row in rows:
        print_line("  " + "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)))
    print_line(rule)


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if character >= "ᄀ" and character not in "→–…’" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
