"""Printing: what comes from elsewhere is shown and never obeyed, and what could not be written was not told."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata

import pytest

from credentials.errors import OutputUnwritable
from service_kit.terminal import Styled, escaped, in_json, print_drawing, print_json, print_line, print_result

OBEYED = ("\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\x00", "\x08", "\r", "\x7f", "\x85", "\u202e", "\u2066", "\u200f",
          "\u061c", "\u2028", "\u2029", "\n", "\t", "\u200b", "\u00ad", "\ufeff", "\ufff9", "\U000e0041", "\u3164",
          "\u2800", "\ud800", "\u034f", "\u2065", "\ufff0", "\U00016fe4", "\U0001d159", "\u3000", "\u00a0", "\u2003",
          "\x1b]8;;https://evil.example\x1b\\", "\x9d8;;https://evil.example\x9c")  # fmt: skip


@pytest.mark.parametrize("hostile", OBEYED)
def test_what_a_terminal_obeys_or_hides_is_escaped(hostile: str) -> None:
    """A registry that writes ESC c would have the officer read a screen of its own making."""
    shown = escaped(f"河南{hostile}Henan")
    assert shown.startswith("河南\\")
    assert shown.endswith("Henan")
    assert all(unicodedata.category(character)[0] not in "CZ" for character in shown)
    assert json.loads(in_json({"a": hostile})) == {"a": hostile}
    assert all(unicodedata.category(character)[0] != "C" for character in in_json({hostile: [hostile]}))


@pytest.mark.parametrize(
    ("flooded", "shown"),
    [
        ("王" + "\u0335" * 6, "王" + "\u0335" * 4 + "\\u0335\\u0335"),
        ("\u0338approved", "\\u0338approved"),
        ("accepted: \u20e0", "accepted: \\u20e0"),
        ("✓\u0338", "✓\\u0338"),
        ("1\ufe0f\u20e3", "1\\ufe0f\\u20e3"),
    ],
    ids=["a pile of marks", "on nothing", "on our space", "on our tick", "on a digit"],
)
def test_marks_over_the_lines_around_or_on_our_own_words_are_escaped(flooded: str, shown: str) -> None:
    """A hundred marks on one letter are drawn over the lines above and below; one on our tick strikes it out."""
    assert escaped(flooded) == shown
    assert json.loads(in_json({flooded: flooded})) == {flooded: flooded}
    assert flooded not in in_json(flooded)


@pytest.mark.parametrize(
    "plain",
    ["河南 Henan", "·（，）", "𫯰 ✓ ✗ é", "a\\nb", "", "e\u0302\u0301", "葛\U000e0100城", "\u0f66\u0f90\u0fb1\u0f7c"],
)
def test_what_people_read_stays_as_it_is(plain: str) -> None:
    """Names with rare characters are names."""
    assert escaped(plain) == plain
    assert json.loads(in_json(plain)) == plain


def test_a_value_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Who can write a line can write "approved by 2; 2 are needed"."""
    print_line("a\nb", Styled("c\nd", "red"), err=False)
    print_result(False, {}, ["e\nf"])
    assert capsys.readouterr().out.splitlines() == ["a\\x0abc\\x0ad", "e\\x0af"]


class _Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "latin-1", "utf-8"])
def test_text_degrades_and_json_is_utf_8(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text in the terminal's encoding, with escapes for what it lacks; JSON in UTF-8 (RFC 8259 section 8.1)."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", _Terminal(written, encoding=encoding, errors="strict"))
    print_line(Styled("✓ 通过 𫯰", "green", bold=True, dim=True))
    print_drawing("█\n")
    print_json({"name": "王**"})
    text, _, rest = written.getvalue().partition(b"\n")
    assert "accepted" not in rest.decode("utf-8", "replace")
    assert re.fullmatch(r"\x1b\[.*m(✓|\\u2713) (通过|\\u901a\\u8fc7) (𫯰|\\U0002bbf0)\x1b\[0m", text.decode(encoding))
    assert json.loads(rest.split(b"\n")[1].decode("utf-8")) == {"name": "王**"}


def test_what_cannot_be_written_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit codes of verdicts are kept for verdicts that were told."""

    class Full(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(Full()), encoding="utf-8"))
    with pytest.raises(OutputUnwritable, match="No space left"):
        print_line("a")
    # Python would try to write the rest when the test's stream goes.
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputUnwritable, match="closed"):
        print_json({})
