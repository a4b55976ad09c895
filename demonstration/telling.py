"""How the story is told: a line a step, with a tick or the first difference, and a table at the end.

In Chinese, English or both, as the reader's locale says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.profile.reasons import Outcome
from service_kit.locale import LANGUAGES, Message
from service_kit.terminal import Styled, print_line

TICK, CROSS = "✓", "✗"


class Difference(Exception):
    """The story went otherwise than it must: what was expected, and what came."""


@dataclass
class Telling:
    """Prints the story as it goes and remembers the verdicts for the table."""

    languages: tuple[str, ...] = LANGUAGES
    rows: list[tuple[Message, Message, Message, str]] = field(default_factory=list)

    def chapter(self, zh: str, en: str) -> None:
        """Begin a part of the story."""
        print_line()
        print_line(Styled(" · ".join(self._in_languages(Message(zh, en))), bold=True))

    def done(self, zh: str, en: str) -> None:
        """Something that was done."""
        self._say(Styled(TICK, "green"), self._in_languages(Message(zh, en)))

    def expect(
        self, line: Message, gate: Message, verdict: dict[str, Any], outcome: str, code: str | None = None
    ) -> None:
        """Compare a verdict with what must come: the outcome and, if given, the first reason or a note.

        Raises Difference at the first that is otherwise.
        """
        findings = [*verdict["reasons"], *verdict["notes"]]
        codes = [finding["code"] for finding in findings]
        first = f" ({codes[0]})" if codes else ""
        if verdict["outcome"] != outcome or (code is not None and code not in codes):
            self._say(Styled(CROSS, "red"), self._in_languages(line))
            wanted = f" ({code})" if code else ""
            raise Difference(f"{line.en}: expected {outcome}{wanted}, got {verdict['outcome']}{first}")
        came = Message(Outcome(outcome).words.of("zh-CN"), outcome)
        self.rows.append((line, gate, came, code or ""))
        told: list[Sequence[str | Styled]] = []
        for language in self.languages:
            said = next((finding[f"text_{language}"] for finding in findings), "")
            result = Styled(f"{came.of(language)}{first}", bold=True)
            told.append([f"{line.of(language)} → ", result, " ", Styled(said, dim=True)])
        self._say(Styled(TICK, "green"), told)

    def table(self) -> None:
        """Every verdict of the story once more."""
        for language in self.languages:
            rows = [tuple(cell if isinstance(cell, str) else cell.of(language) for cell in row) for row in self.rows]
            _print_table(rows)

    def _in_languages(self, text: Message) -> list[str]:
        return [text.of(language) for language in self.languages]

    def _say(self, mark: Styled, lines: Iterable[str | Sequence[str | Styled]]) -> None:
        for number, line in enumerate(lines):
            parts = [line] if isinstance(line, str) else line
            print_line("  ", mark if number == 0 else " ", " ", *parts)


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
